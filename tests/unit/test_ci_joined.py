"""Verdicts of several roots, joined, and the forms in which pipelines get them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from markdown_it import MarkdownIt
from report_samples import NASTIES, approve_empty, reject, review_gaps

from diffing.change import Proof
from gate.ci import render
from gate.ci.joined import Joined, Outcome, RootResult
from gate.ci.selection import ChangedRoot, Fate
from gate.ci.tree import Kind
from gate.ci.workflow import tell_workflow
from gate.report.markdown import LONGEST, MARKER, length_of
from gate.verdict import Finding, Level

FINDING = Finding(
    rule="pipeline",
    level=Level.REVIEW,
    address="x.tf",
    message="nobody reads it",
    proof=Proof.PROVED,
    remediation="Look.",
)
REPORTS = {Outcome.APPROVE: approve_empty, Outcome.REVIEW: review_gaps, Outcome.REJECT: reject}


def result(outcome: Outcome, path: str) -> RootResult:
    root = ChangedRoot(path=path, kind=Kind.TERRAFORM, fate=Fate.CHANGED, before=path)
    if outcome is Outcome.FAILED:
        return RootResult(root=root, problem="terraform init failed", hint="Look at it.")
    return RootResult(root=root, report=REPORTS[outcome]())


def joined(*outcomes: Outcome, findings: tuple[Finding, ...] = ()) -> Joined:
    results = tuple(result(outcome, f"live/r{number}") for number, outcome in enumerate(outcomes))
    return made(results, findings)


def made(results: tuple[RootResult, ...], findings: tuple[Finding, ...] = ()) -> Joined:
    return Joined(
        base="origin/main",
        base_commit="1" * 40,
        start_commit="2" * 40,
        head_commit="3" * 40,
        results=results,
        findings=findings,
        files=3,
        tool_version="1.0",
        created_at="2026-01-01T00:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        (["approve"], 0),
        (["approve", "review"], 2),
        (["review", "approve", "failed"], 3),
        (["approve", "failed"], 3),
        (["reject", "review", "approve"], 1),
        (["failed", "reject"], 1),
    ],
)
def test_the_worst_counts(outcomes: list[str], code: int) -> None:
    assert joined(*map(Outcome, outcomes)).outcome.exit_code == code


def test_a_finding_about_the_change_as_a_whole_is_no_pass() -> None:
    assert joined(Outcome.APPROVE, findings=(FINDING,)).outcome is Outcome.REVIEW
    assert joined(findings=(FINDING,)).outcome is Outcome.REVIEW


ALL = joined(*Outcome, findings=(FINDING,))


def test_the_document_names_every_root_and_its_report() -> None:
    document = render.to_json(ALL)
    assert (document["decision"], document["exit_code"]) == ("reject", 1)
    assert [root["decision"] for root in document["roots"]] == [outcome.value for outcome in Outcome]
    assert [root["report"] for root in document["roots"]][2] is None
    assert document["roots"][2]["problem"] == "terraform init failed"


def test_folders_of_reports_are_plain_and_no_two_alike() -> None:
    paths = ("a/b", "a b", "../..", ".", "x" * 300, "a/b.")
    folders = render.folders_of(made(tuple(result(Outcome.APPROVE, path) for path in paths)))
    assert len(set(folders.values())) == len(paths)
    assert all(Path(name).parts[0] == "roots" and len(Path(name).parts) == 2 for name in folders.values())
    assert all(set(Path(name).name) - set("./") and len(name) < 120 for name in folders.values())


def test_the_comment_begins_with_the_marker_has_it_once_and_fits() -> None:
    text = render.to_markdown(ALL)
    assert text.startswith(MARKER)
    assert text.count(MARKER) == 1
    assert text.index("⛔ `live/r3`") < text.index("❌ `live/r2`") < text.index("✅ `live/r0`")
    many = joined(*[Outcome.REJECT] * 80)
    assert length_of(render.to_markdown(many)) <= LONGEST
    assert "did not fit" in render.to_markdown(many)
    assert length_of(render.to_markdown(many, 250_000)) <= 250_000


@pytest.mark.parametrize("nasty", NASTIES)
def test_a_hostile_name_stays_a_name(nasty: str) -> None:
    finding = Finding(rule="pipeline", level=Level.REVIEW, address=nasty, message=nasty, proof=Proof.PROVED)
    hostile = made((result(Outcome.FAILED, nasty), result(Outcome.APPROVE, nasty)), (finding,))
    for form in render.FORMS:
        text = render.FORMS[form](hostile)
        text.encode()
        assert "\x1b" not in text
        assert "\u202e" not in text
    page = render.to_markdown(hostile)
    assert page.count(MARKER) == 1
    assert "<script" not in MarkdownIt().render(page)
    assert "<img" not in MarkdownIt().render(page)
    fromstring(render.to_junit(hostile).split("\n", 1)[1])  # noqa: S314 - our own output


def test_sarif_has_a_category_for_each_root() -> None:
    runs = json.loads(render.to_sarif(ALL))["runs"]
    names = [run["automationDetails"]["id"] for run in runs]
    assert names == [*(f"sandtable/live/r{number}/" for number in range(4)), "sandtable/change/"]
    assert [entry["level"] for entry in runs[2]["results"]] == ["error"]
    assert json.loads(render.to_sarif(joined()))["runs"][0]["results"] == []


def test_junit_counts_what_could_not_be_rehearsed_as_an_error() -> None:
    suites = fromstring(render.to_junit(ALL).split("\n", 1)[1])  # noqa: S314 - our own output
    assert [suite.get("errors") for suite in suites] == ["0", "0", "1", "0", "0"]
    assert suites[-1].get("failures") == "1"


def test_the_log_names_every_root_and_what_is_wrong() -> None:
    text = render.to_text(ALL)
    assert text.startswith("REJECT: 4 roots are touched: 1 rejected, 1 could not be rehearsed,")
    assert "terraform init failed" in text
    assert "x.tf nobody reads it [pipeline]" in text


def test_the_workflow_is_told(tmp_path: Path) -> None:
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    tell_workflow(ALL, Path("report"), environment)
    assert (tmp_path / "output").read_text() == "decision=reject\nexit-code=1\nreport=report/summary.md\n"
    assert (tmp_path / "summary").read_text().startswith(MARKER)
    (tmp_path / "output").unlink()
    tell_workflow(ALL, Path("report\ndecision=approve"), environment)
    assert (tmp_path / "output").read_text() == "decision=reject\nexit-code=1\n"
    tell_workflow(ALL, None, {})
