"""What an engine must do to carry a clone with real ids: hand out its whole state, and start from one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sandbox.ports import RunningEngine


class ExportingEngine(RunningEngine, Protocol):
    """A running engine that hands out its state."""

    def export_state(self) -> bytes:
        """Everything it holds, as JSON (bytes as ``{"__bytes__": base64}``); secrets are in it as they are.

        Raises:
            EngineError: it did not.
        """


class SeedableEngine(Protocol):
    """An engine that can start from a state; the other half of `sandbox.ports.Engine`."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""

    def start(self, scratch: Path, *, public_port: int, state: bytes = b"") -> AbstractContextManager[ExportingEngine]:
        """As `sandbox.ports.Engine.start`, from a state that another engine of the same kind and version handed out."""
