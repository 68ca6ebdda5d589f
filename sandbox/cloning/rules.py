"""What is known of single resource types, as data: where the general way of writing a configuration would go wrong.

The general way is `sandbox.cloning.synthesise`. Each row here has a reason. A type without rows needs none; a type that
goes wrong without one is repaired from Terraform's diagnostics (`sandbox.cloning.repair`), which costs an attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Effect(Enum):
    """What a rule does with an argument."""

    OMIT = "omit"
    """Never written."""
    OMIT_ZERO = "omit-zero"
    """Written only where it is neither false nor zero: a state does not tell these from "not set"."""
    OMIT_BESIDE = "omit-beside"
    """Not written where the state has the argument named by the rule's value, too."""
    DEFAULT = "default"
    """Written with the rule's value where the state has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row."""

    type: str
    path: str
    """The argument, with the blocks it is in: ``launch_template.name``."""
    effect: Effect
    reason: str
    value: str | int | None = None


class Content(Enum):
    """What a placeholder stands for."""

    ARCHIVE = "archive"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """A content that a state does not have: the clone gets another in its place, and the part counts as unknown."""

    type: str
    argument: str
    """What is written."""
    content: Content
    part: str
    """What to call the part that is not known."""
    replaces: tuple[str, ...]
    """The arguments that name the content in the state, none of which is written."""
    unless: str = ""
    """An argument that has the content itself; with it, there is nothing unknown."""


def _omit(kind: str, path: str, reason: str) -> Rule:
    return Rule(type=kind, path=path, effect=Effect.OMIT, reason=reason)


def _omit_zero(kind: str, path: str, reason: str) -> Rule:
    return Rule(type=kind, path=path, effect=Effect.OMIT_ZERO, reason=reason)


def _omit_beside(kind: str, path: str, other: str) -> Rule:
    reason = f"conflicts with {other}, which tells the same"
    return Rule(type=kind, path=path, effect=Effect.OMIT_BESIDE, reason=reason, value=other)


RULES: tuple[Rule, ...] = (
    _omit(
        "aws_instance",
        "associate_public_ip_address",
        "said explicitly, the provider asks for a network interface, and engines then ignore subnet and groups",
    ),
    _omit("aws_instance", "private_ip", "as above; the address is mapped back afterwards"),
    _omit("aws_instance", "source_dest_check", "conflicts with a network interface, and true is the default"),
    _omit("aws_instance", "primary_network_interface_id", "the interface is made with the instance"),
    _omit(
        "aws_instance",
        "instance_initiated_shutdown_behavior",
        "set by a second call, which engines lack; a plan shows where it is not the default",
    ),
    _omit("aws_instance", "cpu_core_count", "conflicts with cpu_options, which tells the same"),
    _omit("aws_instance", "cpu_threads_per_core", "conflicts with cpu_options, which tells the same"),
    _omit_beside("aws_subnet", "availability_zone_id", "availability_zone"),
    _omit_zero(
        "aws_subnet", "map_customer_owned_ip_on_launch", "the provider wants it together with an outpost's pool"
    ),
    _omit_zero("aws_subnet", "enable_lni_at_device_index", "the provider refuses zero"),
    _omit_zero("aws_vpc", "ipv6_netmask_length", "the provider wants it together with a pool"),
    _omit_zero("aws_route53_record", "multivalue_answer_routing_policy", "the provider wants it with set_identifier"),
    _omit_zero("aws_route53_record", "ttl", "an alias has none, and the provider wants it together with records"),
    _omit_zero("aws_cloudwatch_metric_alarm", "datapoints_to_alarm", "the provider refuses zero"),
    _omit_zero("aws_flow_log", "max_aggregation_interval", "the provider refuses zero"),
    _omit_zero("aws_autoscaling_policy", "min_adjustment_magnitude", "the provider refuses zero"),
    _omit_zero("aws_opensearch_domain", "cluster_config.warm_count", "the provider refuses zero"),
    _omit_zero("aws_scheduler_schedule", "flexible_time_window.maximum_window_in_minutes", "the provider refuses zero"),
    _omit_zero(
        "aws_sfn_state_machine",
        "encryption_configuration.kms_data_key_reuse_period_seconds",
        "the provider refuses zero",
    ),
    _omit_beside("aws_elasticache_replication_group", "num_node_groups", "num_cache_clusters"),
    _omit_beside("aws_lb", "subnet_mapping", "subnets"),
    _omit("aws_autoscaling_group", "launch_template.name", "conflicts with launch_template.id"),
    _omit_beside("aws_autoscaling_group", "availability_zones", "vpc_zone_identifier"),
    _omit("aws_nat_gateway", "private_ip", "taken already: the engine gives it to the gateway's interface itself"),
    _omit("aws_network_interface", "private_ip", "conflicts with private_ips, which tells the same"),
    _omit("aws_network_interface", "private_ip_list", "conflicts with private_ips, which tells the same"),
    _omit("aws_network_interface", "attachment", "made by the resource that attaches it"),
    _omit("aws_eip", "network_interface", "follows from the instance or the association"),
    _omit_zero("aws_security_group_rule", "self", "conflicts with cidr_blocks and others even where it is false"),
    Rule(
        type="aws_cloudwatch_metric_alarm",
        path="statistic",
        effect=Effect.DEFAULT,
        value="Average",
        reason="a state refreshed from an engine may have lost it, and an alarm needs one",
    ),
    Rule(
        type="aws_cloudwatch_metric_alarm",
        path="period",
        effect=Effect.DEFAULT,
        value=60,
        reason="as for statistic",
    ),
    _omit("aws_s3_object", "etag", "follows from the content, which is a placeholder"),
    _omit("aws_s3_object", "source_hash", "speaks of a file that is not here"),
    _omit("aws_s3_object", "bucket_key_enabled", "is the bucket's to say"),
    _omit("aws_lambda_function", "source_code_hash", "follows from the code, which is a placeholder"),
    _omit("aws_lambda_layer_version", "source_code_hash", "follows from the code, which is a placeholder"),
    _omit("aws_iam_access_key", "status", "made active; a state has it without a word"),
)

PLACEHOLDERS: tuple[Placeholder, ...] = (
    Placeholder(
        type="aws_lambda_function",
        argument="filename",
        content=Content.ARCHIVE,
        part="code",
        replaces=("filename", "s3_bucket", "s3_key", "s3_object_version"),
        unless="image_uri",
    ),
    Placeholder(
        type="aws_lambda_layer_version",
        argument="filename",
        content=Content.ARCHIVE,
        part="code",
        replaces=("filename", "s3_bucket", "s3_key", "s3_object_version"),
    ),
    Placeholder(
        type="aws_s3_object",
        argument="content",
        content=Content.TEXT,
        part="content",
        replaces=("source", "content_base64"),
        unless="content",
    ),
)

HASHED: Mapping[tuple[str, str], str] = {
    ("aws_instance", "user_data"): "user_data",
    ("aws_instance", "user_data_base64"): "user_data",
    ("aws_spot_instance_request", "user_data"): "user_data",
    ("aws_launch_configuration", "user_data"): "user_data",
}
"""Arguments of which a state may have only the SHA-1 digest, and what to call the part that is then not known."""

_DERIVED = frozenset({"source_code_hash", "code_sha256", "etag", "source_hash"})
"""What follows from a content that may be a placeholder."""


def placeheld(kind: str) -> frozenset[str]:
    """The attributes of a resource type that say something else in the clone where a placeholder stands in it."""
    rows = [row for row in PLACEHOLDERS if row.type == kind]
    hashed = {name for of, name in HASHED if of == kind}
    return _DERIVED.union(hashed, *((row.argument, *row.replaces) for row in rows))


NO_REMOTE_SIDE: Mapping[str, str] = {
    "terraform.io/builtin/terraform": "lives in the state only",
    "hashicorp/random": "lives in the state only",
    "hashicorp/null": "lives in the state only",
    "hashicorp/time": "lives in the state only",
    "hashicorp/tls": "lives in the state only",
    "hashicorp/local": "is a file of the machine that applies",
    "hashicorp/archive": "is a file of the machine that applies",
    "hashicorp/template": "is computed by the provider",
    "hashicorp/cloudinit": "is computed by the provider",
}
"""Providers (the end of the source address) whose resources need nothing in the clone, and why."""

COMPUTED_DATA: Mapping[str, str] = {
    "aws_caller_identity": "the clone answers for the same account",
    "aws_region": "is the provider's configuration",
    "aws_partition": "is computed by the provider",
    "aws_default_tags": "is the provider's configuration",
    "aws_service": "is computed by the provider",
    "aws_service_principal": "is computed by the provider",
    "aws_iam_policy_document": "is computed by the provider",
    "aws_arn": "is computed by the provider",
    "aws_iam_session_context": "the clone answers for the same account",
    "aws_canonical_user_id": "the engine has one for each account",
    "aws_elb_service_account": "is a constant of the provider",
    "aws_elb_hosted_zone_id": "is a constant of the provider",
    "aws_lb_hosted_zone_id": "is a constant of the provider",
    "aws_cloudtrail_service_account": "is a constant of the provider",
    "aws_redshift_service_account": "is a constant of the provider",
    "aws_s3_bucket_object": "follows from the bucket",
    "aws_availability_zones": "the engine has them for each region",
    "aws_availability_zone": "the engine has them for each region",
    "aws_regions": "the engine has them",
}
"""Data sources that need nothing planted in the clone, and why."""

NOT_STOOD_IN: Mapping[str, str] = {
    "aws_ami_ids": "is a list; the images themselves are not in the state",
    "aws_subnets": "is a list; the subnets themselves are not in the state",
    "aws_security_groups": "is a list; the groups themselves are not in the state",
    "aws_vpcs": "is a list; the networks themselves are not in the state",
    "aws_instances": "is a list; the instances themselves are not in the state",
    "aws_ip_ranges": "is read from the internet",
}
"""Data sources that cannot be planted, and why."""

ENGINE_ASSIGNED_DEFAULT = "default"
"""What the name of something that AWS makes by itself begins with (``default.mysql8.0``): the engine makes its own."""
