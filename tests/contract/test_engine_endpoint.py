"""What is asked of an engine that somebody else runs, before anything is written to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandbox.engines.endpoint import AttachedEngine, EndpointEngine
from sandbox.errors import EngineError, SandtableError, UsageError

pytestmark = pytest.mark.engine

REAL = "210987654321"
IDENTITY = "<GetCallerIdentityResponse><Account>{}</Account></GetCallerIdentityResponse>"
DENIED = "<ErrorResponse><Error><Code>{}</Code><Message>no</Message></Error></ErrorResponse>"


@dataclass
class Pretender:
    """Answers STS as it is told to, lists what it is told to hold, and notes what it was asked."""

    account: str = ""
    """Empty: the access key's."""
    denial: str = ""
    page: str = ""
    health: str = ""
    queues: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(pretender: Pretender) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200 if pretender.health and self.path == pretender.health else 404, "")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            pretender.asked.append(operation or (body if "Action=" in body else self.path))
            if self.path.endswith("reset"):
                pretender.queues.clear()
                self.answer(200, "{}")
            elif operation == "ListQueues":
                self.answer(200, json.dumps({"QueueUrls": pretender.queues}))
            elif "GetCallerIdentity" not in body:
                self.answer(501, "")
            elif pretender.page:
                self.answer(200, pretender.page)
            elif pretender.denial:
                self.answer(403, DENIED.format(pretender.denial))
            else:
                key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
                self.answer(200, IDENTITY.format(pretender.account or key))

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def attach(pretender: Pretender, tmp_path: Path, *, reset: bool = False, times: int = 1) -> AttachedEngine:
    with serving(pretender) as url:
        engine = EndpointEngine(url, environment={}, reset=reset)
        for _ in range(times):
            with engine.start(tmp_path, public_port=1) as attached:
                assert attached.alive()
    return attached


def refusal(pretender: Pretender, tmp_path: Path, kind: type[SandtableError]) -> SandtableError:
    with pytest.raises(kind) as caught:
        attach(pretender, tmp_path)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_who_checks_a_signature_may_be_aws(tmp_path: Path, code: str) -> None:
    pretender = Pretender(denial=code)

    assert "may be real AWS" in refusal(pretender, tmp_path, UsageError).message
    assert len(pretender.asked) == 1


def test_who_answers_for_one_real_account_may_pass_calls_on_to_aws(tmp_path: Path) -> None:
    pretender = Pretender(account=REAL)

    assert REAL in refusal(pretender, tmp_path, UsageError).message
    assert [call for call in pretender.asked if "GetCallerIdentity" not in call] == []


@pytest.mark.parametrize(
    "pretender",
    [Pretender(), Pretender(account="000000000000"), Pretender(account=REAL, health="/_localstack/health")],
    ids=["any account", "a made-up account", "a known emulator"],
)
def test_emulators_are_recognised(tmp_path: Path, pretender: Pretender) -> None:
    attached = attach(pretender, tmp_path)

    assert attached.info.name.startswith("endpoint:http://127.0.0.1:")
    assert attached.info.version == ("LocalStack" if pretender.health else "unknown")
    assert any("one account for everybody" in text for text in attached.notices) is bool(pretender.account)


def test_what_is_no_aws_engine_is_an_error(tmp_path: Path) -> None:
    error = refusal(Pretender(page="<html>It works!</html>"), tmp_path, EngineError)

    assert "as an AWS engine does: HTTP 200 instead of an account" in error.message


def test_what_it_held_is_told_and_stays(tmp_path: Path) -> None:
    pretender = Pretender(health="/_ministack/health", queues=["a", "b"])

    [notice] = attach(pretender, tmp_path).notices

    assert "is shared" in notice
    assert "it held resources before the rehearsal (sqs 2)" in notice
    assert "dynamodb" in notice.partition("did not say")[0]
    assert pretender.queues == ["a", "b"]


def test_it_is_emptied_only_where_that_is_asked_for(tmp_path: Path) -> None:
    pretender = Pretender(health="/_ministack/health", queues=["a", "b"])

    [notice] = attach(pretender, tmp_path, reset=True, times=2).notices

    assert "it was emptied before the rehearsal" in notice
    assert pretender.asked.count("/_ministack/reset") == 2


def test_nobody_empties_what_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="is not known") as caught:
        attach(Pretender(), tmp_path, reset=True)
    assert "--reset-endpoint" in caught.value.hint


def test_a_second_try_in_a_used_engine_is_none(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="second try") as caught:
        attach(Pretender(), tmp_path, times=2)
    assert "--real-time" in caught.value.hint


def test_one_that_ends_is_not_alive(tmp_path: Path) -> None:
    attached = attach(Pretender(), tmp_path)

    assert not attached.alive()
    assert attached.log_tail()
