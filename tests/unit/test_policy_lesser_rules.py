"""The rules that bring to a person what is not proved, not announced, or no longer managed."""

from __future__ import annotations

import pytest
from policy_builders import BEHIND_THE_PLAN, changed, created, deleted, found, messages, updated

from diffing.change import Action, Proof
from gate.policy.surroundings import Surroundings
from gate.verdict import Level
from sandbox.rehearsal import Cloning, Diagnostic, Gap, GapKind, StateUsed


def test_a_forgotten_resource_is_for_a_person() -> None:
    [finding] = found("resource-forgotten", changed("aws_db_instance.a", Action.FORGET))
    assert finding.level is Level.REVIEW


def test_forgotten_bookkeeping_is_noted() -> None:
    assert [item.level for item in found("resource-forgotten", changed("random_pet.a", Action.FORGET))] == [Level.NOTE]


def test_what_stays_managed_is_not_forgotten() -> None:
    assert messages("resource-forgotten", deleted("aws_db_instance.a"), updated("aws_vpc.a", {"a": 1}, {"a": 2})) == []


def test_a_change_that_the_plan_does_not_announce_is_told() -> None:
    change = created("AWS::SNS::Topic/a", witnesses=BEHIND_THE_PLAN)
    [finding] = found("plan-mismatch", change)
    assert finding.level is Level.REVIEW
    assert finding.message.startswith("create that the plan does not announce")


def test_announced_changes_and_their_consequences_are_no_mismatch() -> None:
    consequence = created("AWS::EC2::RouteTable/r", witnesses=BEHIND_THE_PLAN, owner="aws_vpc.a")
    assert messages("plan-mismatch", created("aws_vpc.a"), consequence) == []


def test_what_aws_makes_by_itself_needs_no_announcement_unless_the_change_asked_for_it() -> None:
    interface = "AWS::EC2::NetworkInterface/eni-1"
    assert messages("plan-mismatch", created(interface, witnesses=BEHIND_THE_PLAN)) == []
    assert len(messages("plan-mismatch", created(interface, witnesses=BEHIND_THE_PLAN, calls=(4,)))) == 1


def test_contradictions_are_told_also_where_the_plan_says_that_nothing_happens() -> None:
    moved = changed(
        "module.a.aws_vpc.a", Action.NO_OP, disagreements=("the plan says no-op, in the clone it is changed",)
    )
    assert messages("plan-mismatch", moved) == ["the plan says no-op, in the clone it is changed"]
    assert messages("plan-mismatch", changed("module.a.aws_vpc.a", Action.NO_OP, witnesses=BEHIND_THE_PLAN)) == []


def test_each_error_of_the_apply_is_told() -> None:
    errors = (
        Diagnostic(severity="error", summary="BucketNotEmpty", detail="not empty", address="aws_s3_bucket.a"),
        Diagnostic(severity="error", summary="Denied", filename="main.tf", line=3),
        Diagnostic(severity="warning", summary="Deprecated"),
    )
    findings = found("apply-failed", succeeded=False, diagnostics=errors)
    assert [(item.address, item.message, item.level) for item in findings] == [
        ("aws_s3_bucket.a", "the apply fails half way: BucketNotEmpty: not empty", Level.REVIEW),
        ("", "the apply fails half way (main.tf:3): Denied", Level.REVIEW),
    ]


def test_a_failure_without_a_reason_is_a_failure() -> None:
    assert len(found("apply-failed", succeeded=False)) == 1


def test_warnings_of_an_apply_that_went_through_pass() -> None:
    assert found("apply-failed", diagnostics=(Diagnostic(severity="error", summary="x"),)) == []


@pytest.mark.parametrize("kind", list(GapKind))
def test_every_gap_that_could_hide_something_is_told(kind: GapKind) -> None:
    gap = Gap(kind=kind, subject="sqs:PurgeQueue", reason="not implemented")
    [finding] = found("gap", gaps=(gap,))
    assert (finding.level, finding.proof, finding.address) == (Level.REVIEW, Proof.UNKNOWN, "sqs:PurgeQueue")


def test_a_gap_that_hides_nothing_passes() -> None:
    assert found("gap", gaps=(Gap(kind=GapKind.UNREADABLE, subject="sqs", reason="r", blocking=False),)) == []


def test_a_change_of_which_nothing_is_known_is_a_gap_by_itself() -> None:
    change = created("aws_sqs_queue.a", proof=Proof.UNKNOWN)
    assert len(messages("gap", change)) == 1
    told = Gap(kind=GapKind.NOISE, subject="aws_sqs_queue.a", reason="noise")
    assert messages("gap", change, gaps=(told,)) == ["not proved (noise): noise"]
    assert messages("gap", created("aws_sqs_queue.a", proof=Proof.COMPUTED)) == []


KNOWN = frozenset({"aws_vpc.main", "aws_sqs_queue.mail"})


def test_a_state_of_the_changes_own_that_is_older_than_the_targets_is_for_a_person() -> None:
    used = StateUsed(lineage="a", serial=17, newest_serial=41)
    [finding] = found("stale-state", state_used=used)
    assert (finding.level, finding.address) == (Level.REVIEW, "state")
    assert "serial 17 of the state, and serial 41" in finding.message


def test_the_targets_own_old_state_is_told_apart() -> None:
    assert [each.address for each in found("stale-state", cloning=Cloning(lineage="a", serial=3, newest_serial=5))] == [
        "target"
    ]


@pytest.mark.parametrize(
    ("used", "changes"),
    [
        (None, [created("aws_vpc.main")]),
        (StateUsed(comparable=False), [created("aws_vpc.main")]),
        (StateUsed(), [created("aws_vpc.other"), updated("aws_sqs_queue.mail", {"a": 1}, {"a": 2})]),
        (StateUsed(lineage="a", serial=5, newest_serial=5), []),
    ],
)
def test_a_state_that_knows_what_is_there_is_nothing_to_speak_of(used: StateUsed | None, changes: list[object]) -> None:
    around = Surroundings(addresses=KNOWN)
    assert found("stale-state", *changes, state_used=used, surroundings=around) == []


def test_what_the_target_has_and_a_state_does_not_know_may_not_be_created_once_more() -> None:
    around = Surroundings(addresses=KNOWN)
    changes = (created("aws_vpc.main"), created("aws_vpc.other"))
    [finding] = found("stale-state", *changes, state_used=StateUsed(), surroundings=around)
    assert finding.level is Level.REJECT
    assert finding.message.startswith("1 of the 2 resources that the target has are created once more")
