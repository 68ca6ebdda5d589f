"""Reading a stack of a live account that answers as AWS does, also where an engine would not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import pytest
from live_account import REAL_KEY, REAL_SECRET, REGION, Arrived, Reply, account

from sandbox.clones.deployed import DeployedStacks, read_deployed
from sandbox.cloudformation.application import read_application
from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.impact import Impact
from sandbox.cloudformation.tokens import is_untold
from sandbox.errors import ConfigurationError, UsageError
from sandbox.executors.cloudformation.body import document_of
from sandbox.live.account import stack_in
from sandbox.ports import SilentProgress
from sandbox.targets.target import LiveStackTarget, parse_target

ACCOUNT = "123456789012"
KEY = "x-key"
QUEUE = {"Type": "AWS::SQS::Queue"}
Denied = frozenset[str]


def stack_id(name: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/0f"


@dataclass(kw_only=True)
class Stack:
    """A stack as the account has it."""

    template: Any
    parameters: list[dict[str, str]] = field(default_factory=list)
    resources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Logical id → type and physical id."""
    status: str = "CREATE_COMPLETE"
    drift: str = "IN_SYNC"
    processed: Any = None


@dataclass(kw_only=True)
class Cloud:
    """What plays CloudFormation and the parameter store."""

    stacks: dict[str, Stack]
    store: dict[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    drifts: list[dict[str, Any]] = field(default_factory=list)
    denied: Denied = frozenset()
    asked: list[str] = field(default_factory=list)

    def answer(self, arrived: Arrived) -> Reply:
        if arrived.target:
            self.asked.append(arrived.target)
            if arrived.target in self.denied:
                return Reply(status=400, body=json.dumps({"__type": "AccessDeniedException"}).encode())
            return self._parameters(json.loads(arrived.body))
        form = {key: values[0] for key, values in parse_qs(arrived.body.decode()).items()}
        self.asked.append(form["Action"])
        if form["Action"] in self.denied:
            message = (
                f"User: arn:aws:iam::{ACCOUNT}:user/r is not authorized to perform: cloudformation:{form['Action']}"
            )
            return _error(403, "AccessDenied", message)
        return self._exports(form) if form["Action"] == "ListExports" else self._about_a_stack(form)

    def _about_a_stack(self, form: Mapping[str, str]) -> Reply:
        name, operation = form["StackName"], form["Action"]
        found = self.stacks.get(name.split("/")[1] if "/" in name else name)
        if found is None:
            return _error(400, "ValidationError", f"Stack with id {name} does not exist")
        return _xml(operation, getattr(self, f"_{operation}")(name, found, form))

    def _parameters(self, body: Mapping[str, Any]) -> Reply:
        assert body["WithDecryption"] is False
        found = [{"Name": name, "Value": self.store[name]} for name in body["Names"] if name in self.store]
        missing = [name for name in body["Names"] if name not in self.store]
        return Reply(body=json.dumps({"Parameters": found, "InvalidParameters": missing}).encode())

    def _exports(self, form: Mapping[str, str]) -> Reply:
        """One on a page."""
        names, number = sorted(self.exports), int(form.get("NextToken", "0"))
        page = [{"Name": name, "Value": self.exports[name]} for name in names[number : number + 1]]
        more = {"NextToken": str(number + 1)} if number + 1 < len(names) else {}
        return _xml("ListExports", {"Exports": page, **more})

    def _DescribeStacks(self, name: str, stack: Stack, form: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002, N802
        plain = name.split("/")[1] if "/" in name else name
        told = {
            "StackName": plain,
            "StackId": stack_id(plain),
            "CreationTime": "2026-01-01T00:00:00Z",
            "StackStatus": stack.status,
            "Parameters": stack.parameters,
            "DriftInformation": {"StackDriftStatus": stack.drift},
        }
        return {"Stacks": [told]}

    def _GetTemplate(self, name: str, stack: Stack, form: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002, N802
        body = stack.template if form["TemplateStage"] == "Original" else stack.processed
        return {"TemplateBody": body if isinstance(body, str) else json.dumps(body)}

    def _ListStackResources(self, name: str, stack: Stack, form: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002, N802
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": key,
                    "ResourceType": type_,
                    "PhysicalResourceId": physical,
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
                }
                for key, (type_, physical) in stack.resources.items()
            ]
        }

    def _GetStackPolicy(self, name: str, stack: Stack, form: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002, N802
        return {}

    def _DescribeStackResourceDrifts(self, name: str, stack: Stack, form: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002, N802
        return {"StackResourceDrifts": self.drifts}


def _text(value: Any) -> str:
    match value:
        case dict():
            return "".join(f"<{key}>{_text(inner)}</{key}>" for key, inner in value.items())
        case list():
            return "".join(f"<member>{_text(inner)}</member>" for inner in value)
        case _:
            return escape(str(value))


def _xml(operation: str, result: Mapping[str, Any]) -> Reply:
    body = f"<{operation}Response><{operation}Result>{_text(dict(result))}</{operation}Result></{operation}Response>"
    return Reply(body=body.encode(), headers={"Content-Type": "text/xml"})


def _error(status: int, code: str, message: str) -> Reply:
    error = _text({"Error": {"Type": "Sender", "Code": code, "Message": message}})
    return Reply(
        status=status, body=f"<ErrorResponse>{error}</ErrorResponse>".encode(), headers={"Content-Type": "text/xml"}
    )


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", REAL_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", REAL_SECRET)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


def read(cloud: Cloud, *, secrets: Path | None = None) -> DeployedStacks:
    with account(cloud.answer) as found:
        target = LiveStackTarget(stack="app", region=REGION, parameters=secrets)
        return read_deployed(target, SilentProgress(), endpoint=found.endpoint)


def reasons(deployed: DeployedStacks, *, blocking: bool) -> list[str]:
    return [f"{gap.subject}: {gap.reason}" for gap in deployed.gaps if gap.blocking is blocking]


def secret_stack() -> Stack:
    return Stack(
        template={
            "Parameters": {
                "Password": {"Type": "String", "NoEcho": True, "MinLength": 40},
                "Other": {"Type": "String", "NoEcho": True},
                "Stage": {"Type": "String"},
            },
            "Conditions": {"Given": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Other"}, ""]}]}},
            "Resources": {
                "Login": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": {"Ref": "Password"}}}
            },
        },
        parameters=[
            {"ParameterKey": "Password", "ParameterValue": "****"},
            {"ParameterKey": "Other", "ParameterValue": "****"},
            {"ParameterKey": "Stage", "ParameterValue": "****"},
        ],
        resources={"Login": ("AWS::SecretsManager::Secret", "login-1")},
    )


def test_a_secret_that_nobody_tells_is_a_placeholder_and_said() -> None:
    deployed = read(Cloud(stacks={"app": secret_stack()}))
    (deployment,) = deployed.application.deployments
    assert is_untold(deployment.values["Password"])
    assert deployment.values["Password"] != deployment.values["Other"]
    assert deployment.values["Stage"] == "****"
    assert reasons(deployed, blocking=True) == []
    (told,) = (text for text in reasons(deployed, blocking=False) if "NoEcho" in text)
    assert "Other, Password" in told
    assert "MinLength" not in document_of(deployment, urls={}, left_out=())["Parameters"]["Password"]


def test_a_condition_on_a_secret_that_nobody_tells_is_not_decided() -> None:
    stack = secret_stack()
    stack.template["Resources"]["Login"]["Condition"] = "Given"
    deployed = read(Cloud(stacks={"app": stack}))
    assert not deployed.application.stacks["app"].resources["Login"].certain


def test_two_secrets_that_nobody_tells_are_not_the_same(tmp_path: Path) -> None:
    stack = secret_stack()
    deployed = read(Cloud(stacks={"app": stack}))
    stack.template["Resources"]["Login"]["Properties"]["SecretString"] = {"Ref": "Other"}
    assert list(_update(deployed, stack.template, tmp_path).values()) == [Impact.WILL_UPDATE]


def test_a_secret_may_be_given_and_what_is_known_only_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"Password": "known"}))
    deployed = read(Cloud(stacks={"app": secret_stack()}), secrets=path)
    assert deployed.application.deployments[0].values["Password"] == "known"
    path.write_text(json.dumps({"Password": "known", "Stage": "****", "Else": "1"}))
    assert read(Cloud(stacks={"app": secret_stack()}), secrets=path).application == deployed.application
    path.write_text(json.dumps({"Stage": "prod"}))
    with pytest.raises(UsageError, match="The stack app has other values of Stage"):
        read(Cloud(stacks={"app": secret_stack()}), secrets=path)


def image_stack() -> Stack:
    return Stack(
        template={
            "Parameters": {"Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/image"}},
            "Resources": {"Host": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": {"Ref": "Image"}}}},
        },
        parameters=[{"ParameterKey": "Image", "ParameterValue": "/image", "ResolvedValue": "ami-1"}],
        resources={"Host": ("AWS::EC2::Instance", "i-1")},
    )


@pytest.mark.parametrize(("now", "impact"), [("ami-1", None), ("ami-2", Impact.WILL_REPLACE)])
def test_the_parameter_store_is_looked_up_anew(now: str, impact: Impact | None, tmp_path: Path) -> None:
    deployed = read(Cloud(stacks={"app": image_stack()}, store={"/image": now}))
    assert deployed.application.stacks["app"].resources["Host"].properties["ImageId"] == "ami-1"
    (deployment,) = deployed.application.deployments
    assert document_of(deployment, urls={}, left_out=())["Parameters"]["Image"]["Type"] == "String"
    assert _update(deployed, image_stack().template, tmp_path) == ({} if impact is None else {"app/Host": impact})
    assert reasons(deployed, blocking=True) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"denied": frozenset({"GetParameters"}), "store": {"/image": "ami-2"}}, "lack ssm:GetParameters"),
        ({}, "no such entry any more"),
    ],
)
def test_what_the_parameter_store_does_not_tell_is_in_the_way(more: Any, told: str, tmp_path: Path) -> None:
    deployed = read(Cloud(stacks={"app": image_stack()}, **more))
    (text,) = reasons(deployed, blocking=True)
    assert told in text
    assert _update(deployed, image_stack().template, tmp_path) == {}


def nested_stacks() -> dict[str, Stack]:
    parent = {
        "Resources": {
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": "https://s3.amazonaws.com/b/inner.yaml", "Parameters": {"Slow": "60"}},
            }
        },
    }
    inner = "Parameters: {Slow: {Type: Number}}\nResources:\n  Q:\n    Type: AWS::SQS::Queue\n"
    inner += "    Properties: {VisibilityTimeout: !Ref Slow}\n"
    return {
        "app": Stack(template=parent, resources={"Inner": ("AWS::CloudFormation::Stack", stack_id("app-Inner-1"))}),
        "app-Inner-1": Stack(
            template=inner,
            parameters=[{"ParameterKey": "Slow", "ParameterValue": "60"}],
            resources={"Q": ("AWS::SQS::Queue", "https://sqs/q")},
        ),
    }


def test_nested_stacks_are_read_as_deep_as_they_go() -> None:
    deployed = read(Cloud(stacks=nested_stacks()))
    assert set(deployed.application.stacks) == {"app", "app/Inner"}
    assert deployed.application.stacks["app/Inner"].resources["Q"].properties["VisibilityTimeout"] == "60"
    assert reasons(deployed, blocking=True) == []


def test_a_nested_stack_that_may_not_be_read_is_in_the_way() -> None:
    stacks = nested_stacks()
    cloud = Cloud(stacks={"app": stacks["app"]})
    told = reasons(read(cloud), blocking=True)
    assert told == ["app/Inner: this nested stack could not be read: the account answered ValidationError"]


def test_a_nested_template_that_lies_elsewhere_is_taken_as_deployed_and_said(tmp_path: Path) -> None:
    deployed = read(Cloud(stacks=nested_stacks()))
    (tmp_path / "t.json").write_text(json.dumps(nested_stacks()["app"].template))
    after = _read(deployed, tmp_path / "t.json")
    assert compare_stacks(deployed.application.stacks, after.stacks).changes == ()
    assert [gap.subject for gap in after.stacks["app"].gaps] == ["app/Inner"]


def test_exports_come_on_many_pages_and_stand_for_imports() -> None:
    value = {"Fn::ImportValue": "b"}
    stack = Stack(
        template={
            "Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}}
        },
        resources={"P": ("AWS::SSM::Parameter", "p-1")},
    )
    deployed = read(Cloud(stacks={"app": stack}, exports={"a": "1", "b": "2", "c": "3"}))
    assert deployed.application.stacks["app"].resources["P"].properties["Value"] == "2"
    assert reasons(deployed, blocking=True) == []
    missing = read(Cloud(stacks={"app": stack}, exports={"a": "1"}))
    (text,) = reasons(missing, blocking=True)
    assert "no stack of the region exports it" in text


def test_what_a_stack_exports_itself_comes_from_nowhere_else() -> None:
    output = {"Value": {"Ref": "Q"}, "Export": {"Name": "queue"}}
    stack = Stack(
        template={"Resources": {"Q": QUEUE}, "Outputs": {"Q": output}}, resources={"Q": ("AWS::SQS::Queue", "q")}
    )
    deployed = read(Cloud(stacks={"app": stack}, exports={"queue": "https://sqs/q", "other": "1"}))
    assert deployed.application.outside.exports == {"other": "1"}


def test_a_macro_is_worked_with_as_aws_left_it() -> None:
    stack = Stack(
        template={"Transform": "Ours", "Resources": {"Q": {"Type": "Ours::Queue"}}},
        processed={"Transform": ["Ours"], "Resources": {"Q": QUEUE}},
        resources={"Q": ("AWS::SQS::Queue", "q")},
    )
    deployed = read(Cloud(stacks={"app": stack}))
    assert deployed.application.stacks["app"].resources["Q"].type == "AWS::SQS::Queue"
    assert reasons(deployed, blocking=True) == []


def test_sam_is_worked_with_as_it_was_written() -> None:
    stack = Stack(
        template={
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"T": {"Type": "AWS::Serverless::SimpleTable"}},
        },
        resources={"T": ("AWS::DynamoDB::Table", "t")},
    )
    deployed = read(Cloud(stacks={"app": stack}))
    assert deployed.application.stacks["app"].resources["T"].type == "AWS::DynamoDB::Table"


def test_what_the_stack_has_and_its_template_does_not_is_in_the_way_and_the_other_way_round() -> None:
    stack = Stack(template={"Resources": {"Q": QUEUE}}, resources={"R": ("AWS::SQS::Queue", "r")})
    assert reasons(read(Cloud(stacks={"app": stack})), blocking=True) == [
        "app/R: the stack has it, and its template as it is worked out here does not",
        "app/Q: the template has it, as it is worked out here, and the stack does not",
    ]


def test_drift_is_told_as_aws_last_saw_it_without_values() -> None:
    stack = Stack(template={"Resources": {"Q": QUEUE}}, resources={"Q": ("AWS::SQS::Queue", "q")}, drift="DRIFTED")
    found = {
        "StackId": stack_id("app"),
        "LogicalResourceId": "Q",
        "ResourceType": "AWS::SQS::Queue",
        "StackResourceDriftStatus": "MODIFIED",
        "Timestamp": "2026-05-04T00:00:00Z",
        "PropertyDifferences": [
            {"PropertyPath": "/Delay", "ExpectedValue": "a", "ActualValue": "hidden", "DifferenceType": "NOT_EQUAL"}
        ],
    }
    deployed = read(Cloud(stacks={"app": stack}, drifts=[found]))
    (gap,) = deployed.service_gaps
    assert (gap.service, gap.address) == ("sqs", "app/Q")
    assert "as AWS saw on 2026-05-04 (/Delay)" in gap.gap.reason
    assert "hidden" not in gap.gap.reason
    denied = read(Cloud(stacks={"app": stack}, denied=frozenset({"DescribeStackResourceDrifts"})))
    assert "lack cloudformation:DescribeStackResourceDrifts" in reasons(denied, blocking=True)[0]


def test_a_stack_under_way_is_in_the_way() -> None:
    stack = Stack(template={"Resources": {"Q": QUEUE}}, resources={"Q": ("AWS::SQS::Queue", "q")})
    stack.status = "UPDATE_IN_PROGRESS"
    assert "UPDATE_IN_PROGRESS" in reasons(read(Cloud(stacks={"app": stack})), blocking=True)[0]


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_was_never_made_or_is_gone_is_none(status: str) -> None:
    with pytest.raises(UsageError, match="There is no stack app"):
        read(Cloud(stacks={"app": Stack(template={"Resources": {"Q": QUEUE}}, status=status)}))


@pytest.mark.parametrize("action", ["DescribeStacks", "GetTemplate"])
def test_without_its_template_nothing_is_known(action: str) -> None:
    stack = Stack(template={"Resources": {"Q": QUEUE}})
    with pytest.raises(ConfigurationError, match=f"lack cloudformation:{action}"):
        read(Cloud(stacks={"app": stack}, denied=frozenset({action})))


def test_a_region_is_named_once_and_fits_the_arn() -> None:
    by_name, by_arn = parse_target("cloudformation-stack:app"), parse_target(f"cloudformation-stack:{stack_id('app')}")
    assert isinstance(by_name, LiveStackTarget)
    assert isinstance(by_arn, LiveStackTarget)
    assert stack_in(by_name, ["eu-west-1"]).region == "eu-west-1"
    assert stack_in(by_arn, []).region == REGION
    for target, regions, told in (
        (by_name, ["eu-west-1", "eu-west-2"], "in one region"),
        (by_name, ["Ireland"], "not the name"),
        (by_arn, ["us-east-2"], "is not in us-east-2"),
    ):
        with pytest.raises(UsageError, match=told):
            stack_in(target, regions)


def _read(deployed: DeployedStacks, path: Path) -> Any:
    application = deployed.application
    return read_application(path, place=application.deployments[0].place, stack="app", before=application)


def _update(deployed: DeployedStacks, template: Any, folder: Path) -> dict[str, Impact]:
    path = folder / "update.json"
    path.write_text(json.dumps(template))
    found = compare_stacks(deployed.application.stacks, _read(deployed, path).stacks)
    return {change.address: change.impact for change in found.changes}
