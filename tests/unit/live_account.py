"""What plays AWS where an engine would be too willing: a server on the loopback that answers as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.config import Config
from botocore.session import Session

from sandbox.live.upstream import Pace, Upstream

REAL_KEY = "AKIAREALREALREAL0001"
REAL_SECRET = "the-real-secret"
REGION = "eu-west-1"
_SESSION = Session()
"""One for all: it keeps the models that it has read."""


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One request as it reached the account."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def target(self) -> str:
        return self.headers.get("x-amz-target", "").rpartition(".")[2]


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/x-amz-json-1.0"})


@dataclass
class Account:
    endpoint: str = ""
    arrived: list[Arrived] = field(default_factory=list)


@contextmanager
def account(answer: Callable[[Arrived], Reply]) -> Iterator[Account]:
    """Serve until the context is left."""
    found = Account()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Arrived(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
            )
            found.arrived.append(request)
            reply = answer(request)
            self.send_response_only(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def upstream(endpoint: str, clock: Clock | None = None) -> Upstream:
    """The way to such an account, without real waits."""
    time = clock or Clock()
    return Upstream(endpoint=endpoint, pace=lambda: Pace(clock=time, sleep=time.sleep))


def client(service: str, endpoint: str, key: str, *, region: str = REGION) -> object:
    """An SDK's client, as a provider or a script would have one."""
    return _SESSION.create_client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key="dummy",
        aws_session_token="dummy-token",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
