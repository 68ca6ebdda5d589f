"""A delete in two steps, rehearsed on two days: the second report tells of the first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import PROVIDER, run, write

from sandbox.history import FILE

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

TABLE = """
resource "aws_dynamodb_table" "orders" {
  name                        = "orders"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = %s
  attribute {
    name = "id"
    type = "S"
  }
}
"""
TOPIC = 'resource "aws_sns_topic" "alerts" {\n  name = "alerts"\n}\n'
LAX = "version: 1\nrules: {resource-deleted: note, protection-removed: review}\n"


def rehearsed(tmp_path: Path, change: Path, target: Path) -> dict[str, Any]:
    policy = tmp_path / "lax.yaml"
    policy.write_text(LAX)
    done = run(
        tmp_path,
        *("rehearse", "terraform", str(change), "--target", f"config:{target}", "--policy", str(policy)),
        *("--format", "json", "--quiet", "--isolation", "auto"),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert done.returncode in {0, 1, 2}, done.stderr
    return dict(json.loads(done.stdout))


def found(report: dict[str, Any]) -> dict[str, str]:
    return {item["rule"]: item["message"] for item in report["verdict"]["findings"]}


def test_protection_off_on_monday_and_delete_on_tuesday_are_seen_together(tmp_path: Path) -> None:
    before = write(tmp_path / "before", PROVIDER + TABLE % "true" + TOPIC)
    monday = write(tmp_path / "monday", PROVIDER + TABLE % "false" + TOPIC)
    # What was the change on Monday is what stands on Tuesday, in another checkout.
    standing = write(tmp_path / "elsewhere", PROVIDER + TABLE % "false" + TOPIC)
    tuesday = write(tmp_path / "tuesday", PROVIDER + TOPIC)

    first = rehearsed(tmp_path, monday, before)
    assert first["verdict"]["decision"] == "review"
    assert "earlier-preparation" not in found(first)

    second = rehearsed(tmp_path, tuesday, standing)
    assert second["verdict"]["decision"] == "reject"
    message = found(second)["earlier-preparation"]
    assert "on 20" in message
    assert "a rehearsal (review) saw that of aws_dynamodb_table.orders" in message
    assert "deletion_protection_enabled is switched off: true → false" in message

    listed = run(tmp_path, "history", f"config:{before}", "--format", "json", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert [item["decision"] for item in json.loads(listed.stdout)] == ["review"]
    # Without the history, the lax policy lets the delete pass.
    (tmp_path / "cache" / "sandtable" / FILE).unlink()
    assert rehearsed(tmp_path, tuesday, standing)["verdict"]["decision"] == "approve"
