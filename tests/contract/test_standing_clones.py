"""Targets that are states and snapshots, clones that are kept, and programs: through the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked
import pytest
from tool_cache import own_cache

from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.ports import SilentProgress

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

SECRETS = {
    "db": "Planted-Db-Passw0rd",
    "cluster": "Planted-Cluster-Passw0rd",
    "user_data": "Planted-UserData-Secret",
    "lambda": "Planted-Lambda-Secret",
    "ssm": "Planted-Ssm-Secret",
    "version": "Planted-Version-Secret",
    "url": "Planted-Url-Passw0rd",
    "key": "PlantedPrivateKeyMaterial",
    "cache": "Planted-Auth-Token-1234",
    "task": "Planted-Task-Secret",
    "object": "Planted-Object-Secret",
    "output": "Planted-Output-Secret",
}
MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "eu-west-1" }
variable "secrets" {
  type      = map(string)
  sensitive = true
}
variable "table" { default = "orders" }
variable "label" { default = "one" }
resource "aws_dynamodb_table" "orders" {
  name         = var.table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_sqs_queue" "jobs" {
  count = 2
  name  = "jobs-${count.index}"
}
resource "aws_sns_topic" "alerts" {
  name         = "alerts"
  display_name = var.label
}
resource "aws_vpc" "main" { cidr_block = "10.7.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.7.1.0/24"
}
resource "aws_instance" "host" {
  ami           = "ami-0c2023a1b2c3d4e5f"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id
  user_data     = "#!/bin/sh\\nexport TOKEN=${var.secrets["user_data"]}\\n"
}
resource "aws_db_instance" "main" {
  identifier          = "main"
  engine              = "postgres"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "app"
  password            = var.secrets["db"]
  skip_final_snapshot = true
}
resource "aws_rds_cluster" "main" {
  cluster_identifier  = "cluster"
  engine              = "aurora-postgresql"
  master_username     = "app"
  master_password     = var.secrets["cluster"]
  skip_final_snapshot = true
}
resource "aws_iam_role" "fn" {
  name = "fn"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
resource "aws_lambda_function" "fn" {
  function_name = "fn"
  role          = aws_iam_role.fn.arn
  handler       = "index.handler"
  runtime       = "python3.12"
  filename      = "${path.module}/fn.zip"
  environment { variables = { MODE = "production", API = var.secrets["lambda"] } }
}
resource "aws_ssm_parameter" "secure" {
  name  = "/app/secure"
  type  = "SecureString"
  value = var.secrets["ssm"]
}
resource "aws_ssm_parameter" "url" {
  name  = "/app/url"
  type  = "String"
  value = "postgres://app:${var.secrets["url"]}@db.internal:5432/app"
}
resource "aws_secretsmanager_secret" "app" { name = "app" }
resource "aws_secretsmanager_secret_version" "app" {
  secret_id     = aws_secretsmanager_secret.app.id
  secret_string = jsonencode({
    password = var.secrets["version"]
    key      = "-----BEGIN PRIVATE KEY-----\\n${var.secrets["key"]}\\n-----END PRIVATE KEY-----"
  })
}
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = jsonencode([{
    name = "app", image = "app:1", memory = 128
    environment = [{ name = "API", value = var.secrets["task"] }, { name = "AUTH_TOKEN", value = var.secrets["cache"] }]
  }])
}
resource "aws_s3_bucket" "data" { bucket = "sandtable-standing-data" }
resource "aws_s3_object" "config" {
  bucket  = aws_s3_bucket.data.id
  key     = "config.ini"
  content = "password=${var.secrets["object"]}"
}
output "token" {
  value     = var.secrets["output"]
  sensitive = true
}
"""
VARIABLES = f"secrets={json.dumps(SECRETS)}"


@dataclass(frozen=True, kw_only=True)
class Production:
    """A configuration, the state of it applied, and folders for what comes of it."""

    source: Path
    state: Path
    scratch: Path
    cache: Path

    def run(self, *arguments: str, check: int | None = None) -> subprocess.CompletedProcess[str]:
        done = forked.run(arguments, {**os.environ, "XDG_CACHE_HOME": str(self.cache), "TMPDIR": str(self.scratch)})
        if check is not None:
            assert done.returncode == check, done.stderr + done.stdout[-3000:]
        return done

    def rehearse(self, target: str, *more: str, out: str) -> dict[str, Any]:
        self.run(
            *("rehearse", "terraform", str(self.source), "--target", target, "--var", VARIABLES, "--quiet"),
            *("--out", str(self.scratch / out), *more),
        )
        return json.loads((self.scratch / out / "report.json").read_text())


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    source = tmp_path_factory.mktemp("source")
    (source / "main.tf").write_text(MAIN)
    (source / "fn.zip").write_bytes(b"PK\x05\x06" + b"\0" * 18)
    scratch = tmp_path_factory.mktemp("s")
    state = scratch / "prod.tfstate"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    with MiniStackEngine().start(scratch / "engine", public_port=45_813) as engine:
        terraform = TerraformExecutor(
            binary=find_terraform(None, environment),
            endpoint=engine.endpoint,
            account="123456789012",
            region="eu-west-1",
            scratch=scratch / "t",
            environment=environment,
            progress=SilentProgress(),
            deadline=Deadline.after(600),
            variables=(VARIABLES,),
            shorten_waits=True,
        )
        workspace = terraform.prepare("production", source)
        terraform.init(workspace)
        outcome = terraform.apply_all(workspace)
        assert outcome.succeeded, outcome.diagnostics
        state.write_bytes(terraform.state_document(workspace))
    cache = tmp_path_factory.mktemp("cache")
    own_cache(cache)
    return Production(source=source, state=state, scratch=scratch, cache=cache)


def told(report: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    return {
        item["address"]: (item["action"], item["replace_paths"])
        for item in report["diff"]["changes"]
        if item["action"] != "no-op" and not item["owner"]
    }


@pytest.fixture(scope="module")
def first(production: Production) -> dict[str, Any]:
    """The table renamed, the topic relabelled, against the state; cold."""
    return production.rehearse(
        f"tfstate:{production.state}", "--var", "table=shop-orders", "--var", "label=two", out="first"
    )


def test_a_state_gives_the_verdict_that_its_configuration_gives(production: Production, first: dict[str, Any]) -> None:
    assert first["verdict"]["decision"] == "reject"
    assert told(first) == {
        "aws_dynamodb_table.orders": ("replace", [["name"]]),
        "aws_sns_topic.alerts": ("update", []),
    }
    standings = {each["address"]: each["standing"] for each in first["clone"]["objects"]}
    assert set(standings.values()) == {"cloned"}, standings
    unknown = {each["address"]: each["unknown"] for each in first["clone"]["objects"] if each["unknown"]}
    assert unknown == {"aws_instance.host": ["user_data"], "aws_lambda_function.fn": ["code"]}

    configured = production.rehearse(
        f"config:{production.source}", "--var", "table=shop-orders", "--var", "label=two", out="none"
    )
    assert told(configured) == {}, "the variables are the baseline's, too"


def test_the_second_rehearsal_uses_the_clone_that_was_kept(production: Production, first: dict[str, Any]) -> None:
    again = production.rehearse(
        f"tfstate:{production.state}", "--var", "table=shop-orders", "--var", "label=two", out="again"
    )
    assert (first["clone"]["warm"], again["clone"]["warm"]) == (False, True)
    assert told(again) == told(first)
    assert again["verdict"]["findings"] == first["verdict"]["findings"]
    assert again["clone"]["objects"] == first["clone"]["objects"]
    spent = {timing["phase"] for timing in again["timings"]}
    assert not {phase for phase in spent if phase.startswith("clone")}


def test_a_configuration_that_was_cloned_is_not_cloned_again(production: Production) -> None:
    cold = production.rehearse(f"config:{production.source}", out="cold")
    warm = production.rehearse(f"config:{production.source}", out="warm")
    assert (cold["clone"]["warm"], warm["clone"]["warm"]) == (False, True)
    assert (cold["verdict"]["decision"], warm["verdict"]["decision"]) == ("approve", "approve")
    assert [each["address"] for each in cold["diff"]["noise"]] == [each["address"] for each in warm["diff"]["noise"]]
    assert told(cold) == told(warm) == {}


@pytest.fixture(scope="module")
def snapshot(production: Production) -> Path:
    file = production.scratch / "prod.snapshot"
    production.run("clone", "--target", f"tfstate:{production.state}", "--out", str(file), "--quiet", check=0)
    return file


@pytest.fixture(scope="module")
def in_snapshot(production: Production, snapshot: Path) -> dict[str, Any]:
    return production.rehearse(
        f"snapshot:{snapshot}", "--var", "table=shop-orders", "--var", "label=two", out="snapshot"
    )


def test_a_change_is_rehearsed_in_a_snapshot(first: dict[str, Any], in_snapshot: dict[str, Any]) -> None:
    report = in_snapshot
    assert told(report) == told(first)
    assert report["verdict"]["decision"] == "reject"
    assert any("secrets are not in a snapshot" in notice for notice in report["notices"])


def test_two_snapshots_of_one_state_are_equal_and_a_damaged_one_is_refused(
    production: Production, snapshot: Path
) -> None:
    other = production.scratch / "other.snapshot"
    production.run("clone", "--target", f"tfstate:{production.state}", "--out", str(other), "--quiet", check=0)
    assert production.run("snapshot", "diff", str(snapshot), str(other), check=0).stdout == "No differences.\n"
    assert "AWS::DynamoDB::Table" in production.run("snapshot", "show", str(snapshot), check=0).stdout

    content = bytearray(other.read_bytes())
    content[len(content) // 2] ^= 1
    other.write_bytes(content)
    done = production.run("snapshot", "show", str(other), check=3)
    assert "damaged" in done.stderr


@pytest.mark.usefixtures("first", "in_snapshot")
def test_no_secret_is_anywhere_but_in_the_target(production: Production, snapshot: Path) -> None:
    body = snapshot.read_bytes().split(b"\n", 2)[2]
    texts = {"the snapshot": zlib.decompress(body)}
    kept = [path for path in production.cache.rglob("*") if path.is_file() and not path.is_symlink()]
    reports = [path for path in production.scratch.rglob("report.*") if path.is_file()]
    assert len(kept) >= 2
    assert len(reports) >= 8
    texts |= {str(path): path.read_bytes() for path in (*kept, *reports)}
    found = [
        (where, name) for where, text in texts.items() for name, secret in SECRETS.items() if secret.encode() in text
    ]
    assert found == []
    whole = production.state.read_text()
    assert all(secret in whole for name, secret in SECRETS.items() if name != "user_data"), "they are in the state"


DELETES = "import boto3; boto3.client('sns', region_name='eu-west-1').delete_topic(TopicArn='{arn}')"
READS = "import boto3; print(boto3.client('sns', region_name='eu-west-1').list_topics()['Topics'])"


def test_eight_rehearsals_at_once_give_eight_verdicts(production: Production, snapshot: Path, tmp_path: Path) -> None:
    arn = "arn:aws:sns:eu-west-1:123456789012:alerts"

    def rehearse(number: int) -> tuple[int, dict[str, Any]]:
        program = READS if number % 2 else DELETES.format(arn=arn)
        done = production.run(
            *("rehearse", "command", "--target", f"snapshot:{snapshot}", "--dir", str(tmp_path), "--quiet"),
            *("--format", "json", "--", "python3", "-c", program),
        )
        return done.returncode, json.loads(done.stdout)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(rehearse, range(8)))
    assert [code for code, _ in found] == [1, 0] * 4
    for number, (_, report) in enumerate(found):
        assert told(report) == ({} if number % 2 else {"aws_sns_topic.alerts": ("delete", [])})
        assert report["steps"][0]["exit_code"] == 0
        assert arn in report["steps"][0]["stdout"] if number % 2 else True


def test_an_old_copy_of_a_state_is_for_a_person(production: Production, tmp_path: Path, first: dict[str, Any]) -> None:
    content = json.loads(production.state.read_text())
    old = tmp_path / "old.tfstate"
    old.write_text(json.dumps({**content, "serial": first["clone"]["serial"] - 1, "resources": []}))
    done = production.run(
        *("rehearse", "command", "--target", f"tfstate:{old}", "--dir", str(tmp_path), "--format", "json"),
        *("--quiet", "--", "true"),
        check=2,
    )
    assert [finding["rule"] for finding in json.loads(done.stdout)["verdict"]["findings"]] == ["stale-state"]


def test_terraform_as_a_program_destroys_with_the_state_of_the_target(production: Production, snapshot: Path) -> None:
    done = production.run(
        *("rehearse", "command", "--target", f"snapshot:{snapshot}", "--dir", str(production.source), "--quiet"),
        *("--var", VARIABLES, "--format", "json", "--", "terraform", "destroy", "-auto-approve", "-var", VARIABLES),
    )
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert told(report)["aws_dynamodb_table.orders"][0] == "delete"
    assert told(report)["aws_vpc.main"][0] == "delete"
    assert not [secret for secret in SECRETS.values() if secret in done.stdout]


def test_a_program_that_never_stops_calling_is_ended(production: Production, snapshot: Path, tmp_path: Path) -> None:
    script = tmp_path / "loop.sh"
    script.write_text("while true; do aws sqs delete-queue --queue-url http://127.0.0.1/123456789012/none; done\n")
    done = production.run(
        *("rehearse", "command", "--target", f"snapshot:{snapshot}", "--dir", str(tmp_path), "--quiet"),
        *("--max-failures", "3", "--format", "json", "--", "sh", "loop.sh"),
        check=2,
    )
    report = json.loads(done.stdout)
    assert re.search(r"failed \d+ times", report["steps"][0]["ended"])
    assert report["steps"][0]["exit_code"] is None
    assert not report["outcome"]["succeeded"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"version": 4, "resources": [{"mode"', "not JSON"),
        ('{"version": 3, "modules": []}', "only 4 is understood"),
        ("[]", "no format version"),
        ('{"version": 4, "resources": [{"instances": [{}]}]}', "does not have the form"),
    ],
)
def test_what_is_no_state_is_one_clear_error(production: Production, tmp_path: Path, content: str, words: str) -> None:
    state = tmp_path / "x.tfstate"
    state.write_text(content)
    done = production.run("rehearse", "command", "--target", f"tfstate:{state}", "--dir", str(tmp_path), "--", "true")
    assert done.returncode == 3
    assert words in done.stderr
    assert "Traceback" not in done.stderr
