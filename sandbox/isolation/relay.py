"""Doors that are not recorded: connections of an enclosed command, passed on byte by byte to one server each.

For what this tool runs on its own account: Terraform making a clone, the provider reading a live account. What is
replayed has the recorder for its doors instead (`sandbox.recorder.recorder`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sandbox.errors import SandtableError

_HOST = "127.0.0.1"
_BACKLOG = 512
_PORTS = {"http": 80, "https": 443}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Server:
    """Where connections are passed on to."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    """For a server that speaks TLS; the command inside speaks plainly."""


class Relay:
    """Satisfies `sandbox.isolation.enclosure.Doors`. Runs an event loop in a thread of its own; to be closed."""

    def __init__(self) -> None:
        self._servers: dict[int, _Server] = {}
        self._urls: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        self._listening: dict[int, asyncio.Server] = {}

    def leading_to(self, url: str) -> str:
        """Lead to a server, and return the URL under which commands reach it, enclosed or not.

        A server on 127.0.0.1 keeps its own URL, since it may put its port into what it answers; any other gets a port
        of the loopback interface.

        Args:
            url: Scheme, host and port of the server.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        if host == _HOST and parts.scheme == "http":
            self._servers[port] = _Server(host, port)
            return url
        if url not in self._urls:
            listener = _open_port()
            server = _Server(host, port, ssl.create_default_context() if parts.scheme == "https" else None)
            self._servers[listener.getsockname()[1]] = server
            self._urls[url] = f"http://{_HOST}:{listener.getsockname()[1]}"
            self.admit(listener)
        return self._urls[url]

    def admit(self, listener: socket.socket) -> Callable[[], None]:
        """See `sandbox.isolation.enclosure.Doors.admit`."""
        server = self._servers[listener.getsockname()[1]]
        key = id(listener)
        self._listening[key] = self._on_loop(
            self._loop.create_server(lambda: _Near(server), sock=listener, backlog=_BACKLOG)
        )
        return lambda: self._on_loop(self._dismiss(key))

    def close(self) -> None:
        """Answer nobody any more. Calling it again does nothing."""
        if self._loop.is_closed():
            return
        for key in tuple(self._listening):
            self._on_loop(self._dismiss(key))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _dismiss(self, key: int) -> None:
        self._listening.pop(key).close()


class _End(asyncio.Protocol):
    """One end of a connection: what it receives is sent by the other one."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send at once what there is to send."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is a connection
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the other end is told by the same means
        """Close the other end, when it has sent everything."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        """Take in no more than can be passed on."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()


class _Near(_End):
    """The end at the command; makes the other one.

    Args:
        server: Where to.
    """

    def __init__(self, server: _Server) -> None:
        super().__init__()
        self._server = server
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read nothing before the server is there."""
        super().connection_made(transport)
        if self.transport is not None:
            self.transport.pause_reading()
            self._connecting = asyncio.get_running_loop().create_task(self._connect(self.transport))

    async def _connect(self, transport: asyncio.Transport) -> None:
        far = _End()
        far.other = self
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: far, self._server.host, self._server.port, ssl=self._server.tls
            )
        except OSError:  # as if nobody listened
            transport.abort()
            return
        self.other = far
        if transport.is_closing():
            if far.transport is not None:
                far.transport.close()
            return
        transport.resume_reading()


def _open_port() -> socket.socket:
    try:
        return socket.create_server((_HOST, 0), backlog=_BACKLOG)
    except OSError as error:
        raise SandtableError(
            f"No port of {_HOST} could be opened to reach an engine through: {error}.",
            hint="Check that this user may open sockets on the loopback interface.",
        ) from error
