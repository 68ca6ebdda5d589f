"""On which line of a template a resource is declared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.cloudformation.lines import resource_lines

YAML = """\
Parameters:
  Stage:
    Type: String
Outputs:
  Resources: {Value: {Decoy: x}}
Resources:
  # A comment
  Table:
    Type: AWS::DynamoDB::Table
    Properties: &p
      Tags: [{Key: a, Value: !Sub '${Stage}'}]
      Nested: {Resources: {Decoy: 1}}
  'Queue':
    Type: AWS::SQS::Queue
    Properties: *p
  Empty:
  Topic: {Type: AWS::SNS::Topic}
Metadata:
  After: {Decoy: 1}
"""


def test_yaml(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(YAML)
    lines = YAML.split("\n")
    assert resource_lines(path) == {
        name: next(number for number, line in enumerate(lines, start=1) if line.startswith(start))
        for name, start in {
            "Table": "  Table:",
            "Queue": "  'Queue':",
            "Empty": "  Empty:",
            "Topic": "  Topic:",
        }.items()
    }


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    resources = {"A": {"Type": "AWS::SNS::Topic", "Properties": {"X": [1, {"B": 2}]}}, "B": {"Type": "AWS::SQS::Queue"}}
    path.write_text(json.dumps({"Description": "x", "Resources": resources, "Outputs": {"C": {}}}, indent=2))
    lines = path.read_text().split("\n")
    assert resource_lines(path) == {name: lines.index(f'    "{name}": {{') + 1 for name in "AB"}


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"Resources: x", b"a: [", b"\xff\xfe\xff", b"Resources:\n- a\n", b"\x00"]
)
def test_what_is_no_template_has_no_lines(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(content)
    assert resource_lines(path) == {}
    assert resource_lines(tmp_path / "missing") == {}
    assert resource_lines(tmp_path) == {}
