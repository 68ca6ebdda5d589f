"""How long a snapshot takes: a hundred resources over 36 services, a second time, and one service alone.

Run: ``python benchmarks/bench_inventory.py``. Starts a MiniStack of its own and fills it over boto3, untimed.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from diffing.snapshot import Snapshot
from sandbox.engines.ministack import MiniStackEngine
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.scope import Scope

ACCOUNT = "123456789012"
REGION = "us-east-1"
REPEATS = 7
EACH = 9
SERVICES = [
    "acm",
    "apigateway",
    "apigatewayv2",
    "autoscaling",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "efs",
    "eks",
    "elasticache",
    "elbv2",
    "events",
    "firehose",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "opensearch",
    "rds",
    "route53",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
    "wafv2",
]
ROLE = json.dumps({"Version": "2012-10-17", "Statement": []})
FILL: dict[str, Callable[[Any, int], Any]] = {
    "dynamodb": lambda c, n: c.create_table(
        TableName=f"table-{n}",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    ),
    "ec2": lambda c, n: c.create_security_group(GroupName=f"group-{n}", Description="x"),
    "ecr": lambda c, n: c.create_repository(repositoryName=f"repository-{n}"),
    "ecs": lambda c, n: c.create_cluster(clusterName=f"cluster-{n}"),
    "iam": lambda c, n: c.create_role(RoleName=f"role-{n}", AssumeRolePolicyDocument=ROLE),
    "kms": lambda c, _: c.create_key(),
    "logs": lambda c, n: c.create_log_group(logGroupName=f"/group/{n}"),
    "s3": lambda c, n: c.create_bucket(Bucket=f"bench-inventory-{n}"),
    "secretsmanager": lambda c, n: c.create_secret(Name=f"secret-{n}", SecretString="x"),
    "sns": lambda c, n: c.create_topic(Name=f"topic-{n}"),
    "sqs": lambda c, n: c.create_queue(QueueName=f"queue-{n}"),
    "ssm": lambda c, n: c.put_parameter(Name=f"/parameter/{n}", Value="x", Type="String"),
}


def main() -> None:
    """Fill, measure, print."""
    with tempfile.TemporaryDirectory() as scratch, MiniStackEngine().start(Path(scratch), public_port=45_690) as engine:
        fill(engine.endpoint)
        cold, seen = timed(engine.endpoint, SERVICES)
        print(f"{len(seen.resources)} resources, {len(seen.failures)} reads the engine lacks, {len(SERVICES)} services")
        print(f"first in a process (loads the models)   {cold:6.3f} s")
        own = time.process_time()
        warm = statistics.median(timed(engine.endpoint, SERVICES)[0] for _ in range(REPEATS))
        own = (time.process_time() - own) / REPEATS
        print(f"again, median of {REPEATS}                      {warm:6.3f} s, of this process's CPU {own:.3f} s")
        for service in FILL:
            alone = statistics.median(timed(engine.endpoint, [service])[0] for _ in range(REPEATS))
            print(f"{service:<39} {alone:6.3f} s")


def fill(endpoint: str) -> None:
    """Make the resources."""
    for service, make in FILL.items():
        client = boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="x",  # noqa: S106 - a clone's dummy
        )
        for number in range(EACH):
            make(client, number)


def timed(endpoint: str, services: list[str]) -> tuple[float, Snapshot]:
    """Seconds that one snapshot took, and the snapshot."""
    scopes = [Scope(service=s, region=REGION, access_key_id=ACCOUNT, account=ACCOUNT) for s in services]
    start = time.perf_counter()
    seen = take_snapshot(endpoint, scopes)
    return time.perf_counter() - start, seen


if __name__ == "__main__":
    main()
