"""One command under supervision: its output line by line as it comes, a deadline, and nothing left behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sandbox.errors import SandtableError
from sandbox.executors.terraform.deadline import Deadline
from sandbox.isolation.enclosure import Access, Command, Enclosure, IsolationError, Spawn
from sandbox.isolation.limits import Watch
from sandbox.isolation.none import NoIsolation

SUPERVISOR = Path(__file__).with_name("supervisor.py")
INTERRUPT_GRACE = 3.0
"""Seconds between asking (SIGINT: Terraform stops and writes its state) and killing."""
KILL_GRACE = 5.0

_TAIL_LINES = 60
_TAIL_WIDTH = 2000
_CHUNK = 1 << 16
_POLL = 0.2
_EXIT_GRACE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a command ended."""

    code: int
    errors: tuple[str, ...]
    """The last lines of its standard error."""
    expired: bool = False
    """It was ended because the deadline had passed."""
    exceeded: str = ""
    """The limit of its enclosure for which it was ended, in words."""


UNENCLOSED = Enclosure(isolation=NoIsolation(), access=Access())


def _never() -> bool:
    return False


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    deadline: Deadline,
    on_line: Callable[[str], None],
    stop: Callable[[], bool] = _never,
    within: Enclosure = UNENCLOSED,
) -> Finished:
    """Run a command in a session of its own; whatever ends this call also ends every process of the command.

    Args:
        command: Program (an absolute path) and arguments.
        cwd: Its working directory.
        environment: Its whole environment.
        deadline: When to end it.
        on_line: Called with each line of standard output, without the line break.
        stop: Asked at least twice a second whether to end it before the deadline.
        within: What encloses it.

    Raises:
        SandtableError: the process could not be started.
        IsolationError: it could not be enclosed, and did not run.
    """
    enclosed = Command(arguments=tuple(command), cwd=cwd, environment=environment)
    with within.isolation.enclose(enclosed, within.access) as spawn:
        return _run(spawn, command[0], deadline=deadline, on_line=on_line, stop=stop)


def _run(
    spawn: Spawn, title: str, *, deadline: Deadline, on_line: Callable[[str], None], stop: Callable[[], bool]
) -> Finished:
    hold = ("--hold",) if spawn.holds_interrupts else ()
    arguments = [sys.executable, "-I", "-S", str(SUPERVISOR), str(os.getpid()), *hold, *spawn.arguments]
    try:
        process = subprocess.Popen(
            arguments,
            cwd=spawn.cwd,
            env=dict(spawn.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=spawn.descriptors,
        )
    except OSError as error:
        raise SandtableError(f"{title} could not be started: {error.strerror}.") from error
    errors: deque[str] = deque(maxlen=_TAIL_LINES)
    over = _Over(spawn.watch, process.pid)
    try:
        _started(spawn, process)
        expired = _read(process, deadline, stop, on_line, lambda line: errors.append(line[:_TAIL_WIDTH]), over=over)
    finally:
        _end(process)
    return Finished(code=process.returncode, errors=tuple(errors), expired=expired, exceeded=over.told)


def _started(spawn: Spawn, process: subprocess.Popen[bytes]) -> None:
    try:
        spawn.started()
    except IsolationError as error:
        _end(process, close=False)
        told = process.stderr.read(_CHUNK).decode("utf-8", errors="replace").strip() if process.stderr else ""
        raise IsolationError(f"{error.message}\n{told}".strip(), hint=error.hint) from error


class _Over:
    """Remembers the limit that was gone over."""

    def __init__(self, watch: Watch | None, pid: int) -> None:
        self._watch = watch
        self.told = ""
        if watch is not None:
            watch.pid = pid

    def __bool__(self) -> bool:
        self.told = self.told or (self._watch.exceeded() if self._watch is not None else "")
        return bool(self.told)


class _Lines:
    """Cuts a stream of bytes into lines of text."""

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None]) -> None:
        self.stream = stream
        self._on_line = on_line
        self._rest: list[bytes] = []

    def read(self) -> bool:
        """Take in what has come; False at the end of the stream."""
        chunk = os.read(self.stream.fileno(), _CHUNK)
        *lines, last = chunk.split(b"\n")
        for line in lines:
            self._emit(line)
        if last:
            self._rest.append(last)
        if not chunk and self._rest:
            self._emit(b"")
        return bool(chunk)

    def _emit(self, end: bytes) -> None:
        line = b"".join([*self._rest, end])
        self._rest.clear()
        self._on_line(line.decode("utf-8", errors="replace").rstrip("\r"))


def _read(
    process: subprocess.Popen[bytes],
    deadline: Deadline,
    stop: Callable[[], bool],
    on_line: Callable[[str], None],
    on_error_line: Callable[[str], None],
    *,
    over: _Over,
) -> bool:
    """Read both streams to their ends; True if the deadline passed first. Going over a limit ends it at once."""
    if process.stdout is None or process.stderr is None:
        raise SandtableError("The output of a command could not be read.")
    with selectors.DefaultSelector() as selector:
        for lines in (_Lines(process.stdout, on_line), _Lines(process.stderr, on_error_line)):
            selector.register(lines.stream, selectors.EVENT_READ, lines)
        asked = expired = False
        while selector.get_map():
            if not asked and (deadline.expired or stop()):
                asked, expired = True, deadline.expired
                process.send_signal(signal.SIGINT)
                deadline = Deadline.after(INTERRUPT_GRACE)
            elif deadline.expired or over:
                return expired
            for key, _ in selector.select(timeout=min(_POLL, deadline.remaining())):
                if not key.data.read():
                    selector.unregister(key.fileobj)
    return expired


def _end(process: subprocess.Popen[bytes], *, close: bool = True) -> None:
    """See to it that the supervisor is gone: by itself if the command is done, else after killing everything."""
    try:
        process.wait(timeout=_EXIT_GRACE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=KILL_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    finally:
        for stream in (process.stdout, process.stderr):
            if stream is not None and close:
                stream.close()
