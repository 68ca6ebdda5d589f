from __future__ import annotations

import pytest
from policy_builders import BEHIND_THE_PLAN, changed, created, deleted, found, messages, replaced, updated

from diffing.change import Action, Lifespan, Witness
from gate.policy.bookkeeping import Bookkeeping, Kind
from gate.policy.rule import Policy
from gate.verdict import Level

RULE = "resource-deleted"


def test_a_delete_is_rejected_with_what_goes_with_it() -> None:
    bucket = deleted("aws_s3_bucket.invoices", stakes_before={"objects": 3, "versions": 0}, causes=("aws_vpc.main",))
    [finding] = found(RULE, bucket)
    assert finding.level is Level.REJECT
    assert finding.address == "aws_s3_bucket.invoices"
    assert finding.message == "is deleted, and with it objects: 3"
    assert finding.causes == ("aws_vpc.main",)
    assert "backup" in finding.remediation


@pytest.mark.parametrize("change", [created("aws_s3_bucket.a"), updated("aws_s3_bucket.a", {"x": 1}, {"x": 2})])
def test_what_deletes_nothing_passes(change: object) -> None:
    assert messages(RULE, change) == []


def test_a_replace_is_left_to_its_own_rule() -> None:
    assert messages(RULE, replaced("aws_s3_bucket.a")) == []


@pytest.mark.parametrize("type_", ["terraform_data", "random_pet", "time_sleep", "tls_private_key"])
def test_bookkeeping_types_are_excused(type_: str) -> None:
    assert messages(RULE, deleted(f"{type_}.a")) == []


@pytest.mark.parametrize(
    "type_",
    ["aws_s3_bucket_versioning", "aws_s3_bucket_replication_configuration", "aws_kms_key", "aws_route53_record"],
)
def test_facets_that_guard_data_or_traffic_are_not_bookkeeping(type_: str) -> None:
    assert messages(RULE, deleted(f"{type_}.a")) == ["is deleted"]


def test_no_row_excuses_what_the_clone_counted_data_in() -> None:
    team = Policy(
        name="p", digest="", bookkeeping={"aws_sqs_queue": Bookkeeping(kind=Kind.VOUCHED, reason="only a buffer")}
    )
    assert messages(RULE, deleted("aws_sqs_queue.a"), policy=team) == []
    assert messages(RULE, deleted("aws_sqs_queue.a", stakes_before={"messages": 0}), policy=team) == []
    assert messages(RULE, deleted("aws_sqs_queue.a", stakes_before={"messages": 2}), policy=team) != []


def test_a_delete_behind_the_plan_says_so() -> None:
    change = deleted("AWS::DynamoDB::Table/orders", witnesses=BEHIND_THE_PLAN)
    assert messages(RULE, change) == ["is deleted, and the plan does not say so"]


def test_a_resource_that_is_gone_in_the_clone_is_deleted_whatever_its_action_says() -> None:
    change = changed("aws_sqs_queue.a", Action.UPDATE, {}, {}, lifespan=Lifespan.DROPPED)
    assert len(messages(RULE, change)) == 1


def test_a_rejected_owner_speaks_for_its_consequences() -> None:
    owner = deleted("aws_s3_bucket.a")
    consequence = deleted("AWS::S3::Object/a/b", owner="aws_s3_bucket.a", witnesses=BEHIND_THE_PLAN)
    assert [item.address for item in found(RULE, owner, consequence)] == ["aws_s3_bucket.a"]


@pytest.mark.parametrize("owner", [deleted("terraform_data.a"), replaced("aws_api_gateway_deployment.a")])
def test_an_excused_owner_speaks_for_nothing(owner: object) -> None:
    stage = deleted("AWS::ApiGateway::Stage/live", owner=owner.address, witnesses=BEHIND_THE_PLAN)
    assert [item.address for item in found(RULE, owner, stage)] == ["AWS::ApiGateway::Stage/live"]


def test_a_destruction_does_not_speak_for_itself() -> None:
    # Announced as an update; a provisioner deletes the table, and its calls name what the update names.
    planned = updated("aws_dynamodb_table.a", {"tags": {"a": "1"}}, {"tags": {"a": "2"}})
    behind = deleted("aws_dynamodb_table.a", owner="aws_dynamodb_table.a", witnesses=frozenset({Witness.CALLS}))
    assert len(found(RULE, planned, behind)) == 1


def test_two_consequences_do_not_excuse_each_other() -> None:
    first, second = (
        deleted("aws_sqs_queue.a", owner="aws_sqs_queue.b"),
        deleted("aws_sqs_queue.b", owner="aws_sqs_queue.a"),
    )
    assert len(found(RULE, first, second)) == 2


def test_what_ends_by_itself_is_excused_and_what_the_change_ended_is_not() -> None:
    interface = "AWS::EC2::NetworkInterface/eni-1"
    assert messages(RULE, deleted(interface, witnesses=BEHIND_THE_PLAN)) == []
    assert messages(RULE, deleted(interface, witnesses=BEHIND_THE_PLAN, owner="aws_lb.a", calls=(7,))) == []
    assert len(messages(RULE, deleted(interface, witnesses=BEHIND_THE_PLAN, calls=(7,)))) == 1


def test_a_rename_comes_with_its_moved_block() -> None:
    old = deleted("aws_sns_topic.changes[0]")
    new = created('aws_sns_topic.changes["eu"]', type="aws_sns_topic", rename_of="aws_sns_topic.changes[0]")
    [finding] = found(RULE, old, new)
    assert 'aws_sns_topic.changes["eu"] is created' in finding.message
    assert 'moved {\n  from = aws_sns_topic.changes[0]\n  to   = aws_sns_topic.changes["eu"]\n}' in finding.remediation


def test_a_rename_that_cannot_be_written_down_is_told_without_a_block() -> None:
    old = deleted("AWS::SNS::Topic/a")
    [finding] = found(RULE, old, created("aws_sns_topic.b", rename_of="AWS::SNS::Topic/a"))
    assert "aws_sns_topic.b is created" in finding.message
    assert "from =" not in finding.remediation
