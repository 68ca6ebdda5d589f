"""The first process inside: opens the way to the clone, gives up what it may do, then runs the command.

    inside.py CHANNEL USER PORTS LIMITS FOLDER COMMAND [ARGUMENT...]

A program of its own, started by path. CHANNEL is a Unix socket (a descriptor's number, or a path): through it go the
listening sockets, bound to each of PORTS in this network namespace, to the recorder outside, which answers them from
there (unix(7), SCM_RIGHTS). No other way leads out, none is left open, and nothing that runs here forwards anything.

USER is who to become (``-`` for nobody else), LIMITS are ``RLIMIT_NAME=VALUE,...``, FOLDER is the
working directory. As process 1 of its namespace it
reaps what is orphaned, and when it ends, the kernel ends everything else in the namespace (pid_namespaces(7)).

Standard library only, and little of it: it must start in a few milliseconds.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1
_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
_KILLED = 128
_NOT_STARTED = 127
_HOST = "127.0.0.1"
_BACKLOG = 512


def main(arguments: list[str]) -> int:
    """Run the command to its end; return its exit code (128 + n if signal n ended it)."""
    channel, user, ports, limits, folder, *command = arguments
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    _volunteer()
    _become(user)
    os.chdir(folder)
    with _connected(channel) as outside:
        _hand_over(outside, [int(port) for port in ports.split(",") if port])
    _limit(limits)
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
    return _wait(child)


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
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _connected(channel: str) -> socket.socket:
    if channel.isdigit():
        return socket.socket(fileno=int(channel))
    outside = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    outside.connect(channel)
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


def _found(program: str) -> str:
    if "/" in program:
        return program
    for folder in os.environ.get("PATH", os.defpath).split(":"):
        if os.access(f"{folder}/{program}", os.X_OK):
            return f"{folder}/{program}"
    return program


def _wait(child: int) -> int:
    while True:
        match signal.sigwait(_WATCHED):
            case signal.SIGINT:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGINT)
            case signal.SIGTERM:
                return _KILLED + signal.SIGTERM
            case _:
                while (ended := _reaped())[0]:
                    if ended[0] == child:
                        code = os.waitstatus_to_exitcode(ended[1])
                        return code if code >= 0 else _KILLED - code


def _reaped() -> tuple[int, int]:
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
