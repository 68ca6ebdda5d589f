"""Serves run tasks: takes a request, answers at once, judges the plan, and calls back.

It listens on the loopback interface unless it is told otherwise, and speaks no TLS: that is for the proxy before it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from yarl import URL

from gate.planreview import PlanRequest, review_plan
from gate.policy.settings import Whereabouts
from gate.report.model import Report
from gate.runtask.request import SIGNATURE, STAGES, RefusedError, TaskRequest, folder_of, read_request
from gate.runtask.result import MEDIA_TYPE, judged, not_judged
from sandbox.errors import SandtableError

LARGEST_REQUEST = 256 * 1024
LARGEST_PLAN = 500_000_000
MOST_REDIRECTS = 3
MOST_WAITING = 100
AT_ONCE = 2
TIMEOUT = 120.0
"""Seconds for one request to HCP Terraform, which waits ten minutes for a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the server works with."""

    key: bytes = field(repr=False)
    origin: str
    """Scheme and host of the Terraform that it works for."""
    empty: Path
    """A folder with nothing in it, so that no policy lies beside a plan by accident."""
    policy: Path | None = None
    policy_environment: str = ""
    rego: Path | None = None
    account: str = ""
    region: str = ""
    keep: Callable[[str, Report], None] = field(default=lambda _run, _report: None)
    """What becomes of the report of a run."""


class Server:
    """One run task."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting: set[asyncio.Task[None]] = set()

    def application(self) -> web.Application:
        """The application that serves it, at ``/`` and for probes at ``/healthz``."""
        made = web.Application(client_max_size=LARGEST_REQUEST)
        made.router.add_post("/", self._take)
        made.router.add_get("/healthz", _healthy)
        made.on_shutdown.append(self._finish)
        return made

    async def _take(self, request: web.Request) -> web.Response:
        try:
            # A body that is too large raises the answer for it, 413.
            body = await request.read()
            asked = read_request(
                body, request.headers.get(SIGNATURE, ""), key=self._settings.key, origin=self._settings.origin
            )
            if not asked.is_test:
                folder_of(asked)
                self._begin(asked)
        except RefusedError as refused:
            _log(f"refused with {refused.status}: {refused.message}")
            return web.json_response({"error": refused.message}, status=refused.status)
        return web.Response()

    def _begin(self, asked: TaskRequest) -> None:
        if len(self._waiting) >= MOST_WAITING:
            raise RefusedError(503, "too many runs are waiting")
        task = asyncio.create_task(self._serve(asked))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _finish(self, _application: web.Application) -> None:
        """Let what has been taken come to its end."""
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _serve(self, asked: TaskRequest) -> None:
        async with self._turn, ClientSession(timeout=ClientTimeout(total=TIMEOUT), trust_env=True) as session:
            try:
                answer = await self._judged(asked, session)
            except SandtableError as error:
                answer = not_judged(error.message)
            except (ClientError, OSError, TimeoutError) as error:
                answer = not_judged(f"the plan could not be had ({type(error).__name__})")
            except Exception as error:  # noqa: BLE001 - whatever happens, the run gets an answer, and it is no pass
                _log(f"{asked.run}: {error!r}")
                answer = not_judged("an error in sandtable; its log has more")
            await self._call_back(asked, answer, session)

    async def _judged(self, asked: TaskRequest, session: ClientSession) -> dict[str, Any]:
        if asked.stage not in STAGES or not asked.plan:
            raise SandtableError(f"at the stage {asked.stage} there is no plan; set the task to post-plan")
        content = await _plan(asked, session)
        report = await asyncio.to_thread(self._review, asked, content)
        return judged(report, with_outcomes=asked.takes_outcomes)

    def _review(self, asked: TaskRequest, content: bytes) -> Report:
        settings = self._settings
        report = review_plan(
            PlanRequest(
                content=content,
                source=asked.run,
                folder=settings.empty,
                policy=settings.policy,
                policy_environment=settings.policy_environment,
                rego=settings.rego,
                place=Whereabouts(account=settings.account, region=settings.region, workspace=asked.workspace),
            )
        )
        settings.keep(folder_of(asked), report)
        return report

    async def _call_back(self, asked: TaskRequest, answer: dict[str, Any], session: ClientSession) -> None:
        attributes = answer["data"]["attributes"]
        try:
            async with session.patch(
                asked.callback,
                data=json.dumps(answer),
                headers={"Authorization": f"Bearer {asked.token}", "Content-Type": MEDIA_TYPE},
                allow_redirects=False,
            ) as response:
                told = f"answered {response.status}"
        except (ClientError, OSError, TimeoutError) as error:
            told = f"could not be told ({type(error).__name__}); without a result the run does not pass"
        _log(f"{asked.run}: {attributes['status']}: {attributes['message']} ({told})")


async def _plan(asked: TaskRequest, session: ClientSession) -> bytes:
    """Fetch the plan. HCP Terraform leads on to where it lies; the token is for its own host, and goes no further."""
    address, headers = URL(asked.plan, encoded=True), {"Authorization": f"Bearer {asked.token}"}
    for _ in range(MOST_REDIRECTS):
        async with session.get(address, headers=headers, allow_redirects=False) as response:
            if response.status in {301, 302, 303, 307, 308}:
                following = address.join(URL(response.headers.get("Location", ""), encoded=True))
                if following.scheme != address.scheme:
                    raise SandtableError("the plan's address leads on to another scheme")
                headers = headers if following.origin() == address.origin() else {}
                address = following
                continue
            if response.status != web.HTTPOk.status_code:
                raise SandtableError(f"the plan could not be had: HCP Terraform answers {response.status}")
            return await _bounded(response.content)
    raise SandtableError("the plan's address leads on and on")


async def _bounded(content: Any) -> bytes:
    found = bytearray()
    async for part in content.iter_chunked(1 << 20):
        found += part
        if len(found) > LARGEST_PLAN:
            raise SandtableError(f"the plan has more than {LARGEST_PLAN:,} bytes")
    return bytes(found)


async def _healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _log(text: str) -> None:
    print(text.encode("ascii", "backslashreplace").decode(), file=sys.stderr, flush=True)  # noqa: T201 - its log


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve until a signal asks for the end."""
    web.run_app(Server(settings).application(), host=host, port=port, print=_log, access_log=None)
