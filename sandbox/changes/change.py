"""What the loop asks of a change, whatever kind it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from sandbox.clones.clone import Clone
from sandbox.inventory.scope import Scope
from sandbox.refusals.known import KnownRefusals
from sandbox.rehearsal import ApplyOutcome, Gap, Plan, Rehearsal, SourceLine, StateInstance, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a change says that it will do."""

    plan: Plan
    """Nothing in it for a change that announces nothing."""
    noise: Plan
    """What the unchanged target plans on the engine."""
    gaps: tuple[Gap, ...] = ()
    guarded: frozenset[str] | None = None
    """Addresses, without instance keys, that it protects with ``prevent_destroy``; None where it has no such word."""
    declared: Mapping[str, SourceLine] = field(default_factory=lambda: MappingProxyType({}))
    """Where it declares what, by address without instance keys; files relative to its folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """What came of it."""

    outcome: ApplyOutcome
    steps: tuple[Step, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Change(Protocol):
    """A change under rehearsal. The methods are called once each, in the order in which they stand here."""

    @property
    def announces(self) -> bool:
        """Whether there is a plan: without one, nothing can contradict it."""

    @property
    def digest(self) -> str:
        """SHA-256 over what is proposed."""

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it may touch and no recorded call tells: services, regions, accounts."""

    @property
    def own_state(self) -> bytes | None:
        """The Terraform state that it brings and works with instead of the target's; empty where it has none at all."""

    def prepare(self) -> str:
        """Copy and install what it needs, without any clone.

        Returns:
            The version of the AWS provider that it runs with; empty where it runs with none.

        Raises:
            UsageError: it is not there, or not what it should be.
            ConfigurationError: Terraform does not accept it.
            MissingToolError: something that it needs is not installed.
        """

    def furnish(self, clone: Clone) -> None:
        """Put into the clone what the change presupposes and no target tells, before anything is looked at.

        Raises:
            ConfigurationError: the engine refuses.
        """

    def announce(self, clone: Clone) -> Announced:
        """Say what it would do.

        Raises:
            ConfigurationError: it cannot be planned.
            TimeoutExpiredError: it ran into the deadline.
        """

    def state_before(self, clone: Clone) -> tuple[StateInstance, ...]:
        """What Terraform manages before; asked after `announce`, since plans say which attributes are secret."""

    def carry_out(self, clone: Clone, refusals: KnownRefusals) -> CarriedOut:
        """Do it in the clone; a failure is data.

        Raises:
            TimeoutExpiredError: it ran into the deadline.
        """

    def state_after(self, clone: Clone) -> tuple[StateInstance, ...]:
        """What Terraform manages afterwards."""

    def text(self, clone: Clone) -> str:
        """What it is, as it would be typed, without the secrets that the clone's state knows; asked at any time."""

    def left(self, clone: Clone) -> Clone:
        """The clone as the next change of a sequence finds it: with the state, or the stacks, that this one leaves."""

    def doubts(self, clone: Clone, earlier: Sequence[Rehearsal]) -> tuple[Gap, ...]:
        """What it does not know, in a sequence, of what the changes before it have done.

        Args:
            clone: What it found.
            earlier: The changes before it.
        """
