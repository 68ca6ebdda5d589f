"""What an engine holds that was not started for this run: a count per service, so that the report can say so.

It asks the services that most environments use, one page of a listing each. That is enough to say that an engine is not
empty, and not enough to say that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.servicemodels import engine_session

_LISTINGS = (
    # service, operation, what the answer lists
    ("apigateway", "get_rest_apis", "items"),
    ("cloudformation", "describe_stacks", "Stacks"),
    ("cloudwatch", "describe_alarms", "MetricAlarms"),
    ("dynamodb", "list_tables", "TableNames"),
    ("ec2", "describe_instances", "Reservations"),
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ecr", "describe_repositories", "repositories"),
    ("ecs", "list_clusters", "clusterArns"),
    ("elbv2", "describe_load_balancers", "LoadBalancers"),
    ("events", "list_rules", "Rules"),
    ("iam", "list_roles", "Roles"),
    ("iam", "list_users", "Users"),
    ("kinesis", "list_streams", "StreamNames"),
    ("lambda", "list_functions", "Functions"),
    ("logs", "describe_log_groups", "logGroups"),
    ("rds", "describe_db_instances", "DBInstances"),
    ("route53", "list_hosted_zones", "HostedZones"),
    ("s3", "list_buckets", "Buckets"),
    ("secretsmanager", "list_secrets", "SecretList"),
    ("sns", "list_topics", "Topics"),
    ("sqs", "list_queues", "QueueUrls"),
    ("ssm", "describe_parameters", "Parameters"),
)
_JOBS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What was there, by service, and who did not say."""

    held: tuple[tuple[str, int], ...] = ()
    silent: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``sqs 2, s3 1``; the largest first."""
        return ", ".join(f"{service} {count}" for service, count in sorted(self.held, key=lambda item: -item[1]))


def take_census(endpoint: str, *, account: str, region: str) -> Census:
    """Count; services that do not answer are named."""
    session = engine_session()
    with ThreadPoolExecutor(_JOBS) as pool:
        counted = list(pool.map(lambda row: _count(session, endpoint, account, region, row), _LISTINGS))
    held: dict[str, int] = {}
    silent: set[str] = set()
    for (service, _, _), count in zip(_LISTINGS, counted, strict=True):
        if count is None:
            silent.add(service)
        elif count:
            held[service] = held.get(service, 0) + count
    return Census(held=tuple(sorted(held.items())), silent=tuple(sorted(silent)))


def _count(session: Any, endpoint: str, account: str, region: str, row: tuple[str, str, str]) -> int | None:
    service, operation, key = row
    try:
        client = session.create_client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="clone",  # noqa: S106 - engines accept any
            config=Config(
                retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10, s3={"addressing_style": "path"}
            ),
        )
        listed = getattr(client, operation)().get(key) or ()
    except (BotoCoreError, ClientError, ValueError, AttributeError):
        return None
    return sum(1 for _ in _made_by_somebody(listed))


def _made_by_somebody(listed: Iterable[Any]) -> Iterator[Any]:
    """Without what every account has from the start."""
    for item in listed:
        if not (isinstance(item, dict) and item.get("IsDefault") is True):
            yield item
