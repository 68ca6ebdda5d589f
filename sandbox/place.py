"""An account and a region."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """An account and a region."""

    account: str
    """Twelve digits."""
    region: str
