"""Stacks as steps of a sequence: `sandtable rehearse steps` with `cloudformation:`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runs import PARAMETER, PROVIDER, run, write

pytestmark = pytest.mark.engine

QUEUE = "  Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}\n"
TABLE = """  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
"""
TOPIC = "  Alerts: {Type: AWS::SNS::Topic, Properties: {TopicName: alerts}}\n"
LIMIT = "  Limit: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: limit, Value: !Ref Value}}\n"
DECLARED = "Parameters: {Value: {Type: String}}\n"
MAKES = "import boto3\nboto3.client('sqs').create_queue(QueueName='scratch')\n"
DEPLOYS = """import boto3
with open("shrunk.yaml") as file:
    boto3.client("cloudformation").update_stack(StackName="app", TemplateBody=file.read())
"""


def template(*resources: str, declared: str = "") -> str:
    return f"{declared}Resources:\n{''.join(resources)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "before.yaml": template(QUEUE, TABLE),
        "grown.yaml": template(QUEUE, TABLE, TOPIC),
        "shrunk.yaml": template(QUEUE),
        "limit.yaml": template(LIMIT, declared=DECLARED),
        "limit-and-topic.yaml": template(LIMIT, TOPIC, declared=DECLARED),
        "values.json": json.dumps({"Value": "10"}),
        "makes.py": MAKES,
        "deploys.py": DEPLOYS,
    }
    for name, text in files.items():
        write(tmp_path, text, name)
    return tmp_path


def rehearsed(
    folder: Path, *steps: str, target: str = "cloudformation:before.yaml", engine: str = "ministack", options: Any = ()
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Rehearse steps: a script, a template of the stack `app`, or what a step says."""
    named = {".yaml": "{{cloudformation: {0}, stack: app}}", ".py": "{{command: [python3, {0}]}}"}
    lines = [f"- {named.get(Path(step).suffix, '{0}').format(step)}" for step in steps]
    write(folder, "\n".join(lines), "steps.yml")
    kind, _, path = target.partition(":")
    out = folder / "report"
    done = run(
        folder,
        *("rehearse", "steps", str(folder / "steps.yml"), "--engine", engine, *options),
        *("--target", f"{kind}:{folder / path}" if path else kind, "--out", str(out), "--quiet"),
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )
    report = out / "report.json"
    return done, json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}


def effects(report: dict[str, Any]) -> list[list[str]]:
    return [sorted(step.get("effects", [])) for step in report["steps"]]


def blocking(report: dict[str, Any]) -> list[str]:
    return [gap["reason"] for gap in report["gaps"] if gap["blocking"]]


@pytest.mark.parametrize("engine", ["ministack", "moto"])
def test_a_script_then_a_template_that_only_adds(folder: Path, engine: str) -> None:
    done, report = rehearsed(folder, "makes.py", "grown.yaml", engine=engine)
    assert (done.returncode, report["verdict"]["decision"]) == (0, "approve"), done.stderr
    assert effects(report) == [["create AWS::SQS::Queue/scratch"], ["create app/Alerts"]]
    assert [bool(step["calls"]) for step in report["steps"]] == [True, True]
    # Named as from where the sequence is written down.
    assert report["locations"]["app/Alerts"]["file"].endswith("grown.yaml")


@pytest.mark.parametrize("engine", ["ministack", "moto"])
def test_a_stack_that_is_shrunk_in_the_second_step_is_rejected(folder: Path, engine: str) -> None:
    done, report = rehearsed(folder, "makes.py", "shrunk.yaml", engine=engine)
    assert (done.returncode, report["verdict"]["decision"]) == (1, "reject"), done.stderr
    assert effects(report)[1] == ["delete app/Orders"]
    assert ("resource-deleted", "app/Orders") in {
        (finding["rule"], finding["address"]) for finding in report["verdict"]["findings"]
    }
    assert report["target"]["resources"] == 2


def test_each_template_updates_what_the_one_before_has_left(folder: Path) -> None:
    done, report = rehearsed(folder, "grown.yaml", "before.yaml")
    # Made and ended within the sequence: nobody has lost anything.
    assert (done.returncode, report["verdict"]["decision"]) == (0, "approve"), done.stderr
    assert effects(report) == [["create app/Alerts"], ["delete app/Alerts"]]

    done, report = rehearsed(folder, "shrunk.yaml", "before.yaml")
    # Gone and put back is gone.
    assert (done.returncode, report["verdict"]["decision"]) == (1, "reject"), done.stderr
    assert effects(report) == [["delete app/Orders"], ["create app/Orders"]]


def test_a_parameter_keeps_the_value_that_a_step_before_has_given(folder: Path) -> None:
    named = "stack: other"
    done, report = rehearsed(
        folder,
        f"{{cloudformation: limit.yaml, {named}, parameters: values.json}}",
        f"{{cloudformation: limit-and-topic.yaml, {named}}}",
        target="empty",
    )
    assert (done.returncode, report["verdict"]["decision"]) == (0, "approve"), done.stderr
    assert effects(report) == [["create other/Limit"], ["create other/Alerts"]]
    assert any("other keeps the deployed values of the parameters Value" in each for each in report["notices"])


def test_other_stacks_than_the_targets(folder: Path) -> None:
    steps = ("grown.yaml", "{cloudformation: limit.yaml, stack: other, parameters: values.json}", "before.yaml")
    done, _ = rehearsed(folder, *steps)
    assert done.returncode == 64
    assert "not clear which of them the target's template describes" in done.stderr

    done, report = rehearsed(folder, *steps, options=("--stack", "app"))
    assert (done.returncode, report["verdict"]["decision"]) == (0, "approve"), done.stderr
    assert effects(report) == [["create app/Alerts"], ["create other/Limit"], ["delete app/Alerts"]]


def test_what_a_program_does_to_a_stack_is_in_no_template(folder: Path) -> None:
    done, report = rehearsed(folder, "deploys.py", "shrunk.yaml")
    assert (done.returncode, report["verdict"]["decision"]) in {(1, "reject"), (2, "review")}, done.stderr
    assert any("a program before it has written to CloudFormation" in reason for reason in blocking(report))


@pytest.mark.terraform
def test_stacks_and_terraform_in_one_sequence(folder: Path) -> None:
    write(folder / "infra", PROVIDER + PARAMETER % "10")
    done, report = rehearsed(folder, "{terraform: infra, state: none}", "shrunk.yaml")
    assert (done.returncode, report["verdict"]["decision"]) == (1, "reject"), done.stderr
    assert effects(report) == [["create aws_ssm_parameter.limit"], ["delete app/Orders"]]
    assert report["locations"]["aws_ssm_parameter.limit"]["file"].endswith("infra/main.tf")


def test_a_target_that_does_not_tell_which_stacks_there_are(folder: Path) -> None:
    write(folder / "infra", PROVIDER + PARAMETER % "10")
    done, report = rehearsed(folder, "makes.py", "grown.yaml", target="config:infra")
    assert (done.returncode, report) == (64, {})
    assert "does not tell which stacks there are" in done.stderr
    assert "Traceback" not in done.stderr
