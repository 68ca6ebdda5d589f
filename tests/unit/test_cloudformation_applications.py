"""What is deployed together: nested stacks, CDK assemblies, SAM, deletions, stack policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cloudformation_builders import PLACE, impacts, stack

from sandbox.cloudformation.application import Application, read_application
from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.recreate import compare_recreated
from sandbox.cloudformation.stackpolicy import read_stack_policy, stack_policy_of
from sandbox.errors import ConfigurationError, UsageError
from sandbox.executors.cloudformation.body import document_of

NESTED = """
Parameters: {Table: {Type: String}}
Resources:
  P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Name: !Ref Table, Value: x}}
Outputs: {Name: {Value: !Ref P}}
"""
PARENT = """
Resources:
  T: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: NAME}}
  Inner: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: inner.yaml, Parameters: {Table: !Ref T}}}
  M: {Type: 'AWS::EFS::MountTarget', Properties: {SubnetId: !GetAtt Inner.Outputs.Name, FileSystemId: f}}
"""


def _nested(folder: Path, name: str = "orders", inner: str = NESTED) -> Application:
    folder.mkdir(exist_ok=True)
    (folder / "inner.yaml").write_text(inner)
    (folder / "app.yaml").write_text(PARENT.replace("NAME", name))
    return read_application(folder / "app.yaml", place=PLACE, stack="app")


def test_references_lead_through_nested_stacks(tmp_path: Path) -> None:
    before, after = _nested(tmp_path / "a"), _nested(tmp_path / "b", "orders-v2")
    assert set(before.stacks) == {"app", "app/Inner"}
    found = impacts(compare_stacks(before.stacks, after.stacks))
    assert found == {"T": "will replace", "Inner/P": "will replace", "M": "will replace"}


def test_a_nested_stack_that_goes_takes_all_with_it(tmp_path: Path) -> None:
    before = _nested(tmp_path / "a")
    found = impacts(compare_stacks(before.stacks, {"app": stack("T: {Type: 'AWS::DynamoDB::Table'}")}))
    assert found["Inner/P"] == "will destroy"


@pytest.mark.parametrize(
    "url", ["https://s3.amazonaws.com/b/t.yaml", "../outside.yaml", "/etc/hostname", "nowhere.yaml"]
)
def test_a_nested_template_that_is_not_beside_its_parent_is_a_gap(tmp_path: Path, url: str) -> None:
    (tmp_path / "outside.yaml").write_text(NESTED)
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "app.yaml").write_text(PARENT.replace("inner.yaml", url))
    found = read_application(folder / "app.yaml", place=PLACE, stack="app")
    assert set(found.stacks) == {"app"}
    assert [gap.subject for gap in found.stacks["app"].gaps] == ["app/Inner"]


def test_nesting_without_end_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(
        "Resources: {A: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: app.yaml}}}"
    )
    found = read_application(tmp_path / "app.yaml", place=PLACE, stack="app")
    assert any(item.gaps for item in found.stacks.values())


def _assembly(folder: Path, key: str = "id", **properties: Any) -> Path:
    """What `cdk synth` writes of two stacks, one of which uses the other's table, and a nested one."""
    (folder / "assembly-Stage").mkdir(parents=True)
    files = {
        "manifest.json": {
            "artifacts": {
                "Data.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Data.assets.json"}},
                "Data": {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://111111111111/eu-west-1",
                    "properties": {"templateFile": "Data.template.json", **properties},
                },
                "Svc": {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": {"templateFile": "Svc.template.json", "stackName": "service"},
                },
                "assembly-Stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}},
                "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
            }
        },
        "Data.assets.json": {"files": {"abc123": {"source": {"path": "inner.json"}}}},
        "inner.json": {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": key}}}},
        "Data.template.json": {
            "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk"}},
            "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
            "Resources": {
                "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": key}},
                "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": key}},
                "Inner": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {
                        "TemplateURL": {"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/b/abc123.json"}
                    },
                },
            },
            "Outputs": {"T": {"Value": {"Ref": "Table"}, "Export": {"Name": "Data:T"}}},
        },
        "Svc.template.json": {
            "Resources": {
                "P": {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": {"Type": "String", "Name": {"Fn::ImportValue": "Data:T"}},
                }
            }
        },
        "assembly-Stage/manifest.json": {
            "artifacts": {
                "Deep": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Deep.template.json"}}
            }
        },
        "assembly-Stage/Deep.template.json": {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def test_a_cloud_assembly_is_read_with_nested_stacks_stages_and_places(tmp_path: Path) -> None:
    found = read_application(_assembly(tmp_path / "cdk.out"), place=PLACE)
    assert set(found.stacks) == {"Data", "Data/Inner", "service", "Deep"}
    places = {item.name: (item.place.account, item.place.region) for item in found.deployments}
    assert places["Data"] == ("111111111111", "eu-west-1")
    assert places["service"] == (PLACE.account, PLACE.region)
    assert not any(item.gaps for item in found.stacks.values())


def test_references_lead_from_stack_to_stack(tmp_path: Path) -> None:
    before = read_application(_assembly(tmp_path / "a"), place=PLACE)
    after = read_application(_assembly(tmp_path / "b", "other"), place=PLACE)
    comparison = compare_stacks(before.stacks, after.stacks)
    found = {change.address: change.impact.value for change in comparison.changes}
    assert found["Data/Table"] == found["service/P"] == found["Data/Inner/Jobs"] == "will replace"
    assert "Data:T is changed while service imports it" in comparison.refusals[0].reason


def test_one_stack_of_an_assembly(tmp_path: Path) -> None:
    folder = _assembly(tmp_path / "cdk.out")
    assert set(read_application(folder, place=PLACE, stack="service").stacks) == {"service"}
    with pytest.raises(UsageError, match="has no stack Svc"):
        read_application(folder, place=PLACE, stack="Svc")


def test_a_protected_stack_is_not_deleted(tmp_path: Path) -> None:
    found = read_application(_assembly(tmp_path / "cdk.out", terminationProtection=True), place=PLACE)
    refused = compare_recreated(found.stacks, {}).refusals
    assert [item.address for item in refused if "termination protection" in item.reason] == ["Data"]


@pytest.mark.parametrize(
    "broken",
    [
        {"templateFile": "nowhere.json"},
        {"templateFile": "../outside.json"},
        {"templateFile": None},
        {"stackName": "service"},
    ],
)
def test_a_broken_assembly_is_one_clear_error(tmp_path: Path, broken: dict[str, Any]) -> None:
    (tmp_path / "outside.json").write_text("{}")
    with pytest.raises(ConfigurationError) as caught:
        read_application(_assembly(tmp_path / "cdk.out", **broken), place=PLACE)
    assert caught.value.hint


SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String, Default: prod}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: a.b, CodeUri: src/, Policies: [AWSLambdaBasicExecutionRole]}
  T: {Type: AWS::Serverless::SimpleTable, Properties: {TableName: !Sub "t-${Stage}"}}
"""


def test_sam_is_expanded_by_awss_own_translator(tmp_path: Path) -> None:
    path = tmp_path / "sam.yaml"
    path.write_text(SAM)
    before = read_application(path, place=PLACE, stack="app")
    after = read_application(path, place=PLACE, stack="app", values={"Stage": "dev"})
    types = {item.type for item in before.stacks["app"].resources.values()}
    assert types == {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::DynamoDB::Table"}
    assert not before.stacks["app"].gaps
    assert impacts(compare_stacks(before.stacks, after.stacks)) == {"T": "will replace"}


def test_what_sam_refuses_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "sam.yaml"
    path.write_text(SAM.replace("Handler: a.b,", ""))
    with pytest.raises(ConfigurationError, match="SAM's translator does not expand"):
        read_application(path, place=PLACE)


BOTH = """
T: {Type: 'AWS::DynamoDB::Table'}
K: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain}
"""


def test_deleted_and_deployed_again_is_not_the_same() -> None:
    one = {"app": stack(BOTH)}
    changes = {change.address: change for change in compare_recreated(one, one).changes}
    assert {change.impact.value for change in changes.values()} == {"will replace"}
    assert (changes["app/T"].fate.value, changes["app/K"].fate.value) == ("deleted", "retained")
    assert impacts(compare_recreated(one, {})) == {"T": "will destroy", "K": "will orphan"}


POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": ["Update:Replace", "Update:Delete"],
            "Principal": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::DynamoDB::Table"]}},
        },
    ]
}


def test_a_stack_policy_refuses(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(POLICY))
    policy = read_stack_policy(path)
    before = {"app": stack(BOTH)}
    after = {"app": stack("K: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain, Properties: {DelaySeconds: 3}}")}
    refused = compare_stacks(before, after, policy=policy).refusals
    assert [(item.address, item.reason) for item in refused] == [
        ("app/T", "the stack policy does not allow Update:Delete of it")
    ]
    assert len(compare_stacks(before, after, policy=()).refusals) == 2


@pytest.mark.parametrize(("about", "refused"), [("LogicalResourceId/T", ["P"]), ("LogicalResourceId/Inner", [])])
def test_a_stack_policy_speaks_of_nested_stacks_as_a_whole(tmp_path: Path, about: str, refused: list[str]) -> None:
    before = _nested(tmp_path / "a")
    after = _nested(tmp_path / "b", inner=NESTED.replace("Value: x", "Value: y"))
    allowed = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": about}]}
    policy = stack_policy_of(json.dumps(allowed), name="of app")
    found = compare_stacks(before.stacks, after.stacks, policy=policy)
    assert impacts(found) == {"Inner/P": "will update"}
    assert [each.address.removeprefix("app/Inner/") for each in found.refusals] == refused


def test_no_stack_policy_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"Statement": [{"Effect": "Maybe"}]}')
    with pytest.raises(ConfigurationError, match="stack policy"):
        read_stack_policy(path)


def test_an_engine_gets_what_it_can_carry(tmp_path: Path) -> None:
    (deployment,) = (
        item for item in read_application(_assembly(tmp_path / "a"), place=PLACE).deployments if item.name == "Data"
    )
    document = document_of(deployment, urls={"Inner": "http://127.0.0.1/b/k"}, left_out=[])
    assert set(document["Resources"]) == {"Table", "Inner"}
    assert document["Resources"]["Inner"]["Properties"]["TemplateURL"] == "http://127.0.0.1/b/k"
    assert "Rules" not in document
    assert "Parameters" not in document
    without = document_of(deployment, urls={}, left_out=["AWS::DynamoDB::Table"])
    assert set(without["Resources"]) == {"Inner"}
    assert without["Outputs"] == {}
