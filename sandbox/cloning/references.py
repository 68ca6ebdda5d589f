"""Turning literal ids back into references.

In a state every reference has become a literal: a subnet says ``vpc-0a1b``. Written so, a configuration could not be
applied anywhere else, because the new VPC gets another id. So wherever an object's text holds an identifier that the
provider gave to another object, a reference is written, but only to what the object depends on: the state lists those,
and anything else may be a coincidence or a cycle. The exception is an identifier that no coincidence could produce
(``vpc-0a1b2c3d4e5f60718``, an ARN): imported resources and data sources leave no dependencies in a state.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.cloning.schema import Schemas
from sandbox.cloning.tfstate import Instance

_NO_IDENTITY = frozenset(
    {"owner_id", "hosted_zone_id", "region", "status", "tags_all", "created_date", "instance_state", "account_id"}
)
"""Generated, and the same for many."""
_ACCOUNT = re.compile(r"\d{12}")
_SHORTEST = 6
_SHORTEST_WITHIN = 8
UNMISTAKABLE = re.compile(r"[a-z]{1,12}-(?:[0-9a-f]{8}|[0-9a-f]{17})|arn:aws[\w-]*:[^\s\"',]{12,}")
_ARN_WITHIN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[\w/:.+=@-]*[\w/]")
_ATTRIBUTE_ORDER = ("id", "arn")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """An attribute that has an identifier."""

    address: str
    attribute: str


@dataclass(slots=True)
class References:
    """The identifiers of all written objects, and who depends on whom."""

    names: Mapping[str, str]
    """``TYPE.NAME`` in the written configuration, by address in the state."""
    _sources: dict[str, list[_Source]] = field(default_factory=lambda: defaultdict(list))
    _values: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _edges: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _closures: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, subjects: Sequence[Instance], schemas: Schemas, names: Mapping[str, str]) -> References:
        """Index what the provider has generated, and the dependencies that the state lists."""
        references = cls(names)
        by_configuration: defaultdict[str, list[str]] = defaultdict(list)
        for subject in subjects:
            by_configuration[subject.configuration_address].append(subject.address)
        for subject in subjects:
            below = (address for name in subject.dependencies for address in by_configuration.get(name, ()))
            references._edges[subject.address] = {address for address in below if address != subject.address}
            references._add(subject, schemas)
        return references

    def dependencies(self, address: str) -> frozenset[str]:
        """What an object directly depends on."""
        return frozenset(self._edges[address])

    def closure(self, address: str) -> frozenset[str]:
        """Everything an object depends on."""
        if address not in self._closures:
            found: set[str] = set()
            waiting = [address]
            while waiting:
                new = self._edges[waiting.pop()] - found
                found |= new
                waiting.extend(new)
            self._closures[address] = frozenset(found)
        return self._closures[address]

    def write(self, address: str, text: str, argument: str, left_out: Collection[str]) -> str:
        """A string of an object's as a template, in which identifiers of others are references."""
        source = self._source(address, text, argument, left_out)
        if source is not None:
            return self._reference(source)
        found = [value for value in self._within(address, text) if self._source(address, value, argument, left_out)]
        if not found:
            return escaped(text)
        pattern = re.compile("|".join(re.escape(value) for value in sorted(found, key=len, reverse=True)))
        parts: list[str] = []
        end = 0
        for match in pattern.finditer(text):
            inner = self._source(address, match[0], argument, left_out)
            parts += [
                escaped(text[end : match.start()]),
                escaped(match[0]) if inner is None else self._reference(inner),
            ]
            end = match.end()
        return "".join([*parts, escaped(text[end:])])

    def _add(self, subject: Instance, schemas: Schemas) -> None:
        schema = schemas[subject.type]
        for name, value in subject.attributes.items():
            attribute = schema.attributes.get(name)
            if attribute is None or not isinstance(value, str) or len(value) < _SHORTEST or name in _NO_IDENTITY:
                continue
            identity = name in _ATTRIBUTE_ORDER
            if _ACCOUNT.fullmatch(value) or not (identity or (attribute.generated and _is_telling(value))):
                continue
            self._sources[value].append(_Source(address=subject.address, attribute=name))
            self._values[subject.address].append(value)

    def _within(self, address: str, text: str) -> list[str]:
        if len(text) <= _SHORTEST_WITHIN:
            return []
        known = (value for below in self.closure(address) for value in self._values[below])
        arns = (match[0] for match in _ARN_WITHIN.finditer(text))
        found = [value for value in known if len(value) >= _SHORTEST_WITHIN and value in text]
        return list(dict.fromkeys([*found, *(arn for arn in arns if arn in self._sources)]))

    def _source(self, address: str, value: str, argument: str, left_out: Collection[str]) -> _Source | None:
        """Who has a value: of several, the one with the same name for it, then a direct dependency, then an id."""
        sources = [source for source in self._sources.get(value, ()) if source.address not in left_out]
        candidates = [source for source in sources if source.address in self.closure(address)]
        if not candidates and UNMISTAKABLE.fullmatch(value):
            candidates = [source for source in sources if self._may_depend(address, source.address)]
        if not candidates:
            return None
        direct = self._edges[address]
        best = min(
            candidates,
            key=lambda source: (source.attribute != argument, source.address not in direct, _rank(source.attribute)),
        )
        if best.address not in self.closure(address):
            self._edges[address].add(best.address)
            self._closures.clear()
        return best

    def _may_depend(self, address: str, other: str) -> bool:
        return address != other and address not in self.closure(other)

    def _reference(self, source: _Source) -> str:
        return f"${{{self.names[source.address]}.{source.attribute}}}"


def escaped(text: str) -> str:
    """A string as a template that evaluates to it."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _is_telling(value: str) -> bool:
    """Whether a generated value can be an identifier, and not a state or a kind (``available``)."""
    return any(character.isdigit() or character in ":/" for character in value)


def _rank(attribute: str) -> int:
    return _ATTRIBUTE_ORDER.index(attribute) if attribute in _ATTRIBUTE_ORDER else len(_ATTRIBUTE_ORDER)
