"""What a saved plan says about itself: what is missing from it, what drifted, which programs the apply runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from review_plans_made import change, plan, text

from diffing.change import Action
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.savedplan import SavedPlan, read_saved_plan


def read(*changes: dict[str, Any], **more: Any) -> SavedPlan:
    return read_saved_plan(text(*changes, **more), name="p")


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.2", "1.99"])
def test_formats_from_the_first_on_are_read(version: str) -> None:
    [only] = read(change(actions="delete", before={"id": "i"}), format_version=version).plan.changes
    assert only.action is Action.DELETE


def test_what_hcp_terraform_serves_is_read() -> None:
    served = plan(change(actions="create", after={}), provider_schemas={}, plan_format_version="1.2")
    del served["format_version"]
    assert len(read_saved_plan(json.dumps(served).encode(), name="p").plan.changes) == 1


def test_an_empty_plan_is_a_plan() -> None:
    saved = read_saved_plan(b'{"format_version": "1.2", "planned_values": {"root_module": {}}}', name="p")
    assert saved.plan.changes == ()
    assert saved.complete
    assert saved.code is None


def test_attributes_that_stay_are_left_out_and_all_others_kept() -> None:
    [only] = read(
        change(
            before={"same": [1, {"a": True}], "number": 1, "flag": 1, "hidden": "a", "new": "x", "gone": 1},
            after={"same": [1, {"a": True}], "number": 2, "flag": True, "hidden": "a", "new": "x"},
            inside={"after_unknown": {"new": True}, "after_sensitive": {"hidden": True}},
        )
    ).plan.changes
    assert set(dict(only.before)) == {"number", "flag", "hidden", "new", "gone"}
    assert set(dict(only.after)) == {"number", "flag", "hidden", "new"}


def test_a_plan_that_stopped_or_was_narrowed_says_so() -> None:
    assert read(errored=True).plan.errored
    assert read(errored="yes").plan.errored
    assert not read(errored=False).plan.errored
    assert not read(complete=False).complete
    assert read(complete=True).complete


def test_deferred_changes_and_invoked_actions_are_named() -> None:
    saved = read(
        deferred_changes=[
            {"reason": "provider_config_unknown", "resource_change": change("aws_x.later", "create")},
            {},
        ],
        deferred_action_invocations=[{"reason": "x", "action_invocation": {"address": "action.aws_lambda_invoke.a"}}],
        action_invocations=[{"address": "action.aws_lambda_invoke.b"}],
    )
    assert saved.deferred == (
        ("aws_x.later", "provider_config_unknown"),
        ("", "unknown"),
        ("action.aws_lambda_invoke.a", "x"),
    )
    assert saved.invoked == ("action.aws_lambda_invoke.b",)


def test_drift_is_told_and_is_no_change() -> None:
    nameless = change("aws_sqs_queue.q", "update")
    del nameless["address"]
    saved = read(resource_drift=[change("aws_instance.a"), change("aws_instance.b", "no-op"), nameless])
    assert saved.drifted == ("aws_instance.a", "aws_sqs_queue.q")
    assert saved.plan.changes == ()


def test_conditions_that_do_not_hold_are_named_with_their_problem() -> None:
    checks = [
        {
            "address": {"kind": "check", "to_display": "check.health"},
            "status": "fail",
            "instances": [
                {
                    "address": {"to_display": "check.health"},
                    "status": "fail",
                    "problems": [{"message": "It is ill."}, {}],
                }
            ],
        },
        {"address": {"to_display": "aws_x.a"}, "status": "error"},
        {"address": {"to_display": "aws_x.b"}, "status": "unknown", "instances": [{"status": "unknown"}]},
        {"address": {"to_display": "aws_x.c"}, "status": "pass"},
    ]
    assert read(checks=checks).failed_checks == (
        ("check.health", "It is ill."),
        ("aws_x.a", "its condition does not hold"),
    )


def test_programs_are_found_in_every_module() -> None:
    resources = [
        {
            "address": "null_resource.a",
            "mode": "managed",
            "type": "null_resource",
            "provisioners": [{"type": "local-exec"}],
        },
        {"address": "data.external.b", "mode": "data", "type": "external"},
        {"address": "aws_x.c", "mode": "managed", "type": "aws_x"},
    ]
    inner = {"module": {"resources": resources[:1]}}
    root = {"resources": resources, "module_calls": {"m": {"module": {"module_calls": {"n": inner}}}, "empty": {}}}
    saved = read(configuration={"root_module": root})
    assert saved.code is not None
    assert [(code.address, code.what) for code in saved.code] == [
        ("null_resource.a", "a local-exec provisioner"),
        ("data.external.b", "the program of external data"),
        ("module.m.module.n.null_resource.a", "a local-exec provisioner"),
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"resource_changes": {}},
        {"resource_changes": [1]},
        {"resource_changes": [{}]},
        {"resource_changes": [change(actions="explode")]},
        {"resource_changes": [change(inside={"actions": [["create"]]})]},
        {"resource_changes": [change(inside={"replace_paths": [{}]})]},
        {"resource_changes": [change() | {"address": 1}]},
        {"deferred_changes": 1},
        {"checks": [1]},
        {"checks": [{"status": [], "instances": [{"status": {}}]}]},
        {"configuration": {"root_module": {"resources": 1}}},
    ],
)
def test_what_is_not_understood_is_an_error(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**more)
    assert caught.value.hint
