"""The changes of a sequence, joined: no step excuses another, and what only the change itself had is nobody's loss."""

from __future__ import annotations

import pytest
from policy_builders import changed, created, deleted, replaced, updated

from diffing.change import Action, Lifespan, ResourceChange
from diffing.snapshot import Identity
from sandbox.witnesses.sequence import joined_changes

QUEUE = "AWS::SQS::Queue/jobs"
NAME = {"name": "jobs"}


def identity(region: str = "eu-west-1", name: str = "jobs") -> Identity:
    return Identity(type="AWS::SQS::Queue", account="123456789012", region=region, id=name)


def actions(*steps: list[ResourceChange]) -> list[tuple[str, str]]:
    return [(change.action.value, change.address) for change in joined_changes(steps)]


@pytest.mark.parametrize(
    ("then", "action", "lifespan"),
    [
        (updated(QUEUE, NAME, {"name": "jobs", "delay": 5}), Action.CREATE, Lifespan.ADDED),
        (replaced(QUEUE, NAME, {"name": "jobs"}), Action.CREATE, Lifespan.ADDED),
        (deleted(QUEUE, NAME), Action.NO_OP, Lifespan.TEMPORARY),
    ],
)
def test_what_a_step_has_made_is_the_changes_own(then: ResourceChange, action: Action, lifespan: Lifespan) -> None:
    [change] = joined_changes([[created(QUEUE, NAME)], [then]])
    assert (change.action, change.lifespan) == (action, lifespan)


def test_what_is_made_has_what_it_has_at_the_end() -> None:
    [change] = joined_changes(
        [[created(QUEUE, {"delay": 0, "tag": "x"})], [updated(QUEUE, {"delay": 0}, {"delay": 9})]]
    )
    assert {item.path[0]: item.after for item in change.attributes} == {"delay": 9, "tag": "x"}


@pytest.mark.parametrize(
    "steps",
    [
        [[updated(QUEUE, {"delay": 0}, {"delay": 9})], [updated(QUEUE, {"delay": 9}, {"delay": 0})]],
        [[deleted(QUEUE, NAME)], [created(QUEUE, NAME)]],
        [[updated(QUEUE, {"delay": 0}, {"delay": 9})], [deleted(QUEUE, NAME)]],
        [[deleted(QUEUE, NAME), created(QUEUE, NAME)]],
        [[created(QUEUE, NAME), deleted(QUEUE, NAME)]],
    ],
)
def test_what_was_there_before_stays_listed_step_by_step(steps: list[list[ResourceChange]]) -> None:
    assert list(joined_changes(steps)) == [change for step in steps for change in step]


def test_a_delete_before_and_one_of_the_new_one_are_told_apart() -> None:
    steps = [[deleted(QUEUE, NAME)], [created(QUEUE, NAME)], [deleted(QUEUE, NAME)]]
    first, second = joined_changes(steps)
    assert first == steps[0][0]
    assert second.lifespan is Lifespan.TEMPORARY


@pytest.mark.parametrize("other", [identity("us-east-1"), identity(name="other")])
def test_something_else_of_the_same_address_is_not_taken_for_what_was_made(other: Identity) -> None:
    steps = [[created(QUEUE, NAME, identity=identity())], [deleted(QUEUE, NAME, identity=other)]]
    assert actions(*steps) == [("create", QUEUE), ("delete", QUEUE)]


def test_what_was_made_is_found_by_what_it_is_under_another_address() -> None:
    steps = [[created(QUEUE, NAME, identity=identity())], [deleted("aws_sqs_queue.jobs", NAME, identity=identity())]]
    [change] = joined_changes(steps)
    assert change.lifespan is Lifespan.TEMPORARY


def test_what_was_made_is_followed_when_it_moves() -> None:
    moved = updated("aws_sqs_queue.new", {"delay": 0}, {"delay": 1}, previous_address="aws_sqs_queue.old")
    steps = [[created("aws_sqs_queue.old", NAME)], [moved], [deleted("aws_sqs_queue.new", NAME)]]
    [change] = joined_changes(steps)
    assert change.lifespan is Lifespan.TEMPORARY


def test_what_is_forgotten_is_told() -> None:
    forgotten = changed(QUEUE, Action.FORGET, NAME, NAME)
    assert actions([created(QUEUE, NAME)], [forgotten]) == [("create", QUEUE), ("forget", QUEUE)]
