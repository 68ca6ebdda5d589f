"""A plan that Terraform makes with the schemas it needs is the plan that it makes with all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.ports import SilentProgress

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

CONFIGURATION = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "other"
  region = "us-west-2"
}

variable "size" {
  default = 4
}

data "aws_caller_identity" "me" {}

resource "aws_sqs_queue" "jobs" {
  name                      = "jobs-${data.aws_caller_identity.me.account_id}"
  message_retention_seconds = 60 * var.size
}

resource "aws_dynamodb_table" "orders" {
  provider     = aws.other
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_ssm_parameter" "secret" {
  name  = "/secret"
  type  = "SecureString"
  value = provider::aws::arn_build("aws", "iam", "", "1", "a")
}
"""
ESCAPED = "# a name may be written as \\u0061ws_vpc"
"""With this in it, nothing is left out of the schemas."""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with MiniStackEngine().start(tmp_path_factory.mktemp("engine"), public_port=45_711) as engine:
        yield engine.endpoint


def documents(endpoint: str, folder: Path, *, text: str) -> list[dict[str, Any]]:
    """The plans of three moments: nothing there, all there, and after a resource has left the configuration."""
    source = folder / "source"
    source.mkdir(parents=True)
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    executor = TerraformExecutor(
        binary=find_terraform(None, environment),
        endpoint=endpoint,
        account="123456789012",
        region="us-east-1",
        scratch=folder / "scratch",
        environment=environment,
        progress=SilentProgress(),
        deadline=Deadline.after(300),
        shorten_waits=True,
    )
    found = []
    (source / "main.tf").write_text(text)
    first = executor.prepare("first", source)
    executor.init(first)
    found.append(executor.plan_document(first))
    assert executor.apply_plan(first).succeeded
    state = executor.state_document(first)
    # From here on only the state names the table and the parameter.
    (source / "main.tf").write_text(text[: text.index('resource "aws_dynamodb_table"')])
    second = executor.prepare("second", source)
    executor.init(second)
    executor.adopt_state(second, state)
    found.append(executor.plan_document(second))
    assert executor.apply_plan(second).succeeded
    return [json.loads(document) for document in found]


def test_a_plan_is_the_same_with_the_schemas_that_are_named_and_with_all(endpoint: str, tmp_path: Path) -> None:
    named = documents(endpoint, tmp_path / "named", text=CONFIGURATION)
    whole = documents(endpoint, tmp_path / "whole", text=f"{ESCAPED}\n{CONFIGURATION}")

    assert list((tmp_path / "named" / "scratch").glob("schemas-*"))
    assert not list((tmp_path / "whole" / "scratch").glob("schemas-*"))
    sizes = [path.stat().st_size for path in (tmp_path / "named" / "scratch").glob("schemas-*/schemas")]
    assert max(sizes) < 100_000
    for ours, theirs in zip(named, whole, strict=True):
        assert ours["resource_changes"]
        assert _comparable(ours) == _comparable(theirs)


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    """What is planned and how it is written; the rest tells the moment and what was read at it."""
    return {name: document[name] for name in ("resource_changes", "configuration")}
