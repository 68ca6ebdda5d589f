"""Any JSON at all, given as a plan: a report or one clear error, never anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.planreview import PlanRequest, review_plan
from gate.report import brief, jsonfmt
from gate.verdict import Decision
from sandbox.errors import ConfigurationError

LAW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = st.sampled_from(
    ["id", "name", "arn", "password", "policy", "ingress", "cidr_blocks", "tags", "replace_paths", "a", "", "rule"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ['{"Statement": [{"Effect": "Allow", "Action": "*", "Principal": "*"}]}', "0.0.0.0/0", "\ud800", "{"]
    ),
)
JSON = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=4), max_leaves=8
)
PATHS = st.lists(st.lists(NAMES | st.integers(-1, 2) | st.booleans(), max_size=3), max_size=2)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=4)
ACTIONS = st.sampled_from(
    [
        ["no-op"],
        ["create"],
        ["read"],
        ["update"],
        ["delete"],
        ["delete", "create"],
        ["create", "delete"],
        ["forget"],
        ["create", "forget"],
        [],
    ]
)
TYPES = st.sampled_from(
    ["aws_security_group", "aws_iam_role_policy", "aws_s3_bucket", "aws_dynamodb_table", "null_resource", "google_x"]
)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(TYPES)
    marks = st.booleans() | OBJECTS
    entry: dict[str, Any] = {
        "address": draw(st.sampled_from([f"{kind}.a", f"module.m.{kind}.a[0]", f'{kind}.b["k"]', "\x1b[2J"])),
        "mode": draw(st.sampled_from(["managed", "data"])),
        "type": kind,
        "name": "a",
        "provider_name": draw(st.sampled_from(["registry.terraform.io/hashicorp/aws", "x", "a/b/c"])),
        "change": {
            "actions": draw(ACTIONS),
            "before": draw(st.none() | OBJECTS | JSON),
            "after": draw(st.none() | OBJECTS | JSON),
            "after_unknown": draw(marks),
            "before_sensitive": draw(marks),
            "after_sensitive": draw(marks),
        },
    }
    for name in draw(st.lists(st.sampled_from(["replace_paths", "importing", "action_reason", "deposed"]), max_size=2)):
        holder = entry["change"] if name in {"replace_paths", "importing"} else entry
        holder[name] = draw(PATHS if name == "replace_paths" else JSON)
    if draw(st.integers(0, 9)) == 0:
        entry[draw(st.sampled_from(["address", "change", "type", "previous_address"]))] = draw(JSON)
    return entry


PLANS = st.fixed_dictionaries(
    {"format_version": st.sampled_from(["0.1", "1.2"]), "resource_changes": st.lists(entries(), max_size=4)},
    optional={
        "checks": JSON | st.lists(OBJECTS, max_size=2),
        "configuration": JSON | st.fixed_dictionaries({"root_module": OBJECTS}),
        "deferred_changes": JSON,
        "resource_drift": st.lists(entries(), max_size=2) | JSON,
        "errored": JSON,
        "complete": JSON,
        "terraform_version": JSON,
    },
)


def judge(content: bytes) -> Decision | None:
    """Review, and make the pages; None for the one error that is allowed, which says what to do."""
    try:
        report = review_plan(PlanRequest(content=content, source="p", folder=Path("/nonexistent")))
    except ConfigurationError as error:
        return None if error.message and error.hint else Decision.APPROVE
    document = json.loads(jsonfmt.dumps(report))
    assert jsonfmt.to_document(jsonfmt.from_document(document)) == document
    brief.render(report).encode()
    return report.verdict.decision


@LAW
@given(document=JSON)
def test_any_json_is_judged_or_refused(document: Any) -> None:
    judge(json.dumps(document).encode())


@LAW
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused(content: bytes) -> None:
    assert judge(content) is None


@LAW
@given(plan=PLANS)
def test_anything_like_a_plan_is_judged_or_refused(plan: dict[str, Any]) -> None:
    judge(json.dumps(plan).encode())


@LAW
@given(plan=PLANS, entry=entries())
def test_a_delete_of_what_holds_state_is_never_approved(plan: dict[str, Any], entry: dict[str, Any]) -> None:
    entry |= {
        "address": "aws_dynamodb_table.t",
        "type": "aws_dynamodb_table",
        "mode": "managed",
        "previous_address": "",
    }
    entry["change"] = {"actions": ["delete"], "before": {"id": "t"}, "after": None}
    decision = judge(json.dumps({**plan, "resource_changes": [*plan["resource_changes"], entry]}).encode())
    assert decision in {None, Decision.REJECT}
