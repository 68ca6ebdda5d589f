"""Documents and attachments that belong to another resource, and whether that one is new.

Rights that are given to something which the change itself creates widen nothing that existed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from diffing.attributes import at_top
from diffing.change import Action, ResourceChange
from diffing.record import dataclass
from diffing.values import Marker
from gate.policy.rule import Evidence
from gate.policy.stackwords import changes_in_terraform_words

CARRIERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "aws_api_gateway_rest_api_policy": ("rest_api_id", "aws_api_gateway_rest_api"),
        "aws_backup_vault_policy": ("backup_vault_name", "aws_backup_vault"),
        "aws_cloudwatch_event_bus_policy": ("event_bus_name", "aws_cloudwatch_event_bus"),
        "aws_dynamodb_resource_policy": ("resource_arn", "aws_dynamodb_table"),
        "aws_ecr_lifecycle_policy": ("repository", "aws_ecr_repository"),
        "aws_ecr_repository_policy": ("repository", "aws_ecr_repository"),
        "aws_efs_file_system_policy": ("file_system_id", "aws_efs_file_system"),
        "aws_iam_group_policy": ("group", "aws_iam_group"),
        "aws_iam_role_policy": ("role", "aws_iam_role"),
        "aws_iam_user_policy": ("user", "aws_iam_user"),
        "aws_kinesis_resource_policy": ("resource_arn", "aws_kinesis_stream"),
        "aws_kms_key_policy": ("key_id", "aws_kms_key"),
        "aws_lambda_permission": ("function_name", "aws_lambda_function"),
        "aws_opensearch_domain_policy": ("domain_name", "aws_opensearch_domain"),
        "aws_s3_bucket_lifecycle_configuration": ("bucket", "aws_s3_bucket"),
        "aws_s3_bucket_policy": ("bucket", "aws_s3_bucket"),
        "aws_secretsmanager_secret_policy": ("secret_arn", "aws_secretsmanager_secret"),
        "aws_sns_topic_policy": ("arn", "aws_sns_topic"),
        "aws_sqs_queue_policy": ("queue_url", "aws_sqs_queue"),
        "aws_vpc_endpoint_policy": ("vpc_endpoint_id", "aws_vpc_endpoint"),
    }
)
"""Type → the attribute that names what it is about, and the type of that."""

_THINGS = frozenset({"aws_iam_policy", "aws_iot_policy", "aws_organizations_policy"})
"""Policies that are resources of their own: they give nothing to anybody until they are attached."""
_NAMING = frozenset({"arn", "bucket", "function_name", "id", "key_id", "name", "url"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What a change creates: the names of each resource, by type, and ARNs."""

    names: Mapping[str, frozenset[str]]
    arns: frozenset[str]
    followed: Mapping[str, str]
    """ARN of something that is made anew → the ARN that it has then."""

    def new(self, type_: str, name: object) -> bool:
        """Whether the change creates a resource of that type and name."""
        if name is Marker.UNKNOWN:
            # Only a plan shows this: what is not known before the apply comes from what the apply makes.
            return type_ in self.names
        return isinstance(name, str) and name in self.names.get(type_, frozenset())

    def contains(self, resource: str) -> bool:
        """Whether an ARN of a policy is that of something created, or of something inside it."""
        return not self.arns.isdisjoint(_heads(resource))

    def follow(self, text: str) -> str:
        """Write an ARN of a policy as it is once everything is made anew that the change makes anew."""
        if not self.followed:
            return text
        old = next((head for head in _heads(text) if head in self.followed), "")
        return self.followed[old] + text[len(old) :] if old else text


def _heads(name: str) -> Iterator[str]:
    """Yield a name and, from the longest down, what it may lie inside: every part of it before a slash or colon."""
    yield name
    for index in range(len(name) - 1, -1, -1):
        if name[index] in "/:":
            yield name[:index]


def created_by(evidence: Evidence) -> Created:
    """Collect what the change creates that is judged."""
    return evidence.once(_created_by)


def _created_by(evidence: Evidence) -> Created:
    return created(changes_in_terraform_words(evidence))


def created(changes: Iterable[ResourceChange]) -> Created:
    """Collect what these changes create."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    arns: set[str] = set()
    followed: dict[str, str] = {}
    for change in changes:
        if change.action is Action.REPLACE:
            followed |= _followed(change)
        if change.action is not Action.CREATE:
            continue
        found = {
            str(item.path[0]): item.after
            for item in at_top(change.attributes, _NAMING)
            if isinstance(item.after, str) and item.after
        }
        names[change.type].update(found.values())
        if "arn" in found and not change.type.startswith("aws_iam_"):
            # A right on a new role is a right to everything that the role may do.
            arns.add(found["arn"])
    frozen = {type_: frozenset(found) for type_, found in names.items()}
    return Created(names=frozen, arns=frozenset(arns), followed=followed)


def _followed(change: ResourceChange) -> dict[str, str]:
    return {
        item.before: item.after
        for item in at_top(change.attributes, {"arn"})
        if isinstance(item.before, str) and isinstance(item.after, str)
    }


def is_about_new(change: ResourceChange, new: Created) -> bool:
    """Whether a created resource only says something about what the change itself creates."""
    if change.action is not Action.CREATE:
        return False
    if change.type in CARRIERS:
        attribute, carrier = CARRIERS[change.type]
        return any(new.new(carrier, item.after) for item in at_top(change.attributes, {attribute}))
    return change.type in _THINGS or not change.type.endswith("_policy")
