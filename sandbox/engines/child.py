"""The child's side of `sandbox.engines.process`: taking over what the parent hands it, giving up what it must not do.

An engine is trusted code that is asked to do untrusted things: to run a function's code, to deliver a message to any
URL, to start a database in a container, to open a port for a broker. Emulators offer these in many places and under
many settings. So they are not hunted down one by one: a Python audit hook (PEP 578) refuses the few primitives that all
of them need. No program is started, nothing is listened on, nothing is connected to but the clone itself. The hook
cannot be removed again. It confines the engine's own Python code; it would not hold hostile Python code run *inside*
this process, which no engine here does: they run a function's code as a program or in a container.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LOOPBACK = "127.0.0.1"
_NUMERIC_HOSTS = frozenset({None, "", b"", _LOOPBACK, "localhost", "0.0.0.0", "::", "::1"})  # noqa: S104 - names to look up
_STARTS_A_PROGRAM = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"}
)
_LOOKS_UP_A_NAME = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)
_COLLECTION = (50_000, 20, 50)
"""When garbage is looked for among what came since, instead of (700, 10, 10)."""
_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What an engine's server needs to know."""

    listener: int
    """The file descriptor of the socket that already listens."""
    port: int
    """The socket's port."""
    public_port: int
    """The port to name in URLs."""

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> Child:
        """Take over what `sandbox.engines.process` passes: LISTENER LIFELINE PUBLIC_PORT.

        From here on this process ends when its parent does.
        """
        listener, lifeline, public_port = (int(argument) for argument in arguments)
        tie_to_parent(lifeline)
        with socket.socket(fileno=os.dup(listener)) as duplicate:
            port: int = duplicate.getsockname()[1]
        return cls(listener=listener, port=port, public_port=public_port)

    def public_host(self, host: str) -> str:
        """The Host header as a client of the public port would have sent it: engines make URLs from it."""
        name, colon, port = host.rpartition(":")
        return f"{name}:{self.public_port}" if colon and port == str(self.port) else host

    def confine(self) -> None:
        """From here on, refuse to start programs, to listen, and to connect to anything but this clone."""
        reachable = frozenset({(_LOOPBACK, self.port), (_LOOPBACK, self.public_port)})
        # What is loaded by now stays: looking through it for garbage, again and again, took a sixth of moto's time.
        gc.freeze()
        gc.set_threshold(*_COLLECTION)
        sys.addaudithook(_refuser(reachable))


def tie_to_parent(lifeline: int) -> None:
    """Have the kernel kill this process when the write end of the pipe ``lifeline`` closes.

    Asynchronous I/O notification (``man 2 fcntl``, O_ASYNC and F_SETSIG) needs no thread of this process to run, so a
    wedged engine dies as well.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([lifeline], [], [], 0)[0]:
        raise SystemExit("The parent ended while this engine was starting.")


def _refuser(reachable: frozenset[tuple[object, ...]]) -> Callable[[str, tuple[object, ...]], None]:
    told: set[str] = set()

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        refusal = _refusal(event, arguments, reachable)
        if refusal is None:
            return
        if refusal not in told:
            told.add(refusal)
            with contextlib.suppress(OSError):
                sys.stderr.write(f"refused to {refusal}\n")
        raise PermissionError(errno.EACCES, f"An engine may not {refusal}")

    return refuse


def _refusal(event: str, arguments: tuple[object, ...], reachable: frozenset[tuple[object, ...]]) -> str | None:
    """What the engine is refused, in words; None where it may go on."""
    if event in _STARTS_A_PROGRAM:
        return f"start a program ({event})"
    if event == "socket.bind":
        return "listen on a port"
    if event in _LOOKS_UP_A_NAME and arguments[0] not in _NUMERIC_HOSTS:
        return "look up a host name"
    if event in _SENDS and arguments[1] not in reachable:
        return f"send to {arguments[1]!r:.100}"
    return None
