"""The words and signs that every page uses for what happens to a resource."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diffing.change import Action
from gate.verdict import Decision

DECISIONS: Mapping[Decision, str] = MappingProxyType(
    {Decision.APPROVE: "Approved", Decision.REVIEW: "Review needed", Decision.REJECT: "Rejected"}
)

VERBS: Mapping[Action, str] = MappingProxyType(
    {
        Action.DELETE: "deleted",
        Action.REPLACE: "replaced",
        Action.FORGET: "forgotten",
        Action.UPDATE: "updated",
        Action.CREATE: "created",
        Action.NO_OP: "unchanged",
    }
)
"""In the order in which they matter."""

SYMBOLS: Mapping[Action, str] = MappingProxyType(
    {
        Action.DELETE: "-",
        Action.REPLACE: "-/+",
        Action.FORGET: ".",
        Action.UPDATE: "~",
        Action.CREATE: "+",
        Action.NO_OP: "=",
    }
)
"""Terraform's own."""
