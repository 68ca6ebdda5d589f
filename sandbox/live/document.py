"""What was read, as a Terraform state of format 4.

Source: internal/states/statefile/version4.go in hashicorp/terraform.
"""

from __future__ import annotations

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from diffing.snapshot import Identity
from sandbox.cloning.tfstate import VERSION, Json
from sandbox.live.rows import AFTER

_LONGEST_NAME = 60
_NAMES = ("id", "arn", "name", "bucket", "function_name", "identifier", "cluster_identifier", "key_name", "family")
"""Attributes by which another object may name this one, beside its id and ARN."""
_COMMON = frozenset({"default", "true", "false", "app", "main", "aws", "none", "standard", "enabled", "disabled"})
"""Words that are too common to be taken for somebody's name outside of an argument that is about it."""
_OTHER_WORDS = frozenset({"tags", "tags_all", "description", "policy", "assume_role_policy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StateObject:
    """One object of the state that is being written."""

    type: str
    import_id: str
    identity: Identity
    """The inventory's resource that it is, or is a part of."""
    region: str
    attributes: Mapping[str, Json] = field(repr=False)
    schema_version: int = 0
    private: bytes = field(default=b"", repr=False)
    sensitive: tuple[str, ...] = ()
    is_part: bool = False


def addresses(objects: Sequence[StateObject]) -> tuple[str, ...]:
    """A name for each object, in their order: told by its id, and of one object only."""
    taken: defaultdict[str, int] = defaultdict(int)
    found = []
    for each in objects:
        text = re.sub(r"[^A-Za-z0-9]+", "_", _short(each.import_id)).strip("_") or "x"
        name = text if text[0].isalpha() else f"_{text}"
        key = f"{each.type}.{name.lower()}"
        taken[key] += 1
        found.append(f"{each.type}.{name}" + (f"_{taken[key]}" if taken[key] > 1 else ""))
    return tuple(found)


def write_state(objects: Sequence[StateObject], *, home: str, source: str, lineage: str) -> bytes:
    """Write the state.

    Args:
        objects: What is in it.
        home: The region of the provider configuration without an alias.
        source: The AWS provider's source address.
        lineage: Which environment it is about.
    """
    names = addresses(objects)
    needs = dependencies(objects)
    resources = [
        _resource(each, names[number], [names[other] for other in needs[number]], home, source)
        for number, each in enumerate(objects)
    ]
    document = {
        "version": VERSION,
        "terraform_version": "1.11.0",
        "serial": 1,
        "lineage": lineage,
        "outputs": {},
        "resources": resources,
        "check_results": None,
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def dependencies(objects: Sequence[StateObject]) -> tuple[tuple[int, ...], ...]:
    """Who needs whom, by position: a part its whole, and whoever names another by its id, ARN or name. No cycles."""
    graph: list[set[int]] = [set() for _ in objects]
    for number, other in _wanted(objects):
        if number != other and not _reaches(graph, other, number):
            graph[number].add(other)
    return tuple(tuple(sorted(found)) for found in graph)


def _wanted(objects: Sequence[StateObject]) -> Iterator[tuple[int, int]]:
    """The surest first, since a later one that would close a circle is left out."""
    wholes = {each.identity: number for number, each in enumerate(objects) if not each.is_part}
    for number, each in enumerate(objects):
        if each.is_part and each.identity in wholes:
            yield number, wholes[each.identity]
    yield from _by_rule(objects)
    by_identifier = _index(objects, ("id", "arn"))
    by_name = _index(objects, _NAMES)
    for index, is_sure in ((by_identifier, True), (by_name, False)):
        for number, each in enumerate(objects):
            for argument, text in _texts(each.attributes, ""):
                if argument in _OTHER_WORDS or (not is_sure and text.lower() in _COMMON and argument in {"name", "id"}):
                    continue
                yield from (
                    (number, other) for other in index.get(text, ()) if _is_likely(each, objects[other], argument)
                )


def _by_rule(objects: Sequence[StateObject]) -> Iterator[tuple[int, int]]:
    by_type: defaultdict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(objects):
        by_type[each.type].append(number)
    for later, earlier, *agreeing in (line.split() for line in AFTER.strip().splitlines()):
        for number in by_type[f"aws_{later}"]:
            mine = [objects[number].attributes.get(name) for name in agreeing]
            for other in by_type[f"aws_{earlier}"]:
                if mine == [objects[other].attributes.get(name) for name in agreeing]:
                    yield number, other


def _is_likely(each: StateObject, other: StateObject, argument: str) -> bool:
    """Whether an argument that has the other's name speaks of it: not its own name, nor a name of both by chance."""
    return argument not in {"id", "name", "arn"} and not (each.type == other.type and argument in _NAMES)


def _index(objects: Sequence[StateObject], attributes: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(objects):
        if each.is_part:
            continue
        for name in attributes:
            value = each.attributes.get(name)
            if isinstance(value, str) and value and number not in found[value]:
                found[value].append(number)
    return {value: tuple(numbers) for value, numbers in found.items()}


def _texts(value: Json | Mapping[str, Json], argument: str) -> Iterator[tuple[str, str]]:
    """Every text in an object's attributes, with the name it stands under."""
    match value:
        case str():
            yield argument, value
        case list():
            for item in value:
                yield from _texts(item, argument)
        case Mapping():
            for name, inner in value.items():
                if argument not in _OTHER_WORDS:
                    yield from _texts(inner, name)


def _reaches(graph: Sequence[set[int]], start: int, goal: int) -> bool:
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        number = waiting.pop()
        if number == goal:
            return True
        if number not in seen:
            seen.add(number)
            waiting.extend(graph[number])
    return False


def _resource(each: StateObject, address: str, needs: list[str], home: str, source: str) -> dict[str, Json]:
    alias = "" if each.region == home else f".{each.region.replace('-', '_')}"
    instance: dict[str, Json] = {
        "schema_version": each.schema_version,
        "attributes": dict(each.attributes),
        "sensitive_attributes": [[{"type": "get_attr", "value": name}] for name in each.sensitive],
        "dependencies": list(needs),
    }
    if each.private:
        instance["private"] = base64.b64encode(each.private).decode()
    return {
        "mode": "managed",
        "type": each.type,
        "name": address.partition(".")[2],
        "provider": f'provider["{source}"]{alias}',
        "instances": [instance],
    }


def _short(import_id: str) -> str:
    """Of an ARN, what tells the thing; and not more than a name needs."""
    text = import_id.split(":", 5)[-1] if import_id.startswith("arn:") else import_id
    text = text.partition("://")[2] if "://" in text else text
    return text[-_LONGEST_NAME:]
