"""The recorder: everything that is replayed speaks to it, and it to the engine.

It listens before any engine is known, because engines hand out URLs and must be told under which port they are reached.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from sandbox.errors import SandtableError
from sandbox.recorder.journal import Journal, Scope
from sandbox.recorder.objections import Objector
from sandbox.recorder.proxy import HEADER_SIZE, Proxy
from sandbox.rehearsal import ApiCall

__all__ = ["Recorder", "Scope"]

_HOST = "127.0.0.1"
_CLOSING = 0.5
"""Seconds that calls in flight have when the recorder closes."""
_READ_BUFFER = 262_144
_BACKLOG = 512
_MAX_HEADERS = 512
_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


class Recorder:
    """A recording reverse proxy on the loopback; a context manager with an event loop in a thread of its own.

    Args:
        capture_limit: How many bytes of each body are kept for reading parameters.
    """

    def __init__(self, *, capture_limit: int = 1_048_576) -> None:
        self._journal = Journal()
        self._proxy = Proxy(self._journal, capture_limit=capture_limit)
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._port = 0
        self._ports: dict[str, int] = {}
        self._listeners: dict[int, tuple[web.Server, asyncio.Server]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        listening = _open_port()
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self._on_loop(self._start())
        self._port = self._listen(listening, None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def port(self) -> int:
        """The loopback port of the main listener."""
        return self._port

    @property
    def endpoint(self) -> str:
        """The main listener's URL."""
        return f"http://{_HOST}:{self._port}"

    def forward_to(self, engine_endpoint: str) -> None:
        """Pass calls on to this engine from now on; before, they are answered with 503."""
        self._proxy.engine = engine_endpoint.rstrip("/")

    def answer_for_aws(self, objector: Objector) -> None:
        """Let somebody answer in AWS's name, from now on, before a call reaches the engine."""
        self._proxy.objector = objector

    def phase(self, name: str) -> None:
        """Label later calls to the main listener with this phase."""
        self._proxy.phase = name

    def endpoint_for(self, phase: str) -> str:
        """A further listener, whose calls always carry this phase: for commands that run at the same time.

        URLs that the engine itself hands out name the main listener; a client that follows one is labelled with the
        main listener's phase.
        """
        if not self._thread.is_alive():
            raise RuntimeError("the recorder is not running: use it as a context manager")
        with self._lock:
            if phase not in self._ports:
                self._ports[phase] = self._listen(_open_port(), phase)
            return f"http://{_HOST}:{self._ports[phase]}"

    def admit(self, listener: socket.socket) -> Callable[[], None]:
        """Answer at a listener of another network namespace as at the own port of the same number.

        Args:
            listener: A listening socket; the recorder owns it from now on.

        Returns:
            What to call to stop answering there.
        """
        port: int = listener.getsockname()[1]
        with self._lock:
            phases = {self._port: None, **{number: phase for phase, number in self._ports.items()}}
        self._on_loop(self._serve(listener, phases[port], port))
        return lambda: self._on_loop(self._dismiss(listener))

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every finished call in the order of arrival, those included whose answer a client has just received."""
        self._settle()
        return self._journal.calls()

    def scopes(self) -> frozenset[Scope]:
        """The services that identified calls of any phase went to, where, and on whose account."""
        self._settle()
        return self._journal.scopes()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _on_loop(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _settle(self) -> None:
        if self._thread.is_alive():
            self._on_loop(self._proxy.settle())

    async def _start(self) -> None:
        self._proxy.start()

    def _listen(self, listening: socket.socket, phase: str | None) -> int:
        port: int = listening.getsockname()[1]
        self._on_loop(self._serve(listening, phase, port))
        return port

    async def _serve(self, listening: socket.socket, phase: str | None, port: int) -> None:
        self._proxy.authorities |= {f"{_HOST}:{port}", f"localhost:{port}"}
        server = web.Server(
            partial(self._proxy.handle, phase=phase),
            access_log=None,
            logger=_log,
            auto_decompress=False,
            read_bufsize=_READ_BUFFER,
            max_line_size=HEADER_SIZE,
            max_field_size=HEADER_SIZE,
            max_headers=_MAX_HEADERS,
        )
        self._listeners[id(listening)] = (server, await self._loop.create_server(server, sock=listening))

    async def _dismiss(self, listening: socket.socket) -> None:
        server, listener = self._listeners.pop(id(listening))
        listener.close()
        await server.shutdown(_CLOSING)

    async def _close(self) -> None:
        for _, listener in self._listeners.values():
            listener.close()
        await asyncio.gather(*(server.shutdown(_CLOSING) for server, _ in self._listeners.values()))
        await self._proxy.close()
        await self._loop.shutdown_asyncgens()


def _open_port() -> socket.socket:
    try:
        return socket.create_server((_HOST, 0), backlog=_BACKLOG)
    except OSError as error:
        raise SandtableError(
            f"No port of {_HOST} could be opened for the recorder: {error}.",
            hint="Check that this user may open sockets on the loopback interface.",
        ) from error
