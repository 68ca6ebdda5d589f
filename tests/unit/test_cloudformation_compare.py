"""What an update of a stack does, by the schemas and by what refers to what."""

from __future__ import annotations

import pytest
from cloudformation_builders import compared, impacts, only, stack

from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.impact import Fate

TABLE = "T: {{Type: 'AWS::DynamoDB::Table', {attributes} Properties: {{TableName: {name}, BillingMode: {mode}}}}}"


def _table(name: str = "orders", mode: str = "PAY_PER_REQUEST", attributes: str = "") -> str:
    return TABLE.format(name=name, mode=mode, attributes=attributes)


def test_nothing_changed() -> None:
    assert not compared(_table(), _table()).changes


def test_text_and_number_are_one_as_aws_takes_them() -> None:
    before = "Q: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: 5, FifoQueue: true}}"
    assert not compared(before, before.replace("5", "'5'").replace("true", "'true'")).changes


@pytest.mark.parametrize(
    ("attributes", "impact", "fate", "noted"),
    [
        ("", "will replace", Fate.DELETED, ""),
        ("DeletionPolicy: Retain,", "will replace", Fate.DELETED, "DeletionPolicy does not apply"),
        ("UpdateReplacePolicy: Retain,", "will replace", Fate.RETAINED, ""),
        ("UpdateReplacePolicy: Delete,", "will replace", Fate.DELETED, ""),
        ("UpdateReplacePolicy: Snapshot,", "will replace", Fate.DELETED, "does not support"),
        ("DeletionPolicy: Retain, UpdateReplacePolicy: Retain,", "will replace", Fate.RETAINED, ""),
    ],
)
def test_a_create_only_property_replaces(attributes: str, impact: str, fate: Fate, noted: str) -> None:
    change = only(compared(_table(attributes=attributes), _table("orders-v2", attributes=attributes)))
    assert (change.impact.value, change.fate) == (impact, fate)
    assert [item.path for item in change.properties] == [("TableName",)]
    assert any(noted in note for note in change.notes) if noted else not change.notes


def test_a_snapshot_is_taken_of_what_supports_it() -> None:
    text = """
    D: {{Type: 'AWS::RDS::DBInstance', UpdateReplacePolicy: Snapshot, Properties: {{DBInstanceIdentifier: {name}}}}}
    """
    change = only(compared(text.format(name="a"), text.format(name="b")))
    assert change.fate is Fate.SNAPSHOT


def test_a_mutable_property_updates() -> None:
    assert impacts(compared(_table(), _table(mode="PROVISIONED"))) == {"T": "will update"}


@pytest.mark.parametrize(
    ("attributes", "impact", "fate"),
    [
        ("", "will destroy", Fate.DELETED),
        ("UpdateReplacePolicy: Retain,", "will destroy", Fate.DELETED),
        ("DeletionPolicy: Retain,", "will orphan", Fate.RETAINED),
        ("DeletionPolicy: RetainExceptOnCreate,", "will orphan", Fate.RETAINED),
    ],
)
def test_what_leaves_the_template(attributes: str, impact: str, fate: Fate) -> None:
    keep = "K: {Type: 'AWS::SQS::Queue'}"
    change = only(compared(f"{_table(attributes=attributes)}\n{keep}", keep))
    assert (change.address, change.impact.value, change.fate) == ("app/T", impact, fate)


@pytest.mark.parametrize(("properties", "fate"), [("{}", Fate.SNAPSHOT), ("{DBClusterIdentifier: c}", Fate.DELETED)])
def test_databases_are_snapshotted_by_default(properties: str, fate: Fate) -> None:
    keep = "K: {Type: 'AWS::SQS::Queue'}"
    database = f"D: {{Type: 'AWS::RDS::DBInstance', Properties: {properties}}}\n{keep}"
    assert only(compared(database, keep)).fate is fate


CHAIN = """
V: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: {cidr}}}}}
S: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref V, CidrBlock: 10.0.1.0/24}}}}
M: {{Type: 'AWS::EFS::MountTarget', Properties: {{SubnetId: !Ref S, FileSystemId: fs, SecurityGroups: []}}}}
P: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: !Sub 'in ${{S}}'}}}}
Q: {{Type: 'AWS::SQS::Queue'}}
"""


def test_what_refers_to_something_replaced_is_replaced_too() -> None:
    comparison = compared(CHAIN.format(cidr="10.0.0.0/16"), CHAIN.format(cidr="10.0.0.0/8"))
    assert impacts(comparison) == {"V": "will replace", "S": "will replace", "M": "will replace", "P": "will update"}
    by_id = {change.address: change for change in comparison.changes}
    assert by_id["app/M"].causes == ("app/S",)
    assert by_id["app/S"].properties[0].cause == "app/V"


def test_what_may_be_replaced_makes_what_refers_to_it_uncertain() -> None:
    text = """
    I: {{Type: 'AWS::EC2::Instance', Properties: {{UserData: {data}}}}}
    E: {{Type: 'AWS::EC2::VolumeAttachment', Properties: {{InstanceId: !Ref I, VolumeId: v, Device: d}}}}
    """
    comparison = compared(text.format(data="a"), text.format(data="b"))
    assert impacts(comparison) == {"I": "may replace", "E": "may replace"}
    assert {gap.subject for gap in comparison.gaps} == {"app/I", "app/E"}


@pytest.mark.parametrize(
    ("policy", "impact"),
    [("", "will update"), ("UpdatePolicy: {AutoScalingReplacingUpdate: {WillReplace: true}},", "will replace")],
)
def test_a_new_launch_template_replaces_a_group_only_if_its_policy_says_so(policy: str, impact: str) -> None:
    text = (
        "G: {{Type: 'AWS::AutoScaling::AutoScalingGroup', {policy} Properties: {{LaunchTemplate: {{Version: {n}}}}}}}"
    )
    assert impacts(compared(text.format(policy=policy, n=1), text.format(policy=policy, n=2))) == {"G": impact}


def test_custom_and_unknown_types_are_not_known() -> None:
    text = "C: {{Type: 'Custom::X', Properties: {{V: {n}}}}}\nU: {{Type: 'Acme::Thing::X', Properties: {{V: {n}}}}}"
    comparison = compared(text.format(n=1), text.format(n=2))
    assert impacts(comparison) == {"C": "may replace", "U": "may replace"}
    assert {gap.subject for gap in comparison.gaps} == {"app/C", "app/U"}


def test_policies_taken_away_are_changes_of_their_own() -> None:
    change = only(compared(_table(attributes="DeletionPolicy: Retain,"), _table()))
    assert (change.impact.value, change.properties[0].path) == ("will update", ("DeletionPolicy",))


def test_a_new_logical_id_for_the_same_thing_is_recognised_and_refused() -> None:
    comparison = compared(_table(), _table().replace("T:", "Renamed:"))
    assert impacts(comparison) == {"T": "will destroy", "Renamed": "will create"}
    assert {change.address: change.same_as for change in comparison.changes}["app/Renamed"] == "app/T"
    assert "name is taken" in comparison.refusals[0].reason


def test_aws_does_not_replace_what_keeps_its_custom_name() -> None:
    before = "R: {Type: 'AWS::IAM::Role', Properties: {RoleName: r, Path: /a/, AssumeRolePolicyDocument: {}}}"
    comparison = compared(before, before.replace("/a/", "/b/"))
    assert impacts(comparison) == {"R": "will replace"}
    assert "custom name (r)" in comparison.refusals[0].reason


def test_aws_does_not_change_a_type() -> None:
    comparison = compared("A: {Type: 'AWS::SQS::Queue'}", "A: {Type: 'AWS::SNS::Topic'}")
    assert impacts(comparison) == {"A": "will replace"}
    assert "type" in comparison.refusals[0].reason


EXPORTS = """
Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: NAME}}}
Outputs: {Q: {Value: !GetAtt Q.Arn, Export: {Name: queue}}}
"""
USER = "P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !ImportValue queue}}"


def test_exports_that_another_stack_uses_are_not_changed() -> None:
    user = {"user": stack(USER, name="user")}
    before = {"app": stack(EXPORTS), **user}
    replaced = compare_stacks(before, {"app": stack(EXPORTS.replace("NAME", "other")), **user})
    removed = compare_stacks(
        before, {"app": stack("Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: NAME}}"), **user}
    )
    kept = compare_stacks(before, before)
    assert ["changed" in item.reason for item in replaced.refusals] == [True]
    assert ["removed" in item.reason for item in removed.refusals] == [True]
    assert not kept.refusals
    alone = compare_stacks({"app": before["app"]}, {"app": stack("Q: {Type: 'AWS::SQS::Queue'}")})
    assert [(gap.subject, gap.blocking) for gap in alone.gaps] == [("app", False)]


def test_what_moves_to_another_stack_is_recognised() -> None:
    before = {"a": stack(_table(), name="a")}
    after = {"a": stack("Resources: {}", name="a"), "b": stack(_table(), name="b")}
    changes = {change.address: change for change in compare_stacks(before, after).changes}
    assert changes["a/T"].impact.value == "will destroy"
    assert changes["b/T"].same_as == "a/T"


def test_a_stack_that_is_gone_is_deleted_with_everything() -> None:
    text = f"{_table()}\nK: {{Type: 'AWS::SQS::Queue', DeletionPolicy: Retain}}"
    assert impacts(compare_stacks({"app": stack(text)}, {})) == {"T": "will destroy", "K": "will orphan"}


def test_what_is_imported_is_not_made() -> None:
    comparison = compare_stacks({}, {"app": stack(_table())}, imported=frozenset({"app/T"}))
    assert impacts(comparison) == {"T": "will import"}
