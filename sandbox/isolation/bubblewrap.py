"""Enclosing by bubblewrap (https://github.com/containers/bubblewrap): Linux namespaces, started in milliseconds.

A command gets namespaces of its own for processes, network, mounts, IPC and host name, a read-only view of the
system's programs (`sandbox.isolation.view`), a filter of system calls, limits, and no privileges. Without root that
takes a user namespace. Root needs none, and may not stay root: the kernel exempts it from the limit of processes, and
lets it write to what belongs to root. So what root has enclosed runs as a user that owns nothing else.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.isolation import seccomp, trial
from sandbox.isolation.enclosure import Access, Command, Doors, Isolation, IsolationError, Spawn
from sandbox.isolation.launch import (
    INSIDE,
    NOBODY_ELSE,
    PATIENCE,
    PLACE,
    PLAIN_USER,
    NoDoors,
    Texts,
    another_user,
    arguments,
    hand_files_to,
    has_other_users,
    receive,
)
from sandbox.isolation.limits import Limits, Watch
from sandbox.isolation.view import HOST_NAME, Kind, Place, places, programs_on

NAME = "bubblewrap"

_PROGRAM = "bwrap"
_PLACES = "/usr/local/bin:/usr/bin:/bin:/run/wrappers/bin:/run/current-system/sw/bin"
"""Where the system installs programs: not from the user's ``PATH``, on which an agent may have put something."""
_SHARED = Path("/dev/shm")  # noqa: S108 - its own
_MASKED = ("/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list", "/proc/latency_stats")
_MASKED_FOLDERS = ("/proc/acpi", "/proc/scsi")
_NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
_ROOTS_CAPABILITIES = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
"""What it takes to become another user; gone with that."""


class Bubblewrap:
    """The backend; satisfies `sandbox.isolation.enclosure.Backend`."""

    def __init__(self) -> None:
        self._program = shutil.which(_PROGRAM, path=_PLACES) or ""

    @property
    def name(self) -> str:
        """As ``--isolation`` and the report call it."""
        return NAME

    def problem(self) -> str:
        """Enclose ``true`` as every command is enclosed, and see whether that works."""
        if sys.platform != "linux":
            return "bubblewrap needs Linux"
        if not self._program:
            return "bubblewrap (bwrap) is not installed"
        try:
            _try(self)
        except (IsolationError, OSError) as error:
            return str(error)
        return ""

    @contextmanager
    def open(self, scratch: Path, doors: Doors, *, limits: Limits, path: str) -> Iterator[Isolation]:
        """See `sandbox.isolation.enclosure.Backend.open`."""
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield BubblewrapIsolation(program=self._program, scratch=scratch, doors=doors, limits=limits, path=path)


@dataclass(slots=True, kw_only=True)
class BubblewrapIsolation:
    """One rehearsal's; satisfies `sandbox.isolation.enclosure.Isolation`."""

    program: str
    scratch: Path
    doors: Doors
    limits: Limits
    path: str
    name: str = NAME
    changes_user: bool = field(default_factory=lambda: os.geteuid() == 0 and has_other_users())
    """Whether commands run as another user of the machine; otherwise in a user namespace, in which this one's number
    is another."""
    user: int = 0
    _texts: Texts = field(init=False)

    def __post_init__(self) -> None:
        """Choose whom commands run as."""
        self._texts = Texts(folder=self.scratch)
        self.user = another_user() if self.changes_user else PLAIN_USER

    @contextmanager
    def enclose(self, command: Command, access: Access) -> Iterator[Spawn]:
        """See `sandbox.isolation.enclosure.Isolation.enclose`."""
        with ExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            stack.enter_context(theirs)
            ours.settimeout(PATIENCE)
            if self.changes_user:
                programs = tuple(programs_on(self.path))
                hand_files_to(self.user, access, programs, own=self.scratch.parent)
            filter_ = seccomp.program()
            filters = (_in_memory(stack, filter_),) if filter_ else ()
            watch = Watch(limits=self.limits, folders=access.writable)
            watch.begin()

            def started() -> None:
                theirs.close()
                for listener in receive(ours):
                    stack.callback(self.doors.admit(listener))

            yield Spawn(
                arguments=(*self._options(access, filters), *self._launch(command, access, theirs)),
                cwd=Path("/"),
                # Not on the command line, which every user of the machine may read.
                environment=command.environment,
                descriptors=(theirs.fileno(), *filters),
                started=started,
                watch=watch,
                holds_interrupts=True,
            )

    def _options(self, access: Access, filters: tuple[int, ...]) -> list[str]:
        options = [self.program, *_NAMESPACES, "--hostname", HOST_NAME, "--die-with-parent", "--as-pid-1"]
        # Root keeps what it takes to become another user, which the first process inside does.
        options += ["--cap-drop", "ALL"]
        if self.changes_user:
            options += _ROOTS_CAPABILITIES
        else:
            options += ["--unshare-user", "--uid", str(self.user), "--gid", str(self.user)]
        options += self._mounts(access)
        for descriptor in filters:
            options += ["--seccomp", str(descriptor)]
        return [*options, "--chdir", "/", "--"]

    def _mounts(self, access: Access) -> list[str]:
        made: dict[Path, None] = {}
        options: list[str] = []
        for place in places(access, path=self.path, user=self.user):
            options += _parents(place.path, made)
            options += self._mount(place)
            made[place.path] = None
        options += ["--proc", "/proc", *_masked(), "--dev", "/dev", *_memory(_SHARED, self.limits)]
        options += [*_parents(PLACE, made), "--ro-bind", str(INSIDE), str(PLACE)]
        return [*options, "--remount-ro", "/dev", "--remount-ro", "/run", "--remount-ro", "/"]

    def _mount(self, place: Place) -> list[str]:
        path = str(place.path)
        match place.kind:
            case Kind.SEEN:
                return ["--ro-bind", path, path]
            case Kind.WRITTEN:
                return ["--bind", path, path]
            case Kind.EMPTY:
                return _memory(place.path, self.limits)
            case Kind.LINK:
                return ["--symlink", place.content, path]
            case Kind.TEXT:
                return ["--ro-bind", str(self._texts.file(place.content)), path]

    def _launch(self, command: Command, access: Access, channel: socket.socket) -> list[str]:
        become = str(self.user) if self.changes_user else NOBODY_ELSE
        return arguments(command, access, self.limits, channel=str(channel.fileno()), become=become)


def _parents(path: Path, made: dict[Path, None]) -> list[str]:
    """Make the folders above a path by name: what bubblewrap makes by itself is as closed as the original."""
    options: list[str] = []
    for folder in reversed(path.parents[:-1]):
        if folder not in made:
            options += ["--perms", "0755", "--dir", str(folder)]
            made[folder] = None
    return options


def _masked() -> list[str]:
    """What /proc tells of the whole machine, whatever the namespace (Docker masks the same)."""
    masked = [part for name in _MASKED if Path(name).exists() for part in ("--ro-bind", os.devnull, name)]
    return [*masked, *(part for name in _MASKED_FOLDERS if Path(name).is_dir() for part in ("--tmpfs", name))]


def _memory(path: Path, limits: Limits) -> list[str]:
    return ["--perms", "1777", "--size", str(limits.private), "--tmpfs", str(path)]


def _in_memory(stack: ExitStack, content: bytes) -> int:
    file = stack.enter_context(os.fdopen(os.memfd_create("sandtable"), "w+b"))
    file.write(content)
    file.flush()
    file.seek(0)
    return file.fileno()


def _try(backend: Bubblewrap) -> None:
    with tempfile.TemporaryDirectory(prefix="sandtable-") as folder:
        scratch = Path(folder) / "isolation"
        with backend.open(scratch, NoDoors(), limits=Limits(), path="") as isolation:
            trial.run(isolation)
