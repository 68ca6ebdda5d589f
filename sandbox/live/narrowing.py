"""A part of an account: what has a tag, what belongs to it, and what that refers to."""

from __future__ import annotations

from collections.abc import Sequence

from diffing.snapshot import Identity, Snapshot
from sandbox.live.document import StateObject, dependencies
from sandbox.live.gaps import Absence, Missing


def narrowed(
    objects: Sequence[StateObject], snapshot: Snapshot, tags: Sequence[tuple[str, str]]
) -> tuple[list[StateObject], tuple[Absence, ...]]:
    """Keep what has one of the tags, its parts, what lies in it, and everything that these need.

    Args:
        objects: Everything that was read.
        snapshot: The inventory, which knows the tags.
        tags: Keys and values; none to keep everything.

    Returns:
        What is kept, and what is not.
    """
    if not tags:
        return list(objects), ()
    chosen = {
        identity
        for identity, resource in snapshot.resources.items()
        if any(resource.tags.get(key) == value for key, value in tags)
    }
    chosen |= {identity for identity, each in snapshot.resources.items() if _within(each.parent, snapshot, chosen)}
    needs = dependencies(objects)
    kept: set[int] = set()
    waiting = [number for number, each in enumerate(objects) if each.identity in chosen]
    while waiting:
        number = waiting.pop()
        if number not in kept:
            kept.add(number)
            waiting.extend(needs[number])
    gone = [each for number, each in enumerate(objects) if number not in kept and not each.is_part]
    left = [each for number, each in enumerate(objects) if number in kept]
    return left, tuple(_left_out(each, snapshot) for each in gone)


def _within(parent: Identity | None, snapshot: Snapshot, chosen: set[Identity]) -> bool:
    while parent is not None and parent not in chosen:
        container = snapshot.resources.get(parent)
        parent = container.parent if container else None
    return parent is not None


def _left_out(each: StateObject, snapshot: Snapshot) -> Absence:
    return Absence(
        kind=Missing.LEFT_OUT,
        service=snapshot.resources[each.identity].service,
        region=each.region,
        subject=str(each.identity),
        reason="it does not have the tag, and nothing that has it needs it",
    )
