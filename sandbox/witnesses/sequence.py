"""The changes of a sequence, joined: what one step made and a later one ends was never there for anybody else.

Only what is made within the sequence is followed. Whatever was there before stays listed step by step, so that no
step excuses what another one did: data that are gone and put back were gone, a period that was cut has cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from diffing.change import Action, AttributeChange, Lifespan, ResourceChange
from diffing.values import Marker, Path

_OF_THE_SEQUENCE = {
    Action.UPDATE: Action.CREATE,
    Action.REPLACE: Action.CREATE,
    Action.CREATE: Action.CREATE,
    Action.NO_OP: Action.CREATE,
    Action.DELETE: Action.NO_OP,
}
"""What becomes of something that a step before has made."""


def joined_changes(steps: Iterable[Sequence[ResourceChange]]) -> tuple[ResourceChange, ...]:
    """Join the changes of each step, in the order of the steps."""
    found: list[ResourceChange] = []
    made: dict[object, int] = {}
    for changes in steps:
        earlier = dict(made)
        for change in changes:
            place = _made_by_an_earlier_step(change, earlier, found)
            if place is not None and change.action in _OF_THE_SEQUENCE:
                found[place] = _followed(found[place], change)
            else:
                place = len(found)
                found.append(change)
            if _is_made(found[place]):
                made.update(dict.fromkeys(_names(found[place]), place))
            else:
                made = {name: known for name, known in made.items() if known != place}
    return tuple(found)


def _made_by_an_earlier_step(
    change: ResourceChange, made: Mapping[object, int], found: Sequence[ResourceChange]
) -> int | None:
    """Find it by what it is; by its address only where nobody knows what it is: two regions may have the same name."""
    if change.identity is not None and change.identity in made:
        return made[change.identity]
    place = made.get(change.previous_address or change.address)
    known = place is not None and change.identity is not None and found[place].identity is not None
    return None if known else place


def _names(change: ResourceChange) -> list[object]:
    return [change.address, *([change.identity] if change.identity is not None else [])]


def _is_made(change: ResourceChange) -> bool:
    return change.action is Action.CREATE


def _followed(made: ResourceChange, then: ResourceChange) -> ResourceChange:
    action = _OF_THE_SEQUENCE[then.action]
    ended = action is Action.NO_OP
    return replace(
        made if ended else then,
        action=action,
        lifespan=Lifespan.TEMPORARY if ended else Lifespan.ADDED,
        replacement=made.replacement,
        attributes=() if ended else _attributes(made.attributes, then.attributes),
        replace_paths=(),
        reason="made and ended within the change" if ended else made.reason or then.reason,
        witnesses=made.witnesses | then.witnesses,
        disagreements=tuple(dict.fromkeys([*made.disagreements, *then.disagreements])),
        stakes_before=made.stakes_before,
        stakes_after={} if ended else (then.stakes_after or made.stakes_after),
        calls=tuple(sorted({*made.calls, *then.calls})),
        causes=tuple(dict.fromkeys([*made.causes, *then.causes])),
        previous_address="",
        rename_of=made.rename_of,
    )


def _attributes(made: Sequence[AttributeChange], then: Sequence[AttributeChange]) -> tuple[AttributeChange, ...]:
    values: dict[Path, AttributeChange] = {item.path: item for item in made}
    for item in then:
        values[item.path] = AttributeChange(path=item.path, before=Marker.ABSENT, after=item.after)
    return tuple(item for item in values.values() if item.after is not Marker.ABSENT)
