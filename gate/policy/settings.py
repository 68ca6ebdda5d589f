"""What a policy can say beyond the levels of rules: where it holds, what it protects, how much is too much, what waits.

Dates are texts of ISO 8601 (``2026-12-31``): they compare as texts, and nothing here asks what day it is.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from diffing.record import dataclass, field

LARGE_FROM = 3
"""So many dependents make a change a large one, unless a policy says otherwise."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Preset(StrEnum):
    """By what the level of a destruction is found."""

    STRICT = "strict"
    """Whatever may hold state or serve traffic: reject."""
    TIERED = "tiered"
    """By whether it can be taken back, and how much depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where a change would be applied; empty for what is not known."""

    account: str = ""
    region: str = ""
    workspace: str = ""


NOWHERE = Whereabouts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What nobody may destroy by a change, whatever else the policy says."""

    addresses: tuple[str, ...] = ()
    """Globs."""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags and globs of their values; any one of them protects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many resources one change may touch; None for any number."""

    max_delete: int | None = None
    max_replace: int | None = None
    max_change: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a change may do anything at all; what is empty does not limit."""

    addresses: tuple[str, ...] = ()
    """Globs."""
    accounts: tuple[str, ...] = ()
    """Twelve digits each."""
    regions: tuple[str, ...] = ()
    """Globs."""
    workspaces: tuple[str, ...] = ()
    """Globs."""
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Tag → glob of its value: what is changed has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """How many calls one change may make; None where nothing is said."""

    calls: int | None = None
    """Of all operations together, reads as well."""
    same_call: int | None = None
    """Of one operation, by one program that is not Terraform's provider."""
    same_write: int | None = None
    """Of one operation on one resource."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Waiver:
    """A finding that somebody takes responsibility for, until a day."""

    rule: str
    address: str
    """Exact for what destroys; otherwise a glob."""
    reason: str
    author: str
    expires: str
    """The last day on which it holds."""

    def covers(self, rule: str, address: str) -> bool:
        """Whether it speaks of a finding."""
        return bool(address) and self.rule == rule and matches((self.address,), address)

    def holds(self, today: str) -> bool:
        """Whether it still counts; it does not where nobody says what day it is."""
        return "" < today <= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it."""

    preset: Preset = Preset.STRICT
    large_from: int = LARGE_FROM
    protected: Protected = field(default_factory=Protected)
    caps: Caps = field(default_factory=Caps)
    scope: Scope = field(default_factory=Scope)
    budgets: Budgets = field(default_factory=Budgets)
    waivers: tuple[Waiver, ...] = ()
    environment: str = ""
    """The section that was chosen."""


DEFAULTS = Settings()


def matches(globs: Iterable[str], text: str) -> bool:
    """Whether any glob fits all of a text: ``*`` stands for anything, ``?`` for one character, all else for itself.

    Brackets are no classes: Terraform's addresses are full of them.
    """
    return any(_compiled(glob).fullmatch(text) for glob in globs)


def is_exact(glob: str) -> bool:
    """Whether it names one thing."""
    return not set("*?") & set(glob)


def tags_match(wanted: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Whether something has every tag that is wanted."""
    return all(key in tags and matches((glob,), tags[key]) for key, glob in wanted.items())


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str]:
    # fnmatch's expressions take no time that grows with the number of stars beyond measure.
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")))
