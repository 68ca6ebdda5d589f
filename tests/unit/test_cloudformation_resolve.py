"""Templates worked out before deployment."""

from __future__ import annotations

import pytest
from cloudformation_builders import stack

from diffing.values import Marker, thaw
from sandbox.cloudformation.tokens import references, shown
from sandbox.errors import ConfigurationError

HEAD = """
Parameters:
  Stage: {Type: String, Default: prod}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Password: {Type: String, NoEcho: true, Default: hunter2}
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /image}
Mappings:
  Sizes: {prod: {Read: 9}, dev: {Read: 1}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Condition IsDev]
  Both: !And [!Condition IsProd, !Condition IsDev]
  Looked: !Equals [!Ref Image, x]
  HasPassword: !Not [!Equals [!Ref Password, ""]]
Resources:
  Table: {Type: "AWS::DynamoDB::Table"}
  R:
    Type: Custom::Thing
    Properties:
"""


def _value(written: str, **values: str) -> object:
    properties = stack(HEAD + f"      V: {written}\n", values).resources["R"].properties
    return thaw(shown(properties.get("V", Marker.ABSENT)))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("!Ref Stage", "prod"),
        ("!Ref Zones", ["a", "b"]),
        ("!Ref 'AWS::Region'", "eu-central-1"),
        ("!Sub '${Stage}-${AWS::AccountId}-${!Literal}'", "prod-123456789012-${Literal}"),
        ("!Sub ['${A}${Stage}', {A: !Ref 'AWS::StackName'}]", "appprod"),
        ("!Join ['-', [a, !Ref Stage, 1, true]]", "a-prod-1-true"),
        ("!Join [',', !Ref Zones]", "a,b"),
        ("!Select [1, !Split ['-', 'a-b']]", "b"),
        ("!FindInMap [Sizes, !Ref Stage, Read]", 9),
        ("!FindInMap [Sizes, qa, Read, {DefaultValue: 0}]", 0),
        ("!If [IsProd, big, small]", "big"),
        ("!If [IsDev, big, !Ref 'AWS::NoValue']", "(absent)"),
        ("!If [Either, 1, 2]", 1),
        ("!If [Both, 1, 2]", 2),
        ("!If [HasPassword, 1, 2]", 1),
        ("!If [Looked, 1, 2]", {"Fn::If": ["Looked", 1, 2]}),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!Sub 'x-${Table}-${Table.Arn}'", "x-${Table}-${Table.Arn}"),
        ("!GetAtt Table.Arn", "${Table.Arn}"),
        ("!ImportValue shared", "${Fn::ImportValue:shared}"),
        ("!Ref Password", "(sensitive)"),
        ("!Sub 'postgres://u:${Password}@h'", "(sensitive)"),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
    ],
)
def test_values_are_worked_out_as_far_as_they_can_be(written: str, expected: object) -> None:
    assert _value(written) == expected


def test_a_reference_says_what_it_leads_to_however_it_is_written() -> None:
    found = stack(HEAD + "      V: !Sub 'x-${Table.Arn}'\n      W: !Join ['', ['x-', !GetAtt Table.Arn]]\n")
    properties = found.resources["R"].properties
    assert properties["V"] == properties["W"]
    assert list(references(properties["V"])) == [("app/Table", "Arn")]


def test_parameters_decide_conditions() -> None:
    assert _value("!If [IsProd, big, small]", Stage="dev") == "small"
    assert _value("!If [HasPassword, 1, 2]", Password="") == 2


def test_a_resource_whose_condition_does_not_hold_is_not_there() -> None:
    text = HEAD + "      V: 1\n  D: {Type: 'AWS::SQS::Queue', Condition: IsDev}\n"
    assert "D" not in stack(text).resources
    assert "D" in stack(text, {"Stage": "dev"}).resources


def test_what_is_decided_at_deployment_is_a_gap() -> None:
    found = stack(HEAD + "      V: !Transform {Name: Mine}\n  D: {Type: 'AWS::SQS::Queue', Condition: Looked}\n")
    assert not found.resources["D"].certain
    assert {gap.subject for gap in found.gaps} == {"app/R", "app/D"}


def test_macros_are_gaps_and_may_make_what_is_referred_to() -> None:
    found = stack("Transform: [Mine, 'AWS::LanguageExtensions']\nResources: {A: {Type: T, Properties: {V: !Ref Made}}}")
    assert {gap.subject for gap in found.gaps} == {"app/Mine", "app/AWS::LanguageExtensions"}


def test_secrets_are_compared_and_never_held() -> None:
    one, same, other = (stack(HEAD + "      V: !Ref Password\n", {"Password": text}) for text in ("a", "a", "b"))
    assert one.resources["R"].properties == same.resources["R"].properties
    assert one.resources["R"].properties != other.resources["R"].properties
    assert "hunter2" not in repr(stack(HEAD + "      V: !Ref Password\n"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Parameters: {A: {Type: String}}\nResources: {}", "needs values for A"),
        ("Resources: {A: {Type: T, Properties: {V: !Ref Nope}}}", "A: refers to 'Nope'"),
        ("Resources: {A: {Type: T, Properties: {V: !Sub '${Nope.Arn}'}}}", "refers to 'Nope'"),
        ("Resources: {A: {Type: T, Condition: Nope}}", "condition 'Nope'"),
        ("Conditions: {C: !Condition C}\nResources: {A: {Type: T, Condition: C}}", "refers to itself"),
        ("Resources: {A: {Type: T, Properties: {V: !If [x]}}}", "Fn::If needs"),
        ("Resources: {A: {Type: T, Properties: {V: !GetAtt X}}}", "Fn::GetAtt needs"),
        ("Resources: {A: {Type: T, Properties: {V: !FindInMap [M, a, b]}}}", "has no entry"),
        ("Resources: {A: {Type: T, Properties: {V: !Select [5, [a]]}}}", "item 5 of 1"),
    ],
)
def test_what_aws_would_not_take_is_one_clear_error(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        stack(text)
    assert why in caught.value.message
