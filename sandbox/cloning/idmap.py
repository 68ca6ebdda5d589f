"""Learning which of the scratch engine's ids stands for which real one.

The same object is in two states: the real one, and the one of the configuration that was written from it and applied to
a scratch engine. Where the two differ, at the same place, a generated value has been found twice. Most are
identifiers, which mean the same wherever they occur; the rest (times, counters, host names that many share) mean
something in their own object only.

A map that sends two ids to one would melt two objects into one, and everything would look almost right. So it is
injective: where two new ids claim one real one, the id that an object has itself wins against one that the engine says
of it, and that against one that it refers to; and the object that loses has come up as something else.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType
from typing import TypeAlias

from diffing.values import Path, path_text
from sandbox.cloning.references import UNMISTAKABLE
from sandbox.cloning.schema import Block, Schemas
from sandbox.cloning.tfstate import Instance, Json

Local: TypeAlias = "tuple[int | float | str, int | float | str]"
"""A value in the scratch engine, and the real one."""

IDENTITY = ("id", "arn")
ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[\d-]{1,7}|\d{12}|\d{4}-\d\d-\d\dT?.*")
"""Numbers, accounts and dates: too common to be anybody's id."""
_SHORTEST_TOKEN = 6
_SHORTEST_WHOLE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class IdMap:
    """What to write in the place of what."""

    tokens: Mapping[str, str] = field(repr=False)
    """Identifiers, wherever they occur between other characters."""
    wholes: Mapping[str, str] = field(repr=False)
    """Longer texts (network addresses, URLs), wherever they occur."""
    locals: Mapping[str, tuple[Local, ...]] = field(repr=False)
    """What is replaced within an object's own records only, by address."""
    diverged: Mapping[str, str]
    """Why an object is not the one it should be, by address."""
    misreported: Mapping[str, str]
    """What the engine says of an object and is not so, although the object is the right one, by address."""

    def reversed(self) -> IdMap:
        """The map from the real ids to the scratch engine's; of what means something everywhere."""
        return IdMap(
            tokens=MappingProxyType({real: new for new, real in self.tokens.items()}),
            wholes=MappingProxyType({real: new for new, real in self.wholes.items()}),
            locals=MappingProxyType({}),
            diverged=MappingProxyType({}),
            misreported=MappingProxyType({}),
        )


class _Rank(IntEnum):
    """What an object's word about an id is worth."""

    REFERENCE = 0
    """It refers to another object."""
    GENERATED = 1
    """The provider says so of it."""
    IDENTITY = 2
    """It is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """One object says that a new value stands for a real one."""

    address: str
    path: Path
    real: str
    rank: _Rank
    settable: bool
    """It stands in an argument: the object was made with it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that differs, by kind."""

    tokens: defaultdict[str, list[_Claim]] = field(default_factory=lambda: defaultdict(list))
    wholes: defaultdict[str, list[_Claim]] = field(default_factory=lambda: defaultdict(list))
    local: defaultdict[str, list[Local]] = field(default_factory=lambda: defaultdict(list))


def learn(twins: Iterable[tuple[Instance, Instance]], schemas: Schemas) -> IdMap:
    """Learn from the two states.

    Args:
        twins: Each object as it is in the real state, and as it came up.
        schemas: The provider's schemas of their types.
    """
    found = _Found()
    for real, new in twins:
        schema = schemas[real.type]
        for path, here, there in _differences(dict(new.attributes), dict(real.attributes), schema, ()):
            _sort(found, _claim(real.address, path, schema), here, there)
    tokens, wholes = _decided(found.tokens), _decided(found.wholes)
    broken = [*_broken(found.tokens, tokens), *_broken(found.wholes, wholes)]
    for here_only, claim in _unkept(found.tokens, tokens):
        found.local[claim.address].append((here_only, claim.real))
    locals_ = {address: tuple(dict.fromkeys(pairs)) for address, pairs in found.local.items()}
    return IdMap(
        tokens=MappingProxyType(tokens),
        wholes=MappingProxyType(wholes),
        locals=MappingProxyType(locals_),
        diverged=MappingProxyType(
            {
                each.address: f"it came up differently: {path_text(each.path)} is not what it should be"
                for each in reversed(broken)
                if each.settable or each.rank is _Rank.IDENTITY
            }
        ),
        misreported=MappingProxyType(
            {
                each.address: f"the engine reports another {path_text(each.path)}"
                for each in reversed(broken)
                if not each.settable and each.rank is not _Rank.IDENTITY
            }
        ),
    )


def _claim(address: str, path: Path, schema: Block) -> _Claim:
    """Who says it, and what that is worth; of what, is filled in later."""
    attribute = schema.attribute_at(path)
    settable = attribute is not None and attribute.settable
    if len(path) == 1 and path[0] in IDENTITY:
        rank = _Rank.IDENTITY
    else:
        rank = _Rank.GENERATED if len(path) == 1 and not settable else _Rank.REFERENCE
    return _Claim(address=address, path=path, real="", rank=rank, settable=settable)


def _sort(found: _Found, claim: _Claim, here: Json, there: Json) -> None:
    """Tell what kind of value differs."""
    if isinstance(here, bool) or isinstance(there, bool) or not isinstance(here, int | float | str):
        return
    if not isinstance(here, str) or not isinstance(there, str):
        if isinstance(there, int | float | str):
            found.local[claim.address].append((here, there))
        return
    pairs = None if TIME.search(here) else _token_pairs(here, there, is_identity=claim.rank is _Rank.IDENTITY)
    if pairs is not None:
        for new, real in pairs:
            found.tokens[new].append(replace(claim, real=real))
        return
    found.local[claim.address].append((here, there))
    is_address = ADDRESS.fullmatch(here) is not None
    if TIME.search(here) or (is_address and not ADDRESS.fullmatch(there)):
        return  # one host of the engine's stands for many real ones
    if is_address or len(here) >= _SHORTEST_WHOLE:
        found.wholes[here].append(replace(claim, real=there))


def _token_pairs(here: str, there: str, *, is_identity: bool) -> list[tuple[str, str]] | None:
    """The identifiers that differ, where the texts are otherwise alike."""
    if ADDRESS.fullmatch(here) or _TOKEN.split(here) != _TOKEN.split(there):
        return None
    pairs = [(new, real) for new, real in zip(_TOKEN.findall(here), _TOKEN.findall(there), strict=True) if new != real]
    whole_id = is_identity and len(here) >= _SHORTEST_TOKEN and _TOKEN.fullmatch(here) is not None
    return pairs if pairs and (whole_id or all(_is_id(new) and _is_id(real) for new, real in pairs)) else None


def _is_id(token: str) -> bool:
    long = len(token) >= _SHORTEST_TOKEN
    return long and any(character.isdigit() for character in token) and not _PLAIN.fullmatch(token)


def _decided(claims: Mapping[str, list[_Claim]]) -> dict[str, str]:
    """One real value for each new one, and one new one for each real one."""
    best = {new: found for new, of_new in claims.items() if (found := _agreed(of_new)) is not None}
    by_real: defaultdict[str, list[str]] = defaultdict(list)
    for new, claim in best.items():
        by_real[claim.real].append(new)
    chosen: dict[str, str] = {}
    for real, rivals in by_real.items():
        highest = max(best[new].rank for new in rivals)
        winners = [new for new in rivals if best[new].rank is highest]
        if len(winners) == 1:
            chosen[winners[0]] = real
    return chosen


def _agreed(claims: list[_Claim]) -> _Claim | None:
    """What the claims of the highest rank agree on."""
    highest = max(claim.rank for claim in claims)
    best = [claim for claim in claims if claim.rank is highest]
    return best[0] if len({claim.real for claim in best}) == 1 else None


def _unkept(claims: Mapping[str, list[_Claim]], chosen: Mapping[str, str]) -> Iterator[tuple[str, _Claim]]:
    """What the map does not keep and the engine alone has said: it may still be so within the object's own records."""
    for new, of_new in claims.items():
        yield from ((new, claim) for claim in of_new if chosen.get(new) != claim.real and not claim.settable)


def _broken(claims: Mapping[str, list[_Claim]], chosen: Mapping[str, str]) -> list[_Claim]:
    """The claims that the map does not keep, about ids that cannot be a coincidence."""
    return [
        claim
        for new, of_new in claims.items()
        for claim in of_new
        if chosen.get(new) != claim.real and UNMISTAKABLE.fullmatch(claim.real)
    ]


def _differences(here: Json, there: Json, schema: Block | None, path: Path) -> Iterator[tuple[Path, Json, Json]]:
    """Leaves that differ at the same place. Sets are compared where there is one element only: they have no order."""
    match here, there:
        case dict(), dict():
            for name in here.keys() & there.keys():
                nested = schema.blocks.get(name) if schema else None
                is_set = _is_set(schema, name)
                inner = nested.block if nested else None
                yield from _members(here[name], there[name], inner, (*path, name), is_set=is_set)
        case str(), str() if here != there:
            parsed = _parsed(here), _parsed(there)
            if isinstance(parsed[0], dict | list) and type(parsed[0]) is type(parsed[1]):
                yield from _members(parsed[0], parsed[1], None, path, is_set=False)
            elif here and there:
                yield path, here, there
        case _:
            if here != there and here is not None and there not in (None, ""):
                yield path, here, there


def _members(
    here: Json, there: Json, schema: Block | None, path: Path, *, is_set: bool
) -> Iterator[tuple[Path, Json, Json]]:
    if isinstance(here, list) and isinstance(there, list):
        if len(here) == len(there) and (len(here) == 1 or not is_set):
            for index, (mine, theirs) in enumerate(zip(here, there, strict=True)):
                yield from _members(mine, theirs, schema, (*path, index), is_set=is_set)
    else:
        yield from _differences(here, there, schema, path)


def _is_set(schema: Block | None, name: str) -> bool:
    if schema is None:
        return False
    nested, attribute = schema.blocks.get(name), schema.attributes.get(name)
    return (nested is not None and nested.is_set) or (attribute is not None and attribute.is_set)


def _parsed(text: str) -> Json:
    """A text that is JSON, as that; anything else as it is."""
    if text[:1] not in ("{", "["):
        return text
    try:
        parsed: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return parsed
