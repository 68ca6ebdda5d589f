"""The MCP server: tools, as the official SDK serves them, over standard input and output or HTTP on this machine.

Tools, structured results and progress are those of https://modelcontextprotocol.io/specification (server/tools,
basic/utilities/progress). The rehearsal runs in a thread of its own, one at a time: it takes all cores there are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

from gate.agentserver.answers import Answers, Explained, Judged, Protected, message_of, request_of
from gate.agentserver.paging import Page
from gate.stepsfile import MOST_STEPS
from gate.wiring import tool_version
from sandbox.errors import SandtableError

HOST = "127.0.0.1"

_INSTRUCTIONS = (
    "Rehearse every change of infrastructure here before you propose to apply it. A change that is rejected is not "
    "applied in another way: change the proposal as the summary says, and rehearse it again. A decision of review is a "
    "person's. Nothing here touches a real account, approves anything or gives a pass."
)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_T = TypeVar("_T")

Directory = Annotated[str, Field(description="The root module's folder, as it would be applied.")]
Target = Annotated[
    str,
    Field(
        description="The environment before: tfstate:FILE, git:REF, git:REF:DIR, config:DIR, snapshot:FILE or empty."
    ),
]


StepsTarget = Annotated[
    str,
    Field(
        description="As for the other tools; with stacks among the steps cloudformation:TEMPLATE, "
        "cloudformation-stack:NAME, a snapshot of one of them, or empty."
    ),
]


class GivenStep(BaseModel):
    """One change: exactly one of `command`, `terraform` and `cloudformation`."""

    model_config = ConfigDict(extra="forbid")

    command: list[str] | None = Field(default=None, description="Program and arguments.")
    dir: str | None = Field(default=None, description="Where the program would be run.")
    terraform: str | None = Field(default=None, description="The folder of a root module.")
    state: str | None = Field(default=None, description="A Terraform state's file, or none; the target's if left out.")
    cloudformation: str | None = Field(default=None, description="A template, or the folder that cdk synth wrote.")
    stack: str | None = Field(default=None, description="What its stack is called.")
    parameters: str | None = Field(default=None, description="A file with values of its parameters.")


class _Reporting:
    """Passes progress on to the client. Satisfies `sandbox.ports.Progress`; called in the rehearsal's thread."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._phases = 0

    def phase(self, title: str) -> None:
        self._phases += 1
        self._tell(title)

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        """Not passed on: phases say enough, and a large change has thousands."""

    def notice(self, text: str) -> None:
        self._tell(text)

    def _tell(self, text: str) -> None:
        # Progress has to grow with each notification; how many there will be is not known.
        self._phases += 1
        anyio.from_thread.run(self._context.report_progress, float(self._phases), None, text[:500])


def make_server() -> MCPServer:
    """The server with its tools."""
    server = MCPServer("sandtable", version=tool_version(), instructions=_INSTRUCTIONS, log_level="WARNING")
    answers = Answers()
    _add_rehearsals(server, answers, anyio.Lock())
    _add_questions(server, answers)
    return server


def _add_rehearsals(server: MCPServer, answers: Answers, turn: anyio.Lock) -> None:
    async def rehearse(context: Context, work: Callable[[_Reporting], Judged]) -> Judged:
        reporting = _Reporting(context)
        async with turn:
            return await anyio.to_thread.run_sync(_asked, lambda: work(reporting))

    @server.tool(annotations=_READS)
    async def rehearse_terraform(
        directory: Directory,
        target: Target,
        context: Context,
        variables: Annotated[list[str] | None, Field(description="NAME=VALUE, as for -var.")] = None,
        var_files: Annotated[list[str] | None, Field(description="Files, as for -var-file.")] = None,
    ) -> Judged:
        """Apply a Terraform change to a local clone of the target, and judge what really happens."""
        files = tuple(map(Path, var_files or ()))
        return await rehearse(
            context,
            lambda reporting: answers.rehearse(
                request_of(directory, target, variables=tuple(variables or ()), var_files=files), reporting
            ),
        )

    @server.tool(annotations=_READS)
    async def rehearse_command(
        command: Annotated[list[str], Field(description="Program and arguments.", min_length=1)],
        target: Target,
        context: Context,
        directory: Annotated[str, Field(description="Where it would be run.")] = ".",
    ) -> Judged:
        """Run any program that speaks the AWS API (CLI, script) against a local clone, and judge what it does."""
        return await rehearse(
            context,
            lambda reporting: answers.rehearse(request_of(directory, target, command=tuple(command)), reporting),
        )

    @server.tool(annotations=_READS)
    async def rehearse_steps(
        steps: Annotated[list[GivenStep], Field(description="In their order.", min_length=1, max_length=MOST_STEPS)],
        target: StepsTarget,
        context: Context,
        directory: Annotated[str, Field(description="What paths in the steps are relative to.")] = ".",
        stack: Annotated[str, Field(description="What the stack of the target's template is called.")] = "",
    ) -> Judged:
        """Rehearse several changes one after the other, each on what the one before has left; judge them together."""
        given = [step.model_dump(exclude_none=True) for step in steps]
        return await rehearse(
            context, lambda reporting: answers.rehearse_steps(given, directory, target, stack, reporting)
        )


def _add_questions(server: MCPServer, answers: Answers) -> None:
    @server.tool(annotations=_READS)
    async def review_plan(
        plan: Annotated[str, Field(description="A file that `terraform show -json` wrote.")],
        policy: Annotated[str, Field(description="A policy file; empty for the one beside the plan.")] = "",
    ) -> Judged:
        """Judge a saved Terraform plan as it stands, without a clone: quick, and less is known."""
        return await anyio.to_thread.run_sync(_asked, lambda: answers.review_plan(plan, policy))

    @server.tool(annotations=_READS)
    def explain_rule(
        rule: Annotated[str, Field(description="The name in a finding, as resource-replaced.")],
    ) -> Explained:
        """Say what a rule holds against a change, why, and what to do instead."""
        return _asked(lambda: answers.explain(rule))

    @server.tool(annotations=_READS)
    def list_protected(directory: Directory, target: Target = "empty") -> Protected:
        """Say which policy judges a change in a folder: each rule's level, and which types it does not protect."""
        return _asked(lambda: answers.protected(directory, target))

    @server.tool(annotations=_READS)
    def report_section(
        report_id: str,
        section: Annotated[str, Field(description="verdict.findings, diff.changes, calls, gaps, steps, notices, …")],
        page: Annotated[int, Field(ge=1)] = 1,
    ) -> Page:
        """Read a section of an earlier report, page by page."""
        return _asked(lambda: answers.section(report_id, section, page))


def _asked(work: Callable[[], _T]) -> _T:
    """Turn this tool's errors into what the agent reads."""
    try:
        return work()
    except SandtableError as error:
        raise ToolError(message_of(error)) from error
    except OSError as error:
        raise ToolError(f"{error}") from error


def serve_stdio() -> None:
    """Serve one client over standard input and output, until it leaves."""
    make_server().run("stdio")


def serve_http(port: int) -> None:
    """Serve clients on this machine over HTTP; a page that a browser has open cannot reach it."""
    names = [f"{host}:{port}" for host in (HOST, "localhost")]
    make_server().run(
        "streamable-http",
        host=HOST,
        port=port,
        transport_security=TransportSecuritySettings(
            allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
        ),
    )
