"""Asking an engine, as a client of AWS does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import boto3
from botocore.config import Config


class Answering(Protocol):
    """An engine, or the recorder in front of it."""

    @property
    def endpoint(self) -> str: ...


ACCOUNT = "123456789012"
OTHER_ACCOUNT = "222222222222"
PUBLIC_PORT = 45_678
PATIENCE = 20.0


def client(running: Answering, service: str, *, account: str = ACCOUNT, region: str = "us-east-1") -> Any:
    return boto3.client(
        service,
        endpoint_url=running.endpoint,
        aws_access_key_id=account,
        aws_secret_access_key="x",
        region_name=region,
        config=Config(retries={"total_max_attempts": 1}),
    )


def queues(running: Answering, *, account: str = ACCOUNT, region: str = "us-east-1") -> list[str]:
    return list(client(running, "sqs", account=account, region=region).list_queues().get("QueueUrls", []))


def new_role(running: Answering, *, account: str = ACCOUNT) -> str:
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
        ' "Principal": {"Service": "lambda.amazonaws.com"}}]}'
    )
    created = client(running, "iam", account=account).create_role(RoleName="worker", AssumeRolePolicyDocument=trust)
    return str(created["Role"]["Arn"])


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
