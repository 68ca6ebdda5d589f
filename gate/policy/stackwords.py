"""Changes of stacks in Terraform's words, for the rules that read types and attributes.

CloudFormation and the AWS provider name the same things in nearly the same words (``BackupRetentionPeriod``,
``backup_retention_period``). What is only spelled otherwise is spelled; the tables hold what is called otherwise.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ and the AWS provider's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from diffing.change import Action, AttributeChange, ResourceChange
from diffing.record import replace
from diffing.values import Marker, Path, Value
from gate.policy.rule import Evidence

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "AWS::CloudTrail::Trail": "aws_cloudtrail",
        "AWS::EC2::Instance": "aws_instance",
        "AWS::EC2::SecurityGroup": "aws_security_group",
        "AWS::EC2::SecurityGroupIngress": "aws_vpc_security_group_ingress_rule",
        "AWS::EC2::VPCEndpoint": "aws_vpc_endpoint",
        "AWS::Events::EventBusPolicy": "aws_cloudwatch_event_bus_policy",
        "AWS::IAM::ManagedPolicy": "aws_iam_policy",
        "AWS::IAM::Policy": "aws_iam_role_policy",
        "AWS::KMS::Key": "aws_kms_key",
        "AWS::Lambda::Url": "aws_lambda_function_url",
        "AWS::Logs::LogGroup": "aws_cloudwatch_log_group",
        "AWS::OpenSearchService::Domain": "aws_opensearch_domain",
        "AWS::RDS::DBCluster": "aws_rds_cluster",
        "AWS::RDS::DBInstance": "aws_db_instance",
        "AWS::SecretsManager::ResourcePolicy": "aws_secretsmanager_secret_policy",
    }
)
"""Types whose name in Terraform does not follow from their own."""

_ANYWHERE: Mapping[str, str] = MappingProxyType(
    {
        "access_control": "acl",
        "assume_role_policy_document": "assume_role_policy",
        "expiration_in_days": "expiration.days",
        "key_policy": "policy",
        "lifecycle_configuration": "",
        "message_retention_period": "message_retention_seconds",
        "noncurrent_version_expiration_in_days": "noncurrent_version_expiration.days",
        "point_in_time_recovery_enabled": "enabled",
        "point_in_time_recovery_specification": "point_in_time_recovery",
        "repository_policy_text": "repository_policy",
        "retention_period_hours": "retention_period",
    }
)
"""Parts of paths that are called otherwise in Terraform; empty for one that it does without."""
_BY_TYPE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "aws_kms_key": {"enabled": "is_enabled", "key_policy": "policy"},
        "aws_lambda_function_url": {"auth_type": "authorization_type"},
        "aws_s3_bucket": {"rules": "lifecycle_rule"},
        "aws_security_group": {
            "security_group_ingress": "ingress",
            "cidr_ip": "cidr_blocks",
            "cidr_ipv6": "ipv6_cidr_blocks",
            "source_prefix_list_id": "prefix_list_id",
        },
        "aws_vpc_security_group_ingress_rule": {
            "group_id": "security_group_id",
            "cidr_ip": "cidr_ipv4",
            "source_prefix_list_id": "prefix_list_id",
        },
    }
)
_FIRST: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "aws_iam_role_policy": {"roles": "role"},
        "aws_sns_topic_policy": {"topics": "arn"},
        "aws_sqs_queue_policy": {"queues": "queue_url"},
    }
)
"""Lists whose first item Terraform has as one attribute."""
_BOUNDARY = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
_ITEM = 2
"""A list and the index of an item."""
_SWITCHED = {"true": True, "false": False}


def changes_in_terraform_words(evidence: Evidence) -> tuple[ResourceChange, ...]:
    """Return the changes that are judged, those of stacks in Terraform's words."""
    return evidence.once(_changes_in_terraform_words)


def _changes_in_terraform_words(evidence: Evidence) -> tuple[ResourceChange, ...]:
    return in_terraform_words(evidence.diff.changes)


def in_terraform_words(changes: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """Return the changes, those that a stack announces with types and attributes in Terraform's words."""
    return tuple(
        _translated(change) if change.type.startswith("AWS::") and change.announced else change for change in changes
    )


def _translated(change: ResourceChange) -> ResourceChange:
    type_ = _type(change.type)
    attributes = tuple(_attribute(item, type_) for item in change.attributes)
    return replace(change, type=type_, attributes=(*attributes, *_names(change)))


def _names(change: ResourceChange) -> Iterator[AttributeChange]:
    """What a stack creates has no name yet; what else the stack says of it refers to it."""
    if change.action is Action.CREATE:
        key = change.address.rpartition("/")[2]
        for path, text in ((("id",), f"${{{key}}}"), (("arn",), f"${{{key}.Arn}}")):
            yield AttributeChange(path=path, before=Marker.ABSENT, after=text)


@lru_cache(maxsize=1024)
def _type(type_: str) -> str:
    if type_ in TYPES:
        return TYPES[type_]
    return "_".join(
        ["aws", *(_snake(part) if index else part.lower() for index, part in enumerate(type_.split("::")[1:]))]
    )


def _attribute(item: AttributeChange, type_: str) -> AttributeChange:
    path = _path(item.path, type_)
    is_acl = path[-1:] == ("acl",)
    return replace(item, path=path, before=_value(item.before, is_acl=is_acl), after=_value(item.after, is_acl=is_acl))


def _path(path: Path, type_: str) -> Path:
    words: list[str | int] = []
    for part in path:
        if isinstance(part, int):
            words.append(part)
            continue
        name = _snake(part)
        name = _BY_TYPE.get(type_, {}).get(name, _ANYWHERE.get(name, name))
        words += [word for word in name.split(".") if word]
    if len(words) == _ITEM and words[1] == 0 and words[0] in _FIRST.get(type_, {}):
        return (_FIRST[type_][str(words[0])],)
    return tuple(words)


def _value(value: Value, *, is_acl: bool) -> Value:
    if not isinstance(value, str) or isinstance(value, Marker):
        return value
    return _snake(value).replace("_", "-") if is_acl else _SWITCHED.get(value, value)


@lru_cache(maxsize=4096)
def _snake(name: str) -> str:
    return re.sub(_BOUNDARY, "_", name).lower()
