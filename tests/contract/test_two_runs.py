"""What one run leaves for the next: a delete in two steps is told of, and a pass fits what was rehearsed, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import PROVIDER, run, write
from tool_cache import own_cache

from gate.hook.answer import respond
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
        XDG_CACHE_HOME=own_cache(tmp_path / "cache"),
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

    listed = run(
        tmp_path, "history", f"config:{before}", "--format", "json", XDG_CACHE_HOME=own_cache(tmp_path / "cache")
    )
    assert [item["decision"] for item in json.loads(listed.stdout)] == ["review"]
    # Without the history, the lax policy lets the delete pass.
    (tmp_path / "cache" / "sandtable" / FILE).unlink()
    assert rehearsed(tmp_path, tuesday, standing)["verdict"]["decision"] == "approve"


TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:alerts"
SCRIPT = f"aws sns tag-resource --resource-arn {TOPIC_ARN} --tags Key=Team,Value=web\n"


def state(serial: int) -> str:
    """A production state of one topic."""
    attributes = {"id": TOPIC_ARN, "arn": TOPIC_ARN, "name": "alerts", "region": "eu-west-1"}
    topic = {"schema_version": 0, "attributes": attributes}
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'
    resource = {"mode": "managed", "type": "aws_sns_topic", "name": "alerts", "provider": provider}
    return json.dumps(
        {
            "version": 4,
            "terraform_version": "1.11.4",
            "serial": serial,
            "lineage": "b7e6a0f2-52a5-4d0a-9c0e-5d8f5a2f7c11",
            "outputs": {},
            "resources": [resource | {"instances": [topic]}],
        }
    )


def test_a_pass_fits_neither_an_edited_program_nor_a_state_that_moved_on_nor_twice(tmp_path: Path) -> None:
    production = tmp_path / "prod.tfstate"
    production.write_text(state(7))
    work = write(tmp_path / "work", SCRIPT, "tag.sh")
    cache = own_cache(tmp_path / "cache")
    done = run(
        tmp_path,
        *("rehearse", "command", "--target", f"tfstate:{production}", "--dir", str(work), "--region", "eu-west-1"),
        *("--format", "agent", "--", "sh", "tag.sh"),
        XDG_CACHE_HOME=cache,
    )
    assert done.returncode == 0, done.stderr
    assert "let this very change through once" in done.stderr

    def answer() -> str:
        event = {"tool_name": "Bash", "tool_input": {"command": "sh tag.sh"}, "cwd": str(work)}
        return respond("claude-code", json.dumps(event), {"XDG_CACHE_HOME": cache}).stdout

    write(work, SCRIPT + f"aws sns delete-topic --topic-arn {TOPIC_ARN}\n", "tag.sh")
    assert "deny" in answer(), "edited after it passed"
    write(work, SCRIPT, "tag.sh")
    production.write_text(state(8))
    assert "deny" in answer(), "production moved on"
    production.write_text(state(7))
    assert answer() == ""
    assert "deny" in answer(), "a pass replayed"
