"""Where findings are shown: the line that declares the resource, or the beginning of the root."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.ci.places import Place, place_of
from gate.ci.tree import Kind

MAIN = """# resource "aws_sqs_queue" "jobs" is below
resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

module "topic" {
  source = "../modules/topic"
}

data "aws_ami" "image" {}
"""
TEMPLATE = 'Resources:\n  Other:\n    Type: "AWS::SNS::Topic"\n  Orders:\n    Type: "AWS::DynamoDB::Table"\n'


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("aws_sqs_queue.jobs", 2),
        ('aws_sqs_queue.jobs["a.b"]', 2),
        ("module.topic.aws_sns_topic.told[0]", 6),
        ("data.aws_ami.image", 10),
        ("aws_sqs_queue.gone", 1),
        ("", 1),
        ("(((", 1),
    ],
)
def test_a_resource_is_found_where_it_is_declared(address: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live/main.tf").write_text(MAIN)
    assert place_of(address, tmp_path, "live", Kind.TERRAFORM) == Place(path="live/main.tf", line=line)


def test_a_resource_of_a_stack_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    assert place_of("stack/Orders", tmp_path, "t.yaml", Kind.TEMPLATE) == Place(path="t.yaml", line=4)
    assert place_of("stack/Gone", tmp_path, "t.yaml", Kind.TEMPLATE) == Place(path="t.yaml")


def test_no_link_is_followed_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "outside.tf").write_text(MAIN)
    (tmp_path / "top/live").mkdir(parents=True)
    (tmp_path / "top/live/main.tf").symlink_to(tmp_path / "outside.tf")
    found = place_of("aws_sqs_queue.jobs", tmp_path / "top", "live", Kind.TERRAFORM)
    assert found == Place(path="live/main.tf")


def test_a_root_that_is_not_there_is_its_own_place(tmp_path: Path) -> None:
    assert place_of("aws_sqs_queue.jobs", tmp_path, "live", Kind.TERRAFORM) == Place(path="live")
