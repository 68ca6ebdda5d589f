"""Whose credentials a clone's access key id stands for."""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.servicemodels import engine_session


def account_of(endpoint: str, access_key_id: str) -> str:
    """Ask the engine's STS; the account's twelve digits, or nothing where it does not say."""
    client: Any = engine_session().create_client(
        "sts",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id=access_key_id,
        aws_secret_access_key="clone",  # noqa: S106 - engines accept any
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5),
    )
    try:
        return str(client.get_caller_identity().get("Account", ""))
    except (BotoCoreError, ClientError):
        return ""
