"""Policies in Rego: what they get, what they may do, and that none of them fails in silence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rehearsal_builders import planned
from report_samples import approve_empty, call, reject, report

from diffing.change import Action
from diffing.values import Marker
from gate.rego import SECRET, plan_document, with_rego
from gate.verdict import Decision
from sandbox.errors import ConfigurationError

HEAD = "package main\nimport rego.v1\n"
DELETES = HEAD + (
    "deny contains text if {\n  some change in input.resource_changes\n"
    '  "delete" in change.change.actions\n  text := sprintf("%s is deleted", [change.address])\n}\n'
    'warn contains {"msg": "approved"} if input.sandtable.verdict.decision == "approve"\n'
)
GONE = planned("aws_sqs_queue.a", Action.DELETE, {"name": "a"}, None)


def judged(tmp_path: Path, text: str, name: str = "a.rego") -> list[tuple[str, str]]:
    (tmp_path / name).write_text(text)
    verdict = with_rego(approve_empty(), [GONE], tmp_path).verdict
    return [(item.level.value, item.message) for item in verdict.findings if item.rule == "rego"]


def test_what_is_denied_is_rejected_and_what_is_warned_of_is_noted(tmp_path: Path) -> None:
    assert judged(tmp_path, DELETES) == [("reject", "aws_sqs_queue.a is deleted"), ("note", "approved")]
    assert with_rego(approve_empty(), [GONE], tmp_path).verdict.decision is Decision.REJECT
    assert with_rego(approve_empty(), [], tmp_path).verdict.decision is Decision.APPROVE


def test_rego_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "a.rego").write_text(HEAD + "allow := true\n")
    report = reject()
    assert set(report.verdict.findings) <= set(with_rego(report, [], tmp_path).verdict.findings)
    assert with_rego(report, [], tmp_path).verdict.decision is Decision.REJECT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('package main\ndeny[text] { text := "older spelling" }', [("reject", "older spelling")]),
        (HEAD + 'violation contains {"msg": "object", "details": 1}', [("reject", "object")]),
        (HEAD + "deny contains 7", [("reject", "7")]),
        (HEAD + "deny if { false }", []),
        ("package other\ndeny := 1", []),
    ],
)
def test_rules_are_written_in_several_ways(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    assert judged(tmp_path, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "deny contains (((",
        HEAD + "deny contains text if { text := nosuch(1) }",
        HEAD + 'deny contains text if { text := http.send({"url": "http://example.com", "method": "get"}) }',
        HEAD + 'deny contains "x" if { to_number("q") == 1 }',
        "package main\ndeny[text] { text := 1 / 0 }",
    ],
)
def test_what_fails_is_an_error_and_not_a_pass(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be evaluated"):
        judged(tmp_path, text)


def test_a_folder_without_policies_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a_test.rego").write_text(HEAD)
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match="There are no Rego policies"):
            with_rego(approve_empty(), [], folder)


def test_the_input_is_the_plan_as_terraform_shows_it_without_secrets() -> None:
    change = planned(
        "aws_db_instance.a",
        Action.REPLACE,
        {"password": Marker.SENSITIVE, "tags": {"a": "b"}},
        {"password": Marker.SENSITIVE, "id": Marker.UNKNOWN, "list": [1, Marker.UNKNOWN]},
        replace_paths=(("engine",),),
        create_before_destroy=True,
    )
    [entry] = plan_document([change])["resource_changes"]
    assert entry["change"] == {
        "actions": ["create", "delete"],
        "before": {"password": SECRET, "tags": {"a": "b"}},
        "after": {"password": SECRET, "list": [1, None]},
        "after_unknown": {"id": True, "list": [False, True]},
        "replace_paths": [["engine"]],
    }
    assert (entry["address"], entry["type"], entry["name"], entry["mode"]) == (
        "aws_db_instance.a",
        "aws_db_instance",
        "a",
        "managed",
    )
    json.dumps(entry)


def test_the_rego_that_the_page_shows_says_what_it_is_said_to(tmp_path: Path) -> None:
    [example] = re.findall(
        r"```rego\n(.*?)```", (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "a.rego").write_text(example)
    change = planned("aws_db_instance.a", Action.CREATE, None, {"storage_encrypted": False})
    verdict = with_rego(report(calls=(call(1, "s3:DeleteObject", agent="aws-cli"),)), [change], tmp_path).verdict
    told = [item.message for item in verdict.findings if item.rule == "rego"]
    assert told == ["aws_db_instance.a is not encrypted", "somebody calls S3 by hand"]
