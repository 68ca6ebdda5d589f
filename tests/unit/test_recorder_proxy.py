"""The proxy on the wire: raw sockets on both sides, so that what passes is seen byte by byte."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sandbox.recorder.recorder import Recorder, Scope
from sandbox.rehearsal import ApiCall, CallKind

SIGNED = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Received:
    """One request as it came in: the head as text, the body as bytes."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.lines = head.decode().split("\r\n")
        self.body = body

    @property
    def request_line(self) -> str:
        return self.lines[0]

    @property
    def headers(self) -> list[str]:
        return self.lines[1:]


class Engine:
    """A server of one thread per connection that answers each request with what ``answer`` writes to its socket."""

    def __init__(self, answer: Callable[[socket.socket, Received], None] | None = None) -> None:
        self._answer = answer or (lambda connection, _: connection.sendall(OK))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.received: list[Received] = []
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._listening.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        try:
            while request := read_request(stream):
                self.received.append(request)
                self._answer(connection, request)
        except (OSError, ValueError):
            return


def read_request(stream: object) -> Received | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()  # type: ignore[attr-defined]  # a buffered reader of a socket
        if not line:
            return None
        head += line
    headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(stream.readline(), 16):  # type: ignore[attr-defined]  # as above
            body += stream.read(size)  # type: ignore[attr-defined]  # as above
            stream.readline()  # type: ignore[attr-defined]  # as above
        stream.readline()  # type: ignore[attr-defined]  # as above
    else:
        body = stream.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]  # as above
    return Received(head[:-4], body)


@contextmanager
def recording(answer: Callable[[socket.socket, Received], None] | None = None) -> Iterator[tuple[Recorder, Engine]]:
    engine = Engine(answer)
    try:
        with Recorder() as recorder:
            recorder.forward_to(engine.endpoint)
            yield recorder, engine
    finally:
        engine.close()


class Client:
    """A raw keep-alive connection to the recorder."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._stream = self.socket.makefile("rb")

    def send(self, head: str, body: bytes = b"") -> tuple[int, list[str], bytes]:
        self.socket.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        return self.read(head_only=head.startswith("HEAD"))

    def read(self, *, head_only: bool = False) -> tuple[int, list[str], bytes]:
        lines: list[str] = []
        while line := self._stream.readline().rstrip(b"\r\n"):
            lines.append(line.decode("latin-1"))
        status = int(lines[0].split()[1]) if lines else 0
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        if head_only or status in {100, 204, 304}:
            return status, lines[1:], b""
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._stream.readline() or b"0", 16):
                body += self._stream.read(size)
                self._stream.readline()
            self._stream.readline()
            return status, lines[1:], body
        length = headers.get("content-length")
        return status, lines[1:], self._stream.read(int(length)) if length else b""

    def close(self) -> None:
        self._stream.close()
        self.socket.close()


@contextmanager
def client_of(recorder: Recorder) -> Iterator[Client]:
    client = Client(recorder.port)
    try:
        yield client
    finally:
        client.close()


def one_call(recorder: Recorder) -> ApiCall:
    deadline = time.monotonic() + 10
    while not recorder.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    (call,) = recorder.calls
    return call


def test_request_line_header_order_spelling_and_host_pass_unchanged() -> None:
    with recording() as (recorder, engine), client_of(recorder) as client:
        head = (
            "POST /bucket//a/../b%2Fc%20d+e?x-id=Put&b=%2B&a&c= HTTP/1.1\nhOsT: bucket.example:99\nX-Zeta: 1\n"
            f"Authorization: {SIGNED.format('s3')}\nx-alpha: two  words\nContent-Length: 3\nX-Beta: é"
        )
        status, _headers, body = client.send(head, b"abc")
    assert (status, body) == (200, b"{}")
    (request,) = engine.received
    assert request.request_line == head.split("\n", maxsplit=1)[0]
    assert request.headers == head.split("\n")[1:]
    assert request.body == b"abc"


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body(status: int) -> None:
    raw = f"HTTP/1.1 {status} X\r\nETag: abc\r\n\r\n".encode()
    with recording(lambda connection, _: connection.sendall(raw)) as (recorder, _), client_of(recorder) as client:
        for _ in range(2):
            answer = client.send("DELETE /b/k HTTP/1.1\nHost: h")
            assert answer[0] == status
            assert "ETag: abc" in answer[1]


def test_head_keeps_the_length_of_the_body_that_is_not_sent() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nx-AMZ-Meta-Case: Kept\r\n\r\n"
    with recording(lambda connection, _: connection.sendall(raw)) as (recorder, _), client_of(recorder) as client:
        for _ in range(2):
            status, headers, _ = client.send("HEAD /b/k HTTP/1.1\nHost: h")
            assert status == 200
            assert "Content-Length: 12345" in headers
            assert "x-AMZ-Meta-Case: Kept" in headers


def test_chunked_in_both_directions() -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: a/b\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    with recording(lambda connection, _: connection.sendall(raw)) as (recorder, engine), client_of(recorder) as client:
        chunked = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        status, _, body = client.send("PUT /b/k HTTP/1.1\nHost: h\nTransfer-Encoding: chunked", chunked)
    assert (status, body) == (200, b"abcdefg")
    assert engine.received[0].body == b"hello world"


def test_an_event_stream_is_passed_on_while_it_is_still_being_made() -> None:
    more = threading.Event()

    def answer(connection: socket.socket, _: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert more.wait(20)
        connection.sendall(b"4\r\nlast\r\n0\r\n\r\n")

    with recording(answer) as (recorder, _), client_of(recorder) as client:
        client.socket.sendall(b"GET /s HTTP/1.1\r\nHost: h\r\n\r\n")
        got = b""
        while b"first" not in got:
            got += client.socket.recv(4096)
        more.set()
        while b"last" not in got:
            got += client.socket.recv(4096)


def test_compressed_bodies_are_not_touched() -> None:
    packed = gzip.compress(b"x" * 1000)
    raw = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed
    with recording(lambda connection, _: connection.sendall(raw)) as (recorder, engine), client_of(recorder) as client:
        head = f"POST / HTTP/1.1\nHost: h\nContent-Encoding: gzip\nContent-Length: {len(packed)}"
        _status, headers, body = client.send(head, packed)
    assert body == packed
    assert "Content-Encoding: gzip" in headers
    assert engine.received[0].body == packed


def test_expect_100_continue_is_answered_here_and_goes_no_further() -> None:
    with recording() as (recorder, engine), client_of(recorder) as client:
        head = "PUT /b/k HTTP/1.1\nHost: h\nExpect: 100-continue\nContent-Length: 4"
        assert client.send(head)[0] == 100
        client.socket.sendall(b"data")
        assert client.read()[0] == 200
    (request,) = engine.received
    assert request.body == b"data"
    assert not any(line.lower().startswith("expect") for line in request.headers)


def test_hop_by_hop_headers_end_here() -> None:
    with recording() as (recorder, engine), client_of(recorder) as client:
        client.send("GET / HTTP/1.1\nHost: h\nConnection: keep-alive, X-Mine\nX-Mine: 1\nTE: trailers\nX-Yours: 2")
    names = {line.split(":")[0].lower() for line in engine.received[0].headers}
    assert names == {"host", "x-yours"}


def test_redirects_are_the_clients_affair() -> None:
    raw = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"
    with recording(lambda connection, _: connection.sendall(raw)) as (recorder, engine), client_of(recorder) as client:
        status, headers, _ = client.send("GET /b HTTP/1.1\nHost: h")
    assert status == 307
    assert "Location: http://elsewhere/" in headers
    assert len(engine.received) == 1


def test_one_connection_carries_many_calls_in_order() -> None:
    with recording() as (recorder, _), client_of(recorder) as client:
        for number in range(50):
            assert client.send(f"GET /b/{number} HTTP/1.1\nHost: h\nAuthorization: {SIGNED.format('s3')}")[0] == 200
        calls = recorder.calls
    assert [call.sequence for call in calls] == list(range(50))
    assert [call.resources for call in calls] == [("b", f"b/{number}") for number in range(50)]
    assert all(call.latency >= call.overhead >= 0 for call in calls)


def test_before_an_engine_is_known_calls_are_answered_503_and_recorded() -> None:
    with Recorder() as recorder, client_of(recorder) as client:
        status, _headers, body = client.send(
            "POST / HTTP/1.1\nHost: h\nX-Amz-Target: DynamoDB_20120810.ListTables\n"
            f"Authorization: {SIGNED.format('dynamodb')}"
        )
        call = one_call(recorder)
    assert (status, json.loads(body)["__type"]) == (503, "EngineNotReady")
    assert (call.service, call.operation, call.status, call.error_code) == (
        "dynamodb",
        "ListTables",
        503,
        "EngineNotReady",
    )


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("CONNECT sts.amazonaws.com:443 HTTP/1.1", "sts.amazonaws.com:443"),
        ("GET http://169.254.169.254/latest/meta-data/ HTTP/1.1", "169.254.169.254"),
    ],
)
def test_other_hosts_are_refused_and_recorded(line: str, host: str) -> None:
    with recording() as (recorder, engine), client_of(recorder) as client:
        assert client.send(f"{line}\nHost: {host}")[0] == 403
        call = one_call(recorder)
    assert (call.service, call.operation, call.status) == ("", "", 403)
    assert (call.error_code, call.resources) == ("OutsideClone", (host,))
    assert engine.received == []


@pytest.mark.parametrize("as_proxy", [True, False])
def test_a_host_name_below_the_recorders_own_is_the_clone(*, as_proxy: bool) -> None:
    with recording() as (recorder, engine), client_of(recorder) as client:
        host = f"123456789012.127.0.0.1:{recorder.port}"
        scheme = f"http://{host}" if as_proxy else ""
        status, _, _ = client.send(
            f"GET {scheme}/v20180820/configuration/publicAccessBlock HTTP/1.1\nHost: {host}\n"
            f"x-amz-account-id: 123456789012\nAuthorization: {SIGNED.format('s3')}"
        )
        call = one_call(recorder)
    assert status == 200
    assert engine.received[0].request_line == "GET /v20180820/configuration/publicAccessBlock HTTP/1.1"
    assert f"Host: 127.0.0.1:{recorder.port}" in engine.received[0].headers
    assert (call.service, call.operation) == ("s3control", "GetPublicAccessBlock")


def test_admin_routes_are_refused_and_recorded() -> None:
    with recording() as (recorder, engine), client_of(recorder) as client:
        assert client.send("POST /_ministack/reset HTTP/1.1\nHost: h\nContent-Length: 0")[0] == 403
        call = one_call(recorder)
    assert (call.error_code, call.path, call.kind) == ("AdminRouteRefused", "/_ministack/reset", CallKind.UNKNOWN)
    assert engine.received == []


def test_an_engine_that_is_not_there_gives_502_in_the_clients_own_protocol() -> None:
    with Recorder() as recorder, client_of(recorder) as client:
        gone = socket.create_server(("127.0.0.1", 0))
        recorder.forward_to(f"http://127.0.0.1:{gone.getsockname()[1]}")
        gone.close()
        body = b"Action=DeleteRole&Version=2010-05-08&RoleName=r"
        status, _headers, answer = client.send(
            f"POST / HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: {len(body)}\n"
            f"Authorization: {SIGNED.format('iam')}",
            body,
        )
        call = one_call(recorder)
    assert status == 502
    assert b"<Code>EngineUnavailable</Code>" in answer
    assert (call.service, call.operation, call.status, call.error_code) == ("iam", "DeleteRole", 0, "EngineUnavailable")
    assert call.resources == ("r",)


def test_an_engine_that_dies_without_an_answer_is_asked_only_once() -> None:
    with (
        recording(lambda connection, _: connection.shutdown(socket.SHUT_RDWR)) as (recorder, engine),
        client_of(recorder) as client,
    ):
        assert client.send(f"DELETE /b/k HTTP/1.1\nHost: h\nAuthorization: {SIGNED.format('s3')}")[0] == 502
        call = one_call(recorder)
    assert len(engine.received) == 1
    assert (call.operation, call.status, call.error_code) == ("DeleteObject", 0, "EngineUnavailable")


def test_an_answer_that_breaks_off_reaches_the_client_broken() -> None:
    def answer(connection: socket.socket, _: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000)
        connection.shutdown(socket.SHUT_RDWR)

    with recording(answer) as (recorder, _), client_of(recorder) as client:
        client.socket.sendall(b"GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n")
        got = bytearray()
        try:
            while piece := client.socket.recv(65536):
                got += piece
        except ConnectionResetError:
            pass
        call = one_call(recorder)
    assert len(got) < 1_000_000
    assert (call.status, call.error_code) == (0, "EngineUnavailable")


def test_a_client_that_leaves_in_the_middle_of_its_request_is_recorded() -> None:
    with recording() as (recorder, _), client_of(recorder) as client:
        head = f"PUT /b/k HTTP/1.1\nHost: h\nAuthorization: {SIGNED.format('s3')}\nContent-Length: 10000000\n\n"
        client.socket.sendall(head.replace("\n", "\r\n").encode() + b"x" * 100_000)
        client.close()
        call = one_call(recorder)
    assert (call.operation, call.status, call.error_code) == ("PutObject", 0, "ClientDisconnected")


def test_phases_label_calls_and_parallel_listeners_keep_their_own() -> None:
    with recording() as (recorder, _):
        for phase in ("baseline", "apply"):
            recorder.phase(phase)
            with client_of(recorder) as client:
                client.send("GET /a HTTP/1.1\nHost: h")
        noise, plan = recorder.endpoint_for("noise"), recorder.endpoint_for("plan")
        assert len({noise, plan, recorder.endpoint}) == 3
        assert recorder.endpoint_for("noise") == noise
        for endpoint in (plan, noise):
            client = Client(int(endpoint.rpartition(":")[2]))
            client.send("GET /a HTTP/1.1\nHost: h")
            client.close()
        assert [call.phase for call in recorder.calls] == ["baseline", "apply", "plan", "noise"]


def test_scopes_name_identified_calls_only() -> None:
    with recording() as (recorder, _), client_of(recorder) as client:
        client.send(f"GET /b HTTP/1.1\nHost: h\nAuthorization: {SIGNED.format('s3')}")
        client.send(f"GET /b HTTP/1.1\nHost: h\nAuthorization: {SIGNED.format('s3')}")
        client.send("GET /nothing-known HTTP/1.1\nHost: h")
        assert recorder.scopes() == {Scope(service="s3", region="us-east-1", access_key_id="123456789012")}


def test_calls_stay_readable_after_the_recorder_closed() -> None:
    with recording() as (recorder, _), client_of(recorder) as client:
        client.send(f"GET /b HTTP/1.1\nHost: h\nAuthorization: {SIGNED.format('s3')}")
    assert [call.operation for call in recorder.calls] == ["ListObjects"]
    assert len(recorder.scopes()) == 1


def test_a_call_is_there_as_soon_as_its_answer_is() -> None:
    with recording() as (recorder, _), client_of(recorder) as client:
        for number in range(1, 200):
            client.send("GET /a HTTP/1.1\nHost: h")
            assert len(recorder.calls) == number


def test_what_is_not_http_is_answered_400_and_harms_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    with recording() as (recorder, _):
        with client_of(recorder) as client:
            client.socket.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n")
            assert client.read()[0] in {0, 400}
        with client_of(recorder) as client:
            assert client.send("GET /a HTTP/1.1\nHost: h")[0] == 200
    assert "Traceback" not in "".join(capfd.readouterr())


def test_outside_its_context_a_recorder_says_so() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        Recorder().endpoint_for("plan")


def test_closing_does_not_wait_for_a_call_that_never_ends() -> None:
    stuck = threading.Event()
    with recording(lambda *_: stuck.wait(30) and None) as (recorder, _):
        client = Client(recorder.port)
        client.socket.sendall(f"GET /b HTTP/1.1\r\nHost: h\r\nAuthorization: {SIGNED.format('s3')}\r\n\r\n".encode())
        time.sleep(0.2)
    stuck.set()
    client.close()
    assert [(call.operation, call.status, call.error_code) for call in recorder.calls] == [
        ("ListObjects", 0, "ClientDisconnected")
    ]
