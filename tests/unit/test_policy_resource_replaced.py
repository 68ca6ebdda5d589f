from __future__ import annotations

from typing import Any

import pytest
from policy_builders import BEHIND_THE_PLAN, changed, deleted, found, messages, replaced, updated

from diffing.change import Action, AttributeChange, Lifespan
from diffing.values import Marker, freeze
from gate.policy.surroundings import Surroundings
from gate.verdict import Level

RULE = "resource-replaced"


def forced(address: str, name: str, before: Any, after: Any, **fields: Any) -> Any:
    attribute = AttributeChange(path=(name,), before=freeze(before), after=freeze(after), forces_replacement=True)
    return replaced(address, attributes=(attribute,), replace_paths=((name,),), **fields)


def test_a_replace_is_rejected_with_its_cause_and_its_stakes() -> None:
    change = forced("aws_dynamodb_table.orders", "name", "prod-orders", "shop-orders", stakes_before={"items": 3})
    [finding] = found(RULE, change)
    assert finding.level is Level.REJECT
    assert finding.message == (
        'is deleted and made anew: name changes from "prod-orders" to "shop-orders". At stake: items: 3'
    )
    assert finding.remediation.startswith("Leave name as it is.")


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("a", Marker.UNKNOWN, 'from "a" to (known after apply)'),
        (Marker.SENSITIVE, "a", 'from (sensitive) to "a"'),
        (["a"], ["b"], "from ['a'] to ['b']"),
        ("x" * 99, 1, f'from "{"x" * 58}… to 1'),
    ],
)
def test_values_are_shown_short_and_never_secret(before: Any, after: Any, text: str) -> None:
    assert text in messages(RULE, forced("aws_sqs_queue.a", "name", before, after))[0]


def test_an_update_and_a_delete_pass_this_rule() -> None:
    assert messages(RULE, updated("aws_sqs_queue.a", {"x": 1}, {"x": 2}), deleted("aws_sqs_queue.b")) == []


def test_a_bookkeeping_type_is_excused() -> None:
    assert messages(RULE, replaced("aws_ecs_task_definition.a")) == []


def test_an_empty_net_difference_excuses_nothing() -> None:
    change = changed("aws_sqs_queue.a", Action.UPDATE, lifespan=Lifespan.RECREATED, witnesses=BEHIND_THE_PLAN)
    [text] = messages(RULE, change)
    assert text.endswith("the plan does not say so; the clone shows a new resource under the old name")


def test_a_destruction_does_not_speak_for_itself() -> None:
    planned = updated("aws_dynamodb_table.a", {"x": 1}, {"x": 2})
    behind = replaced("aws_dynamodb_table.a", owner="aws_dynamodb_table.a", witnesses=BEHIND_THE_PLAN)
    assert len(messages(RULE, planned, behind)) == 1


def test_a_rejected_owner_speaks_for_its_consequences() -> None:
    owner, consequence = deleted("aws_vpc.a"), replaced("AWS::EC2::RouteTable/r", owner="aws_vpc.a")
    assert messages(RULE, owner, consequence) == []


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("replace_by_request", "Do not force"),
        ("replace_because_tainted", "untaint"),
        ("", "Leave the forcing attribute as it is."),
    ],
)
def test_the_advice_follows_the_reason(reason: str, advice: str) -> None:
    [finding] = found(RULE, replaced("aws_sqs_queue.a", reason=reason))
    assert advice in finding.remediation
    assert (reason or "the plan gives no attribute that forces it") in finding.message


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        (("5.99.0", "5.100.0"), True),
        (("5.100.0", "5.100.0"), False),
        (("", "5.100.0"), False),
        (("5.100.0", ""), False),
    ],
)
def test_another_version_of_the_provider_is_told_with_the_replacement(versions: tuple[str, str], told: bool) -> None:  # noqa: FBT001 - a table
    around = Surroundings(aws_provider=versions)
    change = replaced("aws_sqs_queue.a", {"name": "a"}, {"name": "b"})
    [text] = messages("resource-replaced", change, surroundings=around)
    assert ("The AWS provider goes from 5.99.0 to 5.100.0" in text) is told
