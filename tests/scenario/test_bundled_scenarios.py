"""Every bundled scenario, through the command line; what must not pass, on every engine that can carry it.

That what must pass does so on the second engine too is for `make verdicts`, whose record is docs/verdicts.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest
from browser_host import Open

sys.path.append(str(Path(__file__).parent.parent))

from report_forms import assert_valid_forms

from gate.cli.main import run
from gate.scenarios import Scenario, scenarios

PAGES = ("kiro", "hostile-texts", "stack-property-create-only")
"""Scenarios whose pages are opened in a browser."""
EXIT_CODES = {"approve": 0, "reject": 1, "review": 2}
ACTING = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))} - {
    "\n",
    "\t",
}
"""Characters that act on a terminal, or on the direction of a line."""
CASES = [
    pytest.param(item, engine, id=f"{item.name}-{engine}")
    for item in scenarios()
    for engine in (item.engines[:1] if item.expect.decision == "approve" else item.engines)
]
Capture: TypeAlias = pytest.CaptureFixture[str]


class _Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.mark.terraform
@pytest.mark.parametrize(("scenario", "engine"), CASES)
def test_scenario_gives_its_expected_verdict(scenario: Scenario, engine: str, tmp_path: Path, capfd: Capture) -> None:
    out = tmp_path / "report"
    done = _demo(capfd, scenario.name, "--engine", engine, out=out)

    assert done.returncode == EXIT_CODES[scenario.expect.decision], done.stderr + _explain(done.stdout)
    report = json.loads(done.stdout)
    assert report["verdict"]["decision"] == scenario.expect.decision
    changes = report["diff"]["changes"]
    shown = {item["address"]: item["action"] for item in changes if item["action"] != "no-op" and not item["owner"]}
    managed = {address: action for address, action in shown.items() if not address.startswith("AWS::")}
    assert managed == dict(scenario.expect.changes), _explain(done.stdout)
    for address, paths in scenario.expect.replace_paths.items():
        forcing = next(item["replace_paths"] for item in changes if item["address"] == address)
        assert sorted({str(path[0]) for path in forcing}) == sorted(paths)
    spoken = {finding["rule"] for finding in report["verdict"]["findings"]}
    assert set(scenario.expect.findings) <= spoken
    for address, rules in scenario.expect.findings_at.items():
        objecting = {
            item["rule"]
            for item in report["verdict"]["findings"]
            if item["address"] == address and item["level"] != "note"
        }
        assert objecting == set(rules), f"{address}\n{_explain(done.stdout)}"
    pages = (out / "report.md").read_text() + (out / "report.html").read_text()
    for text in scenario.expect.mentions:
        assert text in pages
    for text in scenario.expect.hidden:
        assert text not in pages
    everything = "".join(path.read_text() for path in out.iterdir()) + done.stdout
    assert not set(everything) & ACTING
    assert_valid_forms(report)
    # What was meant for somewhere else than AWS has no operation, and got nowhere.
    unidentified = [call for call in report["calls"] if not call["operation"] and call["error_code"] != "OutsideClone"]
    assert unidentified == []


@pytest.mark.browser
@pytest.mark.terraform
@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_a_rehearsal_works_in_a_browser(name: str, tmp_path: Path, open_page: Open, capfd: Capture) -> None:
    out = tmp_path / "report"
    done = _demo(capfd, name, out=out)
    report = json.loads(done.stdout)
    changed = {item["address"] for item in report["diff"]["changes"] if item["action"] not in {"no-op", "create"}}
    if name == "kiro":
        assert report["dependencies"]["aws_ecs_service.main"]
        assert report["locations"]["aws_dynamodb_table.reports"]["file"].endswith("fixtures/kiro/change/data.tf")
        assert report["locations"]["aws_dynamodb_table.reports"]["line"] == 1
    if name == "stack-property-create-only":
        assert report["locations"]["shop/Orders"]["line"] == 10
    for width, dark in ((1280, False), (375, True)):
        with open_page(out / "report.html", width=width, dark=dark) as opened:
            titles = opened.page.locator("#graph .node title").all_text_contents()
            for address in changed:
                assert address.startswith("AWS::") or any(title.startswith(f"{address}: ") for title in titles)
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
            assert opened.violations() == []
            assert opened.problems == []


def _demo(capfd: Capture, *arguments: str, out: Path) -> _Done:
    """Run the command from its arguments to its exit code, in this process: what it imports is imported once.

    Commands that start as a user's do are in tests/contract.
    """
    code = run(["demo", *arguments, "--format", "json", "--quiet", "--out", str(out)])
    return _Done(code, *capfd.readouterr())


def _explain(stdout: str) -> str:
    """The findings of a report that came out otherwise than expected."""
    try:
        findings = json.loads(stdout)["verdict"]["findings"]
    except ValueError:
        return stdout[-2000:]
    return "\n".join(f"{item['level']} {item['rule']} {item['address']}: {item['message']}" for item in findings)
