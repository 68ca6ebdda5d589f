"""The first process inside: opens the way to the clone, gives up what it may do, then runs the command.

    inside.py CHANNEL USER PORTS LIMITS FILTER FOLDER COMMAND [ARGUMENT...]

A program of its own, started by path. CHANNEL is a Unix socket (a descriptor's number, or a path): through it go the
listening sockets, bound to each of PORTS in this network namespace, to the recorder outside, which answers them from
there (unix(7), SCM_RIGHTS). No other way leads out, and nothing that runs here forwards anything. The channel stays
open, for this process alone: when the other end closes, whatever the reason, this process ends.

USER is who to become (``-`` for nobody else), LIMITS are ``RLIMIT_NAME=VALUE,...``, FILTER is a file with a filter of
system calls (``-`` for none), FOLDER is the working directory. As process 1 of its namespace it reaps what is orphaned,
and when it ends, the kernel ends everything else in the namespace (pid_namespaces(7)).

Standard library only, and little of it: it must start in a few milliseconds.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_INSTRUCTION = 8
"""Bytes of a ``struct sock_filter``."""
_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGIO)
_KILLED = 128
_NOT_STARTED = 127
_HOST = "127.0.0.1"
_BACKLOG = 512


def main(arguments: list[str]) -> int:
    """Run the command to its end; return its exit code (128 + n if signal n ended it)."""
    channel, user, ports, limits, filter_, folder, *command = arguments
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    _volunteer()
    _become(user)
    os.chdir(folder)
    outside = _connected(channel)
    _hand_over(outside, [int(port) for port in ports.split(",") if port])
    _limit(limits)
    if filter_ != "-":
        _filter(filter_)
    program = _found(command[0])
    try:
        child = os.posix_spawn(
            program,
            command,
            os.environ,
            setpgroup=0,
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ),
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return _NOT_STARTED
    return _wait(child, outside)


def _volunteer() -> None:
    """When memory runs out, what runs here is ended first, and nothing else of the machine."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib costs start-up time
        file.write("1000")


def _become(user: str) -> None:
    if user != "-":
        number = int(user)
        os.setgroups([])
        os.setresgid(number, number, number)
        os.setresuid(number, number, number)
    # Changing the user clears this (prctl(2)); whoever started this process must not leave it behind.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _connected(channel: str) -> socket.socket:
    if channel.isdigit():
        outside = socket.socket(fileno=int(channel))
        outside.set_inheritable(False)
    else:
        outside = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        outside.connect(channel)
    # The kernel signals when something happens there (fcntl(2), O_ASYNC), and nothing happens but its end.
    fcntl.fcntl(outside, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(outside, fcntl.F_SETFL, fcntl.fcntl(outside, fcntl.F_GETFL) | os.O_ASYNC)
    return outside


def _hand_over(outside: socket.socket, ports: list[int]) -> None:
    listeners = [socket.create_server((_HOST, port), backlog=_BACKLOG) for port in ports]
    numbers = array.array("i", [listener.fileno() for listener in listeners])
    outside.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)] if listeners else [])
    for listener in listeners:
        listener.close()


def _limit(limits: str) -> None:
    for limit in limits.split(","):
        name, _, value = limit.partition("=")
        number = getattr(resource, name)
        highest = resource.getrlimit(number)[1]
        wanted = int(value) if highest == resource.RLIM_INFINITY else min(int(value), highest)
        resource.setrlimit(number, (wanted, wanted))


def _filter(file: str) -> None:
    """Load a filter of system calls (seccomp(2)), for this process and all that it starts."""
    with open(file, "rb") as source:  # noqa: PTH123 - pathlib costs start-up time
        content = source.read()
    instructions = ctypes.create_string_buffer(content, len(content))
    length = len(content) // _INSTRUCTION
    program = struct.pack("@HP", length, ctypes.addressof(instructions))
    if _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter of system calls was not taken")


def _found(program: str) -> str:
    if "/" in program:
        return program
    for folder in os.environ.get("PATH", os.defpath).split(":"):
        if os.access(f"{folder}/{program}", os.X_OK):
            return f"{folder}/{program}"
    return program


def _wait(child: int, outside: socket.socket) -> int:
    while not _is_over(outside):
        match signal.sigwait(_WATCHED):
            case signal.SIGINT:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGINT)
            case signal.SIGTERM:
                break
            case signal.SIGIO:
                pass
            case _:
                while (ended := _reaped())[0]:
                    if ended[0] == child:
                        code = os.waitstatus_to_exitcode(ended[1])
                        return code if code >= 0 else _KILLED - code
    return _KILLED + signal.SIGTERM


def _is_over(outside: socket.socket) -> bool:
    """Whether the other end has closed."""
    try:
        return not outside.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _reaped() -> tuple[int, int]:
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
