"""Stacks on a real engine: one stack of many types, each changed in place and each replaced; and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from diffing.change import Action, Proof
from gate.report import jsonfmt
from gate.report.model import Report
from gate.reviewer import ReviewRequest, review
from gate.verdict import Decision
from sandbox.proposal import CloudFormationProposal

pytestmark = pytest.mark.engine

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
KEYS = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
CODE = {
    "Runtime": "python3.12",
    "Handler": "index.h",
    "Code": {"ZipFile": "x = 1"},
    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
}

ALARM = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "MetricName": "m",
    "Namespace": "n",
    "Period": 60,
    "Statistic": "Sum",
}
POLICIES = (POLICY, POLICY | {"Version": "2008-10-17"})
DAILY = {"ScheduleExpression": "rate(1 day)"}
TAGS = ([{"Key": "a", "Value": "1"}], [{"Key": "a", "Value": "2"}])
STATES = tuple(json.dumps({"StartAt": name, "States": {name: {"Type": "Succeed"}}}) for name in "AB")
MACHINE = {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}

Row = tuple[str, dict[str, Any], str, tuple[Any, ...], str, tuple[Any, ...]]
ROWS: dict[str, Row] = {
    # Type, what it needs, a property that forces replacement, one that does not; each before and after.
    "Table": ("DynamoDB::Table", KEYS, "TableName", ("t1", "t2"), "DeletionProtectionEnabled", (False, True)),
    "Queue": ("SQS::Queue", {}, "QueueName", ("q1", "q2"), "VisibilityTimeout", (30, 60)),
    "Topic": ("SNS::Topic", {}, "TopicName", ("n1", "n2"), "DisplayName", ("a", "b")),
    "Bucket": ("S3::Bucket", {}, "BucketName", ("sandtable-b1", "sandtable-b2"), "Tags", TAGS),
    "Logs": ("Logs::LogGroup", {}, "LogGroupName", ("/g1", "/g2"), "RetentionInDays", (7, 14)),
    "Parameter": ("SSM::Parameter", {"Type": "String"}, "Name", ("/p1", "/p2"), "Value", ("a", "b")),
    "Secret": ("SecretsManager::Secret", {}, "Name", ("s1", "s2"), "Description", ("a", "b")),
    "Role": ("IAM::Role", {"AssumeRolePolicyDocument": TRUST}, "RoleName", ("r1", "r2"), "Description", ("a", "b")),
    "User": ("IAM::User", {}, "UserName", ("u1", "u2"), "Tags", TAGS),
    "Managed": ("IAM::ManagedPolicy", {}, "ManagedPolicyName", ("m1", "m2"), "PolicyDocument", POLICIES),
    "Bus": ("Events::EventBus", {}, "Name", ("bus1", "bus2"), "Tags", TAGS),
    "Rule": ("Events::Rule", DAILY, "Name", ("rule1", "rule2"), "Description", ("a", "b")),
    "Stream": ("Kinesis::Stream", {"ShardCount": 1}, "Name", ("k1", "k2"), "RetentionPeriodHours", (24, 48)),
    "Images": ("ECR::Repository", {}, "RepositoryName", ("e1", "e2"), "ImageTagMutability", ("MUTABLE", "IMMUTABLE")),
    "Cluster": ("ECS::Cluster", {}, "ClusterName", ("c1", "c2"), "Tags", TAGS),
    "Function": ("Lambda::Function", CODE, "FunctionName", ("f1", "f2"), "MemorySize", (128, 256)),
    "Vpc": ("EC2::VPC", {}, "CidrBlock", ("10.0.0.0/16", "10.1.0.0/16"), "EnableDnsHostnames", (False, True)),
    "Group": ("EC2::SecurityGroup", {"GroupDescription": "d"}, "GroupName", ("g1", "g2"), "Tags", TAGS),
    "Alarm": ("CloudWatch::Alarm", ALARM, "AlarmName", ("a1", "a2"), "Threshold", (1, 2)),
    "Machine": ("StepFunctions::StateMachine", MACHINE, "StateMachineName", ("sm1", "sm2"), "DefinitionString", STATES),
    "Schedules": ("Scheduler::ScheduleGroup", {}, "Name", ("sg1", "sg2"), "Tags", TAGS),
    "Vault": ("Backup::BackupVault", {}, "BackupVaultName", ("v1", "v2"), "BackupVaultTags", ({"a": "1"}, {"a": "2"})),
}  # fmt: skip


def _template(folder: Path, changed: str) -> Path:
    resources: dict[str, Any] = {}
    for key, (type_, needed, forcing, (old, new), mutable, (was, now)) in ROWS.items():
        resources[key] = {
            "Type": f"AWS::{type_}",
            "Properties": {
                **needed,
                forcing: new if changed == "forcing" else old,
                mutable: now if changed == "mutable" else was,
            },
        }
    path = folder / f"{changed}.json"
    path.write_text(json.dumps({"Resources": resources}))
    return path


def _rehearsed(template: Path | None, target: Path, engine: str = "ministack", **fields: Any) -> Report:
    proposal = CloudFormationProposal(template=template, **({"stack": "app"} | fields))
    return review(
        ReviewRequest(
            change=proposal.directory, stacks=proposal, target=f"cloudformation:{target}", engine=engine, timeout=300
        )
    )


def _shown(report: Report) -> Mapping[str, tuple[str, str]]:
    managed = (change for change in report.diff.changes if change.address.startswith("app/"))
    return {change.address.removeprefix("app/"): (change.action.value, change.proof.value) for change in managed}


def test_every_type_is_replaced_and_updated_as_its_schema_says(tmp_path: Path) -> None:
    before = _template(tmp_path, "nothing")
    forced = _shown(_rehearsed(_template(tmp_path, "forcing"), before))
    updated = _shown(_rehearsed(_template(tmp_path, "mutable"), before))

    lines = [f"{'type':<32} {'create-only':<20} {'clone':<10} {'mutable':<20} clone"]
    for key, (type_, *_) in ROWS.items():
        replaced, changed = forced.get(key, ("", "")), updated.get(key, ("", ""))
        lines.append(f"{type_:<32} {replaced[0]:<20} {replaced[1]:<10} {changed[0]:<20} {changed[1]}")
    print("\n".join(lines))  # noqa: T201 - shown with pytest -s
    assert {key: action for key, (action, _) in forced.items()} == dict.fromkeys(ROWS, "replace")
    assert {key: action for key, (action, _) in updated.items()} == dict.fromkeys(ROWS, "update")
    assert sum(proof == "proved" for _, proof in forced.values()) >= len(ROWS) - 2
    assert sum(proof == "proved" for _, proof in updated.values()) >= len(ROWS) - 6


SECRETS = ("planted-in-a-parameter", "planted-in-a-property", "planted-in-a-variable", "planted-in-a-secret")
ODDS = """
Parameters: {{Password: {{Type: String, NoEcho: true, Default: {0}{n}}}}}
Resources:
  Stored: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: !Sub 'x:${{Password}}'}}}}
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {{DBInstanceIdentifier: db{n}, Engine: postgres, DBInstanceClass: db.t3.micro, AllocatedStorage: '20',
      MasterUsername: u, MasterUserPassword: {1}{n}}}
  Function:
    Type: AWS::Lambda::Function
    Properties: {{Role: 'arn:aws:iam::123456789012:role/r', Runtime: python3.12, Handler: i.h, Code: {{ZipFile: x}},
      Environment: {{Variables: {{API_TOKEN: {2}{n}}}}}}}
  Secret: {{Type: 'AWS::SecretsManager::Secret', Properties: {{SecretString: {3}{n}}}}}
  Strange: {{Type: 'AWS::QuickSight::Theme', Properties: {{AwsAccountId: '1', BaseThemeId: b, Name: n, ThemeId: t{n}}}}}
  Dependant: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: !Ref Strange}}}}
"""


def test_secrets_stay_hidden_and_what_the_engine_lacks_is_a_gap(tmp_path: Path) -> None:
    for number in "12":
        (tmp_path / f"{number}.yaml").write_text(ODDS.format(*SECRETS, n=number))
    report = _rehearsed(tmp_path / "2.yaml", tmp_path / "1.yaml")

    document = json.dumps(jsonfmt.to_document(report))
    assert not [secret for secret in SECRETS if secret in document]
    shown = _shown(report)
    assert shown["Strange"] == ("replace", "unknown")
    assert shown["Database"][0] == "replace"
    assert {key: shown[key][0] for key in ("Stored", "Function", "Secret", "Dependant")} == dict.fromkeys(
        ("Stored", "Function", "Secret", "Dependant"), "update"
    )
    assert {"app/Strange", "app/Dependant"} <= {gap.subject for gap in report.gaps if gap.blocking}
    standing = {item.address: item.standing for item in report.clone.objects}
    assert (standing["app/Strange"], standing["app/Stored"]) == ("gap", "cloned")
    assert report.verdict.decision is Decision.REJECT


PARENT = """
Resources:
  Inner: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: inner.yaml, Parameters: {Name: NAME}}}
  Kept: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain}
  Seen: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !GetAtt Inner.Outputs.Arn}}
"""
INNER = """
Parameters: {Name: {Type: String}}
Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Name}}}
Outputs: {Arn: {Value: !Ref Topic}}
"""


def test_nested_stacks_are_deployed_and_a_stack_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(PARENT.replace("NAME", name))
    moved = _rehearsed(tmp_path / "two.yaml", tmp_path / "one.yaml")
    assert _shown(moved) == {"Inner/Topic": ("replace", "proved"), "Seen": ("update", "proved")}
    assert not [gap for gap in moved.gaps if gap.blocking]

    gone = _rehearsed(None, tmp_path / "one.yaml", delete=True)
    assert {key: action for key, (action, _) in _shown(gone).items()} == {
        "Inner": "delete",
        "Inner/Topic": "delete",
        "Seen": "delete",
        "Kept": "forget",
    }
    assert _shown(gone)["Inner/Topic"][1] == "proved"


def test_an_engine_that_cannot_do_it_leaves_the_computed_facts(tmp_path: Path) -> None:
    before = tmp_path / "before.yaml"
    before.write_text(
        "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: a}}, Q: {Type: 'AWS::SQS::Queue'}}"
    )
    after = tmp_path / "after.yaml"
    after.write_text(before.read_text().replace("TopicName: a", "TopicName: b"))
    report = _rehearsed(after, before, engine="moto")
    assert _shown(report)["T"][0] == "replace"
    assert report.verdict.decision is Decision.REJECT


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: work.handler
      CodeUri: src/
      MemorySize: MEMORY
      Policies: [AWSLambdaBasicExecutionRole]
  Orders: {Type: AWS::Serverless::SimpleTable, Properties: {TableName: NAME}}
"""


def test_a_sam_application_is_deployed(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "work.py").write_text("def handler(event, context):\n    return event\n")
    for name, memory, table in (("before", "128", "orders"), ("after", "256", "orders"), ("renamed", "128", "shop")):
        (tmp_path / f"{name}.yaml").write_text(SAM.replace("MEMORY", memory).replace("NAME", table))
    grown = _rehearsed(tmp_path / "after.yaml", tmp_path / "before.yaml")
    assert _shown(grown) == {"Work": ("update", "proved")}
    renamed = _rehearsed(tmp_path / "renamed.yaml", tmp_path / "before.yaml")
    assert _shown(renamed) == {"Orders": ("replace", "proved")}
    assert renamed.verdict.decision is Decision.REJECT
    assert {item.type for item in renamed.clone.objects if item.standing == "cloned"} == {
        "AWS::DynamoDB::Table",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
    }


def _assembly(folder: Path, *, topic: str) -> Path:
    """What `cdk synth` writes of two stacks, one with a nested stack that is an asset and with one that is a file."""
    folder.mkdir()
    stack = "aws:cloudformation:stack"
    nested = {"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/cdk-assets/" + f"{topic}123.json"}
    files: dict[str, Any] = {
        "manifest.json": {
            "version": "36.0.0",
            "artifacts": {
                "Data.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Data.assets.json"}},
                "Data": {"type": stack, "properties": {"templateFile": "Data.template.json"}},
                "Web": {
                    "type": stack,
                    "properties": {"templateFile": "Web.template.json"},
                    "dependencies": ["Data"],
                },
            },
        },
        "Data.assets.json": {
            "files": {
                f"{topic}123": {"source": {"path": "inner.json"}},
                "def456": {"source": {"path": "asset.def456", "packaging": "zip"}},
            }
        },
        "inner.json": {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": topic}}}},
        "Data.template.json": {
            "Resources": {
                "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
                "Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": nested}},
            },
            "Outputs": {"J": {"Value": {"Fn::GetAtt": ["Jobs", "Arn"]}, "Export": {"Name": "Data:J"}}},
        },
        "Web.template.json": {
            "Resources": {
                "Seen": {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "Data:J"}},
                }
            }
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "asset.def456").mkdir()
    (folder / "asset.def456" / "index.js").write_text("exports.handler = async () => 1;\n")
    return folder


def test_a_cloud_assembly_is_deployed_with_all_its_stacks(tmp_path: Path) -> None:
    before, after = (_assembly(tmp_path / name, topic=name) for name in ("one", "two"))
    report = _rehearsed(after, before, stack="")
    changed = {change.address: change for change in report.diff.changes if change.action is not Action.NO_OP}
    assert {address: change.action for address, change in changed.items()} == {"Data/Inner/Topic": Action.REPLACE}
    assert changed["Data/Inner/Topic"].proof is Proof.PROVED
    cloned = {item.address for item in report.clone.objects if item.standing == "cloned"}
    assert cloned >= {"Data/Jobs", "Data/Inner/Topic", "Web/Seen"}
    assert not [gap for gap in report.gaps if gap.blocking]
    same = _rehearsed(before, before, stack="")
    assert same.verdict.decision is Decision.APPROVE
