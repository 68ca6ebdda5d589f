"""What a program takes out of Terraform's state: told where it is still there, and not told twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from rehearsal_builders import instance, judged, rehearsal, resource, rules, told

from diffing.change import Proof
from diffing.snapshot import Resource
from gate.verdict import Decision
from sandbox.rehearsal import Rehearsal, StateInstance

QUEUE = "aws_sqs_queue.jobs"
URL = "http://127.0.0.1:4566/000000000000/jobs"
THERE = resource("SQS::Queue", URL, {"QueueName": "jobs"}, aliases=["jobs"])
MANAGED = instance(QUEUE, {"id": URL, "name": "jobs", "url": URL})
LIST = instance("aws_macie2_findings_filter.odd", {"id": "odd"})


def by_a_program(
    before: Iterable[Resource], after: Iterable[Resource], state: Iterable[StateInstance], left: Iterable[StateInstance]
) -> Rehearsal:
    return replace(rehearsal(before, after, state=state, state_after=left), announced=False)


def test_what_is_out_of_the_state_and_still_there_is_forgotten() -> None:
    observed, verdict = judged(by_a_program([THERE], [THERE], [MANAGED], []))
    assert told(observed) == {QUEUE: "forget"}
    assert observed.diff.changes[0].proof is Proof.PROVED
    assert rules(verdict, QUEUE) == {"resource-forgotten"}
    assert verdict.decision is Decision.REVIEW


def test_what_is_gone_is_deleted_and_not_forgotten() -> None:
    observed, verdict = judged(by_a_program([THERE], [], [MANAGED], []))
    assert told(observed) == {QUEUE: "delete"}
    assert verdict.decision is Decision.REJECT


@pytest.mark.parametrize("known", [[THERE], []])
def test_what_has_another_address_is_not_forgotten(known: list[Resource]) -> None:
    moved = replace(MANAGED, address="aws_sqs_queue.renamed")
    observed, _ = judged(by_a_program(known, known, [MANAGED], [moved]))
    assert "forget" not in told(observed).values()


def test_what_the_clone_does_not_show_is_not_known_to_be_gone() -> None:
    observed, verdict = judged(by_a_program([], [], [LIST], []))
    assert [(change.action.value, change.proof) for change in observed.diff.changes] == [("forget", Proof.UNKNOWN)]
    assert verdict.decision is Decision.REVIEW


def test_a_state_that_stays_as_it_is_forgets_nothing() -> None:
    observed, verdict = judged(by_a_program([THERE], [THERE], [MANAGED], [MANAGED]))
    assert (told(observed), verdict.decision) == ({}, Decision.APPROVE)


def test_a_plan_says_itself_what_it_forgets() -> None:
    observed, _ = judged(rehearsal([THERE], [THERE], state=[MANAGED], state_after=[]))
    assert told(observed) == {}
