"""Findings as workflow commands of GitHub Actions: printed in a job, they stand at the lines of a pull request.

GitHub shows ten annotations of each level from a step; the worst come first, and the last one counts what is left.
What a name or a message holds cannot end its command, nor begin another (``%``, line breaks, and in properties ``:``
and ``,`` are escaped).

Source: GitHub Docs, "Workflow commands for GitHub Actions" (setting an error message), and the escaping of
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gate.report.escape import visible
from gate.report.valuetext import clip

MOST = 10
"""Of each level."""
_COMMANDS = {"reject": "error", "review": "warning", "note": "notice"}
_LONGEST = 4_000


def render(document: Mapping[str, Any]) -> str:
    """Return one command on each line; none for a change that nothing is said about."""
    findings = document["verdict"]["findings"]
    lines: list[str] = []
    for level, command in _COMMANDS.items():
        lines += _of_level(command, [finding for finding in findings if finding["level"] == level], document)
    return "".join(f"{line}\n" for line in lines)


def _of_level(command: str, findings: Sequence[Mapping[str, Any]], document: Mapping[str, Any]) -> Iterator[str]:
    shown = findings if len(findings) <= MOST else findings[: MOST - 1]
    for finding in shown:
        subject = finding["address"] or "the change"
        remedy = f"\n{finding['remediation']}" if finding["remediation"] else ""
        text = f"{visible(subject)} {visible(finding['message'])}{_lines(remedy)}"
        yield _command(command, _where(finding["address"], document), title=finding["rule"], text=text)
    if len(findings) > len(shown):
        rest = f"{len(findings) - len(shown):,} more findings of this level: see the report"
        yield _command(command, {}, title="sandtable", text=rest)


def _where(address: str, document: Mapping[str, Any]) -> dict[str, str]:
    declared = document.get("locations", {}).get(address)
    if declared is None or declared["file"].startswith("/"):
        return {}
    return {"file": declared["file"], "line": str(max(1, declared["line"]))}


def _command(command: str, where: Mapping[str, str], *, title: str, text: str) -> str:
    properties = ",".join(f"{name}={_property(visible(value))}" for name, value in {**where, "title": title}.items())
    return f"::{command} {properties}::{_data(clip(text, _LONGEST))}"


def _lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
