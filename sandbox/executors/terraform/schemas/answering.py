"""Answers Terraform's question for schemas, and nothing else: a program that stands in for a provider.

    answering.py SCHEMAS FOLDER...

SCHEMAS is a file with the answer; in the FOLDERs is `grpc`. Any other question gets "unimplemented", which is an error
of the command. It runs inside the enclosure of what is replayed, and ends when Terraform says so.

Source: hashicorp/go-plugin (the line that a plugin writes first, and the services that every plugin has).
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_SCHEMA = "/tfplugin5.Provider/GetSchema"
_SHUTDOWN = "/plugin.GRPCController/Shutdown"
_STREAMS = ("/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream")


def main(schemas: str, *folders: str) -> None:
    """Answer until told to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Terraform's to act upon: it ends its plugins itself
    sys.path += folders
    import grpc  # noqa: PLC0415 - from the folders

    answer = Path(schemas).read_bytes()
    ended = threading.Event()

    def shutdown(_request: bytes, _context: object) -> bytes:
        ended.set()
        return b""

    class Plugin(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: Any) -> Any:
            if details.method == _SCHEMA:
                return grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)
            if details.method == _SHUTDOWN:
                return grpc.unary_unary_rpc_method_handler(shutdown)
            if details.method in _STREAMS:
                # It has nothing to say there.
                return grpc.stream_stream_rpc_method_handler(lambda _requests, _context: iter(()))
            return None

    server = grpc.server(ThreadPoolExecutor(len(_STREAMS) + 2), handlers=[Plugin()])
    address = f"{tempfile.gettempdir()}/plugin{os.getpid()}"
    server.add_insecure_port(f"unix:{address}")
    server.start()
    sys.stdout.write(f"1|5|unix|{address}|grpc|\n")
    sys.stdout.flush()
    ended.wait()
    server.stop(grace=1).wait()
    os._exit(0)  # without waiting for threads that listen to streams


if __name__ == "__main__":
    main(*sys.argv[1:])
