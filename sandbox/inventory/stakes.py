"""What would be lost with a resource: data inside, counted as cheaply as each service allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias, assert_never

from sandbox.inventory.crawl import Crawl, Found
from sandbox.inventory.expression import dig, evaluate
from sandbox.inventory.transport import RefusedError

ITEM_CAP = 100_000
"""Items of a table are counted up to here; more would be shown as this many."""


@dataclass(frozen=True, slots=True)
class Contained:
    """Records of that type which the crawl found inside."""

    type: str
    but: frozenset[str] = frozenset()
    """Not those whose ``Type`` is one of these."""


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of numbers that the description already has."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a list that the description already has."""

    path: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The number of elements in the lists of one more read, all pages."""

    operation: str
    keys: tuple[str, ...]
    lists: tuple[str, ...]
    when: str = ""
    """Only if the description has this."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """DynamoDB's items: a scan that returns counts only."""


Stake: TypeAlias = Contained | Total | Length | Listed | Scanned

STAKES: Mapping[str, Mapping[str, Stake]] = MappingProxyType(
    {
        "AWS::S3::Bucket": {
            "objects": Contained("AWS::S3::Object"),
            "versions": Listed(
                "ListObjectVersions", ("Bucket",), ("Versions", "DeleteMarkers"), when="Versioning.Status"
            ),
        },
        "AWS::DynamoDB::Table": {"items": Scanned()},
        "AWS::SQS::Queue": {
            "messages": Total(
                (
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                )
            )
        },
        "AWS::ECR::Repository": {"images": Listed("ListImages", ("repositoryName",), ("imageIds",))},
        "AWS::Logs::LogGroup": {"streams": Listed("DescribeLogStreams", ("logGroupName",), ("logStreams",))},
        "AWS::SecretsManager::Secret": {"versions": Contained("AWS::SecretsManager::SecretVersion")},
        "AWS::Route53::HostedZone": {"records": Contained("AWS::Route53::RecordSet", frozenset({"NS", "SOA"}))},
        "AWS::ECS::Cluster": {"tasks": Total(("runningTasksCount",)), "services": Contained("AWS::ECS::Service")},
        "AWS::ECS::Service": {"tasks": Total(("runningCount",))},
        "AWS::EKS::Cluster": {"nodegroups": Contained("AWS::EKS::Nodegroup")},
        "AWS::AutoScaling::AutoScalingGroup": {"instances": Length("Instances")},
        "AWS::ElasticLoadBalancingV2::TargetGroup": {"targets": Length("TargetHealth")},
        "AWS::EFS::FileSystem": {"bytes": Total(("SizeInBytes.Value",))},
        "AWS::Cognito::UserPool": {"users": Listed("ListUsers", ("UserPoolId",), ("Users",))},
        "AWS::SNS::Topic": {"subscriptions": Total(("SubscriptionsConfirmed", "SubscriptionsPending"))},
        "AWS::RDS::DBInstance": {
            "snapshots": Listed("DescribeDBSnapshots", ("DBInstanceIdentifier",), ("DBSnapshots",)),
        },
        "AWS::RDS::DBCluster": {
            "snapshots": Listed("DescribeDBClusterSnapshots", ("DBClusterIdentifier",), ("DBClusterSnapshots",)),
        },
        "AWS::Glue::Database": {"tables": Contained("AWS::Glue::Table")},
        "AWS::Kinesis::Stream": {"shards": Length("Shards")},
        "AWS::Backup::BackupVault": {"recovery_points": Total(("NumberOfRecoveryPoints",))},
        "AWS::IAM::User": {"access_keys": Contained("AWS::IAM::AccessKey")},
    }
)
"""By type: the name of a count, and how it is taken. A count that could not be taken is absent, and a failure."""


def count_stakes(crawl: Crawl, found: Found) -> dict[str, int]:
    """Everything that can be counted in one resource; counts that failed are left out and put on record."""
    counts: dict[str, int] = {}
    for name, stake in STAKES.get(found.kind.type, {}).items():
        count = _count(stake, crawl, found)
        if count is not None:
            counts[name] = count
    return counts


def _count(stake: Stake, crawl: Crawl, found: Found) -> int | None:
    match stake:
        case Contained(type=kind, but=but):
            count = found.contained.get(kind)
            if count is None or not but:
                return count
            inside = (f for f in crawl.found if f.parent is found and f.kind.type == kind)
            return sum(dig(f.main, "Type") not in but for f in inside)
        case Total(paths=paths):
            numbers = [evaluate(path, (found.main, found.aspects)) for path in paths]
            known = [int(n) for n in numbers if isinstance(n, str) and n.isdigit()]
            return sum(known) if known else None
        case Length(path=path):
            value = dig(found.main, path)
            value = dig(found.aspects, path) if value is None else value
            return len(value) if isinstance(value, list) else None
        case Listed():
            return _listed(stake, crawl, found)
        case Scanned():
            return _scanned(crawl, found)
        case _:
            assert_never(stake)


def _listed(stake: Listed, crawl: Crawl, found: Found) -> int | None:
    if stake.when and dig(found.aspects, stake.when) is None:
        return None
    operation = crawl.connection.service.operations.get(stake.operation)
    names = found.inherited | found.own
    parameters = {key: names[key] for key in stake.keys if key in names}
    if operation is None or len(parameters) < len(stake.keys):
        return None
    answer = crawl.read(operation, parameters, str(found.identity))
    return None if answer is None else sum(len(answer.get(name) or ()) for name in stake.lists)


def _scanned(crawl: Crawl, found: Found) -> int | None:
    scan = crawl.connection.service.operations.get("Scan")
    if scan is None:
        return None
    count, start = 0, None
    while count < ITEM_CAP:
        parameters = {"TableName": found.own["TableName"], "Select": "COUNT", "ExclusiveStartKey": start}
        try:
            page = crawl.connection.read_page(scan, {k: v for k, v in parameters.items() if v is not None})
        except RefusedError as error:
            crawl.fail("Scan", str(found.identity), error.code)
            return None
        count += int(page.get("Count") or 0)
        start = page.get("LastEvaluatedKey")
        if not start:
            return count
    return ITEM_CAP
