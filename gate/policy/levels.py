"""Which rules a policy may set, to what, and which findings can be waived."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gate.policy.evaluate import RULES
from gate.policy.rules import (
    apply_failed,
    bookkeeping,
    cap_exceeded,
    data_destroyed,
    earlier_preparation,
    environment_destroyed,
    gap,
    out_of_scope,
    plan_mismatch,
    protected,
    resource_deleted,
    resource_replaced,
    unrehearsed,
    waiver,
)
from gate.verdict import Level

LEVELS: Mapping[str, Level | None] = MappingProxyType(
    {"reject": Level.REJECT, "review": Level.REVIEW, "note": Level.NOTE, "off": None}
)
NOT_LOWERED = frozenset({apply_failed.NAME, gap.NAME, plan_mismatch.NAME, unrehearsed.NAME})
"""What is not known stays with a person, whatever a policy says."""
FIXED = frozenset({out_of_scope.NAME, protected.NAME})
"""What a policy draws a line with; it would be no line if another key of the same file could blur it."""
SETTABLE = tuple(name for name in RULES if name not in FIXED)

EXACT = frozenset({data_destroyed.NAME, earlier_preparation.NAME, resource_deleted.NAME, resource_replaced.NAME})
"""A waiver for these names one resource, and no pattern."""
_ABOUT_ALL = frozenset({environment_destroyed.NAME, cap_exceeded.NAME})
_NOTES = frozenset({bookkeeping.NAME, waiver.NAME})
WAIVABLE = tuple(name for name in SETTABLE if name not in NOT_LOWERED | _ABOUT_ALL | _NOTES)
