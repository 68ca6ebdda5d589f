"""Enclosing by bubblewrap (https://github.com/containers/bubblewrap): Linux namespaces, started in milliseconds.

A command gets namespaces of its own for processes, network, mounts, IPC and host name, a read-only view of the
system's programs (`sandbox.isolation.view`), a filter of system calls, limits, and no privileges. Without root that
takes a user namespace. Root needs none, and may not stay root: the kernel exempts it from the limit of processes, and
lets it write to what belongs to root. So what root has enclosed runs as a user that owns nothing else.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.isolation import seccomp
from sandbox.isolation.enclosure import Access, Command, Doors, Isolation, IsolationError, NoDoors, Spawn
from sandbox.isolation.limits import Limits, Watch
from sandbox.isolation.view import HOST_NAME, Kind, Place, places, programs_on

NAME = "bubblewrap"
INSIDE = Path(__file__).with_name("inside.py")

_PROGRAM = "bwrap"
_PLACES = "/usr/local/bin:/usr/bin:/bin:/run/wrappers/bin:/run/current-system/sw/bin"
"""Where the system installs programs: not from the user's ``PATH``, on which an agent may have put something."""
_LAUNCHER = Path("/run/sandtable/inside.py")
_SHARED = Path("/dev/shm")  # noqa: S108 - its own
_USERS = range(61184, 65520)
"""Where systemd takes the users of services from that own nothing (systemd.io/UIDS-GIDS): also present in the 65536
users of a container."""
_MASKED = ("/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list", "/proc/latency_stats")
_MASKED_FOLDERS = ("/proc/acpi", "/proc/scsi")
_PLAIN_USER = 1000
_PATIENCE = 30.0
"""Seconds for a command to be enclosed; it takes some hundredths."""
_MESSAGE = 300
_MOST_PORTS = 64
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
            _try(self._program)
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
    changes_user: bool = field(default_factory=lambda: os.geteuid() == 0 and _has_others())
    """Whether commands run as another user of the machine; otherwise in a user namespace, in which this one's number
    is another."""
    user: int = 0
    _texts: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose whom commands run as."""
        self.user = random.choice(_USERS) if self.changes_user else _PLAIN_USER  # noqa: S311 - it need not be hard to guess

    @contextmanager
    def enclose(self, command: Command, access: Access) -> Iterator[Spawn]:
        """See `sandbox.isolation.enclosure.Isolation.enclose`."""
        with ExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            stack.enter_context(theirs)
            ours.settimeout(_PATIENCE)
            if self.changes_user:
                self._give(access)
            filter_ = seccomp.program()
            filters = (_in_memory(stack, filter_),) if filter_ else ()
            watch = Watch(limits=self.limits, folders=access.writable)
            watch.begin()

            def started() -> None:
                theirs.close()
                for listener in receive(ours):
                    stack.callback(self.doors.admit(listener))

            yield Spawn(
                arguments=(*self._options(access, filters), *self._launch(command, access, theirs.fileno())),
                cwd=Path("/"),
                # Not on the command line, which every user of the machine may read.
                environment=command.environment,
                descriptors=(theirs.fileno(), *filters),
                started=started,
                watch=watch,
                holds_interrupts=True,
            )

    def _give(self, access: Access) -> None:
        """Let another user read what it is to read: what is the rehearsal's own, and what everybody may read."""
        own = self.scratch.parent
        for path in (*access.writable, *(path for path in access.readable if path.is_relative_to(own))):
            give(path, self.user)
        for path in (*access.readable, *programs_on(self.path)):
            if not path.is_relative_to(own) and not _is_for_everybody(path):
                raise IsolationError(
                    f"Only root may read {path}, and what is replayed runs as another user.",
                    hint=f"Let everybody read it: chmod -R go+rX {path}",
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
        options += [*_parents(_LAUNCHER, made), "--ro-bind", str(INSIDE), str(_LAUNCHER)]
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
                return ["--ro-bind", str(self._text(place.content)), path]

    def _text(self, content: str) -> Path:
        if content not in self._texts:
            file = self.scratch / f"text-{len(self._texts)}"
            file.write_text(content, encoding="ascii")
            file.chmod(0o644)
            self._texts[content] = file
        return self._texts[content]

    def _launch(self, command: Command, access: Access, channel: int) -> list[str]:
        become = str(self.user) if self.changes_user else "-"
        ports = ",".join(map(str, access.ports))
        limits = ",".join(f"{name}={value}" for name, value in self.limits.for_processes().items())
        python = str(Path(sys.base_exec_prefix).resolve() / "bin" / f"python3.{sys.version_info.minor}")
        return [
            python,
            "-I",
            "-S",
            str(_LAUNCHER),
            str(channel),
            become,
            ports,
            limits,
            str(command.cwd),
            *command.arguments,
        ]


def give(folder: Path, user: int) -> None:
    """Let a file, or a folder with everything in it, belong to a user. Links are not followed."""
    if not folder.exists():
        return
    os.chown(folder, user, user, follow_symlinks=False)
    for _, folders, files, directory in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            with contextlib.suppress(FileNotFoundError):
                os.chown(name, user, user, dir_fd=directory, follow_symlinks=False)


def receive(channel: socket.socket) -> list[socket.socket]:
    """Wait until a command is enclosed; returns its listening sockets.

    Raises:
        IsolationError: it is not.
    """
    try:
        sign, descriptors, _, _ = socket.recv_fds(channel, 1, _MOST_PORTS)
    except (OSError, TimeoutError) as error:
        raise IsolationError(f"The command could not be enclosed: {error}.") from error
    if not sign:
        raise IsolationError("The command could not be enclosed.")
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def _is_for_everybody(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # what is not there is left out
        return True
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    return mode & needed == needed


def _has_others() -> bool:
    """Whether there are other users to become: in a user namespace there need not be (user_namespaces(7))."""
    try:
        maps = [Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").splitlines() for kind in ("uid", "gid")]
        groups = Path("/proc/self/setgroups").read_text(encoding="ascii").strip()
    except OSError:
        return True
    ranges = [[[int(word) for word in line.split()] for line in lines] for lines in maps]
    covered = all(any(first <= _USERS[0] and _USERS[-1] < first + count for first, _, count in kind) for kind in ranges)
    return covered and groups == "allow"


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


def _try(program: str) -> None:
    import tempfile  # noqa: PLC0415 - only here

    with tempfile.TemporaryDirectory(prefix="sandtable-") as scratch:
        isolation = BubblewrapIsolation(
            program=program, scratch=Path(scratch), doors=NoDoors(), limits=Limits(), path=""
        )
        command = Command(arguments=("/bin/true",), cwd=Path("/"), environment={})
        with isolation.enclose(command, Access()) as spawn:
            done = subprocess.run(
                spawn.arguments,
                env=dict(spawn.environment),
                cwd=spawn.cwd,
                pass_fds=spawn.descriptors,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
    if done.returncode != 0:
        told = done.stderr.strip().rpartition("\n")[2][:_MESSAGE] or f"exit code {done.returncode}"
        raise IsolationError(f"bubblewrap does not work here ({told})")
