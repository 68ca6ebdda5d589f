"""No containment: the command runs as the user. Only on explicit request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.isolation.enclosure import Access, Command, Doors, Spawn
from sandbox.isolation.limits import Limits

NONE = "none"


class NoIsolation:
    """A backend and its isolation in one; satisfies both protocols."""

    @property
    def name(self) -> str:
        """As the report tells it."""
        return NONE

    def problem(self) -> str:
        """It works everywhere."""
        return ""

    @contextmanager
    def open(self, scratch: Path, doors: Doors, *, limits: Limits, path: str) -> Iterator[NoIsolation]:  # noqa: ARG002 - the protocol's
        """Nothing is to be made ready."""
        yield self

    @contextmanager
    def enclose(self, command: Command, access: Access) -> Iterator[Spawn]:  # noqa: ARG002 - the protocol's
        """The command as it is."""
        yield Spawn(arguments=command.arguments, cwd=command.cwd, environment=command.environment)
