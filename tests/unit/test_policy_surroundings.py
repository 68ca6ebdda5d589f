"""What stands around a change: what it leaves dangling, who deploys, what runs while it is planned, how much goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from policy_builders import created, deleted, found, messages, replaced, updated
from rehearsal_builders import call, instance, judged, planned, rehearsal, resource, rules

from diffing.change import Action
from gate.policy.surroundings import Program, Surroundings, survey
from gate.verdict import Level
from sandbox.rehearsal import CallKind

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:pager"
OTHER = f"arn:aws:sns:us-east-1:{ACCOUNT}:pagre"
ALARM = "aws_cloudwatch_metric_alarm.a"
PAGER = resource("SNS::Topic", TOPIC, aliases=[TOPIC, "pager"])


def test_what_stays_and_names_what_is_gone_is_told() -> None:
    topic = instance("aws_sns_topic.pager", {"id": TOPIC, "arn": TOPIC})
    alarm = instance(ALARM, {"id": "a", "alarm_actions": [TOPIC]})
    made = rehearsal(
        [PAGER],
        [],
        plan=[planned("aws_sns_topic.pager", Action.DELETE, {"arn": TOPIC})],
        state=[topic, alarm],
        state_after=[alarm],
    )
    _, verdict = judged(made)
    assert [item.message for item in verdict.findings if item.rule == "dangling-reference"] == [
        f"still names {TOPIC}, which is gone after the change"
    ]
    assert "dangling-reference" in rules(verdict, ALARM)


@pytest.mark.parametrize(
    ("before", "after", "levels"),
    [
        ([TOPIC], [OTHER], [Level.REVIEW]),
        ([TOPIC], [f"{TOPIC}:7b1a"], []),
        ([], [OTHER], []),
        ([], [TOPIC], []),
        ([TOPIC], [OTHER.replace(ACCOUNT, "999999999999")], []),
        ([TOPIC], ["arn:aws:automate:us-east-1:ec2:recover"], []),
    ],
)
def test_a_reference_that_led_somewhere_must_still_do_so(before: Any, after: Any, levels: list[Level]) -> None:
    around = Surroundings(
        named_before=frozenset({TOPIC}), named_after=frozenset({TOPIC}), accounts=frozenset({ACCOUNT})
    )
    change = updated(ALARM, {"alarm_actions": before}, {"alarm_actions": after})
    assert [item.level for item in found("dangling-reference", change, surroundings=around)] == levels


def test_the_role_that_the_provider_takes_on_is_the_deployers() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/deploy"
    taken = call("sts:AssumeRole", parameters={"RoleArn": role})
    state = [
        instance("aws_iam_role.deploy", {"name": "deploy", "arn": role}),
        instance("aws_iam_role_policy.deploy", {"role": "deploy"}),
        instance("aws_iam_role_policy_attachment.deploy", {"role": "deploy", "policy_arn": "arn:p"}),
        instance("aws_iam_policy.p", {"arn": "arn:p"}),
        instance("aws_iam_role.other", {"name": "other"}),
        instance("aws_iam_policy.other", {"arn": "arn:q"}),
    ]
    around = survey(rehearsal(state=state, calls=[taken]))
    assert around.deployers == {role}
    assert around.deployers_addresses == {item.address for item in state if "other" not in item.address}
    assert survey(rehearsal(state=state, calls=[replace(taken, agent="aws-cli")])).deployers_addresses == frozenset()


def test_a_program_that_is_new_while_planning_is_told() -> None:
    def data(program: list[str]) -> Any:
        return replace(instance("external.who", {"program": program}), mode="data", address="data.external.who")

    old, new = data(["sh", "-c", "id"]), data(["sh", "-c", "curl x"])
    assert survey(rehearsal(state=[old])).programs == ()
    around = survey(rehearsal(state=[old], state_after=[new]))
    assert around.programs == (Program(address="data.external.who", text="sh -c curl x"),)
    [finding] = found("code-at-plan", surroundings=around)
    assert finding.level is Level.REVIEW
    assert "sh -c curl x" in finding.message


def test_a_loop_of_calls_is_told_with_its_number() -> None:
    polls = tuple(call("dynamodb:DescribeTable", "orders", agent="boto3", kind=CallKind.READ) for _ in range(101))
    [message] = messages("call-budget", calls=polls)
    assert message.startswith("dynamodb:DescribeTable is called 101 times by boto3;")
    assert messages("call-budget", calls=polls[:100]) == []
    waits = tuple(replace(item, agent="terraform-provider-aws") for item in polls)
    assert messages("call-budget", calls=waits) == []
    writes = tuple(call("sqs:SetQueueAttributes", "jobs") for _ in range(51))
    assert len(messages("call-budget", calls=writes)) == 1


def addresses(number: int) -> frozenset[str]:
    return frozenset(f"aws_sns_topic.t[{index}]" for index in range(number))


def test_the_share_that_is_destroyed_is_told_once_and_with_numbers() -> None:
    gone = [deleted("aws_s3_bucket.a"), replaced("aws_sqs_queue.b"), deleted("aws_sns_topic.c")]
    [finding] = found("environment-destroyed", *gone, surroundings=Surroundings(addresses=addresses(5)))
    assert finding.level is Level.REJECT
    assert finding.message == "3 of the 5 resources that Terraform manages are destroyed (1 of them made anew)"
    assert messages("environment-destroyed", *gone, surroundings=Surroundings(addresses=addresses(7))) == []
    assert messages("environment-destroyed", *gone[:2], surroundings=Surroundings(addresses=addresses(2))) == []
    assert (
        messages("environment-destroyed", created("aws_s3_bucket.d"), surroundings=Surroundings(addresses=addresses(1)))
        == []
    )


def test_an_import_that_changes_what_it_takes_over_is_for_a_person() -> None:
    group = "aws_cloudwatch_log_group.a"
    update = updated(group, {"tags": {}}, {"tags": {"a": "b"}}, reason="imported")
    [finding] = found("resource-imported", update)
    assert finding.level is Level.REVIEW
    untouched = replace(update, action=Action.NO_OP, attributes=())
    assert [item.level for item in found("resource-imported", untouched)] == [Level.NOTE]
    assert messages("resource-imported", replace(update, reason="")) == []
