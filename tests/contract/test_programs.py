"""Programs of other kinds against the clone: the AWS SDK for JavaScript, Terraform's own commands."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_runs import PARAMETER, PROVIDER, run, write

SDK = ("@aws-sdk/client-sqs", "@aws-sdk/client-s3")
SCRIPT = """
import { CreateQueueCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

const sqs = new SQSClient({});
await sqs.send(new CreateQueueCommand({ QueueName: "retries" }));
const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "retries" }));
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
const s3 = new S3Client({});
await s3.send(new CreateBucketCommand({ Bucket: "northwind-reports" }));
await s3.send(new PutObjectCommand({ Bucket: "northwind-reports", Key: "a.txt", Body: "hello" }));
"""
QUEUE = 'resource "aws_sqs_queue" "jobs" {\n  name = "jobs"\n}\n'


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """A folder with the AWS SDK for JavaScript in it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path / "node"
    folder.mkdir()
    install = [npm, "install", "--no-audit", "--no-fund", "--silent", *SDK]
    if subprocess.run(install, cwd=folder, capture_output=True, check=False, timeout=300).returncode != 0:
        pytest.skip("the AWS SDK for JavaScript cannot be had")
    return folder


def reported(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    out = tmp_path / "out"
    done = run(tmp_path, "rehearse", "command", "--quiet", "--out", str(out), *arguments)
    assert done.returncode in {0, 1, 2}, done.stderr
    document: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return done.returncode, document


def changes(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(change["action"], change["address"]) for change in report["diff"]["changes"]}


@pytest.mark.engine
def test_the_aws_sdk_for_javascript(tmp_path: Path, sdk: Path) -> None:
    (sdk / "change.mjs").write_text(SCRIPT, encoding="utf-8")
    code, report = reported(tmp_path, "--target", "empty", "--dir", str(sdk), "--", "node", "change.mjs")
    assert code == 0
    assert changes(report) == {("create", "AWS::SQS::Queue/retries"), ("create", "AWS::S3::Bucket/northwind-reports")}
    written = [call["operation"] for call in report["calls"] if call["kind"] == "write"]
    assert written == ["CreateQueue", "SendMessage", "CreateBucket", "PutObject"]


@pytest.mark.engine
@pytest.mark.terraform
@pytest.mark.parametrize(
    ("command", "code", "found"),
    [
        (
            "destroy -auto-approve",
            1,
            {("resource-deleted", "aws_sqs_queue.jobs"), ("resource-deleted", "aws_ssm_parameter.limit")},
        ),
        ("state rm aws_sqs_queue.jobs", 2, {("resource-forgotten", "aws_sqs_queue.jobs")}),
    ],
)
def test_terraforms_own_commands(tmp_path: Path, command: str, code: int, found: set[tuple[str, str]]) -> None:
    root = write(tmp_path / "infra", PROVIDER + PARAMETER % "10" + QUEUE)
    given = ("--target", f"config:{root}", "--dir", str(root), "--region", "eu-west-1", "--")
    ended, report = reported(tmp_path, *given, "terraform", *command.split())
    assert {(item["rule"], item["address"]) for item in report["verdict"]["findings"]} >= found
    assert ended == code


@pytest.mark.terraform
def test_what_is_taken_out_of_the_state_in_the_folder_is_told(tmp_path: Path) -> None:
    root = write(tmp_path / "infra", PROVIDER + PARAMETER % "10")
    arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/limit"
    attributes = {"id": "/shop/limit", "name": "/shop/limit", "type": "String", "value": "10", "arn": arn}
    resource = {
        "mode": "managed",
        "type": "aws_ssm_parameter",
        "name": "limit",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [{"schema_version": 0, "attributes": attributes}],
    }
    state = {"version": 4, "terraform_version": "1.11.0", "serial": 3, "lineage": "l", "resources": [resource]}
    (root / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    given = ("--target", f"tfstate:{root / 'terraform.tfstate'}", "--dir", str(root), "--region", "eu-west-1", "--")
    ended, report = reported(tmp_path, *given, "terraform", "state", "rm", "aws_ssm_parameter.limit")
    assert [(item["rule"], item["address"]) for item in report["verdict"]["findings"]] == [
        ("resource-forgotten", "aws_ssm_parameter.limit")
    ]
    assert ended == 2
