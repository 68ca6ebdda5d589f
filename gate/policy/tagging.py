"""Which tags what is changed has: those of before the change where it is there before, otherwise those it gets.

A change that gives something a tag does not make it the thing that the tag stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from diffing.change import StateDiff
from diffing.values import Value
from sandbox.rehearsal import PlannedChange, Rehearsal

Tags = Mapping[str, str]


def tags_of(diff: StateDiff, rehearsal: Rehearsal) -> Mapping[str, Tags]:
    """Find the tags of what is changed; what is not in the result has tags that nobody knows.

    Args:
        diff: The changes.
        rehearsal: With the states and the snapshots.
    """
    before = {each.address: each.attributes for each in rehearsal.state_before}
    after = {each.address: each.attributes for each in rehearsal.state_after}
    found: dict[str, Tags] = {}
    for change in diff.changes:
        old = before.get(change.previous_address or change.address)
        tags = _of_attributes(after.get(change.address, {}) if old is None else old)
        if tags is None or not (old or change.address in after):
            tags = None
            for snapshot in (rehearsal.before, rehearsal.after):
                resource = snapshot.resources.get(change.identity) if change.identity else None
                tags = resource.tags if tags is None and resource is not None else tags
        if tags is not None:
            found[change.address] = tags
    return found


class PlannedTags(Mapping[str, Tags]):
    """The same from a plan alone, collected when a rule asks: most policies ask for no tag."""

    def __init__(self, changes: Sequence[PlannedChange]) -> None:
        """Take what is planned."""
        self._changes = changes
        self._found: Mapping[str, Tags] | None = None

    def __getitem__(self, address: str) -> Tags:
        return self._collected()[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._collected())

    def __len__(self) -> int:
        return len(self._collected())

    def _collected(self) -> Mapping[str, Tags]:
        if self._found is None:
            self._found = dict(_planned(self._changes))
        return self._found


def _planned(changes: Iterable[PlannedChange]) -> Iterator[tuple[str, Tags]]:
    for change in changes:
        attributes = change.before if isinstance(change.before, Mapping) else change.after
        tags = _of_attributes(attributes) if isinstance(attributes, Mapping) else None
        if tags is not None:
            yield change.address, tags


def _of_attributes(attributes: Mapping[str, Value]) -> Tags | None:
    """None where tags are there and cannot be read; something that can have none has none."""
    for name in ("tags_all", "tags"):
        tags = attributes.get(name)
        if isinstance(tags, Mapping):
            return {key: value for key, value in tags.items() if isinstance(value, str)}
        if name in attributes and tags is not None:
            # Unknown, or secret.
            return None
    return {}
