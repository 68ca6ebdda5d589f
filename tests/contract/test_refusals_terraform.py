"""AWS's refusals in whole rehearsals: the apply ends with AWS's error, soon, where the engine would have consented."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.engines.ministack import MiniStackEngine
from sandbox.engines.moto import MotoEngine
from sandbox.executors.terraform.binary import find_terraform
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.ports import Engine, SilentProgress
from sandbox.proposal import TerraformProposal
from sandbox.rehearsal import Rehearsal
from sandbox.rehearse import RehearsalRequest, rehearse
from sandbox.targets.target import ConfigTarget

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

ENGINES: dict[str, Callable[[], Engine]] = {"ministack": MiniStackEngine, "moto": MotoEngine}
PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "us-east-1"
}
"""

POOL = """
resource "aws_cognito_user_pool" "customers" {
  name                = "customers"
  deletion_protection = "ACTIVE"
}
"""

NETWORK = """
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "first" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/20"
}
"""
OVERLAPPING = """
resource "aws_subnet" "second" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.8.0/24"
}
"""
BESIDE = OVERLAPPING.replace("10.0.8.0/24", "10.0.16.0/24")

FUNCTION = """
resource "aws_lambda_function" "charge" {
  function_name = "charge"
  role          = "arn:aws:iam::123456789012:role/removed-last-year"
  runtime       = "python3.12"
  handler       = "m.h"
  filename      = "${path.module}/main.tf"
}
"""

CERTIFICATE = """
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "public" {
  for_each          = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_lb" "shop" {
  name    = "shop"
  subnets = [for subnet in aws_subnet.public : subnet.id]
}
resource "aws_acm_certificate" "shop" {
  domain_name       = "shop.example.com"
  validation_method = "DNS"
  lifecycle { create_before_destroy = false }
}
resource "aws_lb_listener" "shop" {
  load_balancer_arn = aws_lb.shop.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = aws_acm_certificate.shop.arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}
"""
RENAMED = CERTIFICATE.replace("shop.example.com", "store.example.com")


@dataclass(frozen=True, slots=True)
class Story:
    """A change that AWS refuses in the middle, and with what."""

    before: str
    change: str
    row: str
    code: str
    address: str


STORIES = {
    "pool-removed": Story(
        POOL, "", "user-pool-protected", "InvalidParameterException", "aws_cognito_user_pool.customers"
    ),
    "subnet-added": Story(
        NETWORK, NETWORK + OVERLAPPING, "subnet-overlapping", "InvalidSubnet.Conflict", "aws_subnet.second"
    ),
    "function-added": Story(
        NETWORK, NETWORK + FUNCTION, "function-without-role", "InvalidParameterValueException",
        "aws_lambda_function.charge",
    ),
    "certificate-renamed": Story(
        CERTIFICATE, RENAMED, "certificate-of-listener", "ResourceInUseException", "aws_acm_certificate.shop"
    ),
}  # fmt: skip
NEAR_MISSES = {
    "pool-removed": (POOL.replace("ACTIVE", "INACTIVE"), ""),
    "subnet-added": (NETWORK, NETWORK + BESIDE),
    "certificate-renamed": (
        CERTIFICATE.replace("create_before_destroy = false", "create_before_destroy = true"),
        RENAMED.replace("create_before_destroy = false", "create_before_destroy = true"),
    ),
}


def rehearsed(tmp_path: Path, engine: str, before: str, change: str) -> Rehearsal:
    folders = []
    for name, text in (("before", before), ("change", change)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "main.tf").write_text(PROVIDER + text)
        folders.append(folder)
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    return rehearse(
        RehearsalRequest(
            isolation=Bubblewrap(),
            proposal=TerraformProposal(directory=folders[1]),
            target=ConfigTarget(directory=folders[0]),
            engine=ENGINES[engine](),
            binary=find_terraform(None, environment),
            environment=environment,
            timeout=400,
            fast_waits=True,
        ),
        SilentProgress(),
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("story", STORIES)
def test_the_apply_ends_with_awss_error(tmp_path: Path, story: str, engine: str) -> None:
    told = STORIES[story]
    seen = rehearsed(tmp_path, engine, told.before, told.change)

    refused = [call for call in seen.calls if call.refused_by]
    assert {(call.refused_by, call.error_code, call.phase) for call in refused} == {(told.row, told.code, "apply")}
    assert not seen.outcome.succeeded
    (error,) = [item for item in seen.outcome.diagnostics if item.severity == "error"]
    assert refused[0].error_message in f"{error.summary} {error.detail}"
    assert told.code in f"{error.summary} {error.detail}"
    assert error.address in {told.address, ""}  # Terraform does not name what is no longer in the configuration
    assert told.address in seen.outcome.failed


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("story", NEAR_MISSES)
def test_what_aws_allows_is_not_refused(tmp_path: Path, story: str, engine: str) -> None:
    seen = rehearsed(tmp_path, engine, *NEAR_MISSES[story])

    assert [call.refused_by for call in seen.calls if call.refused_by] == []
    assert seen.outcome.succeeded, seen.outcome.diagnostics


@pytest.mark.parametrize("engine", ENGINES)
def test_a_security_group_that_a_mount_target_uses_is_not_deleted(tmp_path: Path, engine: str) -> None:
    scenario = Path(__file__).parents[2] / "fixtures" / "security-group-description"
    before, change = ((scenario / name / "main.tf").read_text() for name in ("before", "change"))
    seen = rehearsed(tmp_path, engine, before, change)

    refused = [call for call in seen.calls if call.refused_by]
    assert {call.operation for call in refused} == {"DeleteSecurityGroup"}
    (error,) = [item for item in seen.outcome.diagnostics if item.severity == "error"]
    assert "DependencyViolation" in error.summary
    assert error.address == "aws_security_group.ledger"
    assert "Terraform would go on trying" in error.detail
    kept = {item.address: item.attributes["id"] for item in seen.state_after if item.type == "aws_security_group"}
    had = {item.address: item.attributes["id"] for item in seen.state_before if item.type == "aws_security_group"}
    assert kept == had
