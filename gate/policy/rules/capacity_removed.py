"""`capacity-removed`: something that serves or runs is still there, and does nothing any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diffing.change import Action, AttributeChange, ResourceChange
from diffing.record import dataclass
from diffing.values import Marker, Path, Value
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.stackwords import changes_in_terraform_words
from gate.verdict import Finding, Level

NAME = "capacity-removed"
PAGE = Page(
    level="reject (review where only further work no longer starts)",
    what=(
        "Something that serves or runs is still there, and does nothing any more: a service, a scaling "
        "group or a function is brought to zero; a distribution, an accelerator or an instance is "
        "switched off. A schedule, an event source, a rule of events, a queue of jobs or a key that is "
        "switched off is for a person to judge."
    ),
    example="*reserved_concurrent_executions goes from 10 to 0: every call of it is throttled.*",
    difference=("-  desired_count = 4\n+  desired_count = 0"),
    why="For whoever uses it, a service without tasks is a service that was deleted.",
    remedy="Leave it running. If it is to be stopped, a person stops it, who knows who relies on it.",
    passes=(
        "scaling in to one or more; what is created with nothing in it; a setting that is left out, for "
        "its default is to work."
    ),
    blind="a minimum, a schedule or a policy of scaling that brings it to zero later.",
    sources=(
        'AWS Lambda Developer Guide, "Configuring reserved concurrency"',
        "AWS provider documentation of each type",
    ),
    catches=("quiet-destruction", "stripped-in-place"),
    spares=("quiet-destruction-near-miss", "scale-up"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How one type is made to do nothing."""

    path: tuple[str, ...]
    """Names of attributes, without indices."""
    running: tuple[object, ...] = ()
    """Values with which it works; empty where every number above zero does."""
    says: str
    """What follows."""
    level: Level = Level.REJECT


def _zero(path: str, says: str) -> Stop:
    return Stop(path=tuple(path.split(".")), says=says)


def _off(path: str, running: object, says: str, level: Level = Level.REVIEW) -> Stop:
    return Stop(path=tuple(path.split(".")), running=(running,), says=says, level=level)


STOPS: Mapping[str, tuple[Stop, ...]] = MappingProxyType(
    {
        "aws_api_gateway_rest_api": (
            _off("disable_execute_api_endpoint", False, "whoever calls it by its own address is refused"),  # noqa: FBT003
        ),
        "aws_appautoscaling_target": (_zero("max_capacity", "it is scaled to nothing"),),
        "aws_autoscaling_group": (
            _zero("desired_capacity", "its instances are terminated"),
            _zero("max_size", "its instances are terminated"),
        ),
        "aws_batch_compute_environment": (_off("state", "ENABLED", "it runs no further jobs"),),
        "aws_batch_job_queue": (_off("state", "ENABLED", "it takes no further jobs"),),
        "aws_cloudfront_distribution": (
            _off("enabled", True, "it answers no further requests", Level.REJECT),  # noqa: FBT003
        ),
        "aws_cloudwatch_event_rule": (
            _off("is_enabled", True, "its targets are no longer started"),  # noqa: FBT003
            _off("state", "ENABLED", "its targets are no longer started"),
        ),
        "aws_ec2_instance_state": (_off("state", "running", "the instance is stopped", Level.REJECT),),
        "aws_ecs_service": (_zero("desired_count", "its tasks are stopped"),),
        "aws_eks_node_group": (
            _zero("scaling_config.desired_size", "its nodes are drained"),
            _zero("scaling_config.max_size", "its nodes are drained"),
        ),
        "aws_globalaccelerator_accelerator": (
            _off("enabled", True, "it accepts no further traffic", Level.REJECT),  # noqa: FBT003
        ),
        "aws_glue_trigger": (_off("enabled", True, "its jobs are no longer started"),),  # noqa: FBT003
        "aws_iam_access_key": (_off("status", "Active", "whoever uses it is refused"),),
        "aws_iot_topic_rule": (_off("enabled", True, "its actions are no longer taken"),),  # noqa: FBT003
        "aws_lambda_event_source_mapping": (
            _off("enabled", True, "the function gets no further records"),  # noqa: FBT003
        ),
        "aws_lambda_function": (_zero("reserved_concurrent_executions", "every call of it is throttled"),),
        "aws_route53_health_check": (_off("disabled", False, "a failure no longer moves traffic"),),  # noqa: FBT003
        "aws_scheduler_schedule": (_off("state", "ENABLED", "its target is no longer started"),),
        "aws_spot_fleet_request": (_zero("target_capacity", "its instances are terminated"),),
    }
)
"""Sources: AWS provider documentation of each type; AWS Lambda Developer Guide, "Configuring reserved concurrency"."""


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for everything that an update brings to a standstill; to scale in is no standstill."""
    for change in changes_in_terraform_words(evidence):
        if change.action is not Action.UPDATE:
            continue
        for stop in STOPS.get(change.type, ()):
            for item in change.attributes:
                if _names(item.path) == stop.path and _stops(stop, item):
                    yield _finding(change, stop, item)


def _stops(stop: Stop, item: AttributeChange) -> bool:
    if stop.running:
        # What is left out has its default, and that is to work.
        known = item.after is not None and not isinstance(item.after, Marker)
        return known and item.before in stop.running and item.after not in stop.running
    # Lambda has -1 for "not reserved", which is as much as there is.
    return _is_zero(item.after) and not _is_zero(item.before) and isinstance(item.before, int | float)


def _is_zero(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def _finding(change: ResourceChange, stop: Stop, item: AttributeChange) -> Finding:
    return Finding(
        rule=NAME,
        level=stop.level,
        address=change.address,
        message=f"{'.'.join(stop.path)} goes from {_word(item.before)} to {_word(item.after)}: {stop.says}",
        proof=change.proof,
        remediation="Leave it running. If it is to be stopped, a person stops it, who knows who relies on it.",
        causes=change.causes,
    )


def _names(path: Path) -> tuple[str, ...]:
    return tuple(part for part in path if isinstance(part, str))


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
