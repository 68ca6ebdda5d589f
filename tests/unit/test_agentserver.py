"""What the MCP server's tools answer that need no rehearsal, through the SDK's client in this process."""

from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp_types import CallToolResult
from report_samples import SAMPLES

from gate.agentserver.answers import KEPT, Answers, request_of
from gate.agentserver.paging import LARGEST, page_of, sections
from gate.agentserver.server import make_server
from gate.report.jsonfmt import to_document
from gate.rulepages import page_text, pages
from sandbox.errors import UsageError


def ask(name: str, **arguments: object) -> CallToolResult:
    async def session() -> CallToolResult:
        async with Client(make_server()) as client:
            return await client.call_tool(name, arguments)

    return anyio.run(session)


def test_errors_come_with_their_hints(tmp_path: Path) -> None:
    for name, arguments in {
        "rehearse_terraform": {"directory": str(tmp_path / "none"), "target": "empty"},
        "rehearse_command": {"command": ["ls"], "target": "tfstate:-"},
        "rehearse_steps": {"steps": [{"terraform": "nowhere"}], "target": "empty", "directory": str(tmp_path)},
        "review_plan": {"plan": str(tmp_path / "none.json")},
        "explain_rule": {"rule": "../../README"},
        "report_section": {"report_id": "report-1", "section": "calls"},
    }.items():
        result = ask(name, **arguments)
        assert result.is_error
        assert "hint: " in result.content[0].text


def test_steps_that_are_none_are_refused(tmp_path: Path) -> None:
    for steps in ([], [{"command": ["ls"]}] * 51, [{"command": ["ls"], "other": 1}], [{"command": "ls"}], ["ls"]):
        assert ask("rehearse_steps", steps=steps, target="empty", directory=str(tmp_path)).is_error
    told = ask("rehearse_steps", steps=[{"command": ["ls"], "terraform": "."}], target="empty", directory=str(tmp_path))
    assert "step 1 is not exactly one of" in told.content[0].text


def test_a_plan_is_judged_and_its_report_can_be_asked_about(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": []}')

    async def session() -> None:
        async with Client(make_server()) as client:
            judged = (await client.call_tool("review_plan", {"plan": str(plan)})).structured_content
            page = await client.call_tool(
                "report_section", {"report_id": judged["report_id"], "section": "verdict.findings"}
            )
            assert judged["summary"].startswith(f"decision: {judged['decision']}\n")
            assert page.structured_content["items"] == judged["findings"]

    anyio.run(session)


def test_the_policy_that_stands_is_shown(tmp_path: Path) -> None:
    (tmp_path / "sandtable.yaml").write_text("version: 1\nrules:\n  resource-forgotten: reject\n")
    shown = ask("list_protected", directory=str(tmp_path), target=f"config:{tmp_path}").structured_content
    assert shown["rules"]["resource-forgotten"] == "reject"
    assert "as built in" in shown["rules"].values()


def test_every_rule_page_fits_into_an_answer() -> None:
    assert "resource-replaced" in pages()
    assert page_text("nothing") is None
    for rule in pages():
        assert len(ask("explain_rule", rule=rule).model_dump_json()) <= 25_000


@pytest.mark.parametrize("name", SAMPLES)
def test_every_section_of_every_report_comes_in_small_pages(name: str) -> None:
    document = to_document(SAMPLES[name]())
    for section, value in document.items():
        first = page_of(document, "r", section, 1)
        texts = [page_of(document, "r", section, number)["text"] for number in range(1, first["pages"] + 1)]
        assert all(len(text.encode()) <= LARGEST for text in texts)
        if isinstance(value, list):
            assert sum(len(text.splitlines()) for text in texts) == len(value) == first["items"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=LARGEST * 2), max_size=12))
def test_pages_hold_every_item_in_order(items: list[str]) -> None:
    document = {"calls": items}
    first = page_of(document, "r", "calls", 1)
    lines = [
        line
        for number in range(1, first["pages"] + 1)
        for line in page_of(document, "r", "calls", number)["text"].splitlines()
    ]
    assert len(lines) == len(items)
    with pytest.raises(UsageError):
        page_of(document, "r", "calls", first["pages"] + 1)
    with pytest.raises(UsageError):
        page_of(document, "r", "calls.x", 1)


def test_only_the_last_reports_are_kept() -> None:
    answers = Answers()
    for _ in range(KEPT + 1):
        answers._judged(SAMPLES["reject"]())  # noqa: SLF001 - a rehearsal would take a minute
    with pytest.raises(UsageError):
        answers.section("report-1", "calls", 1)
    assert answers.section(f"report-{KEPT + 1}", "calls", 1)["page"] == 1


def test_standard_input_is_the_agents() -> None:
    with pytest.raises(UsageError):
        request_of(".", "tfstate:-")


def test_a_section_by_address_is_one_list_however_many_there_are() -> None:
    document = to_document(SAMPLES["reject"]())
    told = sections(document)
    assert {"dependencies", "locations", "verdict.findings", "diff.changes"} <= set(told)
    assert not [name for name in told if name.startswith(("dependencies.", "locations."))]
    assert page_of(document, "r", "locations", 1)["items"] == len(document["locations"])
