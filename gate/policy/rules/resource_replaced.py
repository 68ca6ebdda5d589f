"""`resource-replaced`: something that may hold state or serve traffic is deleted and made anew."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import AttributeChange, ResourceChange
from diffing.values import Marker, Value, path_text, thaw
from gate.policy.alternatives import alternatives
from gate.policy.destruction import is_remade, unexcused
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy, dependents_text, stakes_text
from gate.policy.surroundings import Surroundings
from gate.verdict import Finding, Level

NAME = "resource-replaced"
PAGE = Page(
    level="reject",
    what=(
        "Something that may hold state or serve traffic is deleted and made anew, whether the plan says "
        "so (`-/+`, `+/-`) or only the clone shows it: the same name, another incarnation. An empty net "
        "difference does not excuse it."
    ),
    example=(
        "A variable's default changes, and with it the name of a table. *is deleted and made anew: name "
        'changes from "prod-orders" to "northwind-orders". At stake: items: 3.*'
    ),
    difference=('-  default = "prod"\n+  default = "northwind"'),
    why=(
        "Between the delete and the create there is nothing, and after it there is something empty. "
        "`create_before_destroy` avoids the pause, not the loss."
    ),
    remedy=(
        "Leave the forcing attribute (the finding names it) as it is. If it must change, make the new "
        "resource beside the old one, move data and traffic, and remove the old one in a later change "
        "that a person approves. For many types the finding says how people do that, and where it is "
        "written. Where the AWS provider goes to another version in the same change, the finding says so: "
        "upgrade it in a change of its own, which then shows what the upgrade does by itself."
    ),
    catches=("kiro", "renamed-tables", "security-group-description", "recreated-by-calls", "tainted"),
    spares=("kiro-near-miss", "renamed-tables-near-miss", "security-group-tagged", "scale-up"),
)
LONGEST_VALUE = 60


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for every replace, also for one that leaves an empty net difference."""
    for change in unexcused(evidence, policy):
        if not is_remade(change):
            continue
        yield Finding(
            rule=NAME,
            level=Level.REJECT,
            address=change.address,
            message=_message(change, hidden=evidence.hides(change)) + _provider(change, evidence.surroundings),
            proof=change.proof,
            remediation=_remediation(change),
            causes=change.causes,
        )


def _message(change: ResourceChange, *, hidden: bool) -> str:
    forcing = [attribute for attribute in change.attributes if attribute.forces_replacement]
    if forcing:
        why = "; ".join(_forcing_text(attribute) for attribute in forcing)
    elif change.announced:
        why = change.reason or "the plan gives no attribute that forces it"
    else:
        why = "the clone shows a new resource under the old name"
        why = f"the plan does not say so; {why}" if hidden else why
    if forcing and change.reason and change.type.startswith("AWS::"):
        why += f" ({change.reason})"
    stakes = stakes_text(change)
    lost = f". At stake: {stakes}" if stakes else ""
    needed = dependents_text(change)
    return f"is deleted and made anew: {why}{lost}{needed and f'. {needed}'}"


def _provider(change: ResourceChange, around: Surroundings) -> str:
    """That another version of the provider comes with it: what it took in place before, it may make anew now."""
    if not around.provider_moved or not change.type.startswith("aws_"):
        return ""
    before, after = around.aws_provider
    return f". The AWS provider goes from {before} to {after} in the same change, and may be the cause"


def _forcing_text(attribute: AttributeChange) -> str:
    return f"{path_text(attribute.path)} changes from {_short(attribute.before)} to {_short(attribute.after)}"


def _short(value: Value) -> str:
    match value:
        case Marker.UNKNOWN:
            return "(known after apply)"
        case Marker():
            return f"({value.value})"
        case str():
            text = f'"{value}"'
        case _:
            text = str(thaw(value))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _remediation(change: ResourceChange) -> str:
    paths = ", ".join(sorted({path_text(path) for path in change.replace_paths})) or "the forcing attribute"
    if change.reason == "replace_by_request":
        return "Do not force the replacement (`-replace`)."
    if change.reason == "replace_because_tainted":
        return "The state marks it as tainted: have a person look at it, and `terraform untaint` it if it is sound."
    instead = list(alternatives(change))
    if instead:
        told = " ".join(f"{row.text} (Source: {row.source})" for row in instead)
        return f"Leave {paths} as it is. If it must change: {told}"
    return (
        f"Leave {paths} as it is. If it must change: create the new resource beside the old one, move data and "
        "traffic, and remove the old one in a later change that a person approves."
    )
