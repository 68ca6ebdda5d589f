"""An emulator as somebody else runs it: the program itself, unconfined, on a port of the loopback interface."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine_clients import eventually

from sandbox.engines.probe import ask

PROGRAMS = {"ministack": ["-m", "ministack"], "moto": ["-m", "moto.server"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebodys:
    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def somebodys_engine(emulator: str, folder: Path) -> Iterator[Somebodys]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "LAMBDA_STRICT": "1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/none.sock",
        "MOTO_PORT": str(port),
        "HOME": str(folder),
        "PATH": os.defpath,
    }
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *PROGRAMS[emulator]], env=settings, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}"
        assert eventually(lambda: bool(ask(url).account)), (folder / "log").read_text()
        yield Somebodys(url=url, process=process)
    finally:
        process.kill()
        process.wait()
