"""`sandtable serve run-task` against a small HCP Terraform, on the request that HashiCorp documents."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import review_plans_made as plans
from cli_runs import command, run, surroundings

ROOT = Path(__file__).parents[2]
DOCUMENTED = json.loads((ROOT / "examples/run-task/request.json").read_text())
KEY = "k3y-that-both-know"
HCP = "https://app.terraform.io"
HARMLESS = plans.text(plans.change("aws_sqs_queue.jobs", "create", None, {"name": "jobs"}))
DESTROYS = plans.text(plans.change("aws_dynamodb_table.orders", "delete", {"name": "orders"}, None))


class Terraform:
    """A small HCP Terraform: plans that lie elsewhere, as HCP's archive does, and callbacks."""

    def __init__(self) -> None:
        self.url = ""
        self.archive = ""
        self.plan: bytes | int = HARMLESS
        self.tokens_at_archive: list[str | None] = []
        self.results: queue.Queue[tuple[str | None, str | None, dict[str, Any]]] = queue.Queue()

    def request(self, **changes: Any) -> dict[str, Any]:
        """The documented request, from here."""
        text = json.dumps({**DOCUMENTED, **changes})
        document: dict[str, Any] = json.loads(text.replace(HCP, self.url))
        return document

    def result(self) -> dict[str, Any]:
        token, kind, document = self.results.get(timeout=60)
        assert token == f"Bearer {DOCUMENTED['access_token']}"
        assert kind == "application/vnd.api+json"
        assert document["data"]["type"] == "task-results"
        return document["data"]


@contextmanager
def served(handle: Any) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = handle(self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = _serve  # noqa: N815 - as http.server looks for them

        def log_message(self, *_: object) -> None:
            """Tests have no use for it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def terraform() -> Iterator[Terraform]:
    made = Terraform()

    def archive(_method: str, _path: str, headers: Any, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        made.tokens_at_archive.append(headers.get("Authorization"))
        return (made.plan, {}, b"") if isinstance(made.plan, int) else (200, {}, made.plan)

    def api(method: str, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if method == "PATCH" and path.endswith("/callback"):
            made.results.put((headers.get("Authorization"), headers.get("Content-Type"), json.loads(body)))
            return 200, {}, b"{}"
        if path == "/api/v2/plans/plan-6AFmRJW1PFJ7qbAh/json-output":
            return 307, {"Location": f"{made.archive}/v1/object/abc"}, b""
        return 404, {}, b""

    with served(archive) as made.archive, served(api) as made.url:
        yield made


@pytest.fixture
def port(terraform: Terraform, tmp_path: Path) -> Iterator[int]:
    """Where the program under test listens."""
    arguments = ("--hcp", terraform.url, "--port", "0", "--out", str(tmp_path / "reports"))
    server = subprocess.Popen(
        command("serve", "run-task", *arguments),
        env=surroundings(tmp_path, SANDTABLE_HMAC_KEY=KEY),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    found = None
    for line in server.stderr:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            break
    assert found is not None
    drain = threading.Thread(target=server.stderr.read)
    drain.start()
    try:
        yield int(found[1])
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        drain.join()
        server.stderr.close()


def signed(body: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def post(port: int, document: Any, signature: str | None = None) -> int:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"X-TFC-Task-Signature": signed(body) if signature is None else signature}
    connection.request("POST", "/", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_only_an_approved_plan_passes(terraform: Terraform, port: int, tmp_path: Path) -> None:
    assert post(port, terraform.request()) == 200
    result = terraform.result()
    assert result["attributes"]["status"] == "passed", result
    assert terraform.tokens_at_archive == [None]

    terraform.plan = DESTROYS
    assert post(port, terraform.request()) == 200
    result = terraform.result()
    assert result["attributes"]["status"] == "failed"
    assert "1 resource is deleted" in result["attributes"]["message"]
    [outcome] = result["relationships"]["outcomes"]["data"]
    assert outcome["attributes"]["tags"]["decision"] == [{"label": "reject", "level": "error"}]
    assert "aws_dynamodb_table.orders" in outcome["attributes"]["body"]
    report = json.loads((tmp_path / "reports/run-i3Df5to9ELvibKpQ/report.json").read_text())
    assert report["verdict"]["decision"] == "reject"


@pytest.mark.parametrize("plan", [b"not json", b"", 404, 500])
def test_a_plan_that_cannot_be_judged_does_not_pass(plan: bytes | int, terraform: Terraform, port: int) -> None:
    terraform.plan = plan
    assert post(port, terraform.request()) == 200
    result = terraform.result()
    assert result["attributes"]["status"] == "failed"
    assert result["attributes"]["message"].startswith("Nothing was judged")


def test_a_stage_without_a_plan_does_not_pass(terraform: Terraform, port: int) -> None:
    assert post(port, terraform.request(stage="pre_plan", plan_json_api_url=None)) == 200
    assert terraform.result()["attributes"]["status"] == "failed"


def test_the_request_that_registers_a_task_is_answered(terraform: Terraform, port: int) -> None:
    assert post(port, terraform.request(access_token="test-token", stage="test")) == 200
    assert terraform.results.empty()


def test_what_is_not_signed_with_the_key_is_not_read(terraform: Terraform, port: int) -> None:
    body = json.dumps(terraform.request()).encode()
    for signature in ("", "0" * 128, signed(body, "another"), signed(body + b" "), "é"):
        assert post(port, body, signature) == 401
    assert post(port, b"not json", "") == 401
    assert terraform.results.empty()
    assert terraform.tokens_at_archive == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"plan_json_api_url": "http://169.254.169.254/latest/meta-data"}, 400),
        ({"task_result_callback_url": "https://evil.example/callback"}, 400),
        ({"plan_json_api_url": "http://[::1"}, 400),
        ({"run_id": "../../etc"}, 400),
        ({"access_token": 1}, 400),
        ({"workspace_name": "a\nb"}, 400),
        ({"run_message": "x" * 300_000}, 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_signed_request_that_makes_no_sense_is_refused(
    change: dict[str, Any], status: int, terraform: Terraform, port: int
) -> None:
    assert post(port, terraform.request(**change)) == status
    assert post(port, b"[]") == 400
    assert post(port, b"[" * 50_000) == 400
    assert terraform.results.empty()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "There is no HMAC key"),
        (("--hmac-key-file", "/nowhere"), "The key cannot be read"),
        (("--hmac-key-file", "KEY", "--hcp", "http://example.com"), "no address of a Terraform"),
        (("--hmac-key-file", "KEY", "--hcp", "https://[x"), "no address of a Terraform"),
        (("--hmac-key-file", "KEY", "--policy", "/nowhere"), "cannot be read"),
    ],
)
def test_a_server_that_could_not_work_does_not_start(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k\n")
    done = run(
        tmp_path,
        *("serve", "run-task", *(str(tmp_path / "key") if word == "KEY" else word for word in arguments)),
        SANDTABLE_HMAC_KEY="",
    )
    assert done.returncode in {3, 64}
    assert told in done.stderr
    assert "Traceback" not in done.stderr
