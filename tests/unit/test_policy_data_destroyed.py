from __future__ import annotations

from policy_builders import BEHIND_THE_PLAN, changed, deleted, found, messages, updated

from diffing.change import Action
from gate.verdict import Level

RULE = "data-destroyed"
BUCKET = "aws_s3_bucket.uploads"


def test_a_resource_that_stays_and_holds_less_is_rejected() -> None:
    change = changed(
        BUCKET, Action.UPDATE, stakes_before={"objects": 4}, stakes_after={"objects": 0}, witnesses=BEHIND_THE_PLAN
    )
    [finding] = found(RULE, change)
    assert finding.level is Level.REJECT
    assert finding.message == "stays, and loses data: objects: 4 → 0; the plan says nothing of it"


def test_an_announced_loss_is_rejected_as_well() -> None:
    change = updated(
        BUCKET, {}, {}, stakes_before={"objects": 4, "versions": 4}, stakes_after={"objects": 3, "versions": 5}
    )
    assert messages(RULE, change) == ["stays, and loses data: objects: 4 → 3"]


def test_counts_that_no_list_knows_are_data() -> None:
    change = updated("aws_cognito_user_pool.a", {}, {}, stakes_before={"users": 9}, stakes_after={"users": 8})
    assert len(messages(RULE, change)) == 1


def test_what_holds_as_much_or_more_passes() -> None:
    change = updated(
        BUCKET, {}, {}, stakes_before={"objects": 4, "versions": 0}, stakes_after={"objects": 9, "versions": 0}
    )
    assert messages(RULE, change) == []


def test_less_capacity_is_no_loss_of_data() -> None:
    change = updated("aws_ecs_service.a", {}, {}, stakes_before={"tasks": 4}, stakes_after={"tasks": 1})
    assert messages(RULE, change) == []


def test_what_could_not_be_counted_is_for_a_person() -> None:
    [finding] = found(RULE, updated(BUCKET, {}, {}, stakes_before={"objects": 4}))
    assert finding.level is Level.REVIEW
    assert "could not be counted: objects: 4 before" in finding.message


def test_what_is_only_forgotten_is_not_counted_again() -> None:
    assert messages(RULE, changed(BUCKET, Action.FORGET, stakes_before={"objects": 4})) == []
    emptied = changed(BUCKET, Action.FORGET, stakes_before={"objects": 4}, stakes_after={"objects": 1})
    assert len(messages(RULE, emptied)) == 1


def test_a_destroyed_resource_is_left_to_its_own_rule() -> None:
    assert messages(RULE, deleted(BUCKET, stakes_before={"objects": 4})) == []
