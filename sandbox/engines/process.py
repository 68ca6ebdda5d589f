"""An engine as a child process that cannot outlive its parent, lives in its own folder and inherits no credentials.

Three properties are arranged here, each so that nothing has to be remembered or cleaned up later:

* **No port race.** The parent binds and listens before it starts the child and hands the socket over, as inetd and
  systemd do. Whoever connects to the port reaches this child or nobody, never another process that took the port.
* **No orphans.** The child holds the read end of a pipe whose write end only this process has. When the write end
  closes, for whatever reason (even SIGKILL to this process), the kernel ends the child: see
  `sandbox.engines.child.tie_to_parent`. Linux's PR_SET_PDEATHSIG would not do: it fires when the *thread* that started
  the child ends, and engines are started from worker threads.
* **No inheritance.** The environment is built from nothing: it holds no AWS variable, proxy or Docker address of the
  user.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.engines.channel import receive_frame, send_frame
from sandbox.engines.probe import DEFAULT_ACCOUNT, ask
from sandbox.errors import EngineError
from sandbox.rehearsal import EngineInfo

_LOOPBACK = "127.0.0.1"
_LOG_NAME = "engine.log"
_LOG_TAIL_BYTES = 64 * 1024
_BACKLOG = 256
_TERMINATION_PATIENCE = 2.0
_LINE_PATIENCE = 60.0
_PROBE_TIMEOUT = 2.0
_PROBE_PAUSE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEngine:
    """An engine that runs as a child of this process; satisfies `sandbox.ports.RunningEngine`."""

    endpoint: str
    info: EngineInfo
    process: subprocess.Popen[bytes]
    log: Path
    line: socket.socket | None = None
    """This side of the private line, for an engine that has one."""
    notices: tuple[str, ...] = ()

    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.poll() is None

    def log_tail(self, lines: int = 20) -> str:
        """The end of its log, for error messages."""
        return _tail(self.log, lines)

    def export_state(self) -> bytes:
        """Everything that the engine holds, in its own form; secrets are in it as they are.

        Raises:
            EngineError: it has no way to tell, or did not.
        """
        if self.line is None:
            raise EngineError(f"{self.info.name} cannot hand out its state.")
        try:
            send_frame(self.line, b"")
            content = receive_frame(self.line)
        except (OSError, EOFError) as error:
            raise _failure(self, f"did not hand out its state ({error})") from error
        if not content:
            raise _failure(self, "could not put its state into a document")
        return content


@contextmanager
def start_child(
    module: str,
    *,
    info: EngineInfo,
    scratch: Path,
    public_port: int,
    settings: Mapping[str, str],
    ready_within: float = 30.0,
    state: bytes | None = None,
) -> Iterator[ChildEngine]:
    """Run an engine's server module in a child process until the context is left.

    Args:
        module: The module to run, which starts with `sandbox.engines.child.Child.from_arguments`.
        info: What the engine is called in reports and errors.
        scratch: The clone's own folder: the child's working directory, home, temporary files and log.
        public_port: The loopback port that the engine names in the URLs it hands out.
        settings: Environment variables for the child, beyond the neutral ones that every engine gets.
        ready_within: Seconds until it must have answered its first call.
        state: What to send to the child through a private line before anything else; None for a child that knows no
            such line.

    Yields:
        The engine, once it has answered an STS GetCallerIdentity with the default account.

    Raises:
        EngineError: It could not be started, exited, or did not answer in time.
    """
    with ExitStack() as stack:
        try:
            engine = _spawn(
                module,
                info=info,
                scratch=scratch,
                public_port=public_port,
                settings=settings,
                stack=stack,
                has_line=state is not None,
            )
        except OSError as error:
            raise EngineError(
                f"{info.name} could not be started in {scratch}: {error}",
                hint="Check that the folder can be written and that memory and process limits are not exhausted.",
            ) from error
        stack.callback(_end, engine.process)
        if state is not None and engine.line is not None:
            _hand_over(engine, engine.line, state)
        _await_first_answer(engine, ready_within)
        yield engine


def _spawn(
    module: str,
    *,
    info: EngineInfo,
    scratch: Path,
    public_port: int,
    settings: Mapping[str, str],
    stack: ExitStack,
    has_line: bool,
) -> ChildEngine:
    home = scratch.resolve()
    (home / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    log = home / _LOG_NAME
    read_end, write_end = os.pipe()
    # Held until the context is left. As a file object it also closes when an interrupt strikes before that is arranged.
    stack.enter_context(os.fdopen(write_end, "wb", buffering=0))
    with ExitStack() as handed_over:
        lifeline = handed_over.enter_context(os.fdopen(read_end, "rb", buffering=0))
        listener = handed_over.enter_context(_listen())
        output = handed_over.enter_context(log.open("ab"))
        line, passed = _line(stack, handed_over) if has_line else (None, ())
        port: int = listener.getsockname()[1]
        descriptors = (listener.fileno(), lifeline.fileno(), *passed)
        arguments = [str(number) for number in (*descriptors[:2], public_port, *descriptors[2:])]
        process = subprocess.Popen(
            # -P: the working directory, which is the clone's, is no place to import modules from.
            [sys.executable, "-P", "-m", module, *arguments],
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env={**_neutral_environment(home), **settings},
            start_new_session=True,
        )
    return ChildEngine(endpoint=f"http://{_LOOPBACK}:{port}", info=info, process=process, log=log, line=line)


def _line(stack: ExitStack, handed_over: ExitStack) -> tuple[socket.socket, tuple[int, ...]]:
    """This side of a private line, and the descriptor of the child's side."""
    here, there = socket.socketpair()
    here.settimeout(_LINE_PATIENCE)
    return stack.enter_context(here), (handed_over.enter_context(there).fileno(),)


def _hand_over(engine: ChildEngine, line: socket.socket, state: bytes) -> None:
    try:
        send_frame(line, state)
    except OSError as error:
        raise _failure(engine, f"did not take the state it was to start from ({error})") from error


def _listen() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((_LOOPBACK, 0))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _neutral_environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        # The child must import what the parent imports, however this tool was installed.
        "PYTHONPATH": os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path),
        "PYTHONUNBUFFERED": "1",
        # Names a socket that does not exist: an unset variable would mean the machine's own Docker.
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",
    }


def _await_first_answer(engine: ChildEngine, ready_within: float) -> None:
    deadline = time.monotonic() + ready_within
    while not _answers(engine.endpoint, timeout=min(_PROBE_TIMEOUT, ready_within)):
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = engine.process.wait(_PROBE_PAUSE)
            raise _failure(engine, f"ended with status {status} before it answered")
        if time.monotonic() > deadline:
            raise _failure(engine, f"did not answer within {ready_within:g} s")


def _answers(endpoint: str, *, timeout: float) -> bool:
    # The socket listens before the child runs, so one request waits in the backlog until the engine is ready.
    return ask(endpoint, timeout=timeout).account == DEFAULT_ACCOUNT


def _failure(engine: ChildEngine, what: str) -> EngineError:
    tail = engine.log_tail() or "(empty)"
    return EngineError(
        f"{engine.info.name} {engine.info.version} {what}. The end of its log:\n{tail}",
        hint="Run `sandtable doctor` to see whether everything that the engine needs is installed.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    for number, patience in ((signal.SIGTERM, _TERMINATION_PATIENCE), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


def _tail(log: Path, lines: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError as error:
        return f"(the log {log} cannot be read: {error.strerror})"
    return "\n".join(text.splitlines()[-lines:])
