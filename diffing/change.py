"""The vocabulary of change: Terraform's actions, CloudFormation's replacement, and who saw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from diffing.record import dataclass, field
from diffing.snapshot import NOTHING, Identity
from diffing.values import Path, Value


class Action(StrEnum):
    """What happens to a resource; the reason for it is kept apart."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    FORGET = "forget"
    NO_OP = "no-op"

    @property
    def destroys(self) -> bool:
        """Whether the resource that existed before is gone afterwards."""
        # Asked ten times of each change: no set is made for it.
        return self is Action.DELETE or self is Action.REPLACE


class Replacement(StrEnum):
    """CloudFormation's word for whether an update makes the resource anew."""

    NO = "no"
    CONDITIONAL = "conditional"
    YES = "yes"


class Lifespan(StrEnum):
    """What became of an identity over all steps of the change."""

    EXISTING = "existing"
    ADDED = "added"
    DROPPED = "dropped"
    TEMPORARY = "temporary"
    """Created and deleted inside the change."""
    RECREATED = "recreated"
    """Deleted and created again inside the change: destructive even where the net difference is empty."""


class Reversibility(StrEnum):
    """Whether a change can be taken back."""

    REVERSIBLE = "reversible"
    """By applying the configuration of before."""
    SLOW = "reversible-with-time"
    """So too, but until then something is missing, or a backup must be restored first."""
    IRREVERSIBLE = "irreversible"
    """What is lost does not come back, or nobody can promise that it would."""


class Proof(StrEnum):
    """How a statement about the change is known."""

    PROVED = "proved"
    """Seen in the clone."""
    COMPUTED = "computed"
    """From a plan, a schema or a graph."""
    UNKNOWN = "unknown"


class Witness(StrEnum):
    """Who saw a change."""

    PLAN = "plan"
    CALLS = "calls"
    CLONE = "clone"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute before and after; markers stand for absent, unknown and sensitive values."""

    path: Path
    before: Value
    after: Value
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What happens to one resource, joined from all witnesses."""

    address: str
    """The Terraform address; for what Terraform does not manage, ``AWS::S3::Object/bucket/key``."""
    type: str
    """The resource type in the words of the tool that manages it: ``aws_s3_bucket``, else ``AWS::S3::Object``."""
    action: Action
    proof: Proof
    lifespan: Lifespan
    identity: Identity | None = None
    """The physical resource before the change (after it, for a create), where it was found in the clone."""
    replacement: Replacement = Replacement.NO
    attributes: Sequence[AttributeChange] = ()
    replace_paths: tuple[Path, ...] = ()
    """The attributes that force the replacement (``replace_paths`` of Terraform's plan format)."""
    reason: str = ""
    """Terraform's ``action_reason``, or in words how the action was concluded."""
    causes: tuple[str, ...] = ()
    """Addresses of the changes that bring this one about."""
    witnesses: frozenset[Witness] = frozenset()
    disagreements: tuple[str, ...] = ()
    """In words: where the witnesses contradict each other."""
    stakes_before: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    stakes_after: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    calls: tuple[int, ...] = ()
    """Sequence numbers of the recorded calls that wrote to it."""
    previous_address: str = ""
    """Where a ``moved`` block took it from."""
    owner: str = ""
    """Address of the managed resource whose change this is a consequence of; empty for a change nobody announced."""
    rename_of: str = ""
    """For a create: the address of the delete that is probably the same thing under another address."""
    effect_kept: bool = False
    """The clone shows the same effective configuration afterwards (a link made anew with equal effect)."""
    reversibility: Reversibility | None = None
    """None where nobody classified it."""
    dependents: tuple[str, ...] = ()
    """Addresses, and identities of what Terraform does not manage, that depend on it before the change."""

    @property
    def announced(self) -> bool:
        """Whether the plan said that something would happen to it."""
        return Witness.PLAN in self.witnesses


@dataclass(frozen=True, slots=True, kw_only=True)
class StateDiff:
    """All changes, destructive ones first, and the engine's own noise that was subtracted."""

    changes: tuple[ResourceChange, ...]
    noise: tuple[ResourceChange, ...] = ()
    """What the unchanged configuration plans on this engine: not the change's doing."""
