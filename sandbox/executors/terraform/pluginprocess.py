"""A provider's process, started as Terraform starts it, without Terraform.

Source: hashicorp/go-plugin, docs/internals.md: a program is a plugin for those who send its magic cookie; on its first
line it says ``1|PROTOCOL|unix|SOCKET|grpc|``, and then serves gRPC on the socket. The cookie is Terraform's
(internal/plugin/serve.go in hashicorp/terraform): no secret, it keeps users from running a provider by hand.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from sandbox.errors import SandtableError
from sandbox.executors.terraform.process import SUPERVISOR
from sandbox.isolation.enclosure import Command, Enclosure, Spawn
from sandbox.scratch import SHORT_PARENT

_COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
_PROTOCOL = 5
_FIELDS = 5
_READY_WITHIN = 60.0
_KILL_GRACE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How to start a provider."""

    binary: Path
    """Its executable."""
    environment: Mapping[str, str]
    """Its whole environment."""
    within: Enclosure
    """What encloses it; a folder for its socket is added."""


@contextmanager
def provider_process(start: Start) -> Iterator[str]:
    """Run a provider until the context is left; nothing of it outlives this process.

    Args:
        start: How.

    Yields:
        The address of its socket, as gRPC writes it.

    Raises:
        SandtableError: it did not start, or speaks another protocol.
        IsolationError: it could not be enclosed, and did not run.
    """
    # The path of a socket may have 107 bytes, which a folder of a test or a user may already fill.
    with tempfile.TemporaryDirectory(prefix="sandtable-", dir=SHORT_PARENT) as name:
        folder = Path(name)
        access = replace(start.within.access, writable=(*start.within.access.writable, folder))
        own = {**_COOKIE, "PLUGIN_PROTOCOL_VERSIONS": str(_PROTOCOL), "TMPDIR": name}
        command = Command(arguments=(str(start.binary),), cwd=folder, environment={**start.environment, **own})
        with start.within.isolation.enclose(command, access) as spawn:
            process = _spawned(spawn)
            try:
                spawn.started()
                if process.stdout is None:
                    raise _failed(start.binary, "its output could not be read")
                address = _address(start.binary, _first_line(process.stdout), folder)
                threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
                yield address
            finally:
                _end(process)


def _spawned(spawn: Spawn) -> subprocess.Popen[bytes]:
    hold = ("--hold",) if spawn.holds_interrupts else ()
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(SUPERVISOR), str(os.getpid()), *hold, *spawn.arguments],
        env=dict(spawn.environment),
        cwd=spawn.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # its log: it may quote what it read
        start_new_session=True,
        pass_fds=spawn.descriptors,
    )


def _first_line(stream: IO[bytes]) -> str:
    line = b""
    end = time.monotonic() + _READY_WITHIN
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n") and (remaining := end - time.monotonic()) > 0:
            if selector.select(timeout=remaining):
                chunk = os.read(stream.fileno(), 1)
                if not chunk:
                    break
                line += chunk
    return line.decode("utf-8", "replace").strip()


def _address(binary: Path, line: str, folder: Path) -> str:
    fields = line.split("|")
    if len(fields) < _FIELDS or fields[2] != "unix" or fields[4] != "grpc":
        raise _failed(binary, "it did not say where it listens")
    if fields[1] != str(_PROTOCOL):
        raise _failed(
            binary, f"it speaks version {fields[1]} of the plugin protocol, and only {_PROTOCOL} is understood"
        )
    # Whatever it says, no other socket of the user's is talked to.
    if Path(fields[3]).parent != folder:
        raise _failed(binary, "it listens outside of its folder")
    return f"unix:{fields[3]}"


def _drain(stream: IO[bytes]) -> None:
    while os.read(stream.fileno(), 65_536):
        pass


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_KILL_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _failed(binary: Path, why: str) -> SandtableError:
    return SandtableError(
        f"The provider {binary.name} could not be used to read: {why}.",
        hint="Version 5 of the AWS provider is known to work; see `terraform providers`.",
    )
