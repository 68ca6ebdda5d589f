"""The program that serves MiniStack in a child process; `sandbox.engines.ministack` starts and sets it up."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Sequence

import ministack.app
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope
from ministack.services import eventbridge, scheduler

from sandbox.engines import ministack_state
from sandbox.engines.channel import receive_frame, send_frame
from sandbox.engines.child import Child

_KEEP_ALIVE_SECONDS = 75
_ADMINISTRATION = frozenset({"/_ministack/reset", "/_ministack/config"})


def main(arguments: Sequence[str]) -> None:
    """Serve on the socket that the parent passed, until a signal ends this process: there is nothing to save."""
    *usual, line_descriptor = arguments
    child = Child.from_arguments(usual)
    line = socket.socket(fileno=int(line_descriptor))
    state = receive_frame(line)
    # Schedules would fire or not depending on how long a rehearsal takes.
    eventbridge.start_scheduler = scheduler.start_scheduler = _stay_idle
    config = Config()
    config.bind = [f"fd://{child.listener}"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"
    child.confine()
    asyncio.run(_serve(child, config, line, state))


async def _serve(child: Child, config: Config, line: socket.socket, state: bytes) -> None:
    if state:
        ministack_state.load(state)
    asyncio.get_running_loop().add_reader(line, _hand_out_state, line)
    await serve(_gateway(child), config, shutdown_trigger=_never)


def _hand_out_state(line: socket.socket) -> None:
    """The parent asks for everything that is in this engine; nothing else can, see `sandbox.engines.channel`."""
    try:
        receive_frame(line)
    except (EOFError, OSError):
        asyncio.get_running_loop().remove_reader(line)
        return
    try:
        state = ministack_state.dump()
    except (TypeError, ValueError, KeyError, OSError, RuntimeError):
        logging.getLogger(__name__).exception("The state could not be put into a document.")
        state = b""
    send_frame(line, state)


def _gateway(child: Child) -> ASGIFramework:
    """MiniStack behind two corrections: URLs name the public port, and its administration is out of reach."""

    async def gateway(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and scope["path"] in _ADMINISTRATION:
            await _refuse(send)
            return
        if scope["type"] != "lifespan":
            scope["headers"] = [
                (name, child.public_host(value.decode("latin-1")).encode("latin-1") if name == b"host" else value)
                for name, value in scope["headers"]
            ]
        await ministack.app.app(scope, receive, send)

    return gateway


async def _refuse(send: ASGISendCallable) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 403, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _stay_idle() -> None:
    """In place of a scheduler's start."""


async def _never() -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
