"""What it means to run a command enclosed: the words that all backends share.

A `Backend` is a way to enclose, looked for once. It opens one `Isolation` for one rehearsal. That turns each command,
with what it may reach (`Access`), into what is really spawned (`Spawn`).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.errors import SandtableError
from sandbox.isolation.limits import Limits, Watch


class IsolationError(SandtableError):
    """The command could not be enclosed; it did not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one command may reach of this machine, beside the system's own programs and libraries."""

    readable: tuple[Path, ...] = ()
    """Files and folders to see, under the same path, read-only. What is not there is left out. They must have been
    named before any code of the change ran: a link in a folder that it could write to may lead anywhere."""
    writable: tuple[Path, ...] = ()
    """Folders to see and to write to, under the same path. They belong to the enclosed command from then on."""
    private: tuple[Path, ...] = ()
    """Folders that are empty at first and forgotten afterwards: its home, its temporary files."""
    ports: tuple[int, ...] = ()
    """The recorder's ports on 127.0.0.1 that it reaches, under the same numbers. Nothing else is on its network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is to be run."""

    arguments: tuple[str, ...]
    """The program (an absolute path, or a name to be found on its ``PATH``) and its arguments."""
    cwd: Path
    environment: Mapping[str, str]
    """All of it: nothing is inherited."""


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """What to spawn so that the command runs enclosed, and what to do meanwhile."""

    arguments: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()
    """File descriptors to pass on under their numbers."""
    started: Callable[[], None] = _nothing
    """To be called once, right after spawning: waits until the command is enclosed, and opens the clone to it.

    Raises:
        IsolationError: it is not, and does not run.
    """
    watch: Watch | None = None
    """To be told the process id of what was spawned, and to be asked often whether the command has gone over a limit.
    Whoever asks ends the command then."""
    holds_interrupts: bool = False
    """A SIGINT must not end the spawned program itself: it is for the command inside, which gets it."""


class Doors(Protocol):
    """Who answers at the ports that an enclosed command reaches: the recorder."""

    def admit(self, listener: socket.socket) -> Callable[[], None]:
        """Answer at a listener in another network namespace as at the own port of that number; owns it from then on.

        Returns:
            What to call to stop answering.
        """


class NoDoors:
    """Nobody answers: for commands that have nothing to call. Satisfies `Doors`."""

    def admit(self, listener: socket.socket) -> Callable[[], None]:
        """Close it."""
        listener.close()
        return _nothing


class Isolation(Protocol):
    """Encloses the commands of one rehearsal."""

    @property
    def name(self) -> str:
        """As the report tells it."""

    def enclose(self, command: Command, access: Access) -> AbstractContextManager[Spawn]:
        """Enclose one command; leave the context when it has ended. Called from several threads."""


class Backend(Protocol):
    """A way to enclose commands on this machine."""

    @property
    def name(self) -> str:
        """As ``--isolation`` and the report call it."""

    def problem(self) -> str:
        """Why it does not work here, in a line; empty where it does, which was tried and not only looked up."""

    def open(self, scratch: Path, doors: Doors, *, limits: Limits, path: str) -> AbstractContextManager[Isolation]:
        """Make ready for one rehearsal; nothing that was enclosed outlives the context.

        Args:
            scratch: A folder of its own, which no command sees.
            doors: Who answers at the ports.
            limits: How much a command may use.
            path: The ``PATH`` on which its programs are found: these folders are visible.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """How one command is to be enclosed, for whoever runs it."""

    isolation: Isolation
    access: Access
