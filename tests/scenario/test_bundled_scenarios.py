"""Every bundled scenario, through the command line, on every engine that can carry it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gate.scenarios import Scenario, scenarios

EXIT_CODES = {"approve": 0, "reject": 1, "review": 2}
ACTING = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))} - {
    "\n",
    "\t",
}
"""Characters that act on a terminal, or on the direction of a line."""
CASES = [pytest.param(item, engine, id=f"{item.name}-{engine}") for item in scenarios() for engine in item.engines]


@pytest.mark.terraform
@pytest.mark.parametrize(("scenario", "engine"), CASES)
def test_scenario_gives_its_expected_verdict(scenario: Scenario, engine: str, tmp_path: Path) -> None:
    out = tmp_path / "report"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gate.cli.main", "demo", scenario.name),
            *("--engine", engine, "--format", "json", "--quiet", "--out", str(out)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )

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
    # What was meant for somewhere else than AWS has no operation, and got nowhere.
    unidentified = [call for call in report["calls"] if not call["operation"] and call["error_code"] != "OutsideClone"]
    assert unidentified == []


def _explain(stdout: str) -> str:
    """The findings of a report that came out otherwise than expected."""
    try:
        findings = json.loads(stdout)["verdict"]["findings"]
    except ValueError:
        return stdout[-2000:]
    return "\n".join(f"{item['level']} {item['rule']} {item['address']}: {item['message']}" for item in findings)
