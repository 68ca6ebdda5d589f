"""Holds a report, in every form, to the schema of that form and to the limits of those who take it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import jsonschema
import xmlschema

from gate.report import agent, html, jsonfmt, junit, markdown, sarif, workflow

_SCHEMAS = Path(__file__).parent / "schemas"
_LARGEST_PAGE = 8_000_000
_COMMAND = re.compile(r"::(error|warning|notice) (file=[^:,\n]+,line=[1-9][0-9]*,)?title=[^:,\n]*::[^\n]+")


@cache
def _validators() -> tuple[Any, Any, Any]:
    log = json.loads((_SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
    return (
        jsonschema.Draft202012Validator(jsonfmt.schema()),
        jsonschema.Draft4Validator(log, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER),
        xmlschema.XMLSchema(str(_SCHEMAS / "junit.xsd")),
    )


def assert_valid_forms(document: dict[str, Any]) -> None:
    """Fail where a form of the report is not what its readers take."""
    of_report, of_log, of_results = _validators()
    of_report.validate(document)
    log = json.loads(sarif.render(document))
    of_log.validate(log)
    (run,) = log["runs"]
    findings = document["verdict"]["findings"]
    assert len(run["results"]) == min(len(findings), sarif.MOST)
    for result in run["results"]:
        assert re.fullmatch(r"[!-~]*", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
    results = junit.render(document)
    of_results.validate(results)
    suite = fromstring(results.split("\n", 1)[1])[0]  # noqa: S314 - our own output
    assert int(suite.get("tests", "")) == len(findings) + 1
    assert int(suite.get("failures", "")) == len(suite.findall(".//failure"))
    page = markdown.render(document)
    assert page.startswith(markdown.MARKER)
    assert len(page.encode("utf-16-le")) // 2 <= markdown.LONGEST
    assert len(markdown.render_summary(document).encode()) <= 1_048_576
    assert len(agent.render(document).encode()) <= agent.LARGEST
    assert len(html.render(document).encode()) < _LARGEST_PAGE
    for line in workflow.render(document).splitlines():
        assert _COMMAND.fullmatch(line), line
