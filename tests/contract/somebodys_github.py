"""A small GitHub: the three routes of issue comments, with answers in the shape that the real one gives.

Recorded shape: GitHub, "REST API endpoints for issue comments" (example responses), cut down to what is read.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"


@dataclass
class GitHub:
    """One pull request's comments."""

    url: str = ""
    token: str = "t0ken"
    writable: bool = True
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def add(self, author: str, body: str) -> dict[str, Any]:
        number = len(self.comments) + 1
        comment = {
            "id": number,
            "node_id": "MDEyOklzc3VlQ29tbWVudDE=",
            "html_url": f"https://github.com/octocat/Hello-World/issues/7#issuecomment-{number}",
            "body": body,
            "user": {"login": author, "id": 1, "type": "Bot" if author == BOT else "User"},
        }
        self.comments.append(comment)
        return comment

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        parts = urlsplit(path)
        if authorization != f"Bearer {self.token}":
            return 401, {"message": "Bad credentials"}
        if parts.path == "/repos/octocat/Hello-World/issues/7/comments" and method == "GET":
            query = parse_qs(parts.query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[(page - 1) * size : page * size]
        if not self.writable:
            return 403, {"message": "Resource not accessible by integration"}
        if parts.path == "/repos/octocat/Hello-World/issues/7/comments" and method == "POST":
            return 201, self.add(BOT, json.loads(body)["body"])
        if method == "PATCH" and parts.path.startswith("/repos/octocat/Hello-World/issues/comments/"):
            comment = self.comments[int(parts.path.rpartition("/")[2]) - 1]
            comment["body"] = json.loads(body)["body"]
            return 200, comment
        return 404, {"message": "Not Found"}


@contextmanager
def github() -> Iterator[GitHub]:
    """Serve one."""
    made = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, document = made.answer(self.command, self.path, body, self.headers.get("Authorization", ""))
            content = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - as http.server looks for them

        def log_message(self, *_: object) -> None:
            """Tests have no use for it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
