"""Whether a change can be taken back, and with what loss.

A delete is irreversible unless a row says otherwise: what is not known to come back does not. Sources of the rows: the
AWS documentation of each service about deletion ("AWS KMS Developer Guide: Deleting keys", "AWS Secrets Manager User
Guide: Delete a secret", "Amazon RDS User Guide: Deleting a DB instance"), and what the bookkeeping list says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from diffing.attributes import at_top
from diffing.change import Action, AttributeChange, ResourceChange, Reversibility, StateDiff
from diffing.record import replace
from diffing.values import Marker, Value
from gate.policy.bookkeeping import Kind, lookup
from gate.policy.destruction import data, is_destroyed, is_remade, loses_effect
from gate.policy.protections import PERIODS

STATELESS = frozenset(
    {
        "aws_alb",
        "aws_alb_listener",
        "aws_alb_listener_rule",
        "aws_alb_target_group",
        "aws_api_gateway_method",
        "aws_api_gateway_resource",
        "aws_api_gateway_stage",
        "aws_apigatewayv2_integration",
        "aws_apigatewayv2_route",
        "aws_apigatewayv2_stage",
        "aws_autoscaling_group",
        "aws_db_parameter_group",
        "aws_db_subnet_group",
        "aws_ecs_cluster",
        "aws_ecs_service",
        "aws_eks_node_group",
        "aws_elasticache_parameter_group",
        "aws_elasticache_subnet_group",
        "aws_elb",
        "aws_cloudwatch_event_rule",
        "aws_iam_group",
        "aws_iam_instance_profile",
        "aws_iam_policy",
        "aws_iam_role",
        "aws_internet_gateway",
        "aws_lambda_alias",
        "aws_lambda_event_source_mapping",
        "aws_lambda_function",
        "aws_launch_template",
        "aws_lb",
        "aws_lb_listener",
        "aws_lb_listener_rule",
        "aws_lb_target_group",
        "aws_nat_gateway",
        "aws_network_acl",
        "aws_route_table",
        "aws_security_group",
        "aws_sns_topic_subscription",
        "aws_subnet",
        "aws_vpc",
        "aws_vpc_endpoint",
        "aws_wafv2_web_acl",
    }
)
"""Types that hold no data: made anew from their configuration they do what they did, and are missing until then."""

_SNAPSHOT = frozenset(
    {"aws_db_instance", "aws_docdb_cluster", "aws_neptune_cluster", "aws_rds_cluster", "aws_redshift_cluster"}
)
_FOR_A_WHILE: Mapping[str, str] = MappingProxyType(
    {"aws_kms_key": "deletion_window_in_days", "aws_secretsmanager_secret": "recovery_window_in_days"}
)
"""Types whose deletion can be taken back for some days, and the attribute with their number."""
_NUMBER = (int, float)


def classified(diff: StateDiff, dependents: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> StateDiff:
    """Return the same changes, each with how far it can be taken back and what depends on it.

    Args:
        diff: All changes.
        dependents: By address before the change: what depends on it.
    """
    return replace(diff, changes=tuple(_classified(change, dependents) for change in diff.changes))


def reversibility(change: ResourceChange) -> Reversibility:
    """Classify one change."""
    if change.action is Action.NO_OP and not is_destroyed(change):
        return Reversibility.REVERSIBLE
    if is_destroyed(change):
        return _of_destruction(change)
    if change.action is not Action.CREATE and _loses_data(change):
        return Reversibility.IRREVERSIBLE
    # What is missing while capacity comes back cannot be told from the configuration; all else is a setting.
    return Reversibility.REVERSIBLE


def _classified(change: ResourceChange, dependents: Mapping[str, tuple[str, ...]]) -> ResourceChange:
    found = () if change.action is Action.CREATE else dependents.get(change.previous_address or change.address, ())
    kind = reversibility(change)
    if change.reversibility is kind and change.dependents == found:
        return change
    return replace(change, reversibility=kind, dependents=found)


def _of_destruction(change: ResourceChange) -> Reversibility:
    if data(change.stakes_before):
        return Reversibility.SLOW if _is_kept_elsewhere(change) else Reversibility.IRREVERSIBLE
    row = lookup(change.type, {})
    if row is not None:
        # Made anew from its configuration, a link or a setting is what it was.
        missing = row.kind in {Kind.LINK, Kind.SETTING} and not is_remade(change) and loses_effect(change, row)
        return Reversibility.SLOW if missing else Reversibility.REVERSIBLE
    if change.type in STATELESS or _is_kept_elsewhere(change):
        return Reversibility.SLOW
    return Reversibility.IRREVERSIBLE


def _is_kept_elsewhere(change: ResourceChange) -> bool:
    """Whether AWS keeps it for a while, or a last snapshot is taken."""
    if change.type in _SNAPSHOT:
        return _before(change.attributes, "skip_final_snapshot") is False
    days = _before(change.attributes, _FOR_A_WHILE[change.type]) if change.type in _FOR_A_WHILE else 0
    # Left out, a key waits 30 days for its deletion, and a secret as long.
    return change.type in _FOR_A_WHILE and (days is Marker.ABSENT or days is None or bool(days))


def _before(attributes: Sequence[AttributeChange], name: str) -> Value:
    return next((item.before for item in at_top(attributes, {name})), Marker.ABSENT)


def _loses_data(change: ResourceChange) -> bool:
    fewer = any(change.stakes_after.get(name, count) < count for name, count in data(change.stakes_before).items())
    return fewer or any(_cuts(item) for item in change.attributes if isinstance(item.before, _NUMBER))


def _cuts(item: AttributeChange) -> bool:
    if not isinstance(item.before, _NUMBER) or not isinstance(item.after, _NUMBER):
        return False
    if ".".join(part for part in item.path if isinstance(part, str)) not in PERIODS:
        return False
    return item.after < item.before if item.before else bool(item.after)
