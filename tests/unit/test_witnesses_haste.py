"""Which errors of a hurried apply count at once, and which are seen once more at ordinary speed."""

from __future__ import annotations

import pytest
from rehearsal_builders import call, rehearsal

from sandbox.rehearsal import ApiCall, ApplyOutcome, CallKind, Diagnostic
from sandbox.witnesses.haste import would_come_at_any_speed

TAKEN = "Role with name worker already exists."


def taken(**more: object) -> ApiCall:
    given = {"status": 409, "error_code": "EntityAlreadyExists", "error_message": TAKEN}
    return call("iam:CreateRole", "worker", **given | more)


def settled(*calls: ApiCall, errors: tuple[str, ...] = (f"creating IAM Role (worker): 409, {TAKEN}",)) -> bool:
    diagnostics = tuple(Diagnostic(severity="error", summary=text) for text in errors)
    return would_come_at_any_speed(
        rehearsal(calls=calls, outcome=ApplyOutcome(succeeded=False, diagnostics=diagnostics))
    )


def test_a_name_that_was_taken_before_is_taken_at_any_speed() -> None:
    assert settled(taken())


def test_other_creations_do_not_matter() -> None:
    assert settled(call("sqs:CreateQueue", "mail"), call("ec2:DescribeVpcs", kind=CallKind.READ), taken())


@pytest.mark.parametrize(
    "before",
    [
        call("iam:DeleteRole", "worker"),
        call("dynamodb:DeleteTable", "orders"),
        call("rds:ModifyDBInstance", "orders"),
        call("", "worker"),
        call("iam:CreateRole", "worker"),
        call("iam:DeleteRole", "worker", status=500),
        call("iam:DeleteRole", "worker", status=0),
    ],
    ids=["the same deleted", "another deleted", "changed", "not known", "made", "perhaps deleted", "no answer"],
)
def test_what_might_have_been_waited_for_is_seen_once_more(before: ApiCall) -> None:
    assert not settled(before, taken())


def test_a_deletion_that_was_refused_deleted_nothing() -> None:
    assert settled(call("iam:DeleteRole", "worker", status=409, error_code="DeleteConflict"), taken())


@pytest.mark.parametrize(
    "made",
    [
        taken(phase="baseline"),
        taken(error_message="", error_code="EntityAlreadyExists"),
        call("iam:CreateRole", status=409, error_code="EntityAlreadyExists", error_message=TAKEN),
        call("iam:UpdateRole", "worker", status=409, error_code="EntityAlreadyExists", error_message=TAKEN),
        call("iam:CreateRole", "worker", status=400, error_code="MalformedPolicyDocument", error_message=TAKEN[:20]),
    ],
    ids=["of the target", "no words", "no name", "no creation", "another error"],
)
def test_other_answers_prove_nothing(made: ApiCall) -> None:
    assert not settled(made)


def test_every_error_has_to_be_one() -> None:
    assert not settled(taken(), errors=(f"409, {TAKEN}", "couldn't find resource (21 retries)"))
    assert not settled(taken(), errors=())


def test_what_aws_is_known_to_refuse_counts_whatever_came_before() -> None:
    refused = call("ec2:DeleteSubnet", "subnet-1", status=400, error_message="has dependencies", refused_by="subnet")

    assert settled(call("sqs:DeleteQueue", "mail"), refused, errors=("DependencyViolation: has dependencies",))
