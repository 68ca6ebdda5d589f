"""`sandtable review` as a user or a hook runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cli_runs import command, run, run_anew, surroundings

from gate.cli.main import parsed
from gate.cli.parser import build_parser

FAILED, USAGE = 3, 64
HEAVY = (
    "argparse",
    "dataclasses",
    "inspect",
    "pathlib",
    "boto3",
    "botocore",
    "docker",
    "rich",
    "deepdiff",
    "aiohttp",
    "yaml",
    "jinja2",
    "hcl2",
    "msgspec",
    "subprocess",
)


def entry(address: str, *actions: str) -> dict[str, Any]:
    kind, name = address.split(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": list(actions),
            "before": None if actions == ("create",) else {"name": name},
            "after": None if actions == ("delete",) else {"name": name, "tags": {"a": "b"}},
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    }


def saved(folder: Path, *entries: dict[str, Any], encoding: str = "utf-8", **more: Any) -> Path:
    path = folder / "plan.json"
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": list(entries),
        "configuration": {"root_module": {}},
        **more,
    }
    path.write_bytes(json.dumps(document).encode(encoding))
    return path


CREATE = entry("aws_sns_topic.orders", "create")
DELETE = entry("aws_dynamodb_table.orders", "delete")


@pytest.mark.parametrize(
    ("changes", "more", "code", "word"),
    [
        ([CREATE], {}, 0, "APPROVED: 1 created"),
        ([CREATE, DELETE], {}, 1, "REJECTED: 1 deleted, 1 created"),
        ([CREATE], {"errored": True}, 2, "REVIEW NEEDED: 1 created"),
        ([], {}, 0, "APPROVED: nothing changes"),
    ],
)
def test_the_verdict_is_the_exit_code(
    tmp_path: Path, changes: list[dict[str, Any]], more: dict[str, Any], code: int, word: str
) -> None:
    done = run(tmp_path, "review", str(saved(tmp_path, *changes, **more)))
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(word)
    assert done.stdout.rstrip().endswith(word)


@pytest.mark.parametrize("plan", ["plan.json", "-", "a b"])
def test_a_plan_alone_is_parsed_as_the_grammar_says(plan: str) -> None:
    assert vars(parsed(["review", plan])) == vars(build_parser().parse_args(["review", plan]))


def test_standard_input_in_the_encoding_of_powershell(tmp_path: Path) -> None:
    path = saved(tmp_path, DELETE, encoding="utf-16")
    with path.open("rb") as file:
        done = subprocess.run(
            command("review", "-"),
            stdin=file,
            capture_output=True,
            text=True,
            check=False,
            env=surroundings(tmp_path),
            cwd=tmp_path,
        )
    assert done.returncode == 1, done.stderr
    assert "aws_dynamodb_table.orders" in done.stdout


@pytest.mark.parametrize("form", ["json", "markdown", "html", "sarif"])
def test_every_form_of_the_report_can_be_printed(tmp_path: Path, form: str) -> None:
    done = run(tmp_path, "review", str(saved(tmp_path, DELETE)), "--format", form)
    assert done.returncode == 1, done.stderr
    assert "aws_dynamodb_table.orders" in done.stdout
    if form in {"json", "sarif"}:
        json.loads(done.stdout)


def test_the_report_is_written_and_can_be_rendered_again(tmp_path: Path) -> None:
    out = tmp_path / "report"
    done = run(tmp_path, "review", str(saved(tmp_path, DELETE)), "--out", str(out))
    assert done.returncode == 1, done.stderr
    assert f"Full report: {out / 'report.html'}" in done.stdout
    assert {path.name for path in out.iterdir()} == {"report.json", "report.md", "report.html", "report.sarif"}
    again = run(tmp_path, "report", str(out / "report.json"))
    assert again.returncode == 1
    assert "judged by the plan alone" in again.stdout


def test_characters_that_the_terminal_lacks_are_written_out(tmp_path: Path) -> None:
    path = saved(tmp_path, entry("aws_sqs_queue.größe", "delete"))
    done = run_anew(tmp_path, "review", str(path), PYTHONIOENCODING="ascii")
    assert done.returncode == 1, done.stderr
    assert r"aws_sqs_queue.gr\xf6\xdfe" in done.stdout


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b'{"version": 4, "serial": 1, "lineage": "x"}', "state file"),
        (b"Terraform will perform the following actions:", "people read"),
        (b"PK\x03\x04...", "--dir"),
        (b"", "empty"),
        (b'{"format_version": "1.2", "resource_changes": [{}]}', "could not be read"),
    ],
)
def test_what_is_no_plan_is_one_clear_error(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "given"
    path.write_bytes(content)
    done = run(tmp_path, "review", str(path))
    assert done.returncode == FAILED
    assert word in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_wrong_usage(tmp_path: Path) -> None:
    binary = tmp_path / "tfplan"
    binary.write_bytes(b"PK\x03\x04...")
    for arguments in (
        ["review"],
        ["review", str(tmp_path / "missing.json")],
        ["review", str(binary), "--dir", str(tmp_path / "missing")],
    ):
        done = run(tmp_path, *arguments)
        assert done.returncode == USAGE, done.stderr
        assert "hint: " in done.stderr
    assert run(tmp_path, "review", str(tmp_path)).returncode == FAILED


def test_nothing_is_loaded_that_a_plan_does_not_need(tmp_path: Path) -> None:
    path = saved(tmp_path, CREATE, DELETE)
    program = (
        "import sys; from gate.cli.main import run; code = run(['review', sys.argv[1]]); "
        f"print([name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.terraform
def test_a_binary_plan_is_read_with_the_root_module_that_made_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text('resource "terraform_data" "note" {\n  input = "hello"\n}\n')
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    for step in (["init", "-no-color"], ["plan", "-no-color", "-out=tfplan"]):
        subprocess.run(["terraform", *step], cwd=root, check=True, capture_output=True, env=environment)

    done = run(tmp_path, "review", str(root / "tfplan"), "--dir", str(root), TF_CLI_CONFIG_FILE="")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("APPROVED: 1 created")


SPY = """#!/bin/sh
case "$*" in
  *version*) echo '{"terraform_version": "1.11.4"}'; exit ;;
esac
test -f tfplan && test ! -e SECRET && test ! -e PLAN || { echo "a file is seen" >&2; exit 1; }
test -z "$AWS_SECRET_ACCESS_KEY" || { echo "a secret is seen" >&2; exit 1; }
test "$(grep -c : /proc/net/dev)" = 1 || { echo "a network is seen" >&2; exit 1; }
cat <<'EOF'
TEXT
EOF
"""


def test_what_reads_a_binary_plan_is_enclosed(tmp_path: Path) -> None:
    """A program in Terraform's place tells the plan only if it finds no file of the user, no secret and no network."""
    root = tmp_path / "root"
    root.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("hush")
    programs = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        programs.chmod(0o755)
        spy = programs / "terraform"
        text = SPY.replace("SECRET", str(secret), 1).replace("PLAN", str(root / "tfplan"), 1)
        spy.write_text(text.replace("TEXT", saved(root, CREATE).read_text(), 1))
        spy.chmod(0o755)
        (root / "tfplan").write_bytes(b"PK\x03\x04...")
        done = run(
            tmp_path,
            *("review", str(root / "tfplan"), "--dir", str(root), "--terraform", str(spy)),
            AWS_SECRET_ACCESS_KEY="hush",
        )
    finally:
        shutil.rmtree(programs)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("APPROVED: 1 created")
