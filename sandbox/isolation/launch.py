"""What every backend has in common: the program that is started inside, and making its files ready."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.isolation.enclosure import Access, Command, IsolationError
from sandbox.isolation.limits import Limits

INSIDE = Path(__file__).with_name("inside.py")
PLACE = Path("/run/sandtable/inside.py")
"""Where it is inside."""
PATIENCE = 30.0
"""Seconds for a command to be enclosed; it takes some hundredths, or tenths in a container."""
PLAIN_USER = 1000
NOBODY_ELSE = "-"

_USERS = range(61184, 65520)
"""Where systemd takes the users of services from that own nothing (systemd.io/UIDS-GIDS): also present in the 65536
users of a container."""
_MOST_PORTS = 64


def arguments(
    command: Command, access: Access, limits: Limits, *, channel: str, become: str = NOBODY_ELSE, filter_: str = "-"
) -> list[str]:
    """The command line that runs a command inside; see `inside.py`."""
    python = Path(sys.base_exec_prefix).resolve() / "bin" / f"python3.{sys.version_info.minor}"
    bounds = ",".join(f"{name}={value}" for name, value in limits.for_processes().items())
    ports = ",".join(map(str, access.ports))
    options = [channel, become, ports, bounds, filter_, str(command.cwd)]
    return [str(python), "-I", "-S", str(PLACE), *options, *command.arguments]


def receive(channel: socket.socket) -> list[socket.socket]:
    """Wait until a command is enclosed; returns its listening sockets.

    Raises:
        IsolationError: it is not.
    """
    try:
        sign, descriptors, _, _ = socket.recv_fds(channel, 1, _MOST_PORTS)
    except OSError as error:
        raise IsolationError(f"The command could not be enclosed: {error}.") from error
    if not sign:
        raise IsolationError("The command could not be enclosed.")
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def another_user() -> int:
    """A user that owns nothing; need not be hard to guess."""
    return random.choice(_USERS)  # noqa: S311 - see above


def has_other_users() -> bool:
    """Whether there are other users to become: in a user namespace there need not be (user_namespaces(7))."""
    try:
        maps = [Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").splitlines() for kind in ("uid", "gid")]
        groups = Path("/proc/self/setgroups").read_text(encoding="ascii").strip()
    except OSError:
        return True
    ranges = [[[int(word) for word in line.split()] for line in lines] for lines in maps]
    covered = all(any(first <= _USERS[0] and _USERS[-1] < first + count for first, _, count in kind) for kind in ranges)
    return covered and groups == "allow"


def hand_files_to(user: int, access: Access, programs: Sequence[Path], *, own: Path) -> None:
    """Let another user read what it is to read: what is the rehearsal's own, and what everybody may read.

    Args:
        user: Whom the command runs as.
        access: What it was given.
        programs: Programs' folders.
        own: The rehearsal's folder.

    Raises:
        IsolationError: something is for root alone.
    """
    for path in (*access.writable, *(path for path in access.readable if path.is_relative_to(own))):
        _give(path, user)
    for path in (*access.readable, *programs):
        if not path.is_relative_to(own) and not _is_for_everybody(path):
            raise IsolationError(
                f"Only root may read {path}, and what is replayed runs as another user.",
                hint=f"Let everybody read it: chmod -R go+rX {path}",
            )


def _give(folder: Path, user: int) -> None:
    """Let a file, or a folder with everything in it, belong to a user. Links are not followed."""
    if not folder.exists():
        return
    os.chown(folder, user, user, follow_symlinks=False)
    for _, folders, files, directory in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            with contextlib.suppress(FileNotFoundError):
                os.chown(name, user, user, dir_fd=directory, follow_symlinks=False)


def _is_for_everybody(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # what is not there is left out
        return True
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    return mode & needed == needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Files of a given text, for a view to show."""

    folder: Path
    _made: dict[str, Path] = field(default_factory=dict)

    def file(self, content: str) -> Path:
        """A file that holds it, made once."""
        if content not in self._made:
            file = self.folder / f"text-{len(self._made)}"
            file.write_text(content, encoding="ascii")
            file.chmod(0o644)
            self._made[content] = file
        return self._made[content]


class NoDoors:
    """Nobody answers: for trying a backend."""

    def admit(self, listener: socket.socket) -> Callable[[], None]:
        """Close it."""
        listener.close()
        return lambda: None
