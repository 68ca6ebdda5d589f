"""The kinds of target, through the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cli_runs import PARAMETER, PROVIDER, TOPIC, run, write


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def actions(stdout: str) -> dict[str, str]:
    changes = json.loads(stdout)["diff"]["changes"]
    return {item["address"]: item["action"] for item in changes if item["action"] != "no-op" and not item["owner"]}


@pytest.mark.terraform
def test_the_working_tree_against_a_commit(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    infra = write(repository / "infra", PROVIDER + PARAMETER % "10" + TOPIC % "orders")
    git(repository, "init")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "before")
    write(infra, PROVIDER + PARAMETER % "20")

    done = run(tmp_path, "rehearse", "terraform", str(infra), "--target", "git:main", "--format", "json", "--quiet")

    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert actions(done.stdout) == {"aws_sns_topic.orders": "delete", "aws_ssm_parameter.limit": "update"}
    assert json.loads(done.stdout)["target"]["kind"] == "git"


@pytest.mark.terraform
def test_nothing_exists_yet(tmp_path: Path) -> None:
    change = write(tmp_path / "change", PROVIDER + PARAMETER % "10")

    done = run(tmp_path, "rehearse", "terraform", str(change), "--target", "empty", "--format", "json")

    assert done.returncode == 0, done.stderr
    assert actions(done.stdout) == {"aws_ssm_parameter.limit": "create"}


@pytest.mark.terraform
def test_a_provider_block_as_people_write_it(tmp_path: Path) -> None:
    provider = """terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
  backend "s3" {
    bucket = "northwind-terraform-state"
    key    = "prod/terraform.tfstate"
    region = "eu-west-1"
  }
}
provider "aws" {
  region              = "eu-west-1"
  profile             = "northwind-prod"
  allowed_account_ids = ["444455556666"]
  default_tags {
    tags = { Team = "shop" }
  }
}
provider "aws" {
  alias  = "audit"
  region = "us-west-2"
  assume_role {
    role_arn = "arn:aws:iam::777788889999:role/audit"
  }
}
data "aws_caller_identity" "here" {}
data "aws_caller_identity" "audit" {
  provider = aws.audit
}
resource "aws_sns_topic" "audit" {
  provider = aws.audit
  name     = "audit"
}
resource "aws_ssm_parameter" "limit" {
  name  = "/shop/limit"
  type  = "String"
  value = "${data.aws_caller_identity.here.account_id} %s"
}
"""
    base, change = write(tmp_path / "base", provider % "10"), write(tmp_path / "change", provider % "20")

    done = run(tmp_path, *("rehearse", "terraform", str(change), "--target", f"config:{base}"), *("--format", "json"))

    assert done.returncode == 0, done.stderr
    assert actions(done.stdout) == {"aws_ssm_parameter.limit": "update"}
    report = json.loads(done.stdout)
    assert {call["region"] for call in report["calls"] if call["service"] in {"ssm", "sns"}} == {
        "eu-west-1",
        "us-west-2",
    }
    shown = next(item for item in report["diff"]["changes"] if item["address"] == "aws_ssm_parameter.limit")
    assert shown["resource"]["account"] == "444455556666"


@pytest.mark.terraform
def test_a_resource_behind_an_assumed_role_is_in_the_roles_account(tmp_path: Path) -> None:
    role = """
provider "aws" {
  alias  = "audit"
  region = "us-west-2"
  assume_role {
    role_arn = "arn:aws:iam::777788889999:role/audit"
  }
}
resource "aws_sns_topic" "audit" {
  provider = aws.audit
  name     = "audit"
}
"""
    base, change = write(tmp_path / "base", PROVIDER + role), write(tmp_path / "change", PROVIDER)
    write(change, role[: role.index("resource")], name="role.tf")

    done = run(tmp_path, "rehearse", "terraform", str(change), "--target", f"config:{base}", "--format", "json")

    assert done.returncode == 1, done.stderr
    changes = json.loads(done.stdout)["diff"]["changes"]
    gone = next(item for item in changes if item["address"] == "aws_sns_topic.audit")
    assert gone["resource"]["account"] == "777788889999"
    assert sorted(gone["witnesses"]) == ["calls", "clone", "plan"]


@pytest.mark.terraform
def test_what_was_read_of_another_state_is_read_as_recorded(tmp_path: Path) -> None:
    remote = """
data "terraform_remote_state" "net" {
  backend = "s3"
  config = {
    bucket = "somebody-elses-states"
    key    = "net.tfstate"
    region = "eu-west-1"
  }
}
"""
    change = write(
        tmp_path / "change", PROVIDER + remote + PARAMETER % "${data.terraform_remote_state.net.outputs.zone}"
    )
    outputs = {"value": {"zone": "eu-west-1b"}, "type": ["object", {"zone": "string"}]}
    recorded = {
        "mode": "data",
        "type": "terraform_remote_state",
        "name": "net",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": {"backend": "s3", "outputs": outputs, "workspace": None}}],
    }
    state = tmp_path / "prod.tfstate"
    state.write_text(json.dumps({"version": 4, "serial": 1, "lineage": "remote", "resources": [recorded]}))

    done = run(tmp_path, "rehearse", "terraform", str(change), "--target", f"tfstate:{state}", "--format", "json")

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    [created] = [item for item in report["diff"]["changes"] if item["address"] == "aws_ssm_parameter.limit"]
    assert [item["after"] for item in created["attributes"] if item["path"] == ["type"]] == ["String"]
    assert any("data.terraform_remote_state.net" in notice for notice in report["notices"])
    wrote = [call for call in report["calls"] if call["operation"] == "PutParameter"]
    assert len(wrote) == 1
