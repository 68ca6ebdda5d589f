"""What the clone has not, or in part: the same plan as that of the unchanged target is no deed of the change."""

from __future__ import annotations

from typing import Any

import pytest
from rehearsal_builders import call, instance, judged, planned, rehearsal, resource, rules, the, told

from diffing.change import Action, Proof
from gate.verdict import Decision
from sandbox.rehearsal import GapKind, PlannedChange

TAINTED = {"reason": "replace_because_tainted"}
WIDE = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def remade(**after: Any) -> PlannedChange:
    return planned("aws_db_instance.d", Action.REPLACE, {"identifier": "d"}, {"identifier": "d", **after}, **TAINTED)


def database(birth: str) -> Any:
    return resource("RDS::DBInstance", "d", {"DBInstanceIdentifier": "d"}, born={"DbiResourceId": birth})


STATE = instance("aws_db_instance.d", {"id": "d", "identifier": "d"})
REMADE: dict[str, Any] = {
    "before": [database("1")],
    "after": [database("2")],
    "state": [STATE],
    "calls": [call("rds:DeleteDBInstance", "d"), call("rds:CreateDBInstance", "d")],
}


def test_what_came_up_in_part_and_is_made_anew_for_that_is_for_a_person() -> None:
    observed, verdict = judged(rehearsal(plan=[remade(tags={"team": "a"})], noise=[remade()], **REMADE))

    assert told(observed) == {"aws_db_instance.d": "update"}
    assert the(observed, "aws_db_instance.d").proof is Proof.UNKNOWN
    assert the(observed, "aws_db_instance.d").reason == ""
    assert (GapKind.NOISE, "aws_db_instance.d") in {(gap.kind, gap.subject) for gap in observed.gaps if gap.blocking}
    assert verdict.decision is Decision.REVIEW


def test_nothing_is_told_of_it_where_the_change_wants_the_same() -> None:
    observed, verdict = judged(rehearsal(plan=[remade()], noise=[remade()], **REMADE))

    assert told(observed) == {"aws_db_instance.d": "no-op"}
    assert verdict.decision is Decision.REVIEW


@pytest.mark.parametrize("fields", [{"replace_paths": (("engine",),)}, {"reason": "replace_by_request"}])
def test_what_forces_a_replacement_beyond_the_noise_is_rejected(fields: dict[str, Any]) -> None:
    change = planned("aws_db_instance.d", Action.REPLACE, {"engine": "a"}, {"engine": "b"}, **TAINTED | fields)
    observed, verdict = judged(rehearsal(plan=[change], noise=[remade()], **REMADE))

    assert told(observed) == {"aws_db_instance.d": "replace"}
    assert verdict.decision is Decision.REJECT


def test_another_value_where_the_noise_forces_a_replacement_is_rejected() -> None:
    noise, change = (
        planned("aws_db_instance.d", Action.REPLACE, {"az": ""}, {"az": zone}, replace_paths=(("az",),))
        for zone in ("a", "b")
    )
    _, verdict = judged(rehearsal(plan=[change], noise=[noise], **REMADE))

    assert verdict.decision is Decision.REJECT


def test_a_protection_that_goes_is_told_of_what_could_not_be_cloned() -> None:
    observed, verdict = judged(
        rehearsal(plan=[remade(deletion_protection=False)], noise=[remade(deletion_protection=True)], **REMADE)
    )

    assert "protection-removed" in rules(verdict, "aws_db_instance.d")
    assert verdict.decision is Decision.REJECT
    assert told(observed) == {"aws_db_instance.d": "update"}


def test_a_delete_of_what_came_up_in_part_is_rejected() -> None:
    change = planned("aws_db_instance.d", Action.DELETE, {"identifier": "d"}, None)
    _, verdict = judged(rehearsal(plan=[change], noise=[remade()], **REMADE | {"after": [], "state_after": []}))

    assert verdict.decision is Decision.REJECT


def test_what_another_program_deletes_is_no_noise() -> None:
    calls = [*REMADE["calls"], call("rds:DeleteDBInstance", "d", agent="aws-cli")]
    _, verdict = judged(rehearsal(plan=[remade()], noise=[remade()], **REMADE | {"after": [], "calls": calls}))

    assert verdict.decision is Decision.REJECT


def test_what_the_engine_could_not_make_opens_nothing_when_it_is_planned_again() -> None:
    address = "aws_ssoadmin_permission_set_inline_policy.p"
    create = planned(address, Action.CREATE, None, {"inline_policy": WIDE})
    observed, verdict = judged(rehearsal(plan=[create], noise=[create]))

    assert told(observed) == {address: "no-op"}
    assert rules(verdict, address) == {"gap"}
    assert verdict.decision is Decision.REVIEW


def test_what_a_change_opens_further_in_it_is_told() -> None:
    address = "aws_ssoadmin_permission_set_inline_policy.p"
    narrow = planned(address, Action.CREATE, None, {"inline_policy": WIDE.replace('"*", "Res', '"s3:GetObject", "Res')})
    wide = planned(address, Action.CREATE, None, {"inline_policy": WIDE})
    _, verdict = judged(rehearsal(plan=[wide], noise=[narrow]))

    assert rules(verdict, address) == {"access-widened", "gap"}
