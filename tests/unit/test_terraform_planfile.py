from __future__ import annotations

import json
from typing import Any

import pytest

from diffing.change import Action
from diffing.values import Marker
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.planfile import ParsedPlan, parse_plan
from sandbox.rehearsal import PlannedChange

AWS = "registry.terraform.io/hashicorp/aws"


def entry(actions: list[str], *, change: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "address": "aws_x.y",
        "mode": "managed",
        "type": "aws_x",
        "name": "y",
        "provider_name": AWS,
        "change": {"actions": actions, "before": None, "after": None, **(change or {})},
        **more,
    }


def parse(*entries: dict[str, Any], **more: Any) -> ParsedPlan:
    return parse_plan(
        json.dumps({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": entries, **more})
    )


def only(*entries: dict[str, Any]) -> PlannedChange:
    [change] = parse(*entries).plan.changes
    return change


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["no-op"], Action.NO_OP),
        (["read"], Action.NO_OP),
        (["create"], Action.CREATE),
        (["update"], Action.UPDATE),
        (["delete"], Action.DELETE),
        (["delete", "create"], Action.REPLACE),
        (["create", "delete"], Action.REPLACE),
        (["forget"], Action.FORGET),
        (["create", "forget"], Action.FORGET),
    ],
)
def test_actions_become_the_vocabulary_of_change(actions: list[str], action: Action) -> None:
    change = only(entry(actions))
    assert change.action is action
    assert change.create_before_destroy is (actions == ["create", "delete"])


def test_unknown_and_sensitive_values_become_markers() -> None:
    change = only(
        entry(
            ["update"],
            change={
                "before": {"id": "i", "password": "hush", "empty": None, "tags": {"a": "1"}, "rules": [{"port": 1}]},
                "after": {"id": "i", "password": "hush2", "empty": None, "tags": {"a": "2"}, "rules": [{"port": 1}]},
                "after_unknown": {"arn": True, "rules": [{"id": True}], "tags": {}, "list": [True], "not": False},
                "before_sensitive": {"password": True, "empty": True, "rules": [{}]},
                "after_sensitive": {"password": True, "empty": True, "tags": {"a": True}},
            },
        )
    )
    assert change.before == {
        "id": "i",
        "password": Marker.SENSITIVE,
        "empty": None,
        "tags": {"a": "1"},
        "rules": ({"port": 1},),
    }
    assert change.after == {
        "id": "i",
        "password": Marker.SENSITIVE,
        "empty": None,
        "tags": {"a": Marker.SENSITIVE},
        "rules": ({"port": 1, "id": Marker.UNKNOWN},),
        "arn": Marker.UNKNOWN,
        "list": (Marker.UNKNOWN,),
    }


def test_a_wholly_unknown_or_sensitive_side_is_a_marker() -> None:
    change = only(entry(["update"], change={"before": {"a": 1}, "before_sensitive": True, "after_unknown": True}))
    assert change.before is Marker.SENSITIVE
    assert change.after is Marker.UNKNOWN


@pytest.mark.parametrize(
    ("value", "sensitive"), [("hush", {"a": True}), ("hush", [True]), (["hush"], {"0": True}), ({"a": "hush"}, [True])]
)
def test_marks_that_do_not_fit_the_value_mask_all_of_it(value: Any, sensitive: Any) -> None:
    change = only(entry(["create"], change={"after": {"x": value}, "after_sensitive": {"x": sensitive}}))
    assert change.after == {"x": Marker.SENSITIVE}


def test_secrets_that_no_schema_marks_are_masked_by_their_name() -> None:
    change = only(entry(["create"], change={"after": {"environment": [{"variables": {"DB_PASSWORD": "hush"}}]}}))
    assert "hush" not in repr(change)


def test_reason_paths_moves_deposed_objects_and_imports_are_kept() -> None:
    change = only(
        entry(
            ["delete", "create"],
            change={"replace_paths": [["name"], ["rule", 0, "port"]], "importing": {"id": "x"}},
            action_reason="replace_because_cannot_update",
            previous_address="aws_x.old",
            deposed="00000001",
        )
    )
    assert change.replace_paths == (("name",), ("rule", 0, "port"))
    assert change.reason == "replace_because_cannot_update"
    assert change.previous_address == "aws_x.old"
    assert change.deposed == "00000001"
    assert change.importing
    assert not only(entry(["create"])).importing


def test_the_paths_of_secrets_are_told_by_address() -> None:
    parsed = parse(
        entry(["update"], change={"before_sensitive": {"value": True}, "after_sensitive": {"l": [{"p": True}]}})
    )
    assert set(parsed.sensitive["aws_x.y"]) == {("value",), ("l", 0, "p")}


def test_sensitive_variables_and_errors_are_told() -> None:
    variables = {"a": {"sensitive": True}, "b": {}}
    plan = parse(errored=True, configuration={"root_module": {"variables": variables}}).plan
    assert plan.variables_sensitive == {"a"}
    assert plan.errored
    assert plan.changes == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format_version": "2.0"}',
        '{"format_version": "1.2", "resource_changes": {}}',
        '{"format_version": "1.2", "resource_changes": [1]}',
        '{"format_version": "1.2", "resource_changes": [{"address": "a"}]}',
        '{"format_version": "1.2", "deferred_changes": [{}]}',
        json.dumps({"format_version": "1.2", "resource_changes": [entry(["open"])]}),
        json.dumps({"format_version": "1.2", "resource_changes": [entry(["update"], address=None)]}),
        json.dumps({"format_version": "1.2", "resource_changes": [entry(["update"], change={"replace_paths": ["a"]})]}),
        '{"a":' * 100_000,
    ],
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="plan could not be read"):
        parse_plan(text)
