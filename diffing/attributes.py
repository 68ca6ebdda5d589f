"""The attributes of a change, found by their names; those of what comes or goes are listed only when asked for.

A plan that makes a thousand resources makes fifty thousand attributes, and most rules ask for a few names of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, overload

from diffing.change import AttributeChange
from diffing.normalize import MAX_DEPTH, SCALARS, leaf_changes, path_order
from diffing.values import Marker, Path, Value

_LEFT_OUT = (None, Marker.ABSENT)
"""What is null before and absent after, or the other way round, is no change (`diffing.normalize.changed_paths`)."""


class OneSided(Sequence[AttributeChange]):
    """The leaves of a resource's attributes that are there on one side only: of what is made, or of what is removed.

    Equal to the tuple that `diffing.normalize.changed_paths` makes of the same, and made into it only where all of
    them are asked for. `named`, `at_top` and `below` find some of them without that.
    """

    __slots__ = ("_appears", "_listed", "_value")

    def __init__(self, value: Mapping[str, Value], *, appears: bool) -> None:
        """Take the attributes, and on which side they are."""
        self._value = value
        self._appears = appears
        self._listed: tuple[AttributeChange, ...] | None = None

    def listed(self) -> tuple[AttributeChange, ...]:
        """All of them, in the order of their paths."""
        if self._listed is None:
            self._listed = tuple(self._leaves(self._value, ())) if self._value else ()
        return self._listed

    def named(self, names: AbstractSet[str]) -> list[AttributeChange]:
        """Those whose own name (the last one in the path, before any index) is among ``names``."""
        found: list[AttributeChange] = []
        self._collect(self._value, (), "", names, found)
        return sorted(found, key=lambda item: path_order(item.path))

    def at_top(self, names: AbstractSet[str]) -> list[AttributeChange]:
        """Those that are no part of another attribute, and whose name is among ``names``."""
        found = (self._leaves(self._value[name], (name,)) for name in sorted(names) if name in self._value)
        return [item for leaves in found for item in leaves if len(item.path) == 1]

    def below(self, name: str) -> list[AttributeChange]:
        """That attribute and all parts of it."""
        return self._leaves(self._value[name], (name,)) if name in self._value else []

    def _leaves(self, value: Value, path: Path) -> list[AttributeChange]:
        return leaf_changes(value, path, appears=self._appears, nulls=False)

    def _collect(
        self, value: Any, path: Path, name: str, names: AbstractSet[str], found: list[AttributeChange]
    ) -> None:
        """Walk to the leaves as `diffing.normalize` does; nothing is made of those that are not asked for."""
        items = enumerate(value) if isinstance(value, tuple) else value.items()
        for part, item in items:
            own = part if type(part) is str else name
            if type(item) in SCALARS or not item or len(path) + 1 >= MAX_DEPTH:
                if own in names and item not in _LEFT_OUT:
                    found += self._leaves(item, (*path, part))
            else:
                self._collect(item, (*path, part), own, names, found)

    @overload
    def __getitem__(self, index: int) -> AttributeChange: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AttributeChange]: ...
    def __getitem__(self, index: int | slice) -> AttributeChange | Sequence[AttributeChange]:
        return self.listed()[index]

    def __iter__(self) -> Iterator[AttributeChange]:
        return iter(self.listed())

    def __len__(self) -> int:
        return len(self.listed())

    def __bool__(self) -> bool:
        return bool(self.listed())

    def __eq__(self, other: object) -> bool:
        return self.listed() == (other.listed() if isinstance(other, OneSided) else other)

    def __hash__(self) -> int:
        return hash(self.listed())

    def __repr__(self) -> str:
        return repr(self.listed())


def named(attributes: Sequence[AttributeChange], names: AbstractSet[str]) -> Sequence[AttributeChange]:
    """Return those whose own name (the last one in the path, before any index) is among ``names``."""
    if isinstance(attributes, OneSided):
        return attributes.named(names)
    # An index at the end is rare.
    return [
        item
        for item in attributes
        if (path := item.path) and (path[-1] if type(path[-1]) is str else own_name(path)) in names
    ]


def at_top(attributes: Sequence[AttributeChange], names: AbstractSet[str]) -> Sequence[AttributeChange]:
    """Return those that are no part of another attribute, and whose name is among ``names``."""
    if isinstance(attributes, OneSided):
        return attributes.at_top(names)
    return [item for item in attributes if len(item.path) == 1 and item.path[0] in names]


def below(attributes: Sequence[AttributeChange], name: str) -> Sequence[AttributeChange]:
    """Return that attribute and all parts of it."""
    if isinstance(attributes, OneSided):
        return attributes.below(name)
    return [item for item in attributes if item.path and item.path[0] == name]


def own_name(path: Path) -> str:
    """The last name in a path: whose value it is, wherever in a list it stands."""
    last = path[-1] if path else ""
    if type(last) is str:
        return last
    return next((part for part in reversed(path) if isinstance(part, str)), "")
