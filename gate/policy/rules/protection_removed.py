"""`protection-removed`: what keeps data from being lost is switched off or cut short, with no delete in sight."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from diffing.attributes import named
from diffing.change import Action, AttributeChange, ResourceChange
from diffing.graph import without_keys
from diffing.values import Marker, Path, Value, path_text
from gate.policy.carriers import created_by, is_about_new
from gate.policy.contents import Content, Shape, losses_of
from gate.policy.destruction import destroyed, is_destroyed
from gate.policy.expiry import EXPIRING, expiring
from gate.policy.page import Page
from gate.policy.protections import (
    CALLED_OFF,
    COPIES,
    FOR_EVER,
    PERIODS,
    PREPARATIONS,
    SWITCHES,
    SWITCHES_BY_TYPE,
    WATCHERS,
)
from gate.policy.rule import Evidence, Policy
from gate.policy.stackwords import changes_in_terraform_words
from gate.verdict import Finding, Level
from sandbox.rehearsal import ApiCall

NAME = "protection-removed"
PAGE = Page(
    level="reject (review for what only prepares a later delete, or only watches)",
    what=(
        "Data lose what protects them, or their time is cut short, with no delete in sight:\n\n"
        "- deletion protection, versioning, point-in-time recovery or backups are switched off, a KMS key "
        "is disabled;\n"
        "- `prevent_destroy` is taken out of the configuration, with its resource or without;\n"
        "- a program of the change switches a protection off and then deletes;\n"
        "- a retention period gets shorter; a lifecycle rule lets objects or images expire that did not; "
        "a time to live is switched on for a table with items;\n"
        "- a replica, a replication rule, a backup rule or its copies are removed;\n"
        "- a resource of a stack loses the `DeletionPolicy` or `UpdateReplacePolicy` that retained it."
    ),
    example="*retention_in_days is cut from 365 to 1: what is older is lost.*",
    difference=("-  retention_in_days = 365\n+  retention_in_days = 1"),
    why=(
        'The plan says "update in place". What is lost is lost all the same, hours later, with nobody '
        "looking. And a delete in two steps (protection off today, delete tomorrow) is a delete."
    ),
    remedy=(
        "Leave it as it is. If it must go, a person removes it in a change of its own, after a backup that outlives it."
    ),
    passes=(
        "longer periods; protection switched on; everything about resources that the change itself "
        "creates; `prevent_destroy` that moves along with its resource."
    ),
    blind="what a delete behind an API that the clone does not have would keep.",
    more=(
        "**Review instead of reject:** `force_destroy`, `skip_final_snapshot`, a secret without recovery "
        "window and their like, which change nothing in AWS until something is deleted; a shorter window "
        "to take back the deletion of a key; which objects a lifecycle rule applies to; a time to live "
        "for a table that the clone holds no items of; trails, recorders, alarms and standbys that are "
        "switched off."
    ),
    sources=(
        "AWS provider documentation of each attribute",
        'Amazon S3 User Guide, "Managing the lifecycle of objects"',
        'Amazon DynamoDB Developer Guide, "Using time to live (TTL)"',
        "Terraform documentation of `lifecycle`",
    ),
    catches=("quiet-destruction", "protection-off-then-delete"),
    spares=("quiet-destruction-near-miss", "new-beside-old", "protection-kept"),
)
_TELLING = frozenset({"deletion_window_in_days"}).union(
    SWITCHES, PERIODS, PREPARATIONS, *SWITCHES_BY_TYPE.values(), *WATCHERS.values()
)
_LAST_NAMES = frozenset(name.rpartition(".")[2] for name in _TELLING)
_KEEPING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})
_NO_ROWS: Mapping[str, tuple[object, ...]] = {}
_COPIES = {
    type_: tuple(Content(path=copy.path, shape=Shape.BLOCKS, what=copy.what, names=copy.names) for copy in copies)
    for type_, copies in COPIES.items()
}


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a rejection where data lose their protection or their time, a review where a later delete is prepared."""
    calls = {call.sequence: call for call in evidence.calls} if evidence.calls else {}
    for change in changes_in_terraform_words(evidence):
        for level, text in (*_of_change(change, evidence), *_called_off(change, calls)):
            yield _finding(change, level, text)
    yield from unguarded(evidence)


def _of_change(change: ResourceChange, evidence: Evidence) -> Iterator[tuple[Level, str]]:
    if change.action not in _KEEPING:
        return
    if change.type in EXPIRING and not is_about_new(change, created_by(evidence)):
        yield from expiring(change)
    if change.action is not Action.CREATE:
        yield from weakened(change)
        for loss in losses_of(change, _COPIES.get(change.type, ())):
            names = ", ".join(name for name in loss.entries if name)
            yield (
                Level.REJECT,
                f"{'.'.join(loss.content.path)}: a {loss.content.what} is removed{names and f': {names}'}",
            )


def _finding(change: ResourceChange, level: Level, text: str) -> Finding:
    return Finding(
        rule=NAME,
        level=level,
        address=change.address,
        message=text,
        proof=change.proof,
        remediation=(
            "Leave it as it is. If it must go, a person removes it in a change of its own, after a backup that "
            "outlives it."
        ),
        causes=change.causes,
    )


def weakened(change: ResourceChange) -> Iterator[tuple[Level, str]]:
    """Say which of its attributes protect less than before."""
    own, watching = SWITCHES_BY_TYPE.get(change.type, _NO_ROWS), WATCHERS.get(change.type, _NO_ROWS)
    for item in named(change.attributes, _LAST_NAMES):
        name = _dotted(item.path)
        where = path_text(item.path)
        if _is_off(item, own.get(name) or SWITCHES.get(name, ())):
            yield Level.REJECT, f"{where} is switched off: {_word(item.before)} → {_word(item.after)}"
        elif _is_off(item, watching.get(name, ())):
            yield Level.REVIEW, f"{where} is switched off: {_word(item.before)} → {_word(item.after)}"
        elif name in PERIODS and _is_cut(name, item):
            text = f"{where} is cut from {_word(item.before)} to {_word(item.after)}: what is older is lost"
            yield Level.REJECT, text
        elif name in PREPARATIONS and item.after == PREPARATIONS[name] and item.before != item.after:
            yield Level.REVIEW, f"{where} = {_word(item.after)} prepares a delete that keeps nothing"
        elif name == "deletion_window_in_days" and _is_cut(name, item):
            yield Level.REVIEW, f"{where} = {_word(item.after)} leaves less time to take back the deletion of the key"


def _is_off(item: AttributeChange, protecting: tuple[object, ...]) -> bool:
    return item.before in protecting and item.after not in protecting


def _is_cut(name: str, item: AttributeChange) -> bool:
    before, after = item.before, item.after
    if not _is_number(before):
        # Nothing was said before, or nobody knows; what is kept by default differs by type.
        return before is Marker.UNKNOWN
    for_ever = FOR_EVER.get(name)
    if for_ever is not None and after in {for_ever, None, Marker.ABSENT}:
        return False
    return before == for_ever or not _is_number(after) or float(str(after)) < float(str(before))


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _called_off(change: ResourceChange, calls: Mapping[int, ApiCall]) -> Iterator[tuple[Level, str]]:
    """A program of the change takes the protection off, and then the resource is deleted: the plan shows the delete."""
    if not calls or not is_destroyed(change):
        return
    for number in change.calls:
        call = calls.get(number)
        if call is not None and call.succeeded and any(_takes_off(*leaf) for leaf in _leaves(call.parameters)):
            by = f" by {call.agent}" if call.agent else ""
            yield Level.REJECT, f"its protection is switched off first ({call.service}:{call.operation}{by})"


def _takes_off(name: str, value: Value) -> bool:
    return re.sub(r"[^a-z]", "", name.lower()) in CALLED_OFF and str(value).lower() == "false"


def _leaves(value: Value, name: str = "") -> Iterator[tuple[str, Value]]:
    match value:
        case Mapping():
            for key, inner in value.items():
                # DisableApiTermination comes as {"Value": false}.
                yield from _leaves(inner, name if key == "Value" else key)
        case tuple():
            for inner in value:
                yield from _leaves(inner, name)
        case _:
            yield name, value


def unguarded(evidence: Evidence) -> Iterator[Finding]:
    """Resources that the configuration protected with ``prevent_destroy``, and no longer does."""
    lost = evidence.surroundings.guarded_before - evidence.surroundings.guarded_after
    if not lost:
        return
    gone = {without_keys(change.previous_address or change.address): change for change in destroyed(evidence)}
    moved = {
        without_keys(change.previous_address): without_keys(change.address)
        for change in evidence.diff.changes
        if change.previous_address
    }
    for address in sorted(lost):
        if moved.get(address) in evidence.surroundings.guarded_after:
            continue
        change = gone.get(address)
        yield Finding(
            rule=NAME,
            level=Level.REJECT,
            address=change.address if change is not None else address,
            message="prevent_destroy is removed" + (", and in the same change the resource with it" if change else ""),
            proof=evidence.surroundings.guard_proof,
            remediation="Keep `prevent_destroy = true`; who may take it out is for a person to decide.",
        )


def _dotted(path: Path) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _word(value: Value) -> str:
    match value:
        case None | Marker.ABSENT:
            return "nothing"
        case Marker():
            return f"({value.value})"
        case bool():
            return str(value).lower()
        case _:
            return str(value)
