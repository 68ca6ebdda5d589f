"""An agent's way through the front doors, on real Terraform: refused, corrected, let through once."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from cli_runs import command
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult
from tool_cache import own_cache

from gate.hook.answer import respond

pytestmark = [pytest.mark.engine, pytest.mark.terraform]

LARGEST_ANSWER = 25_000
CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "us-east-1"
}
resource "aws_dynamodb_table" "orders" {
  name         = "NAME"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
  tags = { team = "TEAM" }
}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("agent")
    write(place / "before", "orders", "a")
    write(place / "infra", "orders-v2", "a")
    return place


@pytest.fixture(scope="module")
def environment(place: Path) -> Iterator[dict[str, str]]:
    # A cache of its own: passes are the user's.
    yield {**os.environ, "XDG_CACHE_HOME": own_cache(place / "cache")}
    shutil.rmtree(place / "cache", ignore_errors=True)


def write(folder: Path, name: str, team: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(CONFIGURATION.replace("NAME", name).replace("TEAM", team))


def data(result: CallToolResult) -> dict[str, object]:
    assert len(result.model_dump_json()) <= LARGEST_ANSWER
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def test_from_proposal_through_rejection_to_a_correction(place: Path, environment: dict[str, str]) -> None:
    async def session() -> None:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "gate.cli.main", "mcp"], env=environment, cwd=str(place)
        )
        phases: list[str] = []

        async def progress(_done: float, _total: float | None, message: str | None) -> None:
            phases.append(message or "")

        async with Client(server, read_timeout_seconds=600) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            assert tools == {
                *("rehearse_terraform", "rehearse_command", "rehearse_steps", "review_plan", "explain_rule"),
                *("list_protected", "report_section"),
            }
            proposal = {"directory": "infra", "target": "config:before"}
            rejected = data(await client.call_tool("rehearse_terraform", proposal, progress_callback=progress))
            assert rejected["decision"] == "reject"
            assert 'name: "orders" -> "orders-v2" forces replacement' in str(rejected["summary"])
            assert len(phases) > 2
            explained = data(await client.call_tool("explain_rule", {"rule": "resource-replaced"}))
            assert "resource-replaced" in str(explained["text"])
            question = {"report_id": rejected["report_id"], "section": "diff.changes"}
            changes = data(await client.call_tool("report_section", question))
            assert json.loads(str(changes["text"]).splitlines()[0])["action"] == "replace"
            refused = await client.call_tool("report_section", question | {"page": 99})
            assert refused.is_error
            write(place / "infra", "orders", "b")
            approved = data(await client.call_tool("rehearse_terraform", proposal))
            assert approved["decision"] == "approve"

    anyio.run(session)
    assert not list(place.glob("cache/sandtable/passes/*.json")), "the server gives no pass"
    the_pass_that_the_command_line_gives_is_used_once(place, environment)


def the_pass_that_the_command_line_gives_is_used_once(place: Path, environment: dict[str, str]) -> None:
    """Part of the session above: it needs the clone that was kept there."""
    asked = ("rehearse", "terraform", "infra", "--target", "config:before", "--format", "agent")
    finished = subprocess.run(
        command(*asked), cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("decision: approve\n")
    assert "let this very change through once" in finished.stderr

    def answer(command: str) -> str:
        event = {"tool_name": "Bash", "tool_input": {"command": command}, "cwd": str(place)}
        return respond("claude-code", json.dumps(event), environment).stdout

    write(place / "infra", "orders-v3", "b")
    assert "deny" in answer("terraform -chdir=infra apply -auto-approve")
    write(place / "infra", "orders", "b")
    assert "deny" in answer("terraform -chdir=infra apply -destroy -auto-approve")
    assert answer("terraform -chdir=infra apply -auto-approve") == ""
    assert "deny" in answer("terraform -chdir=infra apply -auto-approve")


def test_several_changes_in_order(place: Path, environment: dict[str, str]) -> None:
    queue = "  Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}\n"
    topic = "  Alerts: {Type: AWS::SNS::Topic, Properties: {TopicName: alerts}}\n"
    for name, resources in (("before", queue), ("grown", queue + topic), ("shrunk", topic)):
        (place / f"{name}.yaml").write_text(f"Resources:\n{resources}")

    async def session() -> None:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "gate.cli.main", "mcp"], env=environment, cwd=str(place)
        )
        async with Client(server, read_timeout_seconds=600) as client:

            async def rehearsed(*templates: str) -> dict[str, object]:
                steps = [{"cloudformation": f"{name}.yaml", "stack": "app"} for name in templates]
                target = "cloudformation:before.yaml"
                return data(await client.call_tool("rehearse_steps", {"steps": steps, "target": target}))

            assert (await rehearsed("grown"))["decision"] == "approve"
            rejected = await rehearsed("grown", "shrunk")
            assert rejected["decision"] == "reject"
            assert "app/Jobs" in str(rejected["summary"])
            question = {"report_id": rejected["report_id"], "section": "steps"}
            told = str(data(await client.call_tool("report_section", question))["text"])
            assert [json.loads(line)["effects"] for line in told.splitlines()] == [
                ["create app/Alerts"],
                ["delete app/Jobs"],
            ]

    anyio.run(session)
