"""The shape of a known refusal: a row of data that says when AWS answers a call with an error, and with which.

Texts may have holes: ``{GroupId}`` is the request's parameter, ``{found.VpcId}`` a value of what the look before found,
``{caller.account}`` the caller's account, ``{cluster:default}`` brings along what holds where the request says nothing.
A path walks through mappings by name and through lists element by element, and may give many values; ``A.B | C`` gives
those of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Template: TypeAlias = "str | int | bool | tuple[Template, ...] | Mapping[str, Template]"
_NOTHING: Mapping[str, Template] = MappingProxyType({})


class Relation(StrEnum):
    """How the values at a path must stand to those of a test."""

    IS = "is"
    """One of the values is one of these."""
    IS_NOT = "is not"
    """None of the values is one of these."""
    PRESENT = "present"
    """There is a value, other than ``false``, zero and the empty text."""
    LACKING = "lacking"
    """There is none such."""
    HOLDS = "holds"
    """One of the values has one of these in it."""
    OVERLAPS = "overlaps"
    """One of the values is an address block that shares addresses with one of these."""
    OUTSIDE = "outside"
    """There are values, all address blocks of one IP version, and none of them contains the block."""


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on one item, or on the request."""

    path: str
    relation: Relation
    values: tuple[str, ...] = ()
    """Templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One read of the engine, and which items of its answer count."""

    service: str
    """botocore's name."""
    operation: str
    parameters: Mapping[str, Template] = field(default_factory=lambda: _NOTHING)
    items: str = ""
    """Path to the items; empty: the answer itself is the item."""
    where: tuple[Test, ...] = ()
    """All must hold of an item. Engines ignore filters that they do not know, so what matters is tested here again."""
    unless: bool = False
    """The other way round: go on if there is no such item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRefusal:
    """One row."""

    name: str
    """What reports and the documentation call it."""
    service: str
    operations: tuple[str, ...]
    when: str
    """The condition in words: a clause that begins with the subject."""
    looks: tuple[Look, ...]
    """Each look is made for every item that the one before found; the refusal is due when the last finds any."""
    code: str
    """AWS's error code as it stands on the wire."""
    message: str
    """AWS's words, a template."""
    documentation: str
    """AWS's page that says so."""
    status: int = 400
    given: tuple[Test, ...] = ()
    """Conditions on the request's own parameters."""
    each: str = ""
    """Path to several values in the request; the row is tried for each, as ``{each}``."""


def one_of(path: str, *values: str) -> Test:
    """The value is one of these."""
    return Test(path, Relation.IS, values)


def none_of(path: str, *values: str) -> Test:
    """No value is one of these."""
    return Test(path, Relation.IS_NOT, values)


def present(path: str) -> Test:
    """There is a value that says something."""
    return Test(path, Relation.PRESENT)


def lacking(path: str) -> Test:
    """There is no value that says something."""
    return Test(path, Relation.LACKING)


def holds(path: str, *values: str) -> Test:
    """The value has one of these in it."""
    return Test(path, Relation.HOLDS, values)


def overlaps(path: str, *values: str) -> Test:
    """The address block shares addresses with one of these."""
    return Test(path, Relation.OVERLAPS, values)


def outside(path: str, *values: str) -> Test:
    """None of the address blocks contains this one."""
    return Test(path, Relation.OUTSIDE, values)
