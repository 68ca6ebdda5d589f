"""The seams: what an engine and a progress display must do. Built-ins are named in `gate/wiring.py`, nowhere else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sandbox.rehearsal import EngineInfo


class RunningEngine(Protocol):
    """An AWS emulator that answers."""

    @property
    def endpoint(self) -> str:
        """Where it listens: ``http://HOST:PORT``."""

    @property
    def info(self) -> EngineInfo:
        """Its name and version."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know about it, a line each: it is shared, it held something before."""

    def alive(self) -> bool:
        """Whether it still runs."""

    def log_tail(self, lines: int = 20) -> str:
        """The end of its log, for error messages."""


class Engine(Protocol):
    """A way to have a clone of AWS on this machine."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""

    def start(self, scratch: Path, *, public_port: int) -> AbstractContextManager[RunningEngine]:
        """Start an empty clone whose data live under ``scratch``; leaving the context ends everything that was started.

        An engine that somebody else runs (``endpoint:URL``) may hold something already; its notices say so.

        Args:
            scratch: A folder of this clone's own.
            public_port: The loopback port under which the replayed change reaches it (the recorder's); URLs that the
                engine hands out should name it.

        Raises:
            EngineError: it did not start or did not answer in time.
            MissingToolError: it, or what it runs in, is not installed.
            UsageError: what the user named is not an engine that may be used.
        """


class Progress(Protocol):
    """Told what is going on; shows it, or not. Never raises."""

    def phase(self, title: str) -> None:
        """A new phase begins."""

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        """Within the phase: resources finished, of how many (None: not known yet), and what is being worked on."""

    def notice(self, text: str) -> None:
        """Something the user should know, in one line."""


class SilentProgress:
    """Shows nothing."""

    def phase(self, title: str) -> None:
        """Ignored."""

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        """Ignored."""

    def notice(self, text: str) -> None:
        """Ignored."""
