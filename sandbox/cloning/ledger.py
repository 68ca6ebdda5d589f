"""What became of every object of a state: nothing is left out without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from diffing.change import Proof


class Standing(StrEnum):
    """How well an object is in the clone."""

    CLONED = "cloned"
    """It is there, under its real ids."""
    STOOD_IN = "stood-in"
    """A data source's object, which another configuration owns: one like it is there, under its real ids."""
    NOT_NEEDED = "not-needed"
    """It has no side in the cloud, or the engine answers for it by itself."""
    GAP = "gap"
    """It is not there, or came up as something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of the state."""

    address: str
    type: str
    mode: str
    standing: Standing
    reason: str = ""
    """Why, where it is not simply there."""
    unknown: tuple[str, ...] = ()
    """Parts that a state does not have, and that no plan shows: they are placeholders in the clone."""
    differing: tuple[str, ...] = ()
    """Attributes that the provider reads otherwise from the clone than the state has them."""
    read_back: bool = False
    """The provider has read it back from the clone (`sandbox.cloning.fidelity`)."""

    def proof(self, *, measured: bool) -> Proof:
        """How sure it is that it is in the clone as it is in the state.

        Args:
            measured: The engine's ledger (`sandbox.conformance`) says that the engine makes such a thing.
        """
        if self.standing is Standing.GAP:
            return Proof.UNKNOWN
        if self.read_back and not self.differing and not self.unknown:
            return Proof.PROVED
        known = self.read_back or measured or self.standing is not Standing.CLONED
        return Proof.COMPUTED if known else Proof.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every object of the state, in its order."""

    entries: tuple[Entry, ...]
    shared: tuple[str, ...] = ()
    """What could not be kept apart in the engine's own records; in words."""
    unchecked: str = ""
    """Why the provider could not read the clone back, where it was asked to and could not."""

    @property
    def gaps(self) -> tuple[Entry, ...]:
        """What is not in the clone."""
        return tuple(entry for entry in self.entries if entry.standing is Standing.GAP)

    @property
    def unknown(self) -> tuple[Entry, ...]:
        """What is in the clone with placeholders."""
        return tuple(entry for entry in self.entries if entry.unknown)

    def counts(self) -> Mapping[Standing, int]:
        """How many there are of each standing."""
        return Counter(entry.standing for entry in self.entries)
