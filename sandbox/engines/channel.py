"""A private line between this process and an engine's: a socket pair that only the two of them hold.

An engine's whole state holds every secret that was put into it. It must not be had over HTTP, where the replayed change
could ask for it, and needs not lie in a file: it goes through this line, in frames of a length and that many bytes.
"""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct(">Q")
_CHUNK = 1 << 20


def send_frame(line: socket.socket, content: bytes) -> None:
    """Send one frame.

    Raises:
        OSError: the other side has gone, or does not read (where the socket has a timeout).
    """
    line.sendall(_LENGTH.pack(len(content)))
    line.sendall(content)


def receive_frame(line: socket.socket) -> bytes:
    """Receive one frame.

    Raises:
        EOFError: the other side has gone.
        OSError: it does not send (where the socket has a timeout).
    """
    (length,) = _LENGTH.unpack(_receive(line, _LENGTH.size))
    return _receive(line, length)


def _receive(line: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        chunk = line.recv(min(_CHUNK, length - len(received)))
        if not chunk:
            raise EOFError("the other side has gone")
        received += chunk
    return bytes(received)
