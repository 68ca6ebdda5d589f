"""Runs one command so that nothing of it outlives it: a small program of its own, started by path.

    supervisor.py PARENT_PID [--hold] COMMAND [ARGUMENT...]

It adopts every process that the command's descendants leave behind (a "child subreaper"), and kills what is left when
the command ends, when it is told to (SIGTERM), or when the parent dies. SIGINT is passed on to the command's group,
which lets Terraform write its state; with --hold the command itself starts with SIGINT blocked, and whatever in its
group wants it must unblock it. Facts: prctl(2), PR_SET_CHILD_SUBREAPER and PR_SET_PDEATHSIG (Linux).

Standard library only, and little of it: it must start in a few milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
_KILLED = 128
_NOT_STARTED = 127


def main(parent: int, command: list[str], *, hold: bool = False) -> int:
    """Run the command to its end; return its exit code (128 + n if signal n ended it)."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before it could be watched
        return _KILLED + signal.SIGTERM
    try:
        child = os.posix_spawn(
            command[0],
            command,
            os.environ,
            setpgroup=0,
            setsigmask=(signal.SIGINT,) if hold else (),
            setsigdef=(signal.SIGINT, signal.SIGTERM),
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return _NOT_STARTED
    try:
        return _wait(child)
    finally:
        _kill_everything(child)


def _wait(child: int) -> int:
    while True:
        match signal.sigwait(_WATCHED):
            case signal.SIGINT:
                _signal_group(child, signal.SIGINT)
            case signal.SIGTERM:
                return _KILLED + signal.SIGTERM
            case _:
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    if ended[0] == child:
                        code = os.waitstatus_to_exitcode(ended[1])
                        return code if code >= 0 else _KILLED - code


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _kill_everything(group: int) -> None:
    _signal_group(group, signal.SIGKILL)
    while True:
        # Whoever's parent is killed becomes a child of this process, so this ends with the last descendant.
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:  # noqa: PTH123 - pathlib costs start-up time
            return [int(pid) for pid in children.read().split()]
    except OSError:
        return []


if __name__ == "__main__":
    holds = sys.argv[2] == "--hold"
    sys.exit(main(int(sys.argv[1]), sys.argv[3 if holds else 2 :], hold=holds))
