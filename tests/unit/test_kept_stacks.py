"""Stacks in a snapshot: nothing secret is kept, and what is not kept is taken to stay, and said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cloudformation_builders import PLACE

from sandbox.clones.deployed import DeployedStacks
from sandbox.clones.image import Image, from_bytes, to_bytes
from sandbox.clones.keptstacks import keepable, masked
from sandbox.cloudformation.application import Application, Deployment, application_of, read_application
from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.deployed import DeployedStack, Outside
from sandbox.cloudformation.impact import Impact
from sandbox.cloudformation.untold import assumed
from sandbox.executors.cloudformation.body import document_of

HIDDEN = "hunter2-hunter2"
TEMPLATE: dict[str, Any] = {
    "Metadata": {"Note": f"password={HIDDEN}"},
    "Parameters": {
        "Given": {"Type": "String", "NoEcho": True},
        "ApiToken": {"Type": "String", "Default": HIDDEN},
        "Stage": {"Type": "String", "Default": "dev"},
    },
    "Mappings": {"By": {"prod": {"Password": HIDDEN, "Size": "10"}}},
    "Resources": {
        # A logical id is no member's name.
        "Password": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Stage"}}},
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "DBInstanceClass": "db.t3.micro",
                "MasterUsername": "admin",
                "MasterUserPassword": HIDDEN,
                "Tags": [{"Key": "size", "Value": {"Fn::FindInMap": ["By", "prod", "Size"]}}],
            },
        },
        "Worker": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Description": f"postgres://user:{HIDDEN}@host/db",
                "Environment": {
                    "Variables": {
                        "QUEUE": {"Ref": "Password"},
                        "PLAIN": HIDDEN,
                        "BUILT": {"Fn::Join": ["", [HIDDEN, {"Ref": "Stage"}]]},
                    }
                },
            },
        },
        "Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}},
    },
}
INNER = {"Resources": {"Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": HIDDEN}}}}


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return read(tmp_path, TEMPLATE)


def read(folder: Path, template: Any, before: Application | None = None) -> Application:
    (folder / "inner.json").write_text(json.dumps(INNER))
    (folder / "app.json").write_text(json.dumps(template))
    values = {} if before is not None else {"Given": HIDDEN, "Stage": "prod"}
    more = {} if before is None else {"before": before}
    return read_application(folder / "app.json", place=PLACE, stack="app", values=values, **more)


def kept(application: Application, **outside: dict[str, str]) -> Application:
    application = application_of(keepable(DeployedStacks(application=application)).application.deployed)
    if outside:
        return keepable(
            DeployedStacks(application=application_of(application.deployed, Outside(**outside)))
        ).application
    return application


def test_nothing_secret_is_kept_and_all_else_is(application: Application) -> None:
    (stack,) = kept(application).deployed
    told = stack.template + json.dumps(stack.values) + stack.nested["Inner"].template
    assert HIDDEN not in told
    assert stack.values["Stage"] == "prod"
    resources = json.loads(stack.template)["Resources"]
    assert resources["Password"] == TEMPLATE["Resources"]["Password"]
    assert resources["Database"]["Properties"]["MasterUsername"] == "admin"
    assert resources["Worker"]["Properties"]["Environment"]["Variables"]["QUEUE"] == {"Ref": "Password"}


def test_what_other_stacks_and_the_parameter_store_hold_goes_by_its_name(application: Application) -> None:
    outside = {"exports": {"vpc": "vpc-1", "db-password": HIDDEN}, "current": {"/image": "ami-1", "/api-token": HIDDEN}}
    found = kept(application, **outside).outside
    assert (found.exports["vpc"], found.current["/image"]) == ("vpc-1", "ami-1")
    assert HIDDEN not in json.dumps([found.exports, found.current])


def test_it_survives_a_file(application: Application) -> None:
    stacks = kept(application).deployed
    image = Image(engine="e", engine_version="1", port=1, content=b"", stacks=stacks)
    again = from_bytes(to_bytes(image))
    assert again.stacks == stacks
    assert again.application is not None
    assert set(again.application.stacks) == {"app", "app/Inner"}


def update(application: Application, template: Any, folder: Path) -> tuple[dict[str, Impact], dict[str, bool]]:
    before = kept(application)
    after = read(folder, template, before)
    filled, gaps = assumed(before.stacks, after.stacks, PLACE.region)
    comparison = compare_stacks(filled, after.stacks)
    return (
        {change.address.removeprefix("app/"): change.impact for change in comparison.changes},
        {gap.subject.removeprefix("app/"): gap.blocking for gap in gaps},
    )


def test_an_unchanged_template_changes_nothing(application: Application, tmp_path: Path) -> None:
    changes, gaps = update(application, TEMPLATE, tmp_path)
    assert changes == {}
    assert gaps == {"Database": False, "Worker": False, "Inner/Key": False}


def test_what_is_no_secret_is_compared(application: Application, tmp_path: Path) -> None:
    template = json.loads(json.dumps(TEMPLATE))
    template["Resources"]["Database"]["Properties"]["MasterUsername"] = "root"
    del template["Resources"]["Worker"]["Properties"]["Environment"]["Variables"]["QUEUE"]
    changes, _ = update(application, template, tmp_path)
    assert changes == {"Database": Impact.WILL_REPLACE, "Worker": Impact.WILL_UPDATE}


def test_a_secret_whose_change_would_replace_is_in_the_way() -> None:
    template = {
        "Resources": {
            "Host": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": f"password={HIDDEN}", "UserData": HIDDEN}}
        }
    }
    stack = DeployedStack(name="app", place=PLACE, template=json.dumps(template))
    before = keepable(DeployedStacks(application=application_of([stack]))).application
    _, (gap,) = assumed(before.stacks, application_of([stack]).stacks, PLACE.region)
    assert gap.blocking
    assert "ImageId, UserData" in gap.reason


def test_an_engine_is_given_the_same_again(application: Application, tmp_path: Path) -> None:
    before = kept(application)
    after = masked(read(tmp_path, TEMPLATE, before))
    assert [as_given(each) for each in after.deployments] == [as_given(each) for each in before.deployments]
    assert HIDDEN not in json.dumps([as_given(each) for each in after.deployments])


def as_given(deployment: Deployment) -> Any:
    nested = {key: as_given(inner) for key, inner in deployment.nested.items()}
    return [document_of(deployment, urls={}, left_out=()), dict(deployment.values), str(deployment.place), nested]
