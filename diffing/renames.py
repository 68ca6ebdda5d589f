"""Deletes and creates that are probably one thing under two addresses, and the ``moved`` block that says so.

Terraform identifies a resource by its address. Renaming it in the configuration, extracting a module, or going from
``count`` to ``for_each`` therefore plans to destroy it and to create another, although nobody meant to.

A delete and a create are compared leaf by leaf. Left out is what says nothing: what is known only after the apply,
sensitive, empty on both sides, volatile, or follows from the address (ids, ARNs, ``tags_all``). The similarity is the
weight of what agrees in the weight of all. A pair needs:

* no name that both sides know and in which they differ (`NAMING`, and the tag ``Name``): another name is another
  thing. From ``count`` to ``for_each`` a name may follow its key, ``worker-0`` under ``[0]`` and ``worker-blue`` under
  ``["blue"]``; from one key of ``for_each`` to another it may not;
* `THRESHOLD`, where the addresses speak for it: type and name are the same, and so is the module, or it is one around
  the other. If nothing at all can be compared, such addresses alone are worth exactly the threshold;
* otherwise evidence that tells the thing from any other of its type: every name it had, unchanged, and `THRESHOLD`;
  or, where neither side has a name, texts that agree to a weight of `EVIDENCE`, and `NAMELESS_THRESHOLD`. Defaults
  alone pair nothing.

Matching is greedy from the best pair down, ties broken by how little of the address differs, then by the addresses
with numbers in numeric order; so the result depends on nothing but the input's content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias

from diffing.graph import without_keys
from diffing.normalize import equivalent, volatile_attributes
from diffing.record import dataclass
from diffing.values import Marker, Value

Instance: TypeAlias = tuple[str, str, Mapping[str, Value]]
"""Address, resource type, attributes (before the delete, planned for the create)."""

THRESHOLD = 0.8
"""Least similarity of a pair that its addresses or its names speak for."""

NAMELESS_THRESHOLD = 0.9
"""Least similarity of a pair that nothing but its attributes speaks for."""

EVIDENCE = 2.0
"""Least weight of agreeing texts, for a type without a naming attribute, under another address."""

NAMING = frozenset(
    {
        "addon_name",
        "alias",
        "bucket",
        "cidr_block",
        "cluster_identifier",
        "cluster_name",
        "domain_name",
        "function_name",
        "global_cluster_identifier",
        "identifier",
        "key",
        "name",
        "node_group_name",
        "policy_name",
        "replication_group_id",
        "role_name",
        "rule_name",
        "statement_id",
        "table_name",
        "user_name",
    }
)
"""Attributes, at the top level, that tell one resource of a type from another."""

_FOLLOWS_FROM_ADDRESS = frozenset({"arn", "id", "tags_all", "timeouts", "unique_id"})
_NAMING_WEIGHT = 3.0
_TEXT_WEIGHT = 1.0
_NUMBER_WEIGHT = 0.5
_FLAG_WEIGHT = 0.25

_KEY = r'\[(?:\d+|"(?:[^"\\\n\r]|\\.)*")\]'
_NAME = r"[^\W\d][\w-]*"
_ADDRESS = re.compile(
    rf"(?P<modules>(?:module\.{_NAME}(?:{_KEY})?\.)*)(?!module\.|data\.)(?P<type>{_NAME})\.(?P<name>{_NAME})(?P<key>{_KEY})?"
)
_TEMPLATE = r"(?<!\$)\$(?=\{)|(?<!%)%(?=\{)"
"""What begins a template in HCL and is not yet escaped by doubling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """One thing that probably moved from one address to another."""

    from_address: str
    to_address: str
    similarity: float
    """From the threshold to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The parts of an address."""

    modules: str
    """Without instance keys: ``module.a.module.b.``."""
    name: str
    key: str
    """With brackets; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """One side of a possible pair."""

    address: str
    place: _Place
    attributes: Mapping[str, Value]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    """One leaf that both sides know."""

    weight: float
    agrees: bool
    text: bool


def find_renames(deletes: Sequence[Instance], creates: Sequence[Instance]) -> tuple[Rename, ...]:
    """Pair deletes with creates of the same type that are probably the same thing; each is used at most once.

    Returns:
        The pairs in the order of ``from_address``.
    """
    creates_by_type: dict[str, list[_Candidate]] = {}
    for address, kind, attributes in creates:
        creates_by_type.setdefault(kind, []).append(_candidate(address, kind, attributes))
    possible = [
        rename
        for address, kind, attributes in deletes
        if kind in creates_by_type
        for rename in _possible(_candidate(address, kind, attributes), creates_by_type[kind])
    ]
    used_from: set[str] = set()
    used_to: set[str] = set()
    renames: list[Rename] = []
    for rename in sorted(possible, key=_preference):
        if rename.from_address not in used_from and rename.to_address not in used_to:
            used_from.add(rename.from_address)
            used_to.add(rename.to_address)
            renames.append(rename)
    return tuple(sorted(renames, key=lambda rename: _natural(rename.from_address)))


def moved_block(rename: Rename) -> str:
    """Write the ``moved`` block that makes Terraform keep the resource.

    Raises:
        ValueError: an address is not that of a managed resource.
    """
    return f"moved {{\n  from = {_reference(rename.from_address)}\n  to   = {_reference(rename.to_address)}\n}}\n"


def handover_blocks(from_address: str, to_address: str, import_id: str) -> str:
    """Write the ``removed`` and ``import`` blocks that hand a resource over to an address of another type.

    A ``moved`` block cannot: it moves between types only where the provider allows it. ``removed`` takes no keys.

    Raises:
        ValueError: an address is not that of a managed resource, or the one to be removed has an instance key.
    """
    if without_keys(from_address) != from_address:
        raise ValueError(f"an instance cannot be removed on its own: {from_address!r}")
    quoted = re.sub(_TEMPLATE, r"\g<0>\g<0>", json.dumps(import_id))
    return (
        f"removed {{\n  from = {_reference(from_address)}\n\n  lifecycle {{\n    destroy = false\n  }}\n}}\n\n"
        f"import {{\n  to = {_reference(to_address)}\n  id = {quoted}\n}}\n"
    )


def _candidate(address: str, kind: str, attributes: Mapping[str, Value]) -> _Candidate:
    left_out = _FOLLOWS_FROM_ADDRESS | volatile_attributes(kind)
    compared = {name: value for name, value in attributes.items() if name not in left_out}
    names = {name: value for name, value in compared.items() if name in NAMING and isinstance(value, str) and value}
    tags = compared.get("tags")
    tag = tags.get("Name") if isinstance(tags, Mapping) else None
    if isinstance(tag, str) and tag:
        names["tags.Name"] = tag
    return _Candidate(address=address, place=_place(address), attributes=compared, names=names)


def _place(address: str) -> _Place:
    """Take an address apart; one that is not understood has nothing in common with any other."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return _Place(modules=address, name=address, key="")
    return _Place(modules=without_keys(match["modules"]), name=match["name"], key=match["key"] or "")


def _possible(delete: _Candidate, creates: Sequence[_Candidate]) -> Iterator[Rename]:
    for create in creates:
        similarity = _similarity(delete, create)
        if similarity is not None:
            yield Rename(from_address=delete.address, to_address=create.address, similarity=similarity)


def _similarity(delete: _Candidate, create: _Candidate) -> float | None:
    """Return how similar two instances are, or nothing if they are not to be paired."""
    shared = delete.names.keys() & create.names.keys()
    other = [name for name in shared if delete.names[name] != create.names[name]]
    if delete.address == create.address or (other and not (delete.place.key and create.place.key)):
        # Most pairs end here: without keys, nothing but the same name agrees.
        return None
    same_text = _TextComparison(delete.place.key, create.place.key)
    if not all(same_text.agrees(delete.names[name], create.names[name]) for name in other):
        return None
    leaves = list(_leaves(delete.attributes, create.attributes, same_text, top=True))
    total = sum(leaf.weight for leaf in leaves)
    similarity = round(sum(leaf.weight for leaf in leaves if leaf.agrees) / total, 4) if total else THRESHOLD
    if _address_speaks_for_it(delete.place, create.place):
        needed, evident = THRESHOLD, True
    elif delete.names or create.names:
        unchanged = all(create.names.get(name) == value for name, value in delete.names.items())
        needed, evident = THRESHOLD, bool(shared) and unchanged
    else:
        agreeing = sum(leaf.weight for leaf in leaves if leaf.agrees and leaf.text)
        needed, evident = NAMELESS_THRESHOLD, agreeing >= EVIDENCE
    return similarity if evident and similarity >= needed else None


def _address_speaks_for_it(old: _Place, new: _Place) -> bool:
    around = (
        old.modules.startswith(new.modules)
        or new.modules.startswith(old.modules)
        or old.modules.endswith(new.modules)
        or new.modules.endswith(old.modules)
    )
    return old.name == new.name and around


class _TextComparison:
    """Compares texts, from ``count`` to ``for_each`` apart from the instance keys in them."""

    def __init__(self, old_key: str, new_key: str) -> None:
        self._old: re.Pattern[str] | None = None
        self._new: re.Pattern[str] | None = None
        if old_key and new_key and old_key.startswith('["') != new_key.startswith('["'):
            self._old, self._new = _whole_word(old_key), _whole_word(new_key)

    def agrees(self, old: Value, new: Value) -> bool:
        """Whether two leaves say the same."""
        if (isinstance(old, str) and old == new) or equivalent(old, new):
            return True
        if self._old is None or self._new is None or not isinstance(old, str) or not isinstance(new, str):
            return False
        return self._old.sub("\0", old) == self._new.sub("\0", new)


def _whole_word(key: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(key.strip('[]').strip(chr(34)))}(?![A-Za-z0-9])")


def _leaves(old: Value, new: Value, same_text: _TextComparison, *, top: bool = False) -> Iterator[_Leaf]:
    """Walk through both sides to the leaves that say something."""
    if _says_nothing(old) or _says_nothing(new):
        return
    match old, new:
        case (Mapping() as a, Mapping() as b):
            for name in a.keys() | b.keys():
                item_a, item_b = a.get(name, Marker.ABSENT), b.get(name, Marker.ABSENT)
                if top and name in NAMING and isinstance(item_a, str) and isinstance(item_b, str):
                    yield _Leaf(weight=_NAMING_WEIGHT, agrees=same_text.agrees(item_a, item_b), text=True)
                else:
                    yield from _leaves(item_a, item_b, same_text)
        case (tuple() as a, tuple() as b) if any(isinstance(item, Mapping | tuple | Marker) for item in (*a, *b)):
            for item_a, item_b in zip_longest(a, b, fillvalue=Marker.ABSENT):
                yield from _leaves(item_a, item_b, same_text)
        case _:
            if not (equivalent(old, None) and equivalent(new, None)):
                yield _leaf(old, new, same_text)


def _says_nothing(value: Value) -> bool:
    return value is Marker.UNKNOWN or value is Marker.SENSITIVE


def _leaf(old: Value, new: Value, same_text: _TextComparison) -> _Leaf:
    kinds = {type(value) for value in (old, new)}
    if kinds <= {bool, type(None), Marker}:
        weight = _FLAG_WEIGHT
    elif kinds <= {bool, int, float, type(None), Marker}:
        weight = _NUMBER_WEIGHT
    else:
        weight = _TEXT_WEIGHT
    return _Leaf(weight=weight, agrees=same_text.agrees(old, new), text=weight == _TEXT_WEIGHT)


def _preference(rename: Rename) -> tuple[object, ...]:
    old, new = _place(rename.from_address), _place(rename.to_address)
    distance = (old.name != new.name) + (old.modules != new.modules) + (old.key != new.key)
    return -rename.similarity, distance, _natural(rename.from_address), _natural(rename.to_address)


def _natural(address: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a key that sorts ``[2]`` before ``[10]``."""
    parts = re.split(r"([0-9]{1,9})", address)
    # Every second part is a number.
    return tuple((index % 2 == 1, int(part) if index % 2 else 0, part) for index, part in enumerate(parts))


def _reference(address: str) -> str:
    """Check an address and write it as HCL reads it: as Terraform does, with templates in keys escaped."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"not the address of a managed resource: {address!r}")
    return re.sub(_TEMPLATE, r"\g<0>\g<0>", address)
