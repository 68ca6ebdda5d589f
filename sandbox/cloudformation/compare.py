"""Stacks against stacks: what an update does to each resource, computed from templates and schemas.

What a property means comes from the schemas. What follows from it is followed along references to a fixed point: a
replaced resource has another id, and whatever has that id in a property that forces replacement is replaced too.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from diffing.change import Replacement
from diffing.values import Path, Value
from sandbox.cloudformation.impact import Fate, Impact, LogicalChange, PropertyChange, StackComparison, impact_of, worst
from sandbox.cloudformation.policies import SNAPSHOT_TYPES, fate_when_removed, fate_when_replaced
from sandbox.cloudformation.properties import ATTRIBUTES, changed_properties, is_custom, referring, replacement_of
from sandbox.cloudformation.refusals import refusals
from sandbox.cloudformation.resolve import Resource, Stack
from sandbox.cloudformation.schemas import DEFAULT_REGION, schema_of
from sandbox.cloudformation.stackpolicy import StackPolicy, refused_by
from sandbox.rehearsal import Gap, GapKind

NESTED = "AWS::CloudFormation::Stack"

Stacks = Mapping[str, Stack]
"""By name; a nested stack's name is ``PARENT/LogicalId``."""

_HANDED_IN = frozenset({"TemplateURL", "Parameters"})
"""Properties of a nested stack that show in what is inside, which is compared itself (or a gap)."""
_VOLATILE = ("version", "latest", "streamarn", "outputs.")
"""Parts of attributes (lower case) that an update in place may change: ``LatestVersionNumber``, ``StreamArn``."""
_BY_IMPACT = {Impact.WILL_REPLACE: Replacement.YES, Impact.MAY_REPLACE: Replacement.CONDITIONAL}
_ORDER = (Replacement.NO, Replacement.CONDITIONAL, Replacement.YES)


def compare_stacks(
    before: Stacks,
    after: Stacks,
    *,
    region: str = DEFAULT_REGION,
    imported: frozenset[str] = frozenset(),
    policy: StackPolicy | None = None,
) -> StackComparison:
    """Say what becomes of every resource when stacks are updated.

    Args:
        before: The stacks as they are.
        after: The stacks as proposed; one that is missing is deleted.
        region: Whose schemas to use.
        imported: Addresses of resources that exist and are taken into a stack.
        policy: The stack policy that holds during the update.

    Raises:
        MissingToolError: cfn-lint's data are not installed.
    """
    old, new = _resources(before), _resources(after)
    changes = _Propagation(old, new, region).run()
    found = [
        *changes.values(),
        *(_removed(address, old[address], before) for address in old.keys() - new.keys()),
        *(_added(address, new[address], imported) for address in new.keys() - old.keys()),
    ]
    found = _paired(sorted(found, key=lambda change: change.address), region)
    denied = refused_by(policy, found) if policy is not None else ()
    return StackComparison(
        changes=tuple(found),
        refusals=tuple(dict.fromkeys((*refusals(found, before, after, region), *denied))),
        gaps=tuple(dict.fromkeys((*_stack_gaps(after), *_export_gaps(before, after), *_gaps(found, region)))),
    )


def _resources(stacks: Stacks) -> dict[str, Resource]:
    return {f"{name}/{key}": item for name, stack in stacks.items() for key, item in stack.resources.items()}


class _Propagation:
    """Direct changes first, then what follows from them, until nothing more does."""

    def __init__(self, old: Mapping[str, Resource], new: Mapping[str, Resource], region: str) -> None:
        self._old, self._new, self._region = old, new, region
        self._changes: dict[str, LogicalChange] = {}
        self._users: defaultdict[str, list[tuple[str, Path, Value, str]]] = defaultdict(list)
        for address, resource in new.items():
            if address in old:
                for path, value, target, attribute in referring(resource):
                    self._users[target].append((address, path, value, attribute))

    def run(self) -> Mapping[str, LogicalChange]:
        for address in self._old.keys() & self._new.keys():
            change = _kept(address, self._old[address], self._new[address], self._region)
            if change.impact is not Impact.NO_CHANGE:
                self._changes[address] = change
        waiting = deque(sorted(self._changes))
        while waiting:
            address = waiting.popleft()
            for user, path, value, attribute in self._users.get(address, ()):
                if self._arrives(address, attribute, user, path, value):
                    waiting.append(user)
        return self._changes

    def _arrives(self, cause: str, attribute: str, user: str, path: Path, value: Value) -> bool:
        """Carry a change over to what refers to it; whether that made anything worse."""
        source = self._changes[cause]
        force = _BY_IMPACT.get(source.impact) or (
            Replacement.CONDITIONAL if _may_differ(source, attribute) else Replacement.NO
        )
        if user == cause or force is Replacement.NO:
            return False
        resource = self._new[user]
        if resource.type == NESTED and path[0] in _HANDED_IN:
            return False
        meaning = replacement_of(path, resource, schema_of(resource.type, self._region))
        arriving = PropertyChange(
            path=path, before=value, after=value, replacement=min(meaning, force, key=_ORDER.index), cause=cause
        )
        known = self._changes.get(user)
        change = known or LogicalChange(
            address=user, type=resource.type, impact=Impact.NO_CHANGE, before=self._old[user], after=resource
        )
        better = _with_property(change, arriving)
        if better == change:
            return False
        self._changes[user] = better
        return known is None or better.impact is not known.impact


def _may_differ(source: LogicalChange, attribute: str) -> bool:
    """Whether an update in place may change an attribute that others refer to."""
    touched = {str(item.path[0]) for item in source.properties} - {"Tags", *ATTRIBUTES}
    if not attribute or not touched:
        return False
    volatile = any(part in f"{attribute.lower()}." for part in _VOLATILE)
    return volatile or is_custom(source.type) or attribute.split(".", maxsplit=1)[0] in touched


def _with_property(change: LogicalChange, arriving: PropertyChange) -> LogicalChange:
    """Add one property; of two changes of one property, the worse one stays."""
    same = [item for item in change.properties if item.path == arriving.path]
    if any(_ORDER.index(item.replacement) >= _ORDER.index(arriving.replacement) for item in same):
        return change
    properties = (*(item for item in change.properties if item not in same), _joined(same, arriving))
    impact = worst([change.impact, impact_of(arriving.replacement)])
    causes = tuple(sorted({*change.causes, arriving.cause}))
    return _finished(replace(change, properties=properties, impact=impact, causes=causes))


def _joined(same: list[PropertyChange], arriving: PropertyChange) -> PropertyChange:
    # Where the templates differ as well, what they say is shown.
    return replace(same[0], replacement=arriving.replacement, cause=arriving.cause) if same else arriving


def _kept(address: str, before: Resource, after: Resource, region: str) -> LogicalChange:
    if before.type != after.type:
        path: Path = ("Type",)
        kind = PropertyChange(path=path, before=before.type, after=after.type, replacement=Replacement.YES)
        properties: tuple[PropertyChange, ...] = (kind,)
    else:
        properties = changed_properties(before, after, schema_of(after.type, region))
        if after.type == NESTED:
            properties = tuple(item for item in properties if item.path[0] not in _HANDED_IN)
    return _finished(
        LogicalChange(
            address=address,
            type=after.type,
            impact=worst(impact_of(item.replacement) for item in properties),
            before=before,
            after=after,
            properties=properties,
        )
    )


def _finished(change: LogicalChange) -> LogicalChange:
    """Say what becomes of the old physical resource, if another takes its place."""
    if change.after is None or change.impact not in _BY_IMPACT:
        return change
    fate = fate_when_replaced(change.after)
    notes = []
    if change.after.update_replace_policy == "Snapshot" and change.type not in SNAPSHOT_TYPES:
        notes.append("UpdateReplacePolicy is Snapshot, which this type does not support: the old one is deleted")
    if change.after.deletion_policy in {"Retain", "RetainExceptOnCreate"} and fate is not Fate.RETAINED:
        notes.append("DeletionPolicy does not apply to a replacement; UpdateReplacePolicy does")
    return replace(change, fate=fate, notes=tuple(notes))


def _removed(address: str, resource: Resource, before: Stacks) -> LogicalChange:
    fate = Fate.RETAINED if _kept_with_parent(address, before) else fate_when_removed(resource)
    return LogicalChange(
        address=address,
        type=resource.type,
        impact=Impact.WILL_ORPHAN if fate is Fate.RETAINED else Impact.WILL_DESTROY,
        before=resource,
        after=None,
        fate=fate,
    )


def _kept_with_parent(address: str, before: Stacks) -> bool:
    """Whether a nested stack around the resource is itself retained."""
    parts = address.split("/")
    for depth in range(2, len(parts)):
        parent, key = "/".join(parts[: depth - 1]), parts[depth - 1]
        nested = before[parent].resources.get(key) if parent in before else None
        if nested is not None and fate_when_removed(nested) is Fate.RETAINED:
            return True
    return False


def _added(address: str, resource: Resource, imported: frozenset[str]) -> LogicalChange:
    impact = Impact.WILL_IMPORT if address in imported else Impact.WILL_CREATE
    return LogicalChange(address=address, type=resource.type, impact=impact, before=None, after=resource)


def _paired(changes: list[LogicalChange], region: str) -> list[LogicalChange]:
    """Recognise what only has another logical id, or another stack."""
    gone: defaultdict[tuple[str, object], list[LogicalChange]] = defaultdict(list)
    for change in changes:
        if change.before is not None and change.after is None:
            for key in _likeness(change.before, region):
                gone[key].append(change)
    taken: set[str] = set()
    result = []
    for change in changes:
        match = _match(change, gone, taken, region) if change.impact is Impact.WILL_CREATE else None
        if match is not None:
            taken.add(match.address)
        result.append(change if match is None else replace(change, same_as=match.address))
    return result


def _match(
    change: LogicalChange,
    gone: Mapping[tuple[str, object], list[LogicalChange]],
    taken: set[str],
    region: str,
) -> LogicalChange | None:
    if change.after is None:
        return None
    for key in _likeness(change.after, region):
        for candidate in gone.get(key, ()):
            if candidate.address not in taken:
                return candidate
    return None


def _likeness(resource: Resource, region: str) -> Iterator[tuple[str, object]]:
    """Yield what two declarations of one thing have in common: a custom name, else all properties."""
    schema = schema_of(resource.type, region)
    names = schema.names if schema is not None else ()
    if names and all(isinstance(resource.properties.get(name), str) for name in names):
        yield resource.type, tuple(str(resource.properties[name]) for name in names)
    elif resource.properties:
        yield resource.type, repr(sorted(resource.properties.items(), key=lambda item: item[0]))


def _stack_gaps(stacks: Stacks) -> Iterator[Gap]:
    for stack in stacks.values():
        yield from stack.gaps


def _export_gaps(before: Stacks, after: Stacks) -> Iterator[Gap]:
    """Exports that go or change, and of which nobody here knows who else uses them: AWS refuses if somebody does."""
    for name, stack in before.items():
        kept = after[name].exports if name in after else {}
        for export, value in stack.exports.items():
            used = any(export in other.imports for other in before.values())
            if not used and kept.get(export) != value:
                yield Gap(
                    kind=GapKind.NOT_REHEARSED,
                    subject=name,
                    reason=f"its export {export} goes or changes; if another stack imports it, AWS refuses the update",
                    blocking=False,
                )


def _gaps(changes: Iterable[LogicalChange], region: str) -> Iterator[Gap]:
    """What the schemas leave open."""
    for change in changes:
        if change.impact is Impact.MAY_REPLACE:
            yield Gap(kind=GapKind.NOT_REHEARSED, subject=change.address, reason=_open(change, region))
        elif change.after is not None and is_custom(change.type):
            reason = "a program behind this custom resource is run, and nothing of what it does is known"
            yield Gap(kind=GapKind.NOT_REHEARSED, subject=change.address, reason=reason)


def _open(change: LogicalChange, region: str) -> str:
    if is_custom(change.type):
        return "the program behind this custom resource decides whether it is replaced"
    if schema_of(change.type, region) is None:
        return f"nothing is known of the type {change.type}: whether the update replaces it cannot be told"
    paths = sorted({str(item.path[0]) for item in change.properties if item.replacement is Replacement.CONDITIONAL})
    return f"AWS replaces it in some cases when {', '.join(paths)} changes (resource schema of {change.type})"
