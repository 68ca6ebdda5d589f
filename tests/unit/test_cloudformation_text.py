"""Templates as text: JSON, YAML, short forms, and everything that is not one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.cloudformation.parameters import read_parameters
from sandbox.cloudformation.template import template_of
from sandbox.cloudformation.text import MOST_BYTES, parse_document
from sandbox.errors import ConfigurationError


def _parse(text: str) -> object:
    return parse_document(text.encode(), name="t.yaml")


def test_short_forms_are_written_out() -> None:
    text = """
    A: !Ref Table
    B: !GetAtt Table.Stream.Arn
    C: !Sub "${A}-x"
    D: !If [Prod, !Ref A, !Ref "AWS::NoValue"]
    E: !Base64
      Fn::Sub: text
    F: !Condition Prod
    G: !GetAtt [Table, Arn]
    """
    assert _parse(text) == {
        "A": {"Ref": "Table"},
        "B": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
        "C": {"Fn::Sub": "${A}-x"},
        "D": {"Fn::If": ["Prod", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
        "E": {"Fn::Base64": {"Fn::Sub": "text"}},
        "F": {"Condition": "Prod"},
        "G": {"Fn::GetAtt": ["Table", "Arn"]},
    }


def test_dates_and_account_ids_stay_text() -> None:
    assert _parse("{a: 2012-10-17, b: 012345678901, c: 5, d: 1.5, e: yes, f: ~, g: '5', h: 1e3}") == {
        "a": "2012-10-17",
        "b": "012345678901",
        "c": 5,
        "d": 1.5,
        "e": True,
        "f": None,
        "g": "5",
        "h": "1e3",
    }


def test_anchors_are_expanded_and_merged() -> None:
    assert _parse("a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\n") == {
        "a": {"p": 1, "q": 2},
        "b": {"p": 1, "q": 2},
        "c": {"p": 1, "q": 3},
    }


_BOMB = "a: &k0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"k{n}: &k{n} [{','.join([f'*k{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "line 2, column 1"),
        (b"a: 1\na: 2", "'a' is there twice (line 2, column 1)"),
        (b'{"a": 1, "a": 2}', "'a' is there twice"),
        (b"[" * 20_000, "nested deeper"),
        (b'{"a":' * 20_000, "nested deeper"),
        (b"- " * 20_000, "nested deeper"),
        (b"a: &a [*a]", "*a refers to nothing before it"),
        (b"\xff\xfe\xff", "not UTF-8"),
        (b"---\na\n---\nb", "more than one document"),
        (b"? [a]\n: b", "a key is no text"),
        (b"a: !foo/bar x", "none of CloudFormation's"),
        (b"x: {<<: 3}", "merged with <<"),
        (_BOMB.encode(), "expand beyond"),
        ("a: \ue000b\ue001".encode(), "private use area"),
        (b"1" * 10_000, "no CloudFormation template"),
        (b" " * (MOST_BYTES + 1), "larger than"),
        (b"", "no CloudFormation template"),
        (b"Resources: []", "Resources is no object"),
        (b"Resources: {A: {}}", "A has no Type"),
        (b"Resources: {A-b: {Type: 'AWS::SQS::Queue'}}", "no logical id"),
        (b"Resources: {}\nResorces: {}", "no section 'Resorces'"),
        (b"Resources: {A: {Type: X, Properties: 3}}", "malformed"),
        (b"Resources: {}\nTransform: [3]", "Transform is malformed"),
    ],
)
def test_what_is_no_template_is_one_clear_error(content: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        template_of(content, name="t.yaml")
    assert why in caught.value.message
    assert "t.yaml" in caught.value.message
    assert caught.value.hint


def test_a_tag_runs_nothing() -> None:
    assert _parse("a: !!python/object/apply:os.system [exit 1]") == {"a": ["exit 1"]}


@pytest.mark.parametrize(
    "text",
    [
        """[
          {"ParameterKey": "Name", "ParameterValue": "x"},
          {"ParameterKey": "Size", "ParameterValue": 3},
          {"ParameterKey": "Old", "UsePreviousValue": true}
        ]""",
        '["Name=x", "Size=3"]',
        '{"Parameters": {"Name": "x", "Size": 3}}',
        "Name: x\nSize: 3\n",
    ],
)
def test_parameters_in_every_form_that_aws_takes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(text)
    assert read_parameters(path) == {"Name": "x", "Size": "3"}


@pytest.mark.parametrize("text", ["3", "[3]", "{a: {b: c}}", '["x"]', '[{"ParameterKey": "A"}]', '["A=1", "A=2"]'])
def test_other_parameters_are_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_parameters(path)
    assert "ParameterKey" in caught.value.hint
