"""A stack deployed in a live account, which an engine plays: read over its API alone, cloned, updated in the clone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from diffing.change import Action
from gate.cli.main import run
from gate.report import jsonfmt
from gate.report.model import Report
from gate.reviewer import ReviewRequest, review
from gate.verdict import Decision, Level
from sandbox.clones.snapshotfile import read_snapshot
from sandbox.engines.ministack import MiniStackEngine
from sandbox.errors import ConfigurationError, UsageError
from sandbox.proposal import CloudFormationProposal
from sandbox.recorder.objections import Asked, Objection
from sandbox.recorder.recorder import Recorder
from sandbox.rehearsal import ApiCall, CallKind

pytestmark = pytest.mark.engine

ACCOUNT = "210987654321"
REGION = "eu-west-1"
PORT = 45_871
SECRET = "planted-secret-value"
TARGET = "cloudformation-stack:shop"
_SESSION = botocore.session.Session()

KEYS = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
NETWORK: dict[str, Any] = {
    "Resources": {"Dead": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"Dead": {"Value": {"Fn::GetAtt": ["Dead", "Arn"]}, "Export": {"Name": "dead-letters"}}},
}
INSIDE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Resources": {"Events": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Stage"}}}},
    "Outputs": {"Events": {"Value": {"Ref": "Events"}}},
}
IMPORTED = {"Fn::ImportValue": {"Fn::Sub": "${Kind}-letters"}}
SHOP: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Kind": {"Type": "String", "Default": "dead"},
        "Password": {"Type": "String", "NoEcho": True, "MinLength": 12},
    },
    "Resources": {
        "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": KEYS},
        "Login": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": {"Ref": "Password"}}},
        "Letters": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::Sub": ["${Arn}", {"Arn": IMPORTED}]}},
        },
        "Messages": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "inside.json", "Parameters": {"Stage": {"Ref": "Stage"}}},
        },
        "Where": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Messages", "Outputs.Events"]}},
        },
    },
    "Outputs": {"Orders": {"Value": {"Ref": "Orders"}, "Export": {"Name": "orders"}}},
}
REPORTS = {
    "Resources": {
        "Name": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "orders"}},
        }
    }
}


@dataclass(frozen=True, kw_only=True)
class Production:
    """A running account."""

    endpoint: str

    def client(self, service: str) -> Any:
        return _SESSION.create_client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="x",
        )

    def deploy(self, name: str, template: Mapping[str, Any], **more: Any) -> None:
        stacks = self.client("cloudformation")
        stacks.create_stack(StackName=name, TemplateBody=json.dumps(template), **more)
        for _ in range(200):
            status = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                break
            time.sleep(0.05)
        assert status == "CREATE_COMPLETE", stacks.describe_stack_events(StackName=name)["StackEvents"]


class MayNot:
    """Answers as AWS does to a role that lacks some actions of CloudFormation."""

    def __init__(self, *operations: str) -> None:
        self._operations = operations

    def concerns(self, phase: str, operation: str) -> bool:
        return bool(phase) and (not operation or operation in self._operations)

    def objection(self, asked: Asked) -> Objection | None:
        if asked.operation not in self._operations:
            return None
        who = f"User: arn:aws:iam::{ACCOUNT}:user/reader"
        message = f"{who} is not authorized to perform: {asked.service}:{asked.operation} on resource: *"
        return Objection(status=403, code="AccessDenied", message=message, by="test")


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    scratch = tmp_path_factory.mktemp("stacks")
    environment = {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(scratch / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(scratch / "none"),
    }
    with pytest.MonkeyPatch.context() as patch, MiniStackEngine().start(scratch / "a", public_port=PORT) as engine:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        account = Production(endpoint=engine.endpoint)
        account.client("s3").create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
        account.client("s3").put_object(Bucket="templates", Key="inside.json", Body=json.dumps(INSIDE).encode())
        account.deploy("network", NETWORK)
        account.deploy(
            "shop",
            changed(("Messages", "Properties", "TemplateURL"), f"{engine.endpoint}/templates/inside.json"),
            Parameters=[
                {"ParameterKey": "Stage", "ParameterValue": "prod"},
                {"ParameterKey": "Password", "ParameterValue": SECRET},
            ],
            Tags=[{"Key": "team", "Value": "shop"}],
        )
        account.deploy("reports", REPORTS)
        yield account


def changed(path: tuple[str, ...] = (), value: Any = None) -> dict[str, Any]:
    """The shop's template, with something put in the place of something, or without it."""
    template: dict[str, Any] = json.loads(json.dumps(SHOP))
    inner = template["Resources"]
    for step in path[:-1]:
        inner = inner[step]
    if path:
        inner.pop(path[-1], None)
        inner |= {} if value is None else {path[-1]: value}
    return template


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    report: Report
    arrived: tuple[ApiCall, ...]
    """At the account."""

    @property
    def actions(self) -> dict[str, Action]:
        return {each.address: each.action for each in self.report.diff.changes if each.action is not Action.NO_OP}

    @property
    def gaps(self) -> list[str]:
        return [f"{each.subject}: {each.reason}" for each in self.report.gaps]

    @property
    def blocking(self) -> list[str]:
        return [f"{each.subject}: {each.reason}" for each in self.report.gaps if each.blocking]

    @property
    def notices(self) -> tuple[str, ...]:
        return self.report.notices


def rehearse(
    production: Production,
    folder: Path,
    template: Mapping[str, Any] | None,
    *,
    target: str = TARGET,
    stack: str = "",
    denied: tuple[str, ...] = (),
    parameters: Mapping[str, str] | None = None,
    target_parameters: Mapping[str, str] | None = None,
) -> Rehearsed:
    (folder / "inside.json").write_text(json.dumps(INSIDE))
    (folder / "new.json").write_text(json.dumps(template))
    files: dict[str, Path | None] = {"change": None, "target": None}
    for name, given in (("change", parameters), ("target", target_parameters)):
        if given is not None:
            files[name] = folder / f"{name}.parameters"
            (folder / f"{name}.parameters").write_text(json.dumps(given))
    with pytest.MonkeyPatch.context() as patch, Recorder() as recorder:
        recorder.forward_to(production.endpoint)
        recorder.answer_for_aws(MayNot(*denied))
        patch.setenv("AWS_ENDPOINT_URL", recorder.endpoint)
        report = review(
            ReviewRequest(
                change=folder,
                target=target,
                regions=(REGION,) if target.startswith(("aws:", "cloudformation-stack:")) else (),
                stacks=CloudFormationProposal(
                    template=None if template is None else folder / "new.json",
                    delete=template is None,
                    stack=stack,
                    parameters=files["change"],
                ),
                target_parameters=files["target"],
            )
        )
        return Rehearsed(report=report, arrived=recorder.calls)


def test_what_is_deployed_and_stays_is_approved(production: Production, tmp_path: Path) -> None:
    done = rehearse(production, tmp_path, SHOP)
    assert done.actions == {}
    assert done.blocking == []
    assert done.report.outcome.succeeded
    assert done.report.verdict.decision is Decision.APPROVE
    assert (done.report.target.account, done.report.target.region) == (ACCOUNT, REGION)
    table = production.client("cloudformation").describe_stack_resource(StackName="shop", LogicalResourceId="Orders")[
        "StackResourceDetail"
    ]["PhysicalResourceId"]
    assert {each.reason for each in done.report.clone.objects if each.address == "shop/Orders"} == {
        f"deployed as {table}"
    }
    assert any("keeps the deployed values of the parameters Kind, Password, Stage" in text for text in done.notices)
    assert any("Imported from other stacks" in text and "dead-letters" in text for text in done.notices)
    assert SECRET not in json.dumps(jsonfmt.to_document(done.report))


def test_nothing_but_the_reads_of_the_printed_policy_arrives_at_the_account(
    production: Production, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = rehearse(production, tmp_path, SHOP)
    assert {call.kind for call in done.arrived} == {CallKind.READ}
    assert run(["clone", "--target", TARGET, "--print-read-policy"]) == 0
    allowed = set(json.loads(capsys.readouterr().out)["Statement"][0]["Action"])
    asked = {f"{call.service}:{call.operation}" for call in done.arrived}
    # Nothing has drifted here, and no parameter names an entry of the parameter store.
    assert allowed - asked == {"cloudformation:DescribeStackResourceDrifts", "ssm:GetParameters"}
    assert asked <= allowed


def test_what_a_smaller_template_destroys_is_rejected(production: Production, tmp_path: Path) -> None:
    smaller = changed(("Messages",))
    del smaller["Resources"]["Where"]
    done = rehearse(production, tmp_path, smaller)
    assert done.actions == {
        "shop/Messages": Action.DELETE,
        "shop/Messages/Events": Action.DELETE,
        "shop/Where": Action.DELETE,
    }
    assert done.report.verdict.decision is Decision.REJECT
    rejected = {each.address for each in done.report.verdict.findings if each.level is Level.REJECT}
    assert "shop/Messages/Events" in rejected


def test_an_export_that_another_stack_imports_cannot_go(production: Production, tmp_path: Path) -> None:
    done = rehearse(production, tmp_path, {**SHOP, "Outputs": {}})
    assert [each.summary for each in done.report.outcome.diagnostics] == [
        "AWS refuses it: the export orders is removed while reports imports it: AWS refuses that"
    ]
    assert done.report.verdict.decision is not Decision.APPROVE


def test_a_secret_that_is_given_is_compared_only_with_one_that_is_given(production: Production, tmp_path: Path) -> None:
    given = {"Password": "another-secret-value"}
    unknown = rehearse(production, tmp_path, SHOP, parameters=given)
    assert [gap.partition(":")[0] for gap in unknown.blocking] == ["parameter Password"]
    assert (unknown.actions, unknown.report.verdict.decision) == ({}, Decision.REVIEW)

    other = rehearse(production, tmp_path, SHOP, parameters=given, target_parameters={"Password": SECRET})
    assert other.blocking == []
    assert {address: action for address, action in other.actions.items() if address.startswith("shop/")} == {
        "shop/Login": Action.UPDATE
    }
    assert SECRET not in json.dumps(jsonfmt.to_document(other.report))

    same = rehearse(production, tmp_path, SHOP, parameters=given, target_parameters=given)
    assert (same.actions, same.report.verdict.decision) == ({}, Decision.APPROVE)


def test_a_stack_of_an_account_is_the_same_target(production: Production, tmp_path: Path) -> None:
    done = rehearse(production, tmp_path, changed(("Where",)), target="aws:", stack="shop")
    assert done.actions == {"shop/Where": Action.DELETE}


def test_a_stack_of_another_name_is_made_beside_it(production: Production, tmp_path: Path) -> None:
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    done = rehearse(production, tmp_path, template, stack="other")
    assert done.actions == {"other/Queue": Action.CREATE}


def test_what_may_not_be_read_is_told_and_stays_in_the_way_where_it_matters(
    production: Production, tmp_path: Path
) -> None:
    done = rehearse(production, tmp_path, SHOP, denied=("GetStackPolicy", "ListImports", "ListExports"))
    told = "\n".join(done.gaps)
    assert all(f"lack cloudformation:{name}" in told for name in ("GetStackPolicy", "ListImports", "ListExports"))
    assert [gap for gap in done.blocking if "ListExports" not in gap] == []
    assert done.report.verdict.decision is Decision.REVIEW


@pytest.mark.parametrize("action", ["DescribeStacks", "GetTemplate"])
def test_without_its_template_nothing_is_known(production: Production, tmp_path: Path, action: str) -> None:
    with pytest.raises(ConfigurationError, match=f"lack cloudformation:{action}") as error:
        rehearse(production, tmp_path, SHOP, denied=(action,))
    assert "--print-read-policy" in str(error.value.hint)


def test_a_stack_that_is_not_there_is_one_clear_error(production: Production, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no stack nowhere in eu-west-1\."):
        rehearse(production, tmp_path, SHOP, target="cloudformation-stack:nowhere")


def test_its_policy_protection_and_drift_count(production: Production, tmp_path: Path) -> None:
    template = {
        "Resources": {
            "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}},
            "Mail": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}},
        }
    }
    production.deploy("guarded", template, EnableTerminationProtection=True)
    stacks = production.client("cloudformation")
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    deny = {**allow, "Effect": "Deny", "Resource": "LogicalResourceId/Mail"}
    stacks.set_stack_policy(StackName="guarded", StackPolicyBody=json.dumps({"Statement": [allow, deny]}))
    queue = stacks.describe_stack_resource(StackName="guarded", LogicalResourceId="Jobs")
    url = queue["StackResourceDetail"]["PhysicalResourceId"]
    production.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    stacks.detect_stack_drift(StackName="guarded")
    target = "cloudformation-stack:guarded"

    def slower(key: str) -> dict[str, Any]:
        update = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}
        return {"Resources": template["Resources"] | {key: update}}

    mail = rehearse(production, tmp_path, slower("Mail"), target=target)
    assert [each.summary for each in mail.report.outcome.diagnostics] == [
        "AWS refuses it: the stack policy does not allow Update:Modify of it"
    ]
    assert not any(gap.startswith("guarded/Jobs: it was changed outside") for gap in mail.blocking)

    jobs = rehearse(production, tmp_path, slower("Jobs"), target=target)
    assert jobs.report.outcome.succeeded
    assert any(gap.startswith("guarded/Jobs: it was changed outside") for gap in jobs.blocking)

    gone = rehearse(production, tmp_path, None, target=target)
    assert any("termination protection" in each.summary for each in gone.report.outcome.diagnostics)


KEPT: dict[str, Any] = {
    "Parameters": {"Password": {"Type": "String", "NoEcho": True}, "Plain": {"Type": "String", "Default": "a"}},
    "Resources": {
        "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": KEYS},
        "Password": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": {"Ref": "Password"}}},
        "Written": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": f"{SECRET}-written"}},
        "Worker": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.h",
                "Code": {"ZipFile": "x = 1"},
                "Role": "arn:aws:iam::210987654321:role/worker",
                "Environment": {"Variables": {"TABLE": {"Ref": "Orders"}, "KEY": f"{SECRET}-variable"}},
            },
        },
    },
}


@pytest.fixture(scope="module", params=["deployed", "from files"])
def snapshot(request: pytest.FixtureRequest, production: Production, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    name, file = f"kept-{request.param.replace(' ', '-')}", folder / "kept.snapshot"
    (folder / "template.json").write_text(json.dumps(KEPT))
    (folder / "parameters.json").write_text(json.dumps({"Password": SECRET}))
    if request.param == "deployed":
        production.deploy(name, KEPT, Parameters=[{"ParameterKey": "Password", "ParameterValue": SECRET}])
        target = [f"cloudformation-stack:{name}", "--region", REGION]
    else:
        parameters = ["--target-parameters", str(folder / "parameters.json")]
        target = [f"cloudformation:{folder / 'template.json'}", "--stack", name, "--region", REGION, *parameters]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", production.endpoint)
        assert run(["clone", "--target", *target, "--out", str(file), "--quiet"]) == 0
    return file


def test_no_secret_of_a_stack_is_in_a_snapshot_of_it(snapshot: Path) -> None:
    image = read_snapshot(snapshot)
    told = [each.template + json.dumps(each.values) for each in image.stacks]
    assert "Worker" in told[0]
    assert SECRET not in "".join(told)
    assert SECRET.encode() not in image.content + image.inventory


def test_a_snapshot_is_updated_as_the_stack_would_be(snapshot: Path, production: Production, tmp_path: Path) -> None:
    target = f"snapshot:{snapshot}"
    same = rehearse(production, tmp_path, KEPT, target=target)
    assert same.actions == {}
    assert same.report.outcome.succeeded
    assert same.blocking == []
    assert same.report.verdict.decision is Decision.APPROVE
    assert any("a snapshot has no secrets" in gap for gap in same.gaps)

    smaller = {**KEPT, "Resources": {key: item for key, item in KEPT["Resources"].items() if key == "Worker"}}
    smaller["Resources"]["Worker"] = json.loads(json.dumps(KEPT["Resources"]["Worker"]))
    smaller["Resources"]["Worker"]["Properties"]["Environment"]["Variables"]["TABLE"] = "none"
    less = rehearse(production, tmp_path, smaller, target=target)
    name = read_snapshot(snapshot).stacks[0].name
    gone = {address for address, action in less.actions.items() if action is Action.DELETE}
    assert {address for address in gone if address.startswith(f"{name}/")} == {
        f"{name}/{key}" for key in ("Orders", "Password", "Written")
    }
    assert less.report.verdict.decision is Decision.REJECT
    assert less.arrived == ()
