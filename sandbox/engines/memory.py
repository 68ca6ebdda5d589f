"""The smallest engine there is, for tests: a few calls of a few services, in this process, gone with it.

It shows what the tool asks of an engine at the least (`tests/contract/test_engine_contract.py`): STS by which it is
known, a 12-digit access key id for the account, regions apart, URLs that name the recorder's port. What it lacks it
says, with 501, as an engine should. `gate/wiring.py` does not offer it.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandbox.engines.probe import DEFAULT_ACCOUNT
from sandbox.rehearsal import EngineInfo

_SCOPE = re.compile(r"Credential=(?P<key>[^/\s,]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(slots=True)
class _Held:
    """Everything that the engine holds: names by (account, region, kind)."""

    public_port: int
    names: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def of(self, account: str, region: str, kind: str) -> list[str]:
        return self.names.setdefault((account, region, kind), [])


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryClone:
    """Runs in a thread; satisfies `sandbox.ports.RunningEngine`."""

    endpoint: str
    info: EngineInfo
    server: ThreadingHTTPServer
    thread: threading.Thread
    notices: tuple[str, ...] = ()

    def alive(self) -> bool:
        """Whether it still serves."""
        return self.thread.is_alive()

    def log_tail(self, lines: int = 20) -> str:  # noqa: ARG002 - the protocol's
        """There is none."""
        return "(the engine in memory keeps no log)"

    def end(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class MemoryEngine:
    """Starts clones in this process; satisfies `sandbox.ports.Engine`."""

    @property
    def name(self) -> str:
        """What it is called."""
        return "memory"

    @contextmanager
    def start(self, scratch: Path, *, public_port: int) -> Iterator[MemoryClone]:  # noqa: ARG002 - the protocol's
        """Start an empty clone; see `sandbox.ports.Engine.start`."""
        held = _Held(public_port)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"held": held}))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        clone = MemoryClone(
            endpoint=f"http://127.0.0.1:{server.server_port}",
            info=EngineInfo(name=self.name, version="1"),
            server=server,
            thread=thread,
        )
        try:
            yield clone
        finally:
            clone.end()


class _Handler(BaseHTTPRequestHandler):
    held: _Held
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The one call that is no POST: S3's list of buckets, of which there are none."""
        empty = "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>"
        self._answer(200, "application/xml", empty) if self.path.startswith("/?") or self.path == "/" else self._lack()

    def do_POST(self) -> None:
        """Every call of the JSON and query protocols."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        key, region = (scope["key"], scope["region"]) if scope else ("", "us-east-1")
        account = key if _ACCOUNT.fullmatch(key) else DEFAULT_ACCOUNT
        target = self.headers.get("X-Amz-Target", "")
        if target:
            found = _json_call(self.held, account, region, target.rpartition(".")[2], json.loads(body or "{}"))
            self._lack() if found is None else self._answer(200, "application/x-amz-json-1.0", json.dumps(found))
        else:
            text = _query_call(account, dict(urllib.parse.parse_qsl(body)))
            self._answer(200, "text/xml", text) if text else self._lack()

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def _lack(self) -> None:
        code = "<ErrorResponse><Error><Code>NotImplemented</Code></Error></ErrorResponse>"
        self._answer(501, "text/xml", code)

    def _answer(self, status: int, content_type: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _json_call(held: _Held, account: str, region: str, operation: str, asked: dict[str, Any]) -> dict[str, Any] | None:
    """SQS and DynamoDB; None for a call that is not there."""
    match operation:
        case "CreateQueue":
            url = f"http://127.0.0.1:{held.public_port}/{account}/{asked['QueueName']}"
            held.of(account, region, "queues").append(url)
            return {"QueueUrl": url}
        case "ListQueues":
            return {"QueueUrls": held.of(account, region, "queues")}
        case "CreateTable":
            held.of(account, region, "tables").append(str(asked["TableName"]))
            return {"TableDescription": {"TableName": asked["TableName"]}}
        case "ListTables":
            return {"TableNames": held.of(account, region, "tables")}
        case _:
            return None


def _query_call(account: str, asked: dict[str, str]) -> str:
    """STS and IAM; nothing for a call that is not there."""
    match asked.get("Action"):
        case "GetCallerIdentity":
            arn = f"arn:aws:iam::{account}:root"
            result = f"<Account>{account}</Account><Arn>{arn}</Arn><UserId>{account}</UserId>"
            name = "GetCallerIdentity"
        case "CreateRole":
            arn = f"arn:aws:iam::{account}:role/{asked['RoleName']}"
            result = f"<Role><RoleName>{asked['RoleName']}</RoleName><Arn>{arn}</Arn></Role>"
            name = "CreateRole"
        case _:
            return ""
    return f"<{name}Response><{name}Result>{result}</{name}Result></{name}Response>"
