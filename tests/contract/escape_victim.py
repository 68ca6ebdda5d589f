"""What an escape would reach: a process outside with a secret, which answers on every kind of socket with it.

    escape_victim.py CANARY FOLDER

Prints where it is, as JSON, and lives until its standard input ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import threading
from pathlib import Path

_IPC_CREAT, _IPC_RMID, _SHM_KEY = 0o1000, 0, 0x5A4D7


def main(canary: str, folder: Path) -> None:
    """Answer until nobody listens any more."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(canary)}\r\nConnection: close\r\n\r\n{canary}".encode()
    loopback = socket.create_server(("127.0.0.1", 0))
    other = socket.create_server((_own_address(), 0))
    file = socket.socket(socket.AF_UNIX)
    file.bind(str(folder / "agent.sock"))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{canary}")
    for listener in (loopback, other, file, abstract):
        listener.listen()
        threading.Thread(target=_serve, args=(listener, answer), daemon=True).start()
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 0))
    threading.Thread(target=_echo, args=(names, answer), daemon=True).start()
    segment = _segment(canary)
    found = {
        "pid": os.getpid(),
        "loopback": loopback.getsockname(),
        "other": other.getsockname(),
        "file": str(folder / "agent.sock"),
        "names": names.getsockname(),
        "shm": _SHM_KEY,
    }
    print(json.dumps(found), flush=True)  # noqa: T201 - its only output
    sys.stdin.read()
    ctypes.CDLL(None).shmctl(segment, _IPC_RMID, None)


def _serve(listener: socket.socket, answer: bytes) -> None:
    while True:
        connection, _ = listener.accept()
        connection.settimeout(1)
        try:
            connection.recv(4096)
            connection.sendall(answer)
        except OSError:
            pass
        finally:
            connection.close()


def _echo(listener: socket.socket, answer: bytes) -> None:
    while True:
        listener.sendto(answer, listener.recvfrom(4096)[1])


def _segment(canary: str) -> int:
    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    segment = int(libc.shmget(_SHM_KEY, 4096, _IPC_CREAT | 0o666))
    ctypes.memmove(libc.shmat(segment, None, 0), canary.encode(), len(canary))
    return segment


def _own_address() -> str:
    """An address of this machine that is not the loopback's usual one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
