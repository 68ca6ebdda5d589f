"""When a change gets no further, because AWS refuses the same call again and again.

Terraform's provider repeats a refused call for up to a quarter of an hour, in case that something is still on its way
out. In a clone it can be told that nothing is: if everything that Terraform works on has come to the same refusal
several times, and nothing else has been begun or finished meanwhile, it will never be otherwise.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sandbox.rehearsal import Diagnostic

_TIMES = 3
_SECONDS = 3.0
"""Time for engines that finish things a moment after they have said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A refusal that was given."""

    call: str
    """Service and operation: ``ec2:DeleteSecurityGroup``."""
    subject: str
    """The request's parameters in one text; the same call has the same."""
    code: str
    message: str
    row: str
    documentation: str


class Standstill:
    """Counts refusals while Terraform works; told of them in the recorder's threads, asked in Terraform's.

    Args:
        clock: Seconds, for instance ``time.monotonic``.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str], list[Given]] = {}
        self._under_way: frozenset[str] = frozenset()
        self._since = clock()

    def refused(self, given: Given) -> None:
        """A call was refused."""
        with self._lock:
            self._refused.setdefault((given.call, given.subject), []).append(given)

    def passed(self, call: str, subject: str) -> None:
        """A call went through; if it had been refused before, something has moved."""
        with self._lock:
            self._refused.pop((call, subject), None)

    def __call__(self, under_way: Collection[str]) -> tuple[Diagnostic, ...]:
        """The errors that Terraform would end with, if it can get no further; otherwise nothing.

        Args:
            under_way: The addresses that Terraform works on at this moment.
        """
        with self._lock:
            now = self._clock()
            if frozenset(under_way) != self._under_way:
                # Something was begun or finished: whatever was refused before may be granted now.
                self._under_way = frozenset(under_way)
                self._refused.clear()
                self._since = now
            stuck = [given[-1] for given in self._refused.values() if len(given) >= _TIMES]
            if not under_way or len(stuck) < len(self._under_way) or now - self._since < _SECONDS:
                return ()
            return tuple(_diagnostic(given, self._under_way) for given in stuck)


def _diagnostic(given: Given, under_way: Collection[str]) -> Diagnostic:
    return Diagnostic(
        severity="error",
        summary=f"{given.call}: {given.code}: {given.message}",
        detail=(
            f"AWS refuses this call as things stand, and refused it again each time that it was repeated "
            f"(known refusal {given.row}, {given.documentation}). Terraform would go on trying until its time is up."
        ),
        address=next(iter(under_way)) if len(under_way) == 1 else "",
    )
