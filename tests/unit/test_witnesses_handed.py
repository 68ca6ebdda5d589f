"""What a program does to Terraform's state alone is told: what it hands out, and what it takes over."""

from __future__ import annotations

from rehearsal_builders import instance, judged, rehearsal, resource, the, told

from diffing.change import Action
from gate.verdict import Decision
from sandbox.rehearsal import StateUsed

TABLE = resource("DynamoDB::Table", "ledger", {"TableName": "ledger"}, stakes={"items": 2})
MANAGED = instance("aws_dynamodb_table.ledger", {"id": "ledger", "name": "ledger"})
ELSEWHERE = instance("module.store.aws_dynamodb_table.ledger", {"id": "ledger", "name": "ledger"})


def test_what_is_taken_out_of_the_state_is_forgotten() -> None:
    made = rehearsal([TABLE], [TABLE], state=[MANAGED], state_after=[], announced=False)
    observed, verdict = judged(made)
    assert the(observed, "aws_dynamodb_table.ledger").action is Action.FORGET
    assert verdict.decision is Decision.REVIEW
    assert [finding.rule for finding in verdict.findings] == ["resource-forgotten"]


def test_what_is_imported_as_it_is_is_noted() -> None:
    made = rehearsal([TABLE], [TABLE], state=[], state_after=[MANAGED], announced=False)
    observed, verdict = judged(made)
    assert the(observed, "aws_dynamodb_table.ledger").reason == "imported"
    assert verdict.decision is Decision.APPROVE
    assert [finding.rule for finding in verdict.findings] == ["resource-imported"]


def test_what_is_managed_under_another_address_was_only_moved() -> None:
    made = rehearsal([TABLE], [TABLE], state=[MANAGED], state_after=[ELSEWHERE], announced=False)
    assert told(judged(made)[0]) == {}


def test_what_is_gone_is_deleted_and_not_forgotten() -> None:
    made = rehearsal([TABLE], [], state=[MANAGED], state_after=[], announced=False)
    assert told(judged(made)[0]) == {"aws_dynamodb_table.ledger": "delete"}


def test_with_a_state_of_its_own_a_program_hands_nothing_out_of_the_targets() -> None:
    made = rehearsal([TABLE], [TABLE], state=[MANAGED], state_after=[], announced=False, state_used=StateUsed())
    assert told(judged(made)[0]) == {}


def test_what_is_taken_out_of_a_state_of_its_own_is_forgotten_where_the_target_has_it_too() -> None:
    used = StateUsed(held=frozenset({"aws_dynamodb_table.ledger", "aws_sqs_queue.elsewhere"}))
    made = rehearsal([TABLE], [TABLE], state=[MANAGED], state_after=[], announced=False, state_used=used)
    observed, verdict = judged(made)
    assert told(observed) == {"aws_dynamodb_table.ledger": "forget"}
    assert verdict.decision is Decision.REVIEW


def test_what_a_state_of_its_own_knew_is_not_taken_over() -> None:
    used = StateUsed(held=frozenset({"aws_dynamodb_table.ledger"}))
    made = rehearsal([TABLE], [TABLE], state=[], state_after=[MANAGED], announced=False, state_used=used)
    assert judged(made)[1].findings == ()


def test_of_a_change_with_a_plan_the_plan_tells() -> None:
    assert told(judged(rehearsal([TABLE], [TABLE], state=[MANAGED], state_after=[]))[0]) == {}
