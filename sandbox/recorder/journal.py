"""The record of all calls: exchanges come in raw and are described when there is time, or when somebody asks.

Describing costs a fraction of a millisecond. It is done while no call is in flight, so that it delays none; the raw
bodies that wait for it are bounded, and beyond the bound they are described at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.describe import describe
from sandbox.recorder.exchange import Exchange
from sandbox.rehearsal import ApiCall

_WAITING_BYTES = 16 * 1024 * 1024
_WAITING_CALLS = 4096


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Scope:
    """A service that was called, where, and on whose account."""

    service: str
    """botocore's name, or the signing name where botocore does not know the service."""
    region: str
    """Empty for unsigned calls."""
    access_key_id: str
    """Empty for unsigned calls."""


class Journal:
    """Thread-safe: the proxy's loop appends, anybody reads."""

    def __init__(self) -> None:
        self._waiting: deque[Exchange] = deque()
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._calls: list[ApiCall] = []
        self._scopes: set[Scope] = set()
        self._sorted: tuple[ApiCall, ...] = ()

    @property
    def has_waiting(self) -> bool:
        """Whether there are exchanges not described yet."""
        return bool(self._waiting)

    def append(self, exchange: Exchange) -> None:
        """Take in a finished exchange."""
        self._waiting.append(exchange)
        self._waiting_bytes += exchange.kept_size
        if self._waiting_bytes > _WAITING_BYTES or len(self._waiting) > _WAITING_CALLS:
            self.describe_some(seconds=1.0)

    def describe_some(self, *, seconds: float) -> None:
        """Describe for so long; gives way at once to another thread that is at it."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            end = time.perf_counter() + seconds
            while self._waiting and time.perf_counter() < end:
                self._describe_next()
        finally:
            self._lock.release()

    def calls(self) -> tuple[ApiCall, ...]:
        """All finished calls in the order of their arrival."""
        with self._lock:
            while self._waiting:
                self._describe_next()
            if len(self._sorted) != len(self._calls):
                self._calls.sort(key=lambda call: call.sequence)
                self._sorted = tuple(self._calls)
            return self._sorted

    def scopes(self) -> frozenset[Scope]:
        """Which services were called, where, and on whose account."""
        with self._lock:
            while self._waiting:
                self._describe_next()
            return frozenset(self._scopes)

    def _describe_next(self) -> None:
        exchange = self._waiting.popleft()
        self._waiting_bytes -= exchange.kept_size
        call = describe(exchange, catalogue())
        self._calls.append(call)
        if call.service and call.operation:
            self._scopes.add(Scope(service=call.service, region=call.region, access_key_id=call.access_key_id))
