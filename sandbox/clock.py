"""How long each phase took, and how much of that was spent waiting for somebody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.rehearsal import Timing


class Stopwatch:
    """Measures phases one after the other; inside a phase, what is marked as waiting is not this tool's own time."""

    def __init__(self) -> None:
        self._timings: list[Timing] = []
        self._waited = 0.0

    @property
    def timings(self) -> tuple[Timing, ...]:
        """All finished phases, in order."""
        return tuple(self._timings)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a phase; phases do not nest."""
        self._waited = 0.0
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            self._timings.append(Timing(phase=name, seconds=seconds, own=max(0.0, seconds - self._waited)))

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Measure waiting for Terraform or the engine within the phase."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._waited += time.perf_counter() - start
