"""Mutants are what they are said to be: one edit, and the file around it as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from mutation import Mutant, Operator, is_of_the_change, mutants_of

TEXT = """resource "aws_s3_bucket" "assets" {
  bucket = "northwind-assets"
  tags   = { Team = "web" }
}

resource "aws_dynamodb_table" "orders" {
  name                        = "orders"
  hash_key                    = var.key
  deletion_protection_enabled = true

  point_in_time_recovery {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.60.0.0/16"
}

moved {
  from = aws_s3_bucket.old
  to   = aws_s3_bucket.assets
}
"""


def found(operator: Operator) -> dict[str, Mutant]:
    return {each.where: each for each in mutants_of("main.tf", TEXT) if each.operator is operator}


def test_every_literal_of_a_resource_is_changed_once() -> None:
    assert set(found(Operator.VALUE)) == {
        'aws_s3_bucket.assets: bucket = "northwind-assetsx"',
        'aws_dynamodb_table.orders: name = "ordersx"',
        'aws_vpc.main: cidr_block = "10.199.0.0/16"',
    }


def test_every_block_goes_once() -> None:
    assert set(found(Operator.BLOCK)) == {
        "aws_s3_bucket.assets",
        "aws_dynamodb_table.orders",
        "aws_dynamodb_table.orders: point_in_time_recovery",
        "aws_dynamodb_table.orders: lifecycle",
        "aws_vpc.main",
        "moved {",
    }


def test_every_protection_is_turned_off_once() -> None:
    assert set(found(Operator.PROTECTION)) == {
        "aws_s3_bucket.assets: force_destroy = true",
        "aws_dynamodb_table.orders: deletion_protection_enabled = false",
        "aws_dynamodb_table.orders: enabled = false",
        "aws_dynamodb_table.orders: prevent_destroy = false",
    }


@pytest.mark.parametrize("mutant", list(mutants_of("main.tf", TEXT)), ids=lambda mutant: mutant.where)
def test_a_mutant_differs_in_one_place(mutant: Mutant) -> None:
    before, after = TEXT.splitlines(), mutant.applied_to(TEXT).splitlines()
    assert after[: mutant.start] == before[: mutant.start]
    rest = len(before) - mutant.end
    assert after[len(after) - rest :] == before[mutant.end :]
    assert after != before
    assert len(after) == len(before) - (mutant.end - mutant.start) + len(mutant.lines)


def test_a_mutant_names_its_resource_and_its_attribute() -> None:
    mutant = found(Operator.VALUE)['aws_vpc.main: cidr_block = "10.199.0.0/16"']
    assert (mutant.address, mutant.attribute) == ("aws_vpc.main", "cidr_block")


def test_what_changes_nothing_in_aws_is_no_mutant() -> None:
    text = """resource "terraform_data" "release" {
  input = "1"
}

resource "aws_lambda_permission" "bucket" {
  action = "lambda:InvokeFunction"

  lifecycle {
    replace_triggered_by = [terraform_data.release]
  }
}

resource "aws_s3_bucket" "assets" {
  lifecycle {
    replace_triggered_by = [terraform_data.release]
    ignore_changes       = [tags]
  }
}
"""
    assert {each.where for each in mutants_of("main.tf", text) if each.operator is Operator.BLOCK} == {
        "aws_lambda_permission.bucket",
        "aws_s3_bucket.assets",
        "aws_s3_bucket.assets: lifecycle",
    }


def test_what_a_change_adds_is_told_from_what_it_keeps_or_moves() -> None:
    before = """resource "aws_vpc" "main" {
}

resource "aws_s3_bucket" "old" {
}

resource "aws_dynamodb_table" "orders" {
  name = "orders"
}
"""
    added = {each.where for each in mutants_of("main.tf", TEXT) if is_of_the_change(each, before, TEXT)}

    assert added == {
        'aws_vpc.main: cidr_block = "10.199.0.0/16"',
        "aws_dynamodb_table.orders: deletion_protection_enabled = false",
        "aws_dynamodb_table.orders: enabled = false",
        "aws_dynamodb_table.orders: lifecycle",
        "aws_dynamodb_table.orders: point_in_time_recovery",
        "aws_dynamodb_table.orders: prevent_destroy = false",
    }


def test_a_time_to_live_protects_nothing() -> None:
    text = """resource "aws_dynamodb_table" "sessions" {
  ttl {
    enabled = true
  }

  point_in_time_recovery {
    enabled = true
  }
}
"""
    protections = [each for each in mutants_of("main.tf", text) if each.operator is Operator.PROTECTION]
    assert [each.start for each in protections] == [6]
