"""What is not known, and whether it could hide what the change does."""

from __future__ import annotations

from typing import Any

import pytest
from rehearsal_builders import call, instance, judged, planned, rehearsal, resource, rules, snapshot, the, told

from diffing.change import Action, Proof
from diffing.snapshot import ReadFailure
from diffing.values import Marker
from gate.verdict import Decision
from sandbox.rehearsal import CallKind, Gap, GapKind

TABLE = instance("aws_dynamodb_table.t", {"id": "orders", "name": "orders"})
ORDERS = resource("DynamoDB::Table", "orders", {"TableName": "orders"})


def failure(
    code: str, subject: str = "AWS::DynamoDB::Table/orders", operation: str = "DescribeTimeToLive"
) -> ReadFailure:
    return ReadFailure(service="dynamodb", operation=operation, subject=subject, code=code)


def blocking(gaps: tuple[Gap, ...]) -> list[tuple[GapKind, str]]:
    return [(gap.kind, gap.subject) for gap in gaps if gap.blocking]


@pytest.mark.parametrize("code", ["OutsideClone", "AdminRouteRefused"])
@pytest.mark.parametrize("phase", ["baseline", "plan", "apply"])
def test_a_call_that_tried_to_leave_the_clone_is_a_gap(code: str, phase: str) -> None:
    refused = call("s3:PutObject", "b", status=403, error_code=code, phase=phase)
    observed, verdict = judged(rehearsal(calls=[refused]))

    assert blocking(observed.gaps) == [(GapKind.NOT_REHEARSED, "s3:PutObject")]
    assert verdict.decision is Decision.REVIEW


def test_a_call_that_was_not_identified_is_a_gap() -> None:
    observed, _ = judged(rehearsal(calls=[call("", kind=CallKind.UNKNOWN, path="/odd")]))

    assert blocking(observed.gaps) == [(GapKind.UNIDENTIFIED, "POST /odd")]


@pytest.mark.parametrize(("kind", "blocks"), [(CallKind.WRITE, True), (CallKind.UNKNOWN, True), (CallKind.READ, False)])
def test_what_the_engine_lacks_blocks_if_it_may_have_been_a_write(kind: CallKind, *, blocks: bool) -> None:
    lacking = call("dynamodb:UpdateTable", "orders", kind=kind, status=501, unsupported=True, phase="baseline")
    observed, _ = judged(rehearsal(calls=[lacking]))

    assert [gap.blocking for gap in observed.gaps] == [blocks]


def test_what_an_unfinished_baseline_left_out_stays_a_gap() -> None:
    gap = Gap(kind=GapKind.INCOMPLETE, subject="aws_lb.l", reason="it could not be cloned")
    observed, verdict = judged(rehearsal(gaps=[gap]))

    assert observed.gaps == (gap,)
    assert verdict.decision is Decision.REVIEW


@pytest.mark.parametrize(
    ("before", "after", "blocks"),
    [
        ([], [failure("InternalFailure")], True),
        ([failure("Timeout")], [failure("Timeout")], True),
        ([failure("InternalFailure")], [failure("InternalFailure")], False),
        ([], [failure("NotImplemented")], False),
        ([failure("Timeout", "*", "ListTables")], [failure("Timeout", "*", "ListTables")], True),
    ],
)
def test_a_failed_read_blocks_where_it_could_hide_something(
    before: list[ReadFailure], after: list[ReadFailure], *, blocks: bool
) -> None:
    plan = [planned("aws_dynamodb_table.t", Action.UPDATE, {"tags": {}}, {"tags": {"a": "b"}})]
    new = resource("DynamoDB::Table", "orders", {"TableName": "orders"}, tags={"a": "b"})
    calls = [call("dynamodb:TagResource", "orders")]
    observed, _ = judged(
        rehearsal(
            snapshot(ORDERS, failures=before), snapshot(new, failures=after), plan=plan, state=[TABLE], calls=calls
        )
    )

    assert any(gap.blocking for gap in observed.gaps) is blocks
    assert observed.gaps


def test_a_listing_that_failed_in_a_service_nobody_wrote_to_is_told_and_does_not_block() -> None:
    failures = [failure("Timeout", "*", "ListTables")]
    observed, verdict = judged(rehearsal(snapshot(ORDERS, failures=failures), snapshot(ORDERS, failures=failures)))

    assert [gap.blocking for gap in observed.gaps] == [False]
    assert verdict.decision is Decision.APPROVE


def test_what_went_missing_together_with_a_read_is_not_known_to_be_gone() -> None:
    observed, verdict = judged(rehearsal([ORDERS], snapshot(failures=[failure("InternalFailure", "*")]), state=[TABLE]))

    assert (GapKind.UNREADABLE, "AWS::DynamoDB::Table/orders") in blocking(observed.gaps)
    assert verdict.decision is Decision.REVIEW


@pytest.mark.parametrize(
    "provider", ["registry.terraform.io/integrations/github", "registry.terraform.io/evil/aws", "example.com/evil/null"]
)
def test_what_another_provider_does_was_not_rehearsed(provider: str) -> None:
    observed, verdict = judged(rehearsal(plan=[planned("github_team.t", Action.CREATE, None, {}, provider=provider)]))

    assert blocking(observed.gaps) == [(GapKind.NOT_REHEARSED, "github_team.t")]
    assert verdict.decision is Decision.REVIEW


def test_an_update_that_the_engine_accepts_and_does_not_carry_out_is_a_gap() -> None:
    plan = [planned("aws_dynamodb_table.t", Action.UPDATE, {"stream_enabled": False}, {"stream_enabled": True})]
    observed, _ = judged(rehearsal([ORDERS], [ORDERS], plan=plan, state=[TABLE]))

    assert blocking(observed.gaps) == [(GapKind.UNSUPPORTED, "aws_dynamodb_table.t")]
    assert the(observed, "aws_dynamodb_table.t").proof is Proof.UNKNOWN


def test_an_update_of_nothing_but_a_secret_that_the_clone_does_not_show_is_a_gap() -> None:
    hidden = {"password": Marker.SENSITIVE}
    plan = [planned("aws_dynamodb_table.t", Action.UPDATE, hidden, hidden)]
    observed, _ = judged(rehearsal([ORDERS], [ORDERS], plan=plan, state=[TABLE]))

    assert blocking(observed.gaps) == [(GapKind.UNSUPPORTED, "aws_dynamodb_table.t")]


def test_a_create_that_the_inventory_does_not_show_is_a_gap() -> None:
    plan = [planned("aws_dynamodb_table.t", Action.CREATE, None, {"name": "orders"})]
    observed, _ = judged(rehearsal(plan=plan, state_after=[TABLE]))

    assert blocking(observed.gaps) == [(GapKind.UNREADABLE, "aws_dynamodb_table.t")]


def noisy(before: dict[str, Any], after: dict[str, Any], action: Action = Action.UPDATE) -> Any:
    return planned("aws_dynamodb_table.t", action, before, after)


def test_noise_alone_is_taken_off_and_listed() -> None:
    entry = noisy({"ttl": None}, {"ttl": "x"})
    observed, verdict = judged(rehearsal([ORDERS], [ORDERS], plan=[entry], noise=[entry], state=[TABLE]))

    assert told(observed) == {}
    assert [change.address for change in observed.diff.noise] == ["aws_dynamodb_table.t"]
    assert verdict.decision is Decision.APPROVE


def test_noise_on_the_very_attribute_that_the_change_edits_hides_nothing() -> None:
    plan, noise = [noisy({"ttl": None}, {"ttl": "y"})], [noisy({"ttl": None}, {"ttl": "x"})]
    new = resource("DynamoDB::Table", "orders", {"TableName": "orders", "Ttl": "y"})
    observed, _ = judged(rehearsal([ORDERS], [new], plan=plan, noise=noise, state=[TABLE]))

    (attribute,) = the(observed, "aws_dynamodb_table.t").attributes
    assert (attribute.path, attribute.after) == (("ttl",), "y")


def test_an_attribute_unknown_in_noise_and_change_alike_is_the_changes_if_it_refers_to_what_it_makes() -> None:
    unknown = noisy({"kms_key": "arn:old"}, {"kms_key": Marker.UNKNOWN})
    made = planned("aws_kms_key.k", Action.CREATE, None, {"arn": Marker.UNKNOWN})
    state_after = [
        instance("aws_dynamodb_table.t", {"id": "orders", "name": "orders", "kms_key": "arn:new"}),
        instance("aws_kms_key.k", {"id": "k", "arn": "arn:new"}),
    ]
    new = resource("DynamoDB::Table", "orders", {"TableName": "orders", "KmsKey": "arn:new"})
    observed, _ = judged(
        rehearsal([ORDERS], [new], plan=[unknown, made], noise=[unknown], state=[TABLE], state_after=state_after)
    )

    assert the(observed, "aws_dynamodb_table.t").action is Action.UPDATE


def test_what_replaces_is_never_noise() -> None:
    before, after = {"name": "a", "ttl": None}, {"name": "b", "ttl": "x"}
    plan = [planned("aws_dynamodb_table.t", Action.REPLACE, before, after, replace_paths=(("name",),))]
    noise = [noisy(before, after)]
    observed, verdict = judged(rehearsal([ORDERS], [ORDERS], plan=plan, noise=noise, state=[TABLE]))

    assert [item.path for item in the(observed, "aws_dynamodb_table.t").attributes] == [("name",)]
    assert verdict.decision is Decision.REJECT


def test_noise_that_replaces_hides_what_the_change_does() -> None:
    noise = [noisy({"name": "a"}, {"name": "a"}, Action.REPLACE)]
    plan = [noisy({"ttl": None}, {"ttl": "x"})]
    observed, _ = judged(rehearsal([ORDERS], [ORDERS], plan=plan, noise=noise, state=[TABLE]))

    assert (GapKind.NOISE, "aws_dynamodb_table.t") in blocking(observed.gaps)
    assert the(observed, "aws_dynamodb_table.t").proof is Proof.UNKNOWN


def test_noise_follows_what_is_moved() -> None:
    noise = [noisy({"ttl": None}, {"ttl": "x"})]
    plan = [
        planned(
            "aws_dynamodb_table.new",
            Action.UPDATE,
            {"ttl": None},
            {"ttl": "x"},
            previous_address="aws_dynamodb_table.t",
        )
    ]
    state_after = [instance("aws_dynamodb_table.new", {"id": "orders", "name": "orders"})]
    observed, verdict = judged(
        rehearsal([ORDERS], [ORDERS], plan=plan, noise=noise, state=[TABLE], state_after=state_after)
    )

    assert told(observed) == {}
    assert verdict.decision is Decision.APPROVE


def test_noise_does_not_cover_what_else_is_done_to_the_resource() -> None:
    entry = noisy({"ttl": None}, {"ttl": "x"})
    new = resource("DynamoDB::Table", "orders", {"TableName": "orders", "DeletionProtectionEnabled": False})
    observed, verdict = judged(rehearsal([ORDERS], [new], plan=[entry], noise=[entry], state=[TABLE]))

    assert told(observed) == {"aws_dynamodb_table.t": "update"}
    assert "plan-mismatch" in rules(verdict, "aws_dynamodb_table.t")


def test_a_secret_sent_with_the_noise_is_a_gap() -> None:
    hidden = {"password": Marker.SENSITIVE}
    entry = noisy(hidden | {"ttl": None}, hidden | {"ttl": "x"})
    sent = call("dynamodb:UpdateTable", "orders", parameters={"Password": Marker.SENSITIVE})
    observed, _ = judged(rehearsal([ORDERS], [ORDERS], plan=[entry], noise=[entry], state=[TABLE], calls=[sent]))

    assert blocking(observed.gaps) == [(GapKind.NOISE, "aws_dynamodb_table.t")]
