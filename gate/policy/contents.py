"""What is inside a resource that an update in place can take out of it: rows of data, and how to find what is gone.

An update deletes nothing, and yet a function without its environment, an alarm that tells nobody and a web ACL without
its rules are as good as deleted. Every row names an attribute whose entries are such parts, as the documentation of the
AWS provider describes it (https://registry.terraform.io/providers/hashicorp/aws/latest/docs).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from diffing.attributes import below
from diffing.change import AttributeChange, ResourceChange
from diffing.record import dataclass
from diffing.values import Marker, Path, Value


class Shape(StrEnum):
    """How the entries are kept."""

    MAP = "map"
    """By key: ``environment[0].variables.DB_URL``."""
    SCALARS = "scalars"
    """A list or set of texts: ``alarm_actions[0]``."""
    BLOCKS = "blocks"
    """Nested blocks, each told from the others by one of its attributes: ``rule[0].name``."""
    REFERENCES = "references"
    """Nested blocks that each point to something else: another one in its place is an exchange, no loss."""
    SINGLE = "single"
    """The attribute itself: ``web_acl_id``. It is gone where it was something and is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One row."""

    path: tuple[str, ...]
    """Names of attributes, without indices."""
    shape: Shape
    what: str
    """What one entry is called, in the singular."""
    names: tuple[str, ...] = ()
    """Of blocks: the attributes that tell one from another, best first."""
    elsewhere: str = ""
    """A type of its own that an entry may become: created with the entry's name in it, nothing is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Entries of one row that are there before an update and not after it."""

    content: Content
    entries: tuple[str, ...]
    """Names; empty texts for entries that have none."""


def _map(path: str, what: str) -> Content:
    return Content(path=tuple(path.split(".")), shape=Shape.MAP, what=what)


def _scalars(path: str, what: str, elsewhere: str = "") -> Content:
    return Content(path=tuple(path.split(".")), shape=Shape.SCALARS, what=what, elsewhere=elsewhere)


def _blocks(path: str, what: str, *names: str, elsewhere: str = "") -> Content:
    return Content(path=tuple(path.split(".")), shape=Shape.BLOCKS, what=what, names=names, elsewhere=elsewhere)


def _references(path: str, what: str, *names: str) -> Content:
    return Content(path=tuple(path.split(".")), shape=Shape.REFERENCES, what=what, names=names)


def _single(path: str, what: str) -> Content:
    return Content(path=tuple(path.split(".")), shape=Shape.SINGLE, what=what)


_ALARM = (
    _scalars("alarm_actions", "alarm action"),
    _scalars("ok_actions", "action on recovery"),
    _scalars("insufficient_data_actions", "action on missing data"),
)
_ROUTES = (
    _blocks(
        *("route", "route", "cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"),
        elsewhere="aws_route",
    ),
)
_NETWORK_ACL = (_blocks("ingress", "rule", "rule_no"), _blocks("egress", "rule", "rule_no"))
_WAF_RULES = (_blocks("rule", "rule", "name"), _blocks("rules", "rule", "rule_id", "priority"))
_PARAMETERS = (_blocks("parameter", "parameter", "name"),)
_APP_RUNNER = "source_configuration.code_repository.code_configuration.code_configuration_values"
_APP_RUNNER_IMAGE = "source_configuration.image_repository.image_configuration"

CONTENTS: Mapping[str, tuple[Content, ...]] = MappingProxyType(
    {
        "aws_amplify_app": (
            _map("environment_variables", "environment variable"),
            _blocks("custom_rule", "redirect rule", "source"),
        ),
        "aws_amplify_branch": (_map("environment_variables", "environment variable"),),
        "aws_api_gateway_stage": (_map("variables", "stage variable"), _single("web_acl_arn", "web ACL")),
        "aws_apigatewayv2_api": (
            _scalars("cors_configuration.allow_origins", "allowed origin"),
            _scalars("cors_configuration.allow_methods", "allowed method"),
        ),
        "aws_apigatewayv2_stage": (
            _map("stage_variables", "stage variable"),
            _single("access_log_settings.destination_arn", "access log"),
        ),
        "aws_apprunner_service": (
            _map(f"{_APP_RUNNER}.runtime_environment_variables", "environment variable"),
            _map(f"{_APP_RUNNER}.runtime_environment_secrets", "environment secret"),
            _map(f"{_APP_RUNNER_IMAGE}.runtime_environment_variables", "environment variable"),
            _map(f"{_APP_RUNNER_IMAGE}.runtime_environment_secrets", "environment secret"),
        ),
        "aws_autoscaling_group": (
            _scalars("target_group_arns", "target group", elsewhere="aws_autoscaling_attachment"),
            _scalars("load_balancers", "load balancer", elsewhere="aws_autoscaling_attachment"),
            _blocks("initial_lifecycle_hook", "lifecycle hook", "name"),
            _references("traffic_source", "source of traffic", "identifier"),
        ),
        "aws_budgets_budget": (_blocks("notification", "notification", "threshold"),),
        "aws_cloudfront_distribution": (
            _scalars("aliases", "alternate domain name"),
            _blocks("origin", "origin", "origin_id"),
            _blocks("ordered_cache_behavior", "cache behavior", "path_pattern"),
            _blocks("custom_error_response", "error page", "error_code"),
            _single("web_acl_id", "web ACL"),
            _single("logging_config.bucket", "access log"),
        ),
        "aws_cloudwatch_composite_alarm": _ALARM,
        "aws_cloudwatch_metric_alarm": _ALARM,
        "aws_codebuild_project": (_blocks("environment.environment_variable", "environment variable", "name"),),
        "aws_codepipeline": (_blocks("stage", "stage", "name"),),
        "aws_cognito_user_pool": tuple(
            _single(f"lambda_config.{trigger}", f"{trigger} trigger")
            for trigger in (
                *("create_auth_challenge", "custom_message", "define_auth_challenge", "post_authentication"),
                *("post_confirmation", "pre_authentication", "pre_sign_up", "pre_token_generation"),
                *("user_migration", "verify_auth_challenge_response"),
            )
        ),
        "aws_cognito_user_pool_client": (
            _scalars("callback_urls", "callback URL"),
            _scalars("logout_urls", "logout URL"),
            _scalars("allowed_oauth_scopes", "scope"),
            _scalars("explicit_auth_flows", "authentication flow"),
            _scalars("supported_identity_providers", "identity provider"),
        ),
        "aws_db_cluster_parameter_group": _PARAMETERS,
        "aws_db_instance": (
            _scalars("enabled_cloudwatch_logs_exports", "exported log"),
            _scalars("vpc_security_group_ids", "security group"),
        ),
        "aws_db_parameter_group": _PARAMETERS,
        "aws_default_network_acl": _NETWORK_ACL,
        "aws_default_route_table": _ROUTES,
        "aws_docdb_cluster_parameter_group": _PARAMETERS,
        "aws_dynamodb_table": (
            _blocks("global_secondary_index", "global secondary index", "name"),
            _single("stream_enabled", "stream of changes"),
        ),
        "aws_ec2_managed_prefix_list": (
            _blocks("entry", "network", "cidr", elsewhere="aws_ec2_managed_prefix_list_entry"),
        ),
        "aws_ecs_service": (
            _references("load_balancer", "load balancer", "target_group_arn", "elb_name"),
            _references("service_registries", "service registry", "registry_arn"),
            _scalars("network_configuration.security_groups", "security group"),
        ),
        "aws_ecs_task_definition": (_blocks("volume", "volume", "name"),),
        "aws_eks_cluster": (_scalars("enabled_cluster_log_types", "control plane log"),),
        "aws_elastic_beanstalk_environment": (_blocks("setting", "setting", "name"),),
        "aws_elasticache_parameter_group": _PARAMETERS,
        "aws_elasticache_user_group": (
            _scalars("user_ids", "user", elsewhere="aws_elasticache_user_group_association"),
        ),
        "aws_elb": (
            _blocks("listener", "listener", "lb_port"),
            _scalars("instances", "instance", elsewhere="aws_elb_attachment"),
        ),
        "aws_glue_job": (_map("default_arguments", "argument"),),
        "aws_iam_group_membership": (_scalars("users", "user"),),
        "aws_iam_openid_connect_provider": (_scalars("client_id_list", "client id"),),
        "aws_iam_policy_attachment": (
            _scalars("users", "user", elsewhere="aws_iam_user_policy_attachment"),
            _scalars("roles", "role", elsewhere="aws_iam_role_policy_attachment"),
            _scalars("groups", "group", elsewhere="aws_iam_group_policy_attachment"),
        ),
        "aws_iam_role": (
            _blocks("inline_policy", "inline policy", "name", elsewhere="aws_iam_role_policy"),
            _scalars("managed_policy_arns", "managed policy", elsewhere="aws_iam_role_policy_attachment"),
        ),
        "aws_iam_user_group_membership": (_scalars("groups", "group"),),
        "aws_instance": (_scalars("vpc_security_group_ids", "security group"),),
        "aws_lambda_function": (
            _map("environment.variables", "environment variable"),
            _single("dead_letter_config.target_arn", "dead-letter target"),
            _references("file_system_config", "file system", "arn"),
            _scalars("layers", "layer"),
            _scalars("vpc_config.security_group_ids", "security group"),
        ),
        "aws_lb": (
            _scalars("security_groups", "security group"),
            _scalars("subnets", "subnet"),
            _single("access_logs.enabled", "access log"),
        ),
        "aws_lb_listener": (_single("certificate_arn", "certificate"),),
        "aws_lb_listener_rule": (
            _blocks("condition", "condition"),
            _references("action", "action", "target_group_arn"),
        ),
        "aws_mwaa_environment": (_map("airflow_configuration_options", "configuration option"),),
        "aws_neptune_cluster_parameter_group": _PARAMETERS,
        "aws_network_acl": _NETWORK_ACL,
        "aws_opensearch_domain": (_blocks("log_publishing_options", "exported log", "log_type"),),
        "aws_rds_cluster": (
            _scalars("enabled_cloudwatch_logs_exports", "exported log"),
            _scalars("vpc_security_group_ids", "security group"),
        ),
        "aws_rds_cluster_parameter_group": _PARAMETERS,
        "aws_route53_record": (_scalars("records", "record value"),),
        "aws_route_table": _ROUTES,
        "aws_s3_bucket": (
            _single("logging.target_bucket", "access log"),
            _blocks("cors_rule", "CORS rule", "id"),
        ),
        "aws_s3_bucket_cors_configuration": (_blocks("cors_rule", "CORS rule", "id"),),
        "aws_s3_bucket_notification": (
            _references("lambda_function", "subscription of a function", "lambda_function_arn", "id"),
            _references("queue", "subscription of a queue", "queue_arn", "id"),
            _references("topic", "subscription of a topic", "topic_arn", "id"),
            _single("eventbridge", "delivery to EventBridge"),
        ),
        "aws_sns_topic_subscription": (_single("redrive_policy", "dead-letter queue"),),
        "aws_sqs_queue": (_single("redrive_policy", "dead-letter queue"),),
        "aws_vpc_endpoint": (
            _scalars("route_table_ids", "route table", elsewhere="aws_vpc_endpoint_route_table_association"),
            _scalars("security_group_ids", "security group", elsewhere="aws_vpc_endpoint_security_group_association"),
            _scalars("subnet_ids", "subnet", elsewhere="aws_vpc_endpoint_subnet_association"),
        ),
        "aws_waf_web_acl": _WAF_RULES,
        "aws_wafregional_web_acl": _WAF_RULES,
        "aws_wafv2_ip_set": (_scalars("addresses", "address"),),
        "aws_wafv2_rule_group": _WAF_RULES,
        "aws_wafv2_web_acl": _WAF_RULES,
    }
)

ELSEWHERE = frozenset(row.elsewhere for rows in CONTENTS.values() for row in rows if row.elsewhere)
"""Types that a part may become a resource of."""
_NOTHING = (None, "", False, Marker.ABSENT)


def losses(change: ResourceChange) -> Iterator[Loss]:
    """Yield what an update takes out of a resource, row by row."""
    return losses_of(change, CONTENTS.get(change.type, ()))


def losses_of(change: ResourceChange, rows: Iterable[Content]) -> Iterator[Loss]:
    """Yield what an update takes out of a resource by these rows."""
    for content in rows:
        parts = below(change.attributes, content.path[0])
        inside = [(rest, item) for item in parts if (rest := _inside(item.path, content.path)) is not None]
        entries = tuple(_lost(content, inside)) if inside else ()
        if entries:
            yield Loss(content=content, entries=entries)


def _inside(path: Path, names: tuple[str, ...]) -> Path | None:
    """Return what is left of a path beyond the row's attribute, indices on the way left out; None outside of it."""
    if path[:1] != names[:1]:
        return None
    at = 1
    for name in names[1:]:
        while at < len(path) and isinstance(path[at], int):
            at += 1
        if at >= len(path) or path[at] != name:
            return None
        at += 1
    return path[at:]


def _lost(content: Content, inside: Iterable[tuple[Path, AttributeChange]]) -> Iterator[str]:
    match content.shape:
        case Shape.MAP:
            return (str(rest[0]) for rest, item in inside if len(rest) == 1 and _is_emptied(item))
        case Shape.SCALARS:
            return _lost_scalars(inside)
        case Shape.BLOCKS | Shape.REFERENCES:
            return _lost_blocks(content, inside)
        case Shape.SINGLE:
            return ("" for rest, item in inside if not rest and _is_emptied(item))


def _is_emptied(item: AttributeChange) -> bool:
    # To Python, 0 is among these as well: a number that becomes zero is no part that is gone.
    return item.before not in _NOTHING and (item.after in _NOTHING and not _is_number(item.after))


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _lost_scalars(inside: Iterable[tuple[Path, AttributeChange]]) -> Iterator[str]:
    """What went and was not exchanged for something else: as many as the list is shorter by."""
    gone = [item.before for rest, item in inside if len(rest) <= 1 and item.before not in (*_NOTHING, ())]
    come = [item.after for rest, item in inside if len(rest) <= 1 and item.after not in (*_NOTHING, ())]
    left = [value for value in gone if value not in come]
    if len(gone) > len(come):
        yield from (value if isinstance(value, str) else "" for value in left)


def _lost_blocks(content: Content, inside: Iterable[tuple[Path, AttributeChange]]) -> Iterator[str]:
    """Blocks whose name is there before and not after; the name of a block that keeps it does not show."""
    blocks: defaultdict[str | int, list[tuple[Path, AttributeChange]]] = defaultdict(list)
    for rest, item in inside:
        if rest:
            blocks[rest[0]].append((rest[1:], item))
    gone, come = [], []
    for leaves in blocks.values():
        gone += _names(content, [(rest, item.before, item.after) for rest, item in leaves])
        come += _names(content, [(rest, item.after, item.before) for rest, item in leaves])
    if content.shape is Shape.REFERENCES and len(gone) <= len(come):
        return
    for name in come:
        if name in gone:
            gone.remove(name)
    yield from gone


def _names(content: Content, leaves: Iterable[tuple[Path, Value, Value]]) -> list[str]:
    """Return the name that a block has on one side, if the plan shows one; of nameless blocks, whether it is there."""
    found = list(leaves)
    if not content.names:
        return [""] if all(other is Marker.ABSENT for _, _, other in found) else []
    for name in content.names:
        for rest, value, _ in found:
            if rest == (name,) and value not in _NOTHING:
                return [value if isinstance(value, str) else _text(value)]
    return []


def _text(value: Value) -> str:
    return f"({value.value})" if isinstance(value, Marker) else str(value)
