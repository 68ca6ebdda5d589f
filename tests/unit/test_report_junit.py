from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree.ElementTree import fromstring

import pytest
from report_samples import approve_empty, reject, review_gaps

from gate.report import junit, sarif
from gate.report.jsonfmt import to_document
from gate.report.model import Report


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
