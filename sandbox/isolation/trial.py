"""Trying an isolation: one command that does nothing, enclosed as every command is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox.isolation.enclosure import Access, Command, Isolation, IsolationError
from sandbox.isolation.launch import PATIENCE

_LONGEST = 300


def run(isolation: Isolation) -> None:
    """Enclose ``true``.

    Raises:
        IsolationError: it did not work; says why.
        OSError: nothing could be started.
    """
    command = Command(arguments=("/bin/true",), cwd=Path("/"), environment={})
    with isolation.enclose(command, Access()) as spawn:
        process = subprocess.Popen(
            spawn.arguments,
            env=dict(spawn.environment),
            cwd=spawn.cwd,
            pass_fds=spawn.descriptors,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            started = _started(spawn.started)
            _, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise IsolationError(f"{isolation.name} does not work here (no answer in {PATIENCE:g} s)") from error
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0 or started:
        told = errors.decode(errors="replace").strip().rpartition("\n")[2][:_LONGEST]
        raise IsolationError(f"{isolation.name} does not work here ({told or started or process.returncode})")


def _started(started: Callable[[], None]) -> str:
    """Wait until it is enclosed; returns what went wrong."""
    try:
        started()
    except IsolationError as error:
        return error.message
    return ""
