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
from pathlib import Path
from typing import IO

from sandbox.errors import SandtableError
from sandbox.executors.terraform.process import SUPERVISOR
from sandbox.scratch import SHORT_PARENT

_COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
_PROTOCOL = 5
_FIELDS = 5
_READY_WITHIN = 60.0
_KILL_GRACE = 5.0


@contextmanager
def provider_process(binary: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a provider until the context is left; nothing of it outlives this process.

    Args:
        binary: Its executable.
        environment: Its whole environment.

    Yields:
        The address of its socket, as gRPC writes it.

    Raises:
        SandtableError: it did not start, or speaks another protocol.
    """
    # The path of a socket may have 107 bytes, which a folder of a test or a user may already fill.
    with tempfile.TemporaryDirectory(prefix="sandtable-", dir=SHORT_PARENT) as folder:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SUPERVISOR), str(os.getpid()), str(binary)],
            env={**environment, **_COOKIE, "PLUGIN_PROTOCOL_VERSIONS": str(_PROTOCOL), "TMPDIR": folder},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # its log: it may quote what it read
            start_new_session=True,
        )
        try:
            if process.stdout is None:
                raise _failed(binary, "its output could not be read")
            address = _address(binary, _first_line(process.stdout))
            threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
            yield address
        finally:
            _end(process)


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


def _address(binary: Path, line: str) -> str:
    fields = line.split("|")
    if len(fields) < _FIELDS or fields[2] != "unix" or fields[4] != "grpc":
        raise _failed(binary, "it did not say where it listens")
    if fields[1] != str(_PROTOCOL):
        raise _failed(
            binary, f"it speaks version {fields[1]} of the plugin protocol, and only {_PROTOCOL} is understood"
        )
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
