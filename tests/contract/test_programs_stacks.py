"""Programs that deploy stacks by themselves: boto3, and the CDK with its own `cdk deploy`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runs import run, write

pytestmark = pytest.mark.engine

SCRIPT = """import sys

import boto3

cloudformation = boto3.client("cloudformation")
with open(sys.argv[2]) as file:
    getattr(cloudformation, sys.argv[1] + "_stack")(StackName="app", TemplateBody=file.read())
cloudformation.get_waiter(f"stack_{sys.argv[1]}_complete").wait(StackName="app", WaiterConfig={"Delay": 1})
"""
QUEUE = "  Jobs: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {1}, VisibilityTimeout: {0}}}}}\n"
TABLE = """  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
"""
CDK = ("aws-cdk", "aws-cdk-lib", "constructs")
APP = """const cdk = require("aws-cdk-lib");
const dynamodb = require("aws-cdk-lib/aws-dynamodb");
const s3 = require("aws-cdk-lib/aws-s3");
const assets = require("aws-cdk-lib/aws-s3-assets");
const sqs = require("aws-cdk-lib/aws-sqs");
const app = new cdk.App();
const stack = new cdk.Stack(app, "Shop", { env: { account: "123456789012", region: "us-east-1" } });
new assets.Asset(stack, "Code", { path: "code" });
new sqs.Queue(stack, "Jobs", { queueName: "jobs", visibilityTimeout: cdk.Duration.seconds(TIMEOUT) });
if (TABLE) {
  new dynamodb.Table(stack, "Orders", {
    tableName: "orders",
    partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
    removalPolicy: cdk.RemovalPolicy.DESTROY,
  });
}
"""


def reported(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    out = tmp_path / "out"
    done = run(
        tmp_path,
        *("rehearse", "command", "--quiet", "--out", str(out), *arguments),
        timeout=600,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )
    assert done.returncode in {0, 1, 2}, done.stderr
    document: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return done.returncode, document


def changes(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(change["action"], change["address"]) for change in report["diff"]["changes"]}


def blocking(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(gap["subject"], gap["reason"].partition(";")[0]) for gap in report["gaps"] if gap["blocking"]}


def queue(timeout: int, name: str = "jobs") -> str:
    return QUEUE.format(timeout, name)


def deployed(tmp_path: Path, verb: str, after: str, target: str = "empty") -> tuple[int, dict[str, Any]]:
    """Let a script create or update the stack `app`."""
    folder = write(tmp_path / "work", SCRIPT, "deploy.py")
    write(folder, f"Resources:\n{after}", "after.yaml")
    if target != "empty":
        write(tmp_path, f"Resources:\n{target}", "app.yaml")
        # The target's stack is called as nobody says otherwise.
        (folder / "deploy.py").write_text(SCRIPT.replace('"app"', '"stack"'))
        target = f"cloudformation:{tmp_path / 'app.yaml'}"
    return reported(
        tmp_path, "--target", target, "--dir", str(folder), "--", "python3", "deploy.py", verb, "after.yaml"
    )


def test_what_a_new_stack_makes_is_seen(tmp_path: Path) -> None:
    code, report = deployed(tmp_path, "create", queue(30) + TABLE)
    assert code == 0
    assert changes(report) == {
        ("create", "AWS::CloudFormation::Stack/app"),
        ("create", "AWS::SQS::Queue/jobs"),
        ("create", "AWS::DynamoDB::Table/orders"),
    }


def test_what_an_update_removes_is_rejected(tmp_path: Path) -> None:
    code, report = deployed(tmp_path, "update", queue(30), queue(30) + TABLE)
    assert code == 1
    assert ("delete", "AWS::DynamoDB::Table/orders") in changes(report)


def test_an_update_in_place_is_approved(tmp_path: Path) -> None:
    code, report = deployed(tmp_path, "update", queue(60), queue(30))
    assert (code, blocking(report)) == (0, set())
    assert ("update", "AWS::SQS::Queue/jobs") in changes(report)


def test_what_aws_makes_anew_counts_whatever_the_engine_does(tmp_path: Path) -> None:
    code, report = deployed(tmp_path, "update", queue(30, "others"), queue(30))
    assert code in {1, 2}
    assert ("stack/Jobs", "by its resource schema AWS makes it anew") in blocking(report)


def test_an_update_of_a_stack_that_the_target_does_not_tell_is_for_a_person(tmp_path: Path) -> None:
    work = write(tmp_path / "work", SCRIPT, "deploy.py")
    write(work, f"Resources:\n{queue(30)}", "before.yaml")
    write(work, f"Resources:\n{queue(60)}", "after.yaml")
    seed = [
        {
            "service": "cloudformation",
            "operation": "CreateStack",
            "parameters": {"StackName": "app", "TemplateBody": f"Resources:\n{queue(30)}"},
        }
    ]
    (tmp_path / "seed.yaml").write_text(json.dumps(seed))
    code, report = reported(
        tmp_path,
        *("--target", "empty", "--seed", str(tmp_path / "seed.yaml"), "--dir", str(work)),
        *("--", "python3", "deploy.py", "update", "after.yaml"),
    )
    assert code == 2
    assert [subject for subject, reason in blocking(report) if "the target does not tell its template" in reason] == [
        "app"
    ]


@pytest.fixture(scope="module")
def cdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the CDK in it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path_factory.mktemp("cdk")
    install = [npm, "install", "--no-audit", "--no-fund", "--silent", *CDK]
    if subprocess.run(install, cwd=folder, capture_output=True, check=False, timeout=300).returncode != 0:
        pytest.skip("the CDK cannot be had")
    write(folder / "code", "nothing much", "asset.txt")
    write(folder, json.dumps({"app": "node app.js"}), "cdk.json")
    return folder


def app(folder: Path, *, timeout: int, table: bool) -> None:
    write(folder, APP.replace("TIMEOUT", str(timeout)).replace("TABLE", json.dumps(table)), "app.js")


def test_cdk_deploy(tmp_path: Path, cdk: Path) -> None:
    app(cdk, timeout=30, table=True)
    synth = ["npx", "cdk", "synth", "--quiet", "--no-notices", "--output", str(tmp_path / "before")]
    subprocess.run(synth, cwd=cdk, check=True, capture_output=True, timeout=300)
    asked = ("--target", f"cloudformation:{tmp_path / 'before'}", "--dir", str(cdk), "--", "npx", "cdk", "deploy")

    app(cdk, timeout=60, table=True)
    code, report = reported(tmp_path, *asked)
    assert (code, blocking(report)) == (0, set())
    assert ("update", "AWS::SQS::Queue/jobs") in changes(report)
    assert any("an app of the CDK" in notice for notice in report["notices"])

    app(cdk, timeout=30, table=False)
    code, report = reported(tmp_path, *asked)
    assert code == 1
    assert ("delete", "AWS::DynamoDB::Table/orders") in changes(report)
