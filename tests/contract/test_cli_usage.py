"""What a user gets for input that is wrong: one clear error, a hint, the right exit code, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runs import PARAMETER, PROVIDER, TOPIC, leftovers, run, write

USAGE = 64
FAILED = 3


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write(tmp_path / "base", PROVIDER + PARAMETER % "10")


def assert_one_clear_error(stderr: str, *words: str) -> None:
    assert "Traceback" not in stderr
    assert "hint: " in stderr
    for word in words:
        assert word in stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["COMMAND"]),
        (["rehearse"], ["KIND"]),
        (["rehearse", "terraform", "{base}"], ["--target"]),
        (["rehearse", "terraform", "{base}", "--target", "empty", "--nonsense"], ["--nonsense"]),
        (["rehearse", "terraform", "{missing}", "--target", "empty"], ["no directory"]),
        (["rehearse", "terraform", "{base}", "--target", "nonsense"], ["nonsense"]),
        (["rehearse", "terraform", "{base}", "--target", "config:{missing}"], ["{missing}"]),
        (["rehearse", "terraform", "{base}", "--target", "git:main"], ["git"]),
        (["rehearse", "terraform", "{base}", "--target", "tfstate:{missing}"], ["no state"]),
        (["rehearse", "terraform", "{base}", "--target", "snapshot:{missing}"], ["no snapshot"]),
        (["rehearse", "terraform", "{base}", "--target", "aws:prod"], ["state", "--state"]),
        (["rehearse", "terraform", "{base}", "--target", "empty", "--tag", "a=b"], ["live account"]),
        (["rehearse", "command", "--target", "empty"], ["No command"]),
        (["rehearse", "command", "--target", "empty", "--", "no-such-program"], ["no program"]),
        (["rehearse", "terraform", "{base}", "--target", "empty", "--engine", "nonsense"], ["nonsense", "ministack"]),
        (["rehearse", "terraform", "{base}", "--target", "empty", "--account", "12"], ["twelve"]),
        (["rehearse", "terraform", "{base}", "--target", "empty", "--timeout", "0"], ["--timeout"]),
        (["rehearse", "terraform", "{base}", "--target", "empty", "--timeout", "nan"], ["--timeout"]),
        (["rehearse", "terraform", "{base}", "--target", "empty", "--seed", "{missing}"], ["seed"]),
        (["demo", "nonsense"], ["nonsense", "kiro"]),
    ],
)
def test_wrong_usage(tmp_path: Path, base: Path, arguments: list[str], words: list[str]) -> None:
    places = {"base": str(base), "missing": str(tmp_path / "missing")}

    done = run(tmp_path, *(argument.format(**places) for argument in arguments))

    assert done.returncode == USAGE, done.stderr
    assert_one_clear_error(done.stderr, *(word.format(**places) for word in words))
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("policy", "word"),
    [
        ("version: 1\nrules: {no-such-rule: off}\n", "no-such-rule"),
        ("version: 1\nrules: {gap: off}\n", "gap"),
        ("rules: [", "line 1"),
        ("version: 7\n", "version"),
        ("\x00", "valid"),
    ],
)
def test_a_broken_policy_ends_the_run(tmp_path: Path, base: Path, policy: str, word: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(policy)

    done = run(tmp_path, "rehearse", "terraform", str(base), "--target", "empty", "--policy", str(file))

    assert done.returncode == FAILED
    assert_one_clear_error(done.stderr, word)


def test_an_unreadable_policy_ends_the_run(tmp_path: Path, base: Path) -> None:
    done = run(tmp_path, "rehearse", "terraform", str(base), "--target", "empty", "--policy", str(tmp_path))

    assert done.returncode == FAILED
    assert_one_clear_error(done.stderr, "policy")


def test_a_policy_beside_the_change_is_found(tmp_path: Path, base: Path) -> None:
    (base / "sandtable.yaml").write_text("version: 1\nnonsense: 1\n")

    done = run(tmp_path, "rehearse", "terraform", str(base), "--target", "empty")

    assert done.returncode == FAILED
    assert_one_clear_error(done.stderr, "nonsense")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": "9"}', "\x00", "[" * 100_000])
def test_a_report_that_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "report.json"
    file.write_text(text)

    done = run(tmp_path, "report", str(file))

    assert done.returncode == FAILED
    assert_one_clear_error(done.stderr)


@pytest.mark.terraform
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PROVIDER + 'resource "aws_sns_topic" "x" {\n  name = \n', ["main.tf:10"]),
        (PROVIDER + 'resource "aws_sns_topic" "x" {\n  nonsense = 1\n}\n', ["nonsense", "main.tf:10"]),
        (PROVIDER + 'resource "aws_no_such_thing" "x" {}\n', ["aws_no_such_thing"]),
        ('terraform {\n  required_providers {\n    x = { source = "nobody/nothing" }\n  }\n}\n', ["nobody/nothing"]),
        (PROVIDER + 'variable "needed" {}\n' + TOPIC % "${var.needed}", ["needed"]),
    ],
    ids=["syntax", "argument", "type", "provider", "variable"],
)
def test_a_configuration_that_terraform_refuses(tmp_path: Path, base: Path, text: str, words: list[str]) -> None:
    change = write(tmp_path / "change", text)

    done = run(tmp_path, "rehearse", "terraform", str(change), "--target", f"config:{base}")

    assert done.returncode == FAILED, done.stderr
    assert_one_clear_error(done.stderr, *words)
    assert done.stdout == ""
    assert leftovers(tmp_path) == []


@pytest.mark.terraform
def test_a_seed_that_the_engine_refuses(tmp_path: Path, base: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("- service: dynamodb\n  operation: PutItem\n  parameters: {TableName: none, Item: {id: {S: a}}}\n")

    done = run(tmp_path, "rehearse", "terraform", str(base), "--target", f"config:{base}", "--seed", str(seed))

    assert done.returncode == FAILED
    assert_one_clear_error(done.stderr, "dynamodb:PutItem")
