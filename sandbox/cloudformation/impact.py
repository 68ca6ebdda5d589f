"""What an update does to the resources of stacks, in the words of the AWS CDK.

Source: the CDK's `ResourceImpact`, https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd-diff.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from diffing.change import Replacement
from diffing.values import Path, Value
from sandbox.cloudformation.resolve import Resource
from sandbox.rehearsal import Gap


class Impact(StrEnum):
    """What becomes of one resource."""

    NO_CHANGE = "no change"
    WILL_IMPORT = "will import"
    WILL_UPDATE = "will update"
    WILL_CREATE = "will create"
    WILL_ORPHAN = "will orphan"
    """It goes on existing, and no stack manages it."""
    MAY_REPLACE = "may replace"
    WILL_REPLACE = "will replace"
    WILL_DESTROY = "will destroy"


_ORDER = {impact: rank for rank, impact in enumerate(Impact)}
_BY_REPLACEMENT = {
    Replacement.NO: Impact.WILL_UPDATE,
    Replacement.CONDITIONAL: Impact.MAY_REPLACE,
    Replacement.YES: Impact.WILL_REPLACE,
}


def worst(impacts: Iterable[Impact]) -> Impact:
    """Return the worst of some impacts; monotone: another one never makes it milder."""
    return max(impacts, key=_ORDER.__getitem__, default=Impact.NO_CHANGE)


def impact_of(replacement: Replacement) -> Impact:
    """Return what a changed property does to its resource."""
    return _BY_REPLACEMENT[replacement]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """One changed property, or one that changes because what it refers to does."""

    path: Path
    before: Value
    """With tokens; `sandbox.cloudformation.tokens.shown` makes it readable."""
    after: Value
    replacement: Replacement
    cause: str = ""
    """The address of the resource whose new id or attribute arrives here; empty where the templates differ."""


class Fate(StrEnum):
    """What CloudFormation does with the old physical resource when it is removed or replaced."""

    DELETED = "deleted"
    RETAINED = "retained"
    SNAPSHOT = "snapshot"
    """Deleted, after a snapshot was taken that stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalChange:
    """What an update does to one resource of a stack."""

    address: str
    """``STACK/LogicalId``."""
    type: str
    impact: Impact
    before: Resource | None
    after: Resource | None
    properties: tuple[PropertyChange, ...] = ()
    fate: Fate = Fate.DELETED
    """Of the old physical resource, where there is one to go."""
    causes: tuple[str, ...] = ()
    """Addresses of resources whose change brings this one about."""
    same_as: str = ""
    """For a create: the address of what is removed and is probably the same thing."""
    notes: tuple[str, ...] = ()
    """In words: what else to know about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why AWS refuses the update or a part of it, whatever an engine does."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackComparison:
    """What an update does, computed from templates and schemas alone."""

    changes: tuple[LogicalChange, ...]
    """Resources without a change are left out."""
    refusals: tuple[Refusal, ...] = ()
    gaps: tuple[Gap, ...] = ()
