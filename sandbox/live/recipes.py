"""From the rows of data to what is to be imported: one order for each object that Terraform would know."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from diffing.snapshot import Identity
from sandbox.cloning.tfstate import Json
from sandbox.inventory.expression import dig, evaluate, fill_template
from sandbox.live.facts import Inventory
from sandbox.live.rows import AMENDED, ROWS, SETTLED, STAND_INS, TRIMMED

_CONDITION = re.compile(r"(?P<not>!?)(?P<path>[\w.]+)(?:(?P<operator>=|!=|\^=|!\^=)(?P<value>.*))?")
_EVERY = "*"
_GOES_ON = re.compile(r"\n\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that must hold for a row to apply."""

    path: str
    operator: str
    """``has``, ``lacks``, ``=``, ``!=``, ``^=`` or ``!^=``."""
    value: str = ""

    def holds(self, sources: Sequence[Any]) -> bool:
        """Whether it holds of what the sources say; the first that says something decides."""
        found = next((value for source in sources if (value := _reach(source, self.path)) is not None), None)
        if self.operator in {"has", "lacks"}:
            return bool(found) == (self.operator == "has")
        text = "" if found is None else str(found)
        wanted = text.startswith(self.value) if "^" in self.operator else text == self.value
        return wanted != self.operator.startswith("!")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table."""

    terraform: str
    cloudformation: str
    import_id: str
    conditions: tuple[Condition, ...] = ()
    each: str = ""
    made: tuple[tuple[str, str], ...] = ()
    """Attribute and template, or expression, of an object that is written instead of read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A row about things for which nothing is to be made."""

    cloudformation: str
    conditions: tuple[Condition, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """An argument that something stands in for."""

    argument: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Order:
    """One object to import."""

    type: str
    import_id: str
    identity: Identity
    """What it is, or is a part of."""
    is_part: bool = False
    made: Mapping[str, Json] | None = field(default=None, compare=False)


def orders(inventory: Inventory, identity: Identity) -> tuple[Order, ...]:
    """Every object that a resource is in Terraform; none where the rows know none."""
    attributes = inventory.attributes[identity]
    facts = inventory.facts(identity)
    found: dict[tuple[str, str], Order] = {}
    for row in rows().get(identity.type, ()):
        for item in _items(row, attributes, facts):
            sources = (item, attributes, facts)
            if not all(condition.holds(sources) for condition in row.conditions):
                continue
            import_id = fill_template(row.import_id, sources)
            if import_id:
                made = _made(row, sources, import_id) if row.made else None
                order = Order(
                    type=row.terraform, import_id=import_id, identity=identity, is_part=bool(found), made=made
                )
                found.setdefault((row.terraform, import_id), order)
    return tuple(found.values())


def why_nothing(inventory: Inventory, identity: Identity) -> str:
    """Why nothing is to be made for a resource; empty where nothing says so."""
    sources = (inventory.attributes[identity], inventory.facts(identity))
    for row in settled().get(identity.type, ()):
        if all(condition.holds(sources) for condition in row.conditions):
            return row.reason
    return ""


def trimmed(type_name: str, attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Attributes without what is an object of its own here."""
    gone = _trimmed().get(type_name, ())
    return {name: [] if name in gone else value for name, value in attributes.items()}


def amended(inventory: Inventory, order: Order) -> dict[str, Json]:
    """The arguments of an imported object that are otherwise than an import has them."""
    sources = (inventory.attributes[order.identity], inventory.facts(order.identity))
    values: dict[str, Json] = {}
    for argument, text in _amended().get(order.type, ()):
        value: Json = fill_template(text, sources) if "{" in text else text == "true"
        if value is not None:
            values[argument] = value
    return values


def stand_ins(type_name: str, attributes: Mapping[str, Json]) -> tuple[str, ...]:
    """The arguments that something must stand in for."""
    rows_ = _stand_ins().get(type_name, ())
    return tuple(row.argument for row in rows_ if all(condition.holds((attributes,)) for condition in row.conditions))


@cache
def rows() -> Mapping[str, tuple[Row, ...]]:
    """The rows by CloudFormation type."""
    by_type: defaultdict[str, list[Row]] = defaultdict(list)
    for line in _lines(ROWS):
        row = _row(line)
        by_type[row.cloudformation].append(row)
    return MappingProxyType({name: tuple(found) for name, found in by_type.items()})


@cache
def settled() -> Mapping[str, tuple[Settled, ...]]:
    """The rows about nothing to make, by CloudFormation type."""
    by_type: defaultdict[str, list[Settled]] = defaultdict(list)
    for line in _lines(SETTLED):
        name, condition, reason = line.split(None, 2)
        row = Settled(
            cloudformation=f"AWS::{name}", conditions=(_condition(condition.removeprefix("if:")),), reason=reason
        )
        by_type[row.cloudformation].append(row)
    return MappingProxyType({name: tuple(found) for name, found in by_type.items()})


@cache
def _stand_ins() -> Mapping[str, tuple[StandIn, ...]]:
    by_type: defaultdict[str, list[StandIn]] = defaultdict(list)
    for line in _lines(STAND_INS):
        name, argument, *clauses = line.split()
        conditions = tuple(_condition(clause.removeprefix("if:")) for clause in clauses)
        by_type[f"aws_{name}"].append(StandIn(argument=argument, conditions=conditions))
    return MappingProxyType({name: tuple(found) for name, found in by_type.items()})


@cache
def _amended() -> Mapping[str, tuple[tuple[str, str], ...]]:
    by_type: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, argument, text in map(str.split, _lines(AMENDED)):
        by_type[f"aws_{name}"].append((argument, text))
    return MappingProxyType({name: tuple(found) for name, found in by_type.items()})


@cache
def _trimmed() -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({f"aws_{name}": tuple(parts) for name, *parts in map(str.split, _lines(TRIMMED))})


def _lines(table: str) -> list[str]:
    """The rows: an indented line goes on with the one before."""
    return [line for line in _GOES_ON.sub(" ", table.strip()).splitlines() if not line.startswith("#")]


def _row(line: str) -> Row:
    terraform, cloudformation, import_id, *clauses = line.split()
    by_word: defaultdict[str, list[str]] = defaultdict(list)
    for clause in clauses:
        word, _, rest = clause.partition(":")
        by_word[word].append(rest)
    unknown = by_word.keys() - {"if", "each", "set"}
    if unknown:
        raise ValueError(f"a row has the clauses {sorted(unknown)}: {line}")
    return Row(
        terraform=f"aws_{terraform}",
        cloudformation=f"AWS::{cloudformation}",
        import_id=import_id,
        conditions=tuple(map(_condition, by_word["if"])),
        each=next(iter(by_word["each"]), ""),
        made=tuple((name, value) for name, _, value in (text.partition("=") for text in by_word["set"])),
    )


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a condition: {text!r}")
    if match["operator"]:
        return Condition(path=match["path"], operator=match["operator"], value=match["value"])
    return Condition(path=match["path"], operator="lacks" if match["not"] else "has")


def _items(row: Row, attributes: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[Any]:
    if not row.each:
        yield {}
        return
    source = facts if row.each.startswith("_") else attributes
    yield from _walk(source, row.each.split("."), ())


def _walk(value: Any, path: Sequence[str], keys: tuple[str, ...]) -> Iterator[Any]:
    """Every item under a path: lists are followed into their elements, ``*`` into the values of a map."""
    value = _parsed(value)
    if isinstance(value, list):
        for element in value:
            yield from _walk(element, path, keys)
    elif not path:
        if isinstance(value, Mapping):
            named = {f"_key{number or ''}": key for number, key in enumerate(keys)}
            yield {**value, **named}
        elif value is not None:
            yield value
    elif isinstance(value, Mapping) and path[0] == _EVERY:
        for key, inner in value.items():
            yield from _walk(inner, path[1:], (key, *keys))
    elif isinstance(value, Mapping):
        yield from _walk(value.get(path[0]), path[1:], keys)


def _reach(source: Any, path: str) -> Any:
    return dig(source, path) if isinstance(source, Mapping) else None


def _parsed(value: Any) -> Any:
    """A document inside a text (a policy), as what it says."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _made(row: Row, sources: Sequence[Any], import_id: str) -> Mapping[str, Json]:
    attributes: dict[str, Json] = {"id": import_id}
    for name, text in row.made:
        value = fill_template(text, sources) if "{" in text else evaluate(text, sources)
        attributes[name] = list(value) if isinstance(value, list) else value
    return MappingProxyType(attributes)
