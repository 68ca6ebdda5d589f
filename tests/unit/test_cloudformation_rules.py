"""Rules about access and protection read changes of stacks as they read Terraform's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from policy_builders import changed, found

from diffing.change import Action, ResourceChange
from gate.policy.evaluate import RULES
from gate.policy.stackwords import in_terraform_words


def _change(action: Action, before: dict[str, Any] | None, after: dict[str, Any], type_: str) -> ResourceChange:
    return replace(changed("x.R", action, before, after), address="app/R", type=type_)


def _rules(rule: str, type_: str, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    change = _change(Action.UPDATE, before, after, type_)
    return [(item.level.value, item.message) for item in found(rule, change)]


@pytest.mark.parametrize(
    ("type_", "before", "after", "level", "said"),
    [
        (
            "AWS::DynamoDB::Table",
            {"DeletionProtectionEnabled": True},
            {"DeletionProtectionEnabled": False},
            "reject",
            "off",
        ),
        ("AWS::RDS::DBInstance", {"DeletionProtection": "true"}, {"DeletionProtection": "false"}, "reject", "off"),
        ("AWS::RDS::DBInstance", {"BackupRetentionPeriod": 7}, {"BackupRetentionPeriod": 1}, "reject", "from 7 to 1"),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 365}, {"RetentionInDays": 1}, "reject", "from 365 to 1"),
        (
            "AWS::S3::Bucket",
            {"VersioningConfiguration": {"Status": "Enabled"}},
            {"VersioningConfiguration": {"Status": "Suspended"}},
            "reject",
            "off",
        ),
        (
            "AWS::DynamoDB::Table",
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}},
            "reject",
            "off",
        ),
        (
            "AWS::S3::Bucket",
            {"LifecycleConfiguration": {"Rules": [{"Id": "a", "Status": "Enabled"}]}},
            {"LifecycleConfiguration": {"Rules": [{"Id": "a", "Status": "Enabled", "ExpirationInDays": 1}]}},
            "reject",
            "objects expire",
        ),
        ("AWS::DynamoDB::Table", {"DeletionPolicy": "Retain"}, {}, "reject", "deletion_policy is switched off"),
        ("AWS::SQS::Queue", {"MessageRetentionPeriod": 1209600}, {"MessageRetentionPeriod": 60}, "reject", "cut from"),
    ],
)
def test_protection_taken_from_a_stacks_resource(
    type_: str, before: dict[str, Any], after: dict[str, Any], level: str, said: str
) -> None:
    ((weight, message),) = _rules("protection-removed", type_, before, after)
    assert (weight, said in message) == (level, True)
    assert _rules("protection-removed", type_, after, before) == [] or "Rules" in str(before)


def _document(action: str, **more: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]})


@pytest.mark.parametrize(
    ("type_", "before", "after", "said"),
    [
        (
            "AWS::IAM::Policy",
            {"PolicyDocument": _document("s3:Get*")},
            {"PolicyDocument": _document("*")},
            "newly allows",
        ),
        (
            "AWS::IAM::Role",
            {"Policies": [{"PolicyName": "a", "PolicyDocument": _document("s3:Get*")}]},
            {"Policies": [{"PolicyName": "a", "PolicyDocument": _document("*")}]},
            "newly allows",
        ),
        (
            "AWS::S3::BucketPolicy",
            {"PolicyDocument": _document("s3:GetObject", Principal={"AWS": "arn:aws:iam::123456789012:role/r"})},
            {"PolicyDocument": _document("s3:GetObject", Principal="*")},
            "newly allows",
        ),
        (
            "AWS::EC2::SecurityGroup",
            {"SecurityGroupIngress": []},
            {"SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}]},
            "whole world",
        ),
        ("AWS::S3::Bucket", {"AccessControl": "Private"}, {"AccessControl": "PublicRead"}, "opens it to the public"),
        ("AWS::RDS::DBInstance", {"PubliclyAccessible": "false"}, {"PubliclyAccessible": "true"}, "opens it"),
        (
            "AWS::S3::Bucket",
            {"PublicAccessBlockConfiguration": {"BlockPublicPolicy": True}},
            {"PublicAccessBlockConfiguration": {"BlockPublicPolicy": False}},
            "opens it to the public",
        ),
        (
            "AWS::IAM::Role",
            {"ManagedPolicyArns": []},
            {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/X"]},
            "gives app/R",
        ),
    ],
)
def test_access_that_a_stacks_resource_opens(
    type_: str, before: dict[str, Any], after: dict[str, Any], said: str
) -> None:
    told = _rules("access-widened", type_, before, after)
    assert told, type_
    assert all(level == "review" for level, _ in told)
    assert any(said in message for _, message in told)
    assert _rules("access-widened", type_, after, before) == []


def test_a_rule_of_a_group_that_is_created_opens_it() -> None:
    after = {"GroupId": "${Group.GroupId}", "CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}
    change = _change(Action.CREATE, None, after, "AWS::EC2::SecurityGroupIngress")
    assert "whole world" in found("access-widened", change)[0].message


def test_rights_to_what_the_stack_itself_creates_are_nothing_new() -> None:
    table = _change(Action.CREATE, None, {"TableName": "t"}, "AWS::DynamoDB::Table")
    role = replace(_change(Action.CREATE, None, {"Path": "/"}, "AWS::IAM::Role"), address="app/Role")
    document = json.dumps({"Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "${R.Arn}"}]})
    after = {"Roles": ["${Role}"], "PolicyDocument": document}
    policy = replace(_change(Action.CREATE, None, after, "AWS::IAM::Policy"), address="app/Policy")
    assert found("access-widened", table, role, policy) == []
    assert found("access-widened", policy) != []


def test_what_no_stack_announces_keeps_its_words() -> None:
    seen = changed("AWS::S3::Bucket/b", Action.UPDATE, {"A": 1}, {"A": 2}, witnesses=frozenset())
    assert in_terraform_words([seen]) == (seen,)
    assert set(RULES) >= {"access-widened", "protection-removed"}
