"""Asking a provider for its schemas, as Terraform does.

Sources: hashicorp/go-plugin (the cookie, the line that a plugin writes first, its controller's Shutdown) and
docs/plugin-protocol/tfplugin5.proto in hashicorp/terraform.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from sandbox.executors.terraform import process
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.waits.refused import NotAsExpectedError
from sandbox.isolation.enclosure import Access, Enclosure, Isolation

COOKIE: Final = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
"""No secret: it keeps users from running a provider by hand."""
PROTOCOL: Final = "5"
_PATIENCE: Final = 60.0
"""Seconds; it takes one."""
_OPTIONS: Final = (("grpc.max_receive_message_length", 256 << 20), ("grpc.enable_http_proxy", 0))
_FIELDS: Final = 5


def asked(binary: Path, folder: Path, isolation: Isolation) -> bytes:
    """What a provider answers to GetSchema: a message of the plugin protocol, version 5.

    Args:
        binary: Its executable.
        folder: An empty folder for its socket.
        isolation: What encloses it.

    Raises:
        NotAsExpectedError: it gives no answer, or speaks another protocol.
        SandtableError: it could not be started.
    """
    access = Access(readable=(binary.parent,), writable=(folder,))
    # In a thread: what the provider logs meanwhile has to be read, or it waits for that.
    with ThreadPoolExecutor(1) as pool:
        question = _Question(pool)
        finished = process.run(
            [str(binary)],
            cwd=folder,
            environment={**COOKIE, "PLUGIN_PROTOCOL_VERSIONS": PROTOCOL, "TMPDIR": str(folder)},
            deadline=Deadline.after(_PATIENCE),
            on_line=question.put,
            stop=question.failed,
            within=Enclosure(isolation=isolation, access=access),
        )
        schemas = question.answer()
    if not schemas:
        raise NotAsExpectedError(f"{binary.name} ended with exit code {finished.code} and without its schemas")
    return schemas


class _Question:
    """Put as soon as the provider has said where it listens; then the provider is told to end."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._schemas: Future[bytes] | None = None

    def put(self, line: str) -> None:
        if self._schemas is None:
            self._schemas = self._pool.submit(_schemas_told, line)

    def failed(self) -> bool:
        return self._schemas is not None and self._schemas.done() and not self._schemas.result()

    def answer(self) -> bytes:
        return b"" if self._schemas is None else self._schemas.result()


def _schemas_told(line: str) -> bytes:
    """Nothing where it did not tell, or where the line is none that is understood."""
    import grpc  # noqa: PLC0415 - once for a version of the provider

    fields = line.strip().split("|")
    if len(fields) < _FIELDS or (fields[1], fields[2], fields[4]) != (PROTOCOL, "unix", "grpc"):
        return b""
    with suppress(grpc.RpcError), grpc.insecure_channel(f"unix:{fields[3]}", options=_OPTIONS) as channel:
        schemas: bytes = channel.unary_unary("/tfplugin5.Provider/GetSchema")(b"", timeout=_PATIENCE)
        with suppress(grpc.RpcError):  # it may be gone before it has answered
            channel.unary_unary("/plugin.GRPCController/Shutdown")(b"", timeout=_PATIENCE)
        return schemas
    return b""
