"""What came of a change in a repository, in the forms that pipelines take: JSON, Markdown, SARIF, JUnit, plain lines.

Each root's own report is rendered by the renderers of reports; here they are put together, the worst first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from gate.ci.joined import Joined, Outcome, RootResult
from gate.ci.places import Place
from gate.report import jsonfmt, junit, markdown, sarif
from gate.report.escape import visible, visible_lines
from gate.report.valuetext import clip
from gate.verdict import Finding

SCHEMA_VERSION = "1.0"
SIGNS = {Outcome.APPROVE: "✅", Outcome.REVIEW: "⚠️", Outcome.REJECT: "⛔", Outcome.FAILED: "❌"}
_ORDER = (Outcome.REJECT, Outcome.FAILED, Outcome.REVIEW, Outcome.APPROVE)
_LEAST = 2_000
"""Characters below which a root's report is not begun in a comment."""
_RESERVE = 400
_ROWS, _FINDINGS = 60, 10
_LONGEST_TEXT, _LONGEST_CODE = 600, 4_000


def folder_of(result: RootResult) -> str:
    """The folder of a root's own report, below the one of all: a name that is one on every disk."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", result.root.path).strip(".-") or "top"
    return f"roots/{plain[:80]}"


def folders_of(joined: Joined) -> dict[str, str]:
    """Root → the folder of its report; no two alike."""
    found: dict[str, str] = {}
    for result in joined.results:
        name, number = folder_of(result), 1
        while name in found.values():
            number += 1
            name = f"{folder_of(result)}-{number}"
        found[result.root.path] = name
    return found


def to_json(joined: Joined) -> dict[str, Any]:
    """The document of all roots; each root's own report is beside it."""
    folders = folders_of(joined)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "sandtable", "version": joined.tool_version},
        "created_at": joined.created_at,
        "decision": joined.outcome.value,
        "exit_code": joined.outcome.exit_code,
        "base": {"name": joined.base, "commit": joined.base_commit, "start": joined.start_commit},
        "head": {"commit": joined.head_commit},
        "files": joined.files,
        "pull_request": joined.pull_request,
        "findings": [_finding(finding) for finding in joined.findings],
        "roots": [_root(result, folders[result.root.path]) for result in joined.results],
    }


def _root(result: RootResult, folder: str) -> dict[str, Any]:
    root = {
        "path": result.root.path,
        "kind": result.root.kind.value,
        "change": result.root.fate.value,
        "before": result.root.before or None,
        "decision": result.outcome.value,
    }
    if result.report is None:
        return {**root, "problem": result.problem, "hint": result.hint, "report": None}
    return {**root, "problem": None, "hint": None, "report": f"{folder}/report.json"}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "address": finding.address,
        "message": finding.message,
        "remediation": finding.remediation,
    }


def to_markdown(joined: Joined, longest: int = markdown.LONGEST) -> str:
    """A comment on a pull request, or a page of a pipeline: a table, then each root's report, the worst first."""
    parts = [_head(joined)]
    room = longest - _RESERVE - markdown.length_of(parts[0])
    left_out = 0
    for result in _worst_first(joined):
        section = _section(result, room)
        length = markdown.length_of(section) + 2
        if length > room:
            left_out += 1
            continue
        room -= length
        parts.append(section)
    if left_out:
        parts.append(f"> ✂️ The reports of {left_out} roots did not fit in here; the full ones are in the artifact.")
    return "\n\n".join(parts) + "\n"


def _head(joined: Joined) -> str:
    compared = (
        f"Compared with {_name(joined.base)} at {_name(joined.start_commit[:12])}: {joined.files:,} files differ."
    )
    lines = [
        markdown.MARKER,
        f"## {SIGNS[joined.outcome]} {joined.outcome.value.capitalize()}: {_words(joined.sentence)}",
        "",
        f"{compared} The policy is that of {_name(joined.base_commit[:12])}.",
    ]
    if joined.results:
        lines += ["", "| | Root | Kind | Change |", "|---|---|---|---|"]
    for result in _worst_first(joined)[:_ROWS]:
        row = (_name(result.root.path), result.root.kind.value, result.root.fate.value)
        lines.append(f"| {SIGNS[result.outcome]} {result.outcome.value} | {' | '.join(row)} |")
    if len(joined.results) > _ROWS:
        lines.append(f"| … | {len(joined.results) - _ROWS} more | | |")
    for finding in joined.findings[:_ROWS]:
        about = f"{_name(finding.address)} " if finding.address else ""
        said = f"{about}{_words(finding.message)} ({_name(finding.rule)})"
        lines += ["", f"⚠️ {said}. {_words(finding.remediation)}"]
    return "\n".join(lines)


def _name(text: str) -> str:
    return markdown.code(clip(visible(text), _LONGEST_TEXT))


def _words(text: str) -> str:
    return markdown.prose(clip(visible(text), _LONGEST_TEXT))


def _section(result: RootResult, room: int) -> str:
    title = f"### {SIGNS[result.outcome]} {_name(result.root.path)}"
    if result.report is None:
        hint = f" {_words(result.hint)}" if result.hint else ""
        problem = markdown.fence(clip(visible_lines(result.problem), _LONGEST_CODE))
        return f"{title}\n\nIt could not be rehearsed, so this is no pass.\n\n{problem}\n{hint}"
    page = markdown.render(jsonfmt.to_document(result.report), longest=max(_LEAST, room - len(title) - 100))
    body = page.removeprefix(markdown.MARKER).replace("\n## ", "\n#### ", 1).strip()
    return f"{title}\n\n{body}"


def _worst_first(joined: Joined) -> Sequence[RootResult]:
    return sorted(joined.results, key=lambda result: _ORDER.index(result.outcome))


def to_sarif(joined: Joined) -> str:
    """One run for each root, each of a category of its own, as code scanning wants it."""
    runs = []
    for result in joined.results:
        if result.report is not None:
            run = _placed(json.loads(sarif.render(jsonfmt.to_document(result.report)))["runs"][0], result)
        else:
            run = _failed_run(joined, result)
        run["automationDetails"] = {"id": f"sandtable/{result.root.path}/"}
        runs.append(run)
    if joined.findings or not runs:
        runs.append(_run(joined, "sandtable/change/", [_result(finding) for finding in joined.findings]))
    log = {"$schema": sarif.SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _placed(run: dict[str, Any], result: RootResult) -> dict[str, Any]:
    """The run with each result at the line that declares its resource."""
    for found in run["results"]:
        [location] = found["locations"]
        subject = location["logicalLocations"][0]["fullyQualifiedName"]
        place = result.places.get(subject) or result.places.get("") or Place(path=result.root.path)
        location["physicalLocation"] = _physical(place)
    return run


def _run(joined: Joined, name: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tool": {"driver": {"name": "sandtable", "version": joined.tool_version}},
        "automationDetails": {"id": name},
        "results": results,
    }


def _failed_run(joined: Joined, result: RootResult) -> dict[str, Any]:
    told = {
        "ruleId": "not-rehearsed",
        "level": "error",
        "message": {"text": f"{result.root.path} could not be rehearsed: {result.problem}"},
        "locations": _located(result.root.path),
    }
    return _run(joined, "", [told])


def _result(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "level": "warning",
        "message": {"text": f"{finding.address} {finding.message}. {finding.remediation}".strip()},
        "locations": _located(finding.address or "."),
    }


def _located(path: str) -> list[dict[str, Any]]:
    return [{"physicalLocation": _physical(Place(path=path))}]


def _physical(place: Place) -> dict[str, Any]:
    """A place as SARIF wants it: a URI, relative to the top of the repository, and a line."""
    uri = quote(place.path, errors="surrogatepass")
    return {"artifactLocation": {"uri": uri}, "region": {"startLine": place.line}}


def to_junit(joined: Joined) -> str:
    """One test suite for each root, and one for the change as a whole."""
    suites = Element("testsuites")
    for result in joined.results:
        if result.report is not None:
            # Our own text, made a moment ago.
            suites.extend(fromstring(junit.render(jsonfmt.to_document(result.report)).encode()))  # noqa: S314
            continue
        suite = SubElement(suites, "testsuite", _counted(result.root.path, tests=1, errors=1))
        case = SubElement(suite, "testcase", classname="sandtable", name="decision")
        SubElement(case, "error", message=visible(result.problem)).text = visible(result.hint)
    change = SubElement(
        suites, "testsuite", _counted("the change", tests=len(joined.findings) + 1, failures=len(joined.findings))
    )
    SubElement(change, "testcase", classname="sandtable", name="compared")
    for finding in joined.findings:
        name = visible(finding.address or "the change")
        case = SubElement(change, "testcase", classname=f"sandtable.{finding.rule}", name=name)
        SubElement(case, "failure", type=finding.level.value, message=visible(finding.message))
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _counted(name: str, *, tests: int, failures: int = 0, errors: int = 0) -> dict[str, str]:
    numbers = {"tests": tests, "failures": failures, "errors": errors}
    return {"name": visible(f"sandtable {name}"), **{key: str(number) for key, number in numbers.items()}}


def to_text(joined: Joined) -> str:
    """A few plain lines, for a log."""
    return "\n".join(_lines(joined)) + "\n"


def _lines(joined: Joined) -> Iterator[str]:
    yield f"{joined.outcome.value.upper()}: {joined.sentence}"
    yield f"compared with {visible(joined.base)} at {joined.start_commit[:12]}; {joined.files} files differ"
    for result in joined.results:
        path = visible(result.root.path)
        yield f"  {result.outcome.value:<8} {path} ({result.root.kind.value}, {result.root.fate.value})"
        if result.report is None:
            yield from (f"           {visible(line)}" for line in result.problem.splitlines())
            yield f"           hint: {visible(result.hint)}"
        else:
            worst = [each for each in result.report.verdict.findings if each.level.value != "note"]
            yield from (f"           {each.level.value}: {_told(each)}" for each in worst[:_FINDINGS])
            if len(worst) > _FINDINGS:
                yield f"           … and {len(worst) - _FINDINGS} more findings"
    yield from (f"  {finding.level.value}: {_told(finding)}" for finding in joined.findings)


def _told(finding: Finding) -> str:
    about = f"{visible(finding.address)} " if finding.address else ""
    return f"{about}{visible(finding.message)} [{visible(finding.rule)}]"


FORMS: Mapping[str, Any] = {
    "terminal": to_text,
    "json": lambda joined: json.dumps(to_json(joined), indent=2, ensure_ascii=True) + "\n",
    "markdown": to_markdown,
    "sarif": to_sarif,
    "junit": to_junit,
}
"""What ``--format`` takes → the renderer."""
FILES = {"summary.json": "json", "summary.md": "markdown", "summary.sarif": "sarif", "summary.xml": "junit"}
"""Written under ``--out``, beside ``roots/NAME/report.*``."""


def write(joined: Joined, out: Path) -> None:
    """Write the joined documents under a folder.

    Raises:
        OSError: it cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name, form in FILES.items():
        (out / name).write_text(FORMS[form](joined), encoding="utf-8")
