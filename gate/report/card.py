"""One resource and everything there is to say about it, gathered from the diff, the findings and the recorded calls."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from diffing.change import Action, AttributeChange, Lifespan, Proof, ResourceChange, Reversibility, Witness
from diffing.values import Marker, Path, Value, path_text
from gate.report.escape import visible
from gate.report.model import Report
from gate.report.prose import Block, parse_prose, plain
from gate.report.valuetext import DiffLine, clip, line_diff, pair_text, value_text
from gate.report.words import SYMBOLS, VERBS
from gate.verdict import Finding, Level
from sandbox.rehearsal import ApiCall, CallKind

LONGEST_VALUE = 72
LONGEST_LIST = 200

REASONS: Mapping[str, str] = {
    "replace_because_cannot_update": "the provider cannot change it in place",
    "replace_because_tainted": "the state marks it as tainted",
    "replace_by_request": "the replacement was asked for (-replace)",
    "replace_by_triggers": "replace_triggered_by asks for it",
    "delete_because_no_resource_config": "it is no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "count or for_each was added or removed",
    "delete_because_count_index": "its index is beyond count",
    "delete_because_each_key": "its key is no longer in for_each",
    "delete_because_no_move_target": "a moved block names a target that does not exist",
}
"""``action_reason`` of Terraform's JSON plan, in words."""

NOTHING_SAID: tuple[Value, ...] = (None, "", False, 0, (), {}, Marker.ABSENT)
"""Values that a provider writes for what was not configured; one for another is no news."""

GIVEN_NAMES = frozenset({"id", "arn", "arn_suffix", "create_date", "unique_id", "owner_id", "tags_all"})
"""Attributes that are new whenever the resource is."""

_WORST_FIRST = (Level.REJECT, Level.REVIEW, Level.NOTE)
_ACTIONS = tuple(VERBS)


class Group(Enum):
    """Where a resource stands on the page."""

    DESTRUCTIVE = auto()
    """Destroyed, made anew or emptied, and a rule objects."""
    ATTENTION = auto()
    """Not destructive, and a rule objects or the witnesses disagree."""
    EXCUSED = auto()
    """Destroyed or made anew, and no rule objects."""
    OTHER = auto()
    UNCHANGED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """What a rule says."""

    rule: str
    level: Level
    address: str
    message: tuple[Block, ...]
    remediation: tuple[Block, ...]
    proof: Proof
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeView:
    """One attribute before and after, short."""

    path: str
    before: str
    after: str
    forces: bool
    minor: bool
    """Tells little: nothing became another kind of nothing, or a name that AWS gives changed with the resource."""
    lines: tuple[DiffLine, ...]
    """The same, line by line, where the value has a structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One recorded call."""

    sequence: int
    at: float
    milliseconds: float
    phase: str
    name: str
    kind: CallKind
    resources: str
    parameters: str
    result: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One resource, ready to be shown; all texts are visible ones."""

    number: int
    address: str
    type: str
    physical: str
    """The physical resource, where it was found in the clone."""
    action: Action
    symbol: str
    verb: str
    group: Group
    level: Level | None
    """The worst of its findings."""
    reason: str
    attributes: tuple[AttributeView, ...]
    """Those that change, the ones that force a replacement first."""
    stakes: tuple[str, ...]
    witnesses: str
    proof: Proof
    disagreements: tuple[str, ...]
    notes: tuple[str, ...]
    causes: tuple[str, ...]
    calls: tuple[CallView, ...]
    findings: tuple[FindingView, ...]
    consequences: tuple[str, ...]
    """What goes with it, counted: ``12 AWS::S3::Object deleted``."""
    dependents: tuple[str, ...]
    """What depended on it, directly or through others."""

    @property
    def tone(self) -> str:
        """What happens to it in one word, to colour it by: an action; ``replace`` for whatever is made anew."""
        return Action.REPLACE.value if self.symbol == SYMBOLS[Action.REPLACE] else self.action.value

    @property
    def brief(self) -> str:
        """What matters most about it, in one line: what rules say, else the data inside, else what changes."""
        said = [plain(finding.message) for finding in self.findings] or [*self.stakes, *self.notes, *self.consequences]
        return "; ".join(said) or ", ".join(f"{item.path}: {item.before} → {item.after}" for item in self.attributes)


def build_cards(report: Report) -> tuple[Card, ...]:
    """Return one card per change, worst first; consequences that no rule mentions are counted on their owner's card."""
    findings: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in report.verdict.findings:
        findings[finding.address].append(finding)
    calls = {call.sequence: call for call in report.calls}
    addresses = {change.address: change for change in report.diff.changes}
    owned: defaultdict[str, list[ResourceChange]] = defaultdict(list)
    shown = []
    for change in report.diff.changes:
        owner = addresses.get(change.owner)
        if owner is not None and owner is not change and _follows(change, owner, findings[change.address]):
            owned[change.owner].append(change)
        else:
            shown.append(change)
    cards = [
        _card(
            change,
            findings=findings[change.address],
            calls=[calls[number] for number in change.calls if number in calls],
            consequences=owned[change.address],
        )
        for change in shown
    ]
    return tuple(_numbered(sorted(cards, key=_rank)))


def is_destructive(change: ResourceChange) -> bool:
    """Whether the resource, or data inside it, is gone afterwards."""
    if change.action.destroys or change.lifespan in {Lifespan.DROPPED, Lifespan.RECREATED}:
        return True
    return any(change.stakes_after.get(name, count) < count for name, count in change.stakes_before.items())


def is_remade(change: ResourceChange) -> bool:
    """Whether it was deleted and created again, though its action names neither."""
    return change.lifespan is Lifespan.RECREATED and not change.action.destroys


def finding_view(finding: Finding) -> FindingView:
    """Return a finding as it is shown."""
    return FindingView(
        rule=visible(finding.rule),
        level=finding.level,
        address=visible(finding.address),
        message=parse_prose(finding.message),
        remediation=parse_prose(finding.remediation),
        proof=finding.proof,
        causes=tuple(visible(cause) for cause in finding.causes),
    )


def call_view(call: ApiCall) -> CallView:
    """Return a recorded call as it is shown."""
    operation = f"{call.service}:{call.operation}" if call.operation else f"{call.method} {call.path} (not identified)"
    if call.unsupported:
        result = f"{call.status} not supported by the engine"
    elif call.error_code or call.error_message:
        result = " ".join(str(part) for part in (call.status, call.error_code, call.error_message) if part)
    else:
        result = str(call.status or "no answer")
    return CallView(
        sequence=call.sequence,
        at=call.at,
        milliseconds=call.latency * 1000,
        phase=visible(call.phase),
        name=visible(operation),
        kind=call.kind,
        resources=clip(visible(", ".join(call.resources)), LONGEST_LIST),
        parameters=clip(value_text(call.parameters), LONGEST_LIST) if call.parameters else "",
        result=clip(visible(result), LONGEST_LIST),
        failed=not call.succeeded,
    )


def _follows(change: ResourceChange, owner: ResourceChange, findings: Sequence[Finding]) -> bool:
    """Whether a change needs no card of its own, being told of on its owner's."""
    mild = is_destructive(owner) or not is_destructive(change)
    return mild and not findings and not change.disagreements and not change.stakes_before and not owner.owner


def _card(
    change: ResourceChange,
    *,
    findings: Sequence[Finding],
    calls: Iterable[ApiCall],
    consequences: Iterable[ResourceChange],
) -> Card:
    levels = {finding.level for finding in findings}
    level = next((level for level in _WORST_FIRST if level in levels), None)
    told = {finding.message for finding in findings}
    remade = is_remade(change)
    attributes = _attributes(change)
    return Card(
        number=0,
        address=visible(change.address),
        type=visible(change.type),
        physical=visible(str(change.identity)) if change.identity else "",
        action=change.action,
        symbol=SYMBOLS[Action.REPLACE if remade else change.action],
        verb="deleted and created again" if remade else VERBS[change.action],
        group=_group(change, level),
        level=level,
        reason=_reason(change, attributes),
        attributes=attributes,
        stakes=tuple(_stakes(change)),
        witnesses=", ".join(witness.value for witness in Witness if witness in change.witnesses) or "nobody",
        proof=change.proof,
        disagreements=tuple(visible(text) for text in change.disagreements if text not in told),
        notes=tuple(_notes(change)),
        causes=tuple(visible(cause) for cause in change.causes),
        calls=tuple(call_view(call) for call in calls),
        findings=tuple(finding_view(finding) for finding in sorted(findings, key=_finding_rank)),
        consequences=_counted(consequences),
        dependents=tuple(visible(name) for name in change.dependents),
    )


def _group(change: ResourceChange, level: Level | None) -> Group:
    objected = level in {Level.REJECT, Level.REVIEW}
    if is_destructive(change):
        return Group.DESTRUCTIVE if objected else Group.EXCUSED
    if objected or change.disagreements:
        return Group.ATTENTION
    return Group.UNCHANGED if change.action is Action.NO_OP else Group.OTHER


def _reason(change: ResourceChange, attributes: Iterable[AttributeView]) -> str:
    if change.reason == "replace_because_cannot_update" and any(item.forces for item in attributes):
        return ""  # the forcing attribute says it better
    return visible(REASONS.get(change.reason, change.reason))


def _attributes(change: ResourceChange) -> tuple[AttributeView, ...]:
    changed = [item for item in change.attributes if _differs(item) or _forces(item, change.replace_paths)]
    remade = change.action is Action.REPLACE
    views = [_attribute(item, forces=_forces(item, change.replace_paths), remade=remade) for item in changed]
    named = {item.path for item in changed}
    views += [
        AttributeView(
            path=visible(path_text(path)), before="(not given)", after="(not given)", forces=True, minor=False, lines=()
        )
        for path in change.replace_paths
        if not any(item[: len(path)] == path or path[: len(item)] == item for item in named)
    ]
    return tuple(sorted(views, key=lambda view: (not view.forces, view.minor)))


def _differs(attribute: AttributeChange) -> bool:
    """Whether the two sides differ, or may differ: behind equal markers can be different values."""
    if isinstance(attribute.before, Marker):
        return True
    return value_text(attribute.before) != value_text(attribute.after)  # to Python, true and 1 are equal


def _forces(attribute: AttributeChange, replace_paths: Iterable[Path]) -> bool:
    """Whether an attribute forces the replacement: the plan names it, or something inside or around it."""
    steps = attribute.path
    return attribute.forces_replacement or any(
        steps[: len(path)] == path or path[: len(steps)] == steps for path in replace_paths
    )


def _attribute(attribute: AttributeChange, *, forces: bool, remade: bool) -> AttributeView:
    before, after = pair_text(attribute.before, attribute.after, LONGEST_VALUE)
    return AttributeView(
        path=visible(path_text(attribute.path)),
        before=before,
        after=after,
        forces=forces,
        minor=not forces and _is_minor(attribute, remade=remade),
        lines=line_diff(attribute.before, attribute.after),
    )


def _is_minor(attribute: AttributeChange, *, remade: bool) -> bool:
    nothing = attribute.before in NOTHING_SAID and attribute.after in NOTHING_SAID
    return nothing or (remade and len(attribute.path) == 1 and attribute.path[0] in GIVEN_NAMES)


def _stakes(change: ResourceChange) -> Iterator[str]:
    """Yield what becomes of each kind of data inside: ``items: 3 → 0``."""
    gone = change.action.destroys and Witness.CLONE in change.witnesses  # seen to be gone, and its data with it
    for name in dict.fromkeys([*change.stakes_before, *change.stakes_after]):
        before, after = change.stakes_before.get(name), change.stakes_after.get(name, 0 if gone else None)
        if not before and not after:
            continue
        if before != after:
            yield f"{visible(name)}: {_number(before)} → {_number(after)}"
        elif before:
            # Equal counts around a replace say nothing of what was kept: they are counted in two different resources.
            yield f"{visible(name)}: {before:,}" + ("" if change.action.destroys else " (kept)")


def _number(count: int | None) -> str:
    return "not known" if count is None else f"{count:,}"


MOST_DEPENDENTS = 5
_TAKEN_BACK = {
    Reversibility.SLOW: "can be taken back with loss of time",
    Reversibility.IRREVERSIBLE: "cannot be taken back",
}


def _notes(change: ResourceChange) -> Iterator[str]:
    if change.previous_address:
        yield f"moved from {visible(change.previous_address)}"
    if change.rename_of:
        yield f"probably {visible(change.rename_of)} under another address"
    if change.owner:
        yield f"a consequence of what happens to {visible(change.owner)}"
    if change.effect_kept:
        yield "the effective configuration is the same afterwards"
    if change.lifespan is Lifespan.TEMPORARY:
        yield "created and deleted inside the change"
    if change.reversibility in _TAKEN_BACK and change.action is not Action.CREATE:
        yield _TAKEN_BACK[change.reversibility]
    if change.dependents and is_destructive(change):
        more = f" and {len(change.dependents) - MOST_DEPENDENTS} more"
        named = ", ".join(visible(name) for name in change.dependents[:MOST_DEPENDENTS])
        yield f"depend on it: {named}{more if len(change.dependents) > MOST_DEPENDENTS else ''}"


def _counted(changes: Iterable[ResourceChange]) -> tuple[str, ...]:
    numbers = Counter((visible(change.type), VERBS[change.action]) for change in changes)
    return tuple(f"{number:,} {kind} {verb}" for (kind, verb), number in numbers.most_common())


def _finding_rank(finding: Finding) -> int:
    return _WORST_FIRST.index(finding.level)


def _rank(card: Card) -> tuple[int, int, bool, int]:
    level = _WORST_FIRST.index(card.level) if card.level else len(_WORST_FIRST)
    return card.group.value, level, not card.stakes, _ACTIONS.index(card.action)


def _numbered(cards: Iterable[Card]) -> Iterator[Card]:
    return (replace(card, number=number) for number, card in enumerate(cards, start=1))
