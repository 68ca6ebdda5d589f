"""Several changes in order, over one clone: `sandtable rehearse steps`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runs import PARAMETER, PROVIDER, TOPIC, run, write
from tool_cache import own_cache

pytestmark = [pytest.mark.engine, pytest.mark.terraform]

BEFORE = PROVIDER + PARAMETER % "10" + 'resource "aws_sqs_queue" "jobs" {\n  name = "jobs"\n}\n'
SCRIPT = """import boto3
sqs, ssm = boto3.client("sqs"), boto3.client("ssm")
"""
MAKES = SCRIPT + 'sqs.create_queue(QueueName="scratch")\nssm.put_parameter(Name="/shop/b", Type="String", Value="1")\n'
ENDS = SCRIPT + 'sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="scratch")["QueueUrl"])\n'
DESTROYS = SCRIPT + 'sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"])\n'
FAILS = "raise SystemExit(3)\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target, and where its clone is kept from one test to the next."""
    folder = tmp_path_factory.mktemp("shared")
    write(folder / "before", BEFORE)
    return folder


@pytest.fixture
def folder(tmp_path: Path, shared: Path) -> Path:
    (tmp_path / "shared").symlink_to(shared)
    write(tmp_path / "infra", BEFORE.replace('"10"', '"20"') + TOPIC % "alerts")
    for name, text in (("makes", MAKES), ("ends", ENDS), ("destroys", DESTROYS), ("fails", FAILS)):
        write(tmp_path / "scripts", text, f"{name}.py")
    return tmp_path


def rehearsed(folder: Path, *steps: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Rehearse steps: the name of a script, or a root module."""
    lines = [
        f"- terraform: {step}" if (folder / step).is_dir() else f"- {{command: [python3, {step}.py], dir: scripts}}"
        for step in steps
    ]
    (folder / "steps.yaml").write_text("\n".join(lines), encoding="utf-8")
    out = folder / "report"
    done = run(
        folder,
        *(
            "rehearse",
            "steps",
            str(folder / "steps.yaml"),
            "--target",
            f"config:{(folder / 'shared').resolve() / 'before'}",
        ),
        *("--region", "eu-west-1", "--out", str(out), "--quiet"),
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        XDG_CACHE_HOME=own_cache((folder / "shared").resolve() / "cache"),
    )
    report = out / "report.json"
    return done, json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}


def effects(report: dict[str, Any]) -> list[list[str]]:
    return [sorted(step.get("effects", [])) for step in report["steps"]]


def changes(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(change["action"], change["address"]) for change in report["diff"]["changes"]}


def test_a_script_then_terraform_then_a_script(folder: Path) -> None:
    done, report = rehearsed(folder, "makes", "infra", "ends")
    assert (done.returncode, report["verdict"]["decision"]) == (0, "approve"), done.stderr
    assert effects(report) == [
        ["create AWS::SQS::Queue/scratch", "create AWS::SSM::Parameter//shop/b"],
        ["create aws_sns_topic.orders", "update aws_ssm_parameter.limit"],
        ["delete AWS::SQS::Queue/scratch"],
    ]
    assert changes(report) == {
        ("create", "AWS::SSM::Parameter//shop/b"),
        ("create", "aws_sns_topic.orders"),
        ("update", "aws_ssm_parameter.limit"),
        ("no-op", "AWS::SQS::Queue/scratch"),
    }
    of_steps = [set(step["calls"]) for step in report["steps"]]
    assert all(of_steps)
    assert not of_steps[0] & of_steps[1]
    assert not of_steps[1] & of_steps[2]
    assert [step["exit_code"] for step in report["steps"]] == [0, 0, 0]


def test_what_one_step_destroys_the_next_does_not_excuse(folder: Path) -> None:
    done, report = rehearsed(folder, "destroys", "infra")
    assert (done.returncode, report["verdict"]["decision"]) == (1, "reject"), done.stderr
    assert "delete aws_sqs_queue.jobs" in effects(report)[0]
    assert "create aws_sqs_queue.jobs" in effects(report)[1]
    assert ("resource-deleted", "aws_sqs_queue.jobs") in {
        (finding["rule"], finding["address"]) for finding in report["verdict"]["findings"]
    }


def test_a_step_that_fails_ends_the_rest(folder: Path) -> None:
    done, report = rehearsed(folder, "makes", "fails", "destroys", "infra")
    assert (done.returncode, report["verdict"]["decision"]) == (2, "review"), done.stderr
    assert [step["ended"] for step in report["steps"]] == ["", "", "not run: step 2 failed", "not run: step 2 failed"]
    assert [step["exit_code"] for step in report["steps"]] == [0, 3, None, None]
    gaps = [gap for gap in report["gaps"] if "was not run" in gap["reason"]]
    assert len(gaps) == 2
    assert all(gap["blocking"] for gap in gaps)
    assert ("delete", "aws_sqs_queue.jobs") not in changes(report)
    _, other = rehearsed(folder, "makes", "fails", "destroys")
    assert report["proposal"]["digest"] != other["proposal"]["digest"]


def test_terraform_twice_goes_on_from_its_own_state(folder: Path) -> None:
    write(folder / "later", BEFORE.replace('"10"', '"30"') + TOPIC % "alerts")
    done, report = rehearsed(folder, "infra", "later")
    assert (done.returncode, report["verdict"]["decision"]) == (0, "approve"), done.stderr
    assert effects(report) == [
        ["create aws_sns_topic.orders", "update aws_ssm_parameter.limit"],
        ["update aws_ssm_parameter.limit"],
    ]


def test_a_configuration_that_cannot_be_planned_any_more_is_a_step_that_fails(folder: Path) -> None:
    lookup = 'data "aws_sqs_queue" "scratch" {\n  name = "scratch"\n}\n'
    write(folder / "looks", BEFORE + lookup)
    done, report = rehearsed(folder, "makes", "ends", "looks")
    assert (done.returncode, report["verdict"]["decision"]) == (2, "review"), done.stderr
    assert report["steps"][2]["exit_code"] == 1
    assert not report["outcome"]["succeeded"]
    done, report = rehearsed(folder, "makes", "looks")
    assert (done.returncode, report["verdict"]["decision"]) == (0, "approve"), done.stderr
