"""A loopback listener through which a live account can be read, and not written.

Whoever reads (the inventory, the AWS provider) signs with dummy credentials and speaks to this listener. A call is
identified, judged (`sandbox.live.permitted`), signed anew with the real credentials and sent on; every call is
recorded, the refused ones too. The dummy access key id is this listener's alone: without it, nothing is answered, so
that no other program of this machine reads the account through it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from sandbox.errors import SandtableError
from sandbox.live.permitted import Passed, Refusal, judge
from sandbox.live.upstream import Answer, UnreachableError, Upstream
from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.exchange import Exchange, Head, Request, request_of
from sandbox.recorder.identify import Identification, identify
from sandbox.recorder.journal import Journal
from sandbox.recorder.refusals import error_document
from sandbox.recorder.signature import Caller, caller_of
from sandbox.rehearsal import ApiCall

REFUSED = "RefusedByReadOnlyForwarder"
"""The error code of a call that did not leave."""
UNREACHABLE = "EndpointUnreachable"
_STRANGER = "UnrecognizedClientException"
_LARGEST = 1_048_576
"""Bytes of a request. No read is that long."""
_HOST = "127.0.0.1"
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "content-encoding"})
_POLL = 0.05
"""Seconds that closing may take."""
_CONTENT = 65_536
"""Bytes of an answer that are kept to tell how the call ended."""


class Forwarder:
    """The listener; a context manager.

    Args:
        upstream: Where calls go.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._journal = Journal()
        self._lock = threading.Lock()
        self._born = time.perf_counter()
        self._sequence = 0
        self.phase = "read"
        """Label of the calls that come from now on."""
        self.access_key_id = f"READ{secrets.token_hex(8).upper()}"
        """What a caller must sign with."""
        self.refused: Counter[tuple[Refusal, str, str]] = Counter()
        """Calls that did not leave, by reason, service and operation."""
        self.changed = 0
        """Calls that left without the part that asks for a secret."""

    def __enter__(self) -> Self:
        try:
            self._server = _Server(self)
        except OSError as error:
            raise SandtableError(
                f"No port of {_HOST} could be opened to read the account through: {error}.",
                hint="Check that this user may open sockets on the loopback interface.",
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL,), name="forwarder", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._upstream.close()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://{_HOST}:{self._server.server_address[1]}"

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every finished call, in the order of arrival."""
        return self._journal.calls()

    def answer(self, exchange: Exchange) -> Answer:
        """Judge one call, and make it if it may be made."""
        request = request_of(exchange)
        caller = caller_of(request)
        if caller.access_key_id != self.access_key_id or not exchange.target.startswith("/"):
            return _error(request, _STRANGER, "This is not an endpoint of yours.")
        identification = _identified(request, caller)
        verdict = judge(request, identification)
        if isinstance(verdict, Refusal):
            return self._refuse(exchange, request, identification, verdict)
        return self._pass_on(exchange, verdict, identification.service, caller)

    def begin(self, method: str, target: str, headers: tuple[tuple[str, str], ...]) -> Exchange:
        """A call has arrived."""
        with self._lock:
            self._sequence += 1
            return Exchange(
                sequence=self._sequence,
                phase=self.phase,
                at=time.perf_counter() - self._born,
                method=method,
                target=target,
                headers=headers,
                request_body=Head(_LARGEST),
                response_body=Head(_CONTENT),
            )

    def end(self, exchange: Exchange, answer: Answer) -> None:
        """A call has been answered."""
        exchange.status = answer.status
        exchange.response_headers = answer.headers
        exchange.response_body.add(answer.body)
        exchange.latency = time.perf_counter() - self._born - exchange.at
        exchange.answered = True
        with self._lock:
            self._journal.append(exchange)

    def _refuse(self, exchange: Exchange, request: Request, identification: Identification, refusal: Refusal) -> Answer:
        exchange.refused_by = "read-only"
        exchange.error_code = REFUSED
        with self._lock:
            self.refused[refusal, identification.service, identification.operation] += 1
        name = f"{identification.service}:{identification.operation or '?'}"
        return _error(request, REFUSED, f"{name} is not sent to a live account: {refusal.value}.")

    def _pass_on(self, exchange: Exchange, passed: Passed, service: str, caller: Caller) -> Answer:
        if passed.changed:
            with self._lock:
                self.changed += 1
        try:
            return self._upstream.send(
                passed.request, service=service, signing_name=caller.signing_name, region=caller.region
            )
        except UnreachableError as error:
            exchange.error_code = UNREACHABLE
            return _error(passed.request, UNREACHABLE, f"The account gave no answer: {error}.", status=400)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder
        super().__init__((_HOST, 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nobody's concern; nothing is printed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_one_request(self) -> None:
        """Read one request of any method, and answer it."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        exchange = self.server.forwarder.begin(self.command, self.path, tuple(self.headers.items()))
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > _LARGEST:
            self.close_connection = True
            exchange.request_body.size = _LARGEST + 1  # not complete: what it is cannot be told
        else:
            exchange.request_body.add(self.rfile.read(int(length)))
        answer = self.server.forwarder.answer(exchange)
        self.server.forwarder.end(exchange, answer)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()


def _identified(request: Request, caller: Caller) -> Identification:
    try:
        return identify(request, caller, catalogue())
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        # Somebody else's bytes defeated a parser: not recognised, so not sent.
        return Identification()


def _error(request: Request, code: str, message: str, *, status: int = 403) -> Answer:
    content_type, body = error_document(code, message, request.headers)
    headers = (("Content-Type", content_type), ("x-amzn-ErrorType", code))
    return Answer(status=status, headers=headers, body=body)
