"""`sandtable policy` and `sandtable history`, and a change that the policy rejects for its place alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_samples import reject

from gate.cli.main import run
from gate.policy.config import FILE_NAME
from gate.policy.schemafile import text
from gate.report import jsonfmt
from sandbox.history import History, Remembered
from sandbox.rehearsal import Preparation

NOW = 1_764_000_000.0
TABLE = "aws_dynamodb_table.orders"
WAIVED = """\
version: 1
stateful: {random_*: names are made from it}
waivers:
  - {rule: access-widened, address: a.b, reason: x y, author: me, expires: 2020-01-01}
environments: {prod: {preset: tiered}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_check_says_what_a_file_amounts_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / FILE_NAME).write_text(WAIVED)
    assert run(["policy", "check"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  everywhere: preset strict, 0 rules set, 1 types, 0 protected, 1 waivers",
        "    the waiver of access-widened for a.b ran out on 2020-01-01",
        "  prod: preset tiered, 0 rules set, 0 types, 0 protected, 0 waivers",
    ]


@pytest.mark.parametrize(("content", "told"), [("version: 2\n", "`version: 1` is missing"), (None, "no such file")])
def test_check_refuses_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], content: str | None, told: str
) -> None:
    if content is not None:
        (folder / FILE_NAME).write_text(content)
    assert run(["policy", "check"]) == 3
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 2


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "schema"]) == 0
    assert capsys.readouterr().out == text()


@pytest.fixture
def saved(folder: Path) -> tuple[str, str]:
    """A report, and an address that it rejects."""
    report = reject()
    (folder / "report.json").write_text(jsonfmt.dumps(report))
    address = next(item.address for item in report.verdict.findings if item.rule == "resource-replaced")
    return "report.json", address


def test_explain_says_how_a_finding_came_to_its_level(
    folder: Path, saved: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file, address = saved
    assert run(["policy", "explain", address, file]) == 0
    strict = capsys.readouterr().out
    assert f"{address} (" in strict
    assert "resource-replaced: reject: is deleted and made anew" in strict
    assert "    the rule's own level" in strict
    waiver = f"{{rule: resource-replaced, address: {address}, reason: x y, author: me, expires: 2999-12-31}}"
    (folder / "own.yaml").write_text(f"version: 1\nwaivers: [{waiver}]\n")
    assert run(["policy", "explain", address, file, "--policy", "own.yaml"]) == 0
    assert "    waived by me until 2999-12-31: x y" in capsys.readouterr().out
    (folder / "own.yaml").write_text("version: 1\nrules: {resource-replaced: review}\n")
    assert run(["policy", "explain", address, file, "--policy", "own.yaml"]) == 0
    told = capsys.readouterr().out
    assert "    rules.resource-replaced of the policy: review" in told
    assert "    the report has it as reject: by another policy" in told


def test_explain_knows_what_is_in_the_report_only(saved: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    file, _ = saved
    assert run(["policy", "explain", "aws_vpc.nowhere\x1b[2J", file]) == 64
    error = capsys.readouterr().err
    assert "says nothing of aws_vpc.nowhere" in error
    assert "\x1b" not in error
    assert run(["policy", "explain", "aws_vpc.a", file, "--environment", "prod"]) == 64


def test_history_lists_what_was_prepared_and_lets_nothing_steer_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared = Preparation(address=TABLE, what="protection is off \x1b[31m")
    history = History(folder / "cache" / "sandtable")
    for target in ("config:a", "git:main"):
        known = Remembered(target=target, change="b", decision="review", at=NOW, preparations=(prepared,))
        history.remember(known, names=[target])
    assert run(["history"]) == 0
    told = capsys.readouterr().out
    assert told.count(f"    {TABLE}: protection is off") == 2
    assert "\x1b" not in told
    assert run(["history", "config:a", "--format", "json"]) == 0
    [one] = json.loads(capsys.readouterr().out)
    assert (one["target"], one["decision"], one["preparations"][0]["day"]) == ("config:a", "review", "2025-11-24")


def rejected(folder: Path, *options: str) -> list[str]:
    for name in ("change", "target"):
        (folder / name).mkdir()
        (folder / name / FILE_NAME).write_text(
            "version: 1\nenvironments:\n"
            "  prod: {match: {accounts: ['111111111111']}}\n  dev: {match: {workspaces: [dev]}}\n"
        )
    return ["rehearse", "terraform", "change", "--target", "config:target", "--format", "json", "-q", *options]


def test_the_wrong_account_is_rejected_before_anything_is_replayed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = rejected(folder, "--account", "222222222222", "--environment", "prod", "--terraform", "/nowhere")
    assert run(line) == 1
    report = json.loads(capsys.readouterr().out)
    assert [(item["rule"], item["level"], item["message"]) for item in report["verdict"]["findings"]] == [
        ("out-of-scope", "reject", "the account is 222222222222, and the policy's scope is 111111111111")
    ]
    assert (report["engine"]["name"], report["isolation"], report["diff"]["changes"]) == ("none", "not run", [])
    assert jsonfmt.from_document(report).notices == ("Nothing was rehearsed: the policy rejects where this would go.",)


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--account", "222222222222"], 3, "none of them is known by this place: account 222222222222"),
        (["--environment", "staging"], 64, "has no environment 'staging'"),
    ],
)
def test_an_environment_that_cannot_be_told_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, told: str
) -> None:
    assert run(rejected(folder, *options)) == code
    assert told in capsys.readouterr().err
