"""Runs a container that was created, and is to the outside what runs in it: its output, its exit code, its signals.

    relay.py SOCKET CONTAINER

A program of its own, started by path. It speaks to the Docker Engine over its Unix socket, in the Engine's API 1.41
(https://docs.docker.com/reference/api/engine/version/v1.41/): attach, wait, start. Output comes in frames, each with a
header of eight bytes: the stream's number, three zeros, the length.

Standard library only: it must start in a few milliseconds.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys

_API = "/v1.41/containers"
_HEADER = 8
_FAILED = 125
_PATIENCE = 30.0
_OK = (200, 101)
_STARTED = 204


class _Engine(http.client.HTTPConnection):
    """One connection to the Docker Engine."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """Over the Unix socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def main(path: str, container: str) -> int:
    """Run it to its end; return its exit code."""
    output = _attached(path, container)
    waiting = _Engine(path)
    waiting.request("POST", f"{_API}/{container}/wait?condition=next-exit")
    signal.signal(signal.SIGINT, lambda *_: _pass_on(path, container))
    starting = _Engine(path)
    starting.request("POST", f"{_API}/{container}/start")
    answer = starting.getresponse()
    if answer.status != _STARTED:
        sys.stderr.write(answer.read().decode(errors="replace"))
        return _FAILED
    _copy(output)
    return int(json.loads(waiting.getresponse().read())["StatusCode"])


def _attached(path: str, container: str) -> socket.socket:
    connection = _Engine(path)
    connection.request(
        "POST",
        f"{_API}/{container}/attach?stream=1&stdout=1&stderr=1",
        headers={"Connection": "Upgrade", "Upgrade": "tcp"},
    )
    # Read by hand: what follows the headers is the stream, and nothing of it may be buffered away.
    head = b""
    while b"\r\n\r\n" not in head:
        byte = connection.sock.recv(1)
        if not byte:
            raise SystemExit(_FAILED)
        head += byte
    if int(head.split()[1]) not in _OK:
        sys.stderr.write(head.decode(errors="replace"))
        raise SystemExit(_FAILED)
    return connection.sock


def _copy(stream: socket.socket) -> None:
    while header := _exactly(stream, _HEADER):
        left = int.from_bytes(header[4:], "big")
        while left:
            chunk = stream.recv(min(left, 65_536))
            if not chunk:
                return
            left -= len(chunk)
            _write(2 if header[0] == 2 else 1, chunk)  # noqa: PLR2004 - the streams' own numbers


def _exactly(stream: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = stream.recv(count - len(got))
        if not part:
            return b""
        got += part
    return got


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _pass_on(path: str, container: str) -> None:
    asking = _Engine(path)
    asking.request("POST", f"{_API}/{container}/kill?signal=SIGINT")
    asking.getresponse().read()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
