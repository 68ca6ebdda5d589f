"""Ending a program that calls too often: so many writes, or one and the same call failing again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sandbox.proposal import Budget
from sandbox.rehearsal import ApiCall, CallKind


@dataclass(slots=True)
class Spent:
    """Watches the calls of one program."""

    budget: Budget
    calls: Callable[[], Sequence[ApiCall]]
    """The calls so far."""
    reason: str = ""
    """Why the program is to be ended; empty while it may go on."""
    _seen: int = 0
    _writes: int = 0
    _failures: Counter[str] = field(default_factory=Counter)

    def exceeded(self) -> bool:
        """Look at the new calls, and tell whether the budget is spent."""
        calls = self.calls()
        for call in calls[self._seen :]:
            self._writes += call.kind is not CallKind.READ
            if not call.succeeded:
                self._failures[f"{call.service}:{call.operation or call.path}"[:200]] += 1
        self._seen = len(calls)
        self.reason = self.reason or self._exceeded_by()
        return bool(self.reason)

    def _exceeded_by(self) -> str:
        if self._writes > self.budget.writes:
            return f"it made more than {self.budget.writes} calls that write"
        call, failures = self._failures.most_common(1)[0] if self._failures else ("", 0)
        return f"{call} failed {failures} times" if failures > self.budget.failures else ""
