"""One change, told to the AWS CLI and to boto3: thirty calls over ten services make the same difference."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runs import run
from tool_cache import own_cache

HERE = Path(__file__).parent / "same_change"
PROGRAMS = {"aws-cli": ("sh", "change.sh"), "boto3": ("python3", "change.py")}
WRITES, SERVICES = 30, 10
BY_THE_CLOCK = "StartingSequenceNumber"
"""Of a shard: where a stream begins follows from when it is made."""


def rehearsed(tmp_path: Path, name: str) -> dict[str, Any]:
    """Rehearse one of the two programs; the second finds the clone that the first has left kept."""
    out = tmp_path / name
    done = run(
        tmp_path,
        *("rehearse", "command", "--target", f"config:{HERE / 'before'}", "--dir", str(HERE / "change")),
        *("--region", "eu-west-1", "--out", str(out), "--quiet", "--", *PROGRAMS[name]),
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        XDG_CACHE_HOME=own_cache(tmp_path / "cache"),
    )
    assert done.returncode == 1, done.stderr
    document: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return document


def written(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The calls of the program that write, in their order."""
    calls = [call for call in report["calls"] if call["phase"] == "apply" and call["kind"] == "write"]
    return [(call["service"], call["operation"]) for call in calls]


def told(report: dict[str, Any], agent: str) -> dict[str, Any]:
    """Every change by its address, without who made it, when, and by calls of which numbers."""
    return {
        change["address"]: {
            **change,
            "calls": len(change["calls"]),
            "reason": change["reason"].replace(f" by {agent}", ""),
            "attributes": [item for item in change["attributes"] if item["path"][-1] != BY_THE_CLOCK],
        }
        for change in report["diff"]["changes"]
    }


def judged(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(item["rule"], item["level"], item["address"]) for item in report["verdict"]["findings"]]


@pytest.mark.engine
@pytest.mark.terraform
def test_the_aws_cli_and_boto3_make_the_same_difference(tmp_path: Path) -> None:
    by_cli, by_boto3 = (rehearsed(tmp_path, name) for name in PROGRAMS)
    assert written(by_cli) == written(by_boto3)
    assert len(written(by_cli)) == WRITES
    assert len({service for service, _ in written(by_cli)}) >= SERVICES
    changes = told(by_cli, "aws-cli")
    assert changes == told(by_boto3, "boto3")
    actions = [change["action"] for change in by_cli["diff"]["changes"]]
    assert (actions.count("create"), actions.count("update"), actions.count("delete")) == (13, 7, 1)
    assert changes["aws_ssm_parameter.old"]["action"] == "delete"
    assert judged(by_cli) == judged(by_boto3)
