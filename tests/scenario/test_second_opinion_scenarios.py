"""Two real engines asked about one change: where they agree, and where they really differ."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent))

import forked

CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_efs_file_system" "shared" {
  creation_token  = "shared"
  throughput_mode = "%s"
}
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.run((*arguments, "--second-opinion", "moto"), os.environ, timeout=800)


@pytest.mark.terraform
@pytest.mark.engine
def test_both_reject_tables_that_are_renamed() -> None:
    done = run("demo", "renamed-tables", "--format", "json", "--quiet")

    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["second_opinion"]["engine"]["name"] == "moto"
    assert (report["second_opinion"]["decision"], report["second_opinion"]["disagreements"]) == ("reject", [])
    assert "second-opinion" not in {finding["rule"] for finding in report["verdict"]["findings"]}


@pytest.mark.terraform
@pytest.mark.engine
def test_what_one_engine_carries_and_the_other_does_not_is_for_a_person(tmp_path: Path) -> None:
    for name, mode in (("before", "bursting"), ("change", "elastic")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(CONFIGURATION % mode)

    done = run(
        *("rehearse", "terraform", str(tmp_path / "change"), "--target", f"config:{tmp_path / 'before'}"),
        *("--format", "json", "--quiet"),
    )

    assert done.returncode == 2, done.stderr
    report = json.loads(done.stdout)
    # MiniStack alone would approve it.
    assert {finding["rule"] for finding in report["verdict"]["findings"]} == {"second-opinion"}
    told = {item["topic"]: item for item in report["second_opinion"]["disagreements"]}
    assert told["apply"]["first"] == "the apply succeeds"
    assert "aws_efs_file_system.shared" in told["apply"]["second"]
    assert told["apply"]["blocking"]


def test_an_engine_gives_no_second_opinion_on_itself(tmp_path: Path) -> None:
    done = run("rehearse", "terraform", str(tmp_path), "--target", "empty", "--engine", "moto")

    assert done.returncode == 64
    assert "on itself" in done.stderr
