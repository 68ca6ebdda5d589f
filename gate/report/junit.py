"""JUnit XML, for CI servers that show test results: one test case per finding, and one for the decision.

A finding that rejects or asks for a person is a failure; a note passes. Source: the schema of the Jenkins xUnit plugin
(testsuites, testsuite, testcase, failure).
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gate.report.escape import visible

_FAILING = frozenset({"reject", "review"})


def render(document: dict[str, Any]) -> str:
    """Return the verdict as JUnit XML."""
    verdict = document["verdict"]
    findings = verdict["findings"]
    failures = sum(finding["level"] in _FAILING for finding in findings) + (verdict["decision"] != "approve")
    seconds = sum(timing["seconds"] for timing in document["timings"])
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name=visible(f"sandtable {document['proposal']['source']}"),
        tests=str(len(findings) + 1),
        failures=str(failures),
        errors="0",
        time=f"{seconds:.3f}",
        timestamp=visible(document["created_at"]),
    )
    decision = SubElement(suite, "testcase", classname="sandtable", name="decision")
    if verdict["decision"] != "approve":
        SubElement(decision, "failure", type=verdict["decision"], message=f"the decision is {verdict['decision']}")
    for finding in findings:
        _add_case(suite, finding)
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _add_case(suite: Element, finding: dict[str, Any]) -> None:
    subject = visible(finding["address"] or "the change")
    case = SubElement(suite, "testcase", classname=f"sandtable.{visible(finding['rule'])}", name=subject)
    if finding["level"] in _FAILING:
        message = visible(f"{subject} {finding['message']}")
        failure = SubElement(case, "failure", type=finding["level"], message=message)
        failure.text = visible(finding["remediation"])
