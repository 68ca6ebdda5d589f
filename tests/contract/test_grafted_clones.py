"""A state cloned on an engine that draws its own ids: what the change says of the real ones finds them all the same."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked
import pytest

from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.ports import SilentProgress

IMAGE = "ami-0c2023a1b2c3d4e5f"
MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "eu-west-1" }
variable "table" { default = "orders" }
resource "aws_vpc" "main" { cidr_block = "10.7.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.7.1.0/24"
}
resource "aws_security_group" "web" {
  name        = "web"
  description = "web"
  vpc_id      = aws_vpc.main.id
}
resource "aws_instance" "host" {
  ami                    = "ami-0c2023a1b2c3d4e5f"
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.a.id
  vpc_security_group_ids = [aws_security_group.web.id]
}
resource "aws_iam_role" "fn" {
  name               = "fn"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
resource "aws_lambda_function" "fn" {
  function_name    = "fn"
  role             = aws_iam_role.fn.arn
  handler          = "index.handler"
  runtime          = "python3.12"
  filename         = "${path.module}/function-of-ours.zip"
  source_code_hash = filebase64sha256("${path.module}/function-of-ours.zip")
}
resource "aws_kms_key" "main" { description = "main" }
resource "aws_dynamodb_table" "orders" {
  name         = var.table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
"""
"""What is in production."""
EMPTY_ZIP = b"PK\x05\x06" + b"\0" * 18
LITERAL = MAIN.replace("vpc_id     = aws_vpc.main.id", 'vpc_id     = "VPC"').replace(
    "subnet_id              = aws_subnet.a.id", "subnet_id              = var.subnet"
)
"""The same, with ids written out, as people do with what another team owns."""


@dataclass(frozen=True, kw_only=True)
class Production:
    """A state, the ids in it, and a folder for what comes of it."""

    state: Path
    ids: dict[str, str]
    scratch: Path

    def rehearse(self, *arguments: str, out: str) -> dict[str, Any]:
        where = ("--target", f"tfstate:{self.state}", "--engine", "moto", "--quiet", "--out", str(self.scratch / out))
        rest = arguments.index("--") if "--" in arguments else len(arguments)
        done = forked.run(
            ("rehearse", *arguments[:rest], *where, *arguments[rest:]), {**os.environ, "TMPDIR": str(self.scratch)}
        )
        assert done.returncode in {0, 1, 2}, done.stderr + done.stdout[-3000:]
        return json.loads((self.scratch / out / "report.json").read_text())

    def change(self, name: str, text: str) -> Path:
        folder = self.scratch / name
        folder.mkdir()
        (folder / "main.tf").write_text(text)
        (folder / "function-of-ours.zip").write_bytes(EMPTY_ZIP)
        return folder


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Production:
    source, scratch = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("s")
    (source / "main.tf").write_text(MAIN)
    (source / "function-of-ours.zip").write_bytes(EMPTY_ZIP)
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    with MiniStackEngine().start(scratch / "engine", public_port=45_815) as engine:
        terraform = TerraformExecutor(
            binary=find_terraform(None, environment),
            endpoint=engine.endpoint,
            account="123456789012",
            region="eu-west-1",
            scratch=scratch / "t",
            environment=environment,
            progress=SilentProgress(),
            deadline=Deadline.after(600),
            shorten_waits=True,
        )
        workspace = terraform.prepare("production", source)
        terraform.init(workspace)
        outcome = terraform.apply_all(workspace)
        assert outcome.succeeded, outcome.diagnostics
        document = terraform.state_document(workspace)
    state = scratch / "prod.tfstate"
    state.write_bytes(document)
    ids = {each["type"]: each["instances"][0]["attributes"]["id"] for each in json.loads(document)["resources"]}
    return Production(state=state, ids=ids, scratch=scratch)


def told(report: dict[str, Any]) -> dict[str, str]:
    return {each["address"]: each["action"] for each in report["diff"]["changes"] if each["action"] != "no-op"}


@pytest.fixture(scope="module")
def unchanged(production: Production) -> dict[str, Any]:
    text = LITERAL.replace("VPC", production.ids["aws_vpc"]) + 'variable "subnet" {}\n'
    folder = production.change("literal", text)
    return production.rehearse(
        "terraform", str(folder), "--var", f"subnet={production.ids['aws_subnet']}", out="unchanged"
    )


def test_a_configuration_with_real_ids_in_it_changes_nothing(unchanged: dict[str, Any]) -> None:
    assert told(unchanged) == {}
    assert unchanged["verdict"]["decision"] == "approve"


def test_the_report_says_which_id_stands_for_which(production: Production, unchanged: dict[str, Any]) -> None:
    objects = {each["address"]: each for each in unchanged["clone"]["objects"]}
    assert {each["standing"] for each in objects.values()} == {"cloned"}
    vpc, table = objects["aws_vpc.main"], objects["aws_dynamodb_table.orders"]
    assert vpc["real_id"] == production.ids["aws_vpc"]
    assert vpc["clone_id"].startswith("vpc-")
    assert vpc["clone_id"] != vpc["real_id"]
    assert (table["real_id"], table["clone_id"]) == ("", "")
    assert objects["aws_subnet.a"]["proof"] == "proved"


def test_what_is_replaced_is_rejected_as_on_the_other_engine(production: Production) -> None:
    report = production.rehearse(
        "terraform", str(production.change("renamed", MAIN)), "--var", "table=shop-orders", out="renamed"
    )
    assert told(report) == {"aws_dynamodb_table.orders": "replace"}
    assert report["verdict"]["decision"] == "reject"


def test_a_command_that_names_a_real_id_finds_it(production: Production) -> None:
    folder = production.scratch / "empty"
    folder.mkdir()
    ec2, host = "boto3.client('ec2', region_name='eu-west-1')", production.ids["aws_instance"]
    (folder / "end.py").write_text(f"import boto3\n{ec2}.terminate_instances(InstanceIds=['{host}'])\n")
    report = production.rehearse("command", "--dir", str(folder), "--", sys.executable, "end.py", out="command")
    assert report["verdict"]["decision"] == "reject"
    assert any(each["address"] == "aws_instance.host" for each in report["diff"]["changes"])
