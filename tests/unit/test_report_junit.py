from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from report_samples import approve_empty, finding, reject, report, review_gaps, verdict

from gate.report import junit, sarif
from gate.report.jsonfmt import to_document
from gate.report.model import Report
from gate.verdict import Decision, Level
from sandbox.rehearsal import SourceLine


@pytest.mark.parametrize(("sample", "failing"), [(approve_empty, False), (review_gaps, True), (reject, True)])
def test_the_decision_is_a_test_case(sample: Callable[[], Report], failing: bool) -> None:  # noqa: FBT001 - a table
    suite = fromstring(junit.render(to_document(sample())).split("\n", 1)[1])[0]  # noqa: S314 - our own output

    decision = suite.find("testcase[@name='decision']")
    assert decision is not None
    assert (decision.find("failure") is not None) is failing
    assert int(suite.get("failures", "")) == len(suite.findall(".//failure"))
    assert int(suite.get("tests", "")) == len(suite.findall("testcase"))


def test_control_characters_do_not_break_the_xml() -> None:
    document = to_document(reject())
    document["verdict"]["findings"][0]["address"] = 'a\x1b[31m"<&\u202e\x00'

    suite = fromstring(junit.render(document).split("\n", 1)[1])[0]  # noqa: S314 - our own output

    assert any("\\x1b" in case.get("name", "") or "1b" in case.get("name", "").lower() for case in suite)


def test_sarif_has_a_result_for_every_finding() -> None:

    document = to_document(reject())

    run = json.loads(sarif.render(document))["runs"][0]

    assert len(run["results"]) == len(document["verdict"]["findings"])
    assert run["properties"]["decision"] == "reject"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def located(address: str, file: str) -> dict[str, Any]:
    """Where SARIF puts a finding about an address that is declared in a file."""
    said = finding("r", Level.REJECT, address, "m")
    made = report(verdict=verdict(Decision.REJECT, said), locations={"a.b": SourceLine(file=file, line=7)})
    (result,) = json.loads(sarif.render(to_document(made)))["runs"][0]["results"]
    place: dict[str, Any] = result["locations"][0]["physicalLocation"]
    return place


def test_sarif_names_the_line_that_declares_the_resource() -> None:
    assert located("a.b", "infra/a file.tf") == {
        "artifactLocation": {"uri": "infra/a%20file.tf"},
        "region": {"startLine": 7},
    }
    assert located("a.b", "/srv/x#1/main.tf")["artifactLocation"]["uri"] == "file:///srv/x%231/main.tf"


def test_sarif_puts_what_is_declared_nowhere_at_the_change() -> None:
    assert located("a.gone", "infra/main.tf") == {"artifactLocation": {"uri": "infra/prod"}}


def test_sarif_knows_a_finding_again_when_its_line_has_moved() -> None:
    def prints(lines: int) -> list[dict[str, str]]:
        document = to_document(reject())
        for place in document["locations"].values():
            place["line"] += lines
        return [item["partialFingerprints"] for item in json.loads(sarif.render(document))["runs"][0]["results"]]

    assert prints(0) == prints(9)
    assert len({tuple(item.values()) for item in prints(0)}) == len(prints(0))


def test_sarif_shows_no_name_as_a_link() -> None:
    said = finding("r", Level.REJECT, "a.b[0]", "is named [click](https://evil.example)")
    document = to_document(report(verdict=verdict(Decision.REJECT, said)))
    (result,) = json.loads(sarif.render(document))["runs"][0]["results"]
    assert result["message"]["text"] == "a.b[0] is named \\[click](https://evil.example)."
