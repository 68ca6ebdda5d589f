"""Findings as GitHub's workflow commands: at their lines, within its limits, and never anything but commands."""

from __future__ import annotations

import pytest
from report_large import large
from report_samples import NASTIES, approve_empty, finding, many, reject, report, verdict

from gate.report import workflow
from gate.report.jsonfmt import to_document
from gate.report.model import Report
from gate.verdict import Decision, Level
from sandbox.rehearsal import SourceLine


def lines(sample: Report) -> list[str]:
    return workflow.render(to_document(sample)).splitlines()


def test_a_finding_stands_at_the_line_that_declares_its_resource_the_worst_first() -> None:
    made = lines(reject())
    assert made[0].startswith(
        "::error file=infra/prod/data.tf,line=12,title=resource-replaced::aws_dynamodb_table.cost_records is deleted"
    )
    assert "%0ALeave name as it is." in made[0]
    levels = [line[2:].split(" ")[0] for line in made]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    assert any(line.startswith("::error title=blast-radius::the change destroys 3 of 42") for line in made)


def test_nothing_is_said_of_a_change_without_findings() -> None:
    assert lines(approve_empty()) == []


def test_github_shows_ten_of_a_level_and_the_last_counts_the_rest() -> None:
    made = lines(many())
    assert len(made) == workflow.MOST
    assert made[-1] == "::error title=sandtable::191 more findings of this level: see the report"
    assert len(lines(large())) == workflow.MOST


def test_a_file_elsewhere_on_the_machine_is_not_named() -> None:
    made = report(
        verdict=verdict(Decision.REJECT, finding("r", Level.REJECT, "a.b", "m")),
        locations={"a.b": SourceLine(file="/home/x/main.tf", line=3)},
    )
    assert lines(made) == ["::error title=r::a.b m"]


@pytest.mark.parametrize("nasty", [*NASTIES, "x\n::set-env name=PATH::y", "a,line=1::b", "100%0A::error::x", "a\r\nb"])
def test_no_name_ends_its_command_or_begins_another(nasty: str) -> None:
    made = report(
        verdict=verdict(Decision.REJECT, finding(nasty, Level.REJECT, f"a.{nasty}", nasty, nasty)),
        locations={f"a.{nasty}": SourceLine(file=nasty, line=1)},
    )
    (line,) = lines(made)
    properties = line.removeprefix("::error ").split("::", 1)[0]
    assert len(properties.split(",")) == 3 - nasty.startswith("/")
    assert properties.count(":") == 0
    assert "\r" not in line
