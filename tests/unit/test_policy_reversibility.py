"""Whether a change can be taken back, and what depends on what it changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from policy_builders import changed, created, deleted, replaced, updated
from rehearsal_builders import instance, rehearsal, resource

from diffing.change import Action, Lifespan, Reversibility, StateDiff
from gate.policy.dependents import dependencies_among, dependents_of
from gate.policy.reversibility import classified, reversibility

REVERSIBLE, SLOW, LOST = Reversibility.REVERSIBLE, Reversibility.SLOW, Reversibility.IRREVERSIBLE


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (created("aws_dynamodb_table.a"), REVERSIBLE),
        (updated("aws_dynamodb_table.a", {"billing_mode": "a"}, {"billing_mode": "b"}), REVERSIBLE),
        (changed("aws_s3_bucket.a", Action.FORGET, {}, {}), REVERSIBLE),
        (changed("aws_s3_bucket.a", Action.NO_OP, {}, {}), REVERSIBLE),
        (changed("AWS::SNS::Topic/t", Action.NO_OP, {}, {}, lifespan=Lifespan.RECREATED), LOST),
        (deleted("terraform_data.a"), REVERSIBLE),
        (replaced("aws_ecs_task_definition.a"), REVERSIBLE),
        (replaced("aws_iam_role_policy_attachment.a", effect_kept=True), REVERSIBLE),
        (deleted("aws_iam_role_policy_attachment.a"), SLOW),
        (deleted("aws_lb.a"), SLOW),
        (replaced("aws_ecs_service.a"), SLOW),
        (deleted("aws_dynamodb_table.a"), LOST),
        (deleted("aws_something_new.a"), LOST),
        (deleted("aws_lb.a", stakes_before={"items": 1}), LOST),
        (deleted("aws_kms_key.a", {"deletion_window_in_days": 7}), SLOW),
        (deleted("aws_secretsmanager_secret.a", {"recovery_window_in_days": 30}), SLOW),
        (deleted("aws_secretsmanager_secret.a", {"recovery_window_in_days": 0}), LOST),
        (deleted("aws_db_instance.a", {"skip_final_snapshot": False}), SLOW),
        (deleted("aws_db_instance.a", {"skip_final_snapshot": True}), LOST),
        (updated("aws_s3_bucket.a", {}, {"a": "b"}, stakes_before={"objects": 3}, stakes_after={"objects": 0}), LOST),
        (updated("aws_cloudwatch_log_group.a", {"retention_in_days": 30}, {"retention_in_days": 1}), LOST),
        (updated("aws_cloudwatch_log_group.a", {"retention_in_days": 0}, {"retention_in_days": 1}), LOST),
        (updated("aws_cloudwatch_log_group.a", {"retention_in_days": 1}, {"retention_in_days": 30}), REVERSIBLE),
    ],
)
def test_how_far_a_change_can_be_taken_back(change: Any, expected: Reversibility) -> None:
    assert reversibility(change) is expected


KEY = "arn:aws:kms:us-east-1:123456789012:key/k-1"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"


def test_everything_that_depends_on_something_is_found_by_reference_name_policy_and_tag() -> None:
    policy = {"policy": json.dumps({"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": f"{QUEUE}"}]})}
    state = [
        instance("aws_kms_key.k", {"id": "k-1", "arn": KEY}),
        instance("aws_sqs_queue.jobs", {"arn": QUEUE, "kms_master_key_id": KEY, "tags": {"Backup": "daily"}}),
        instance("aws_iam_policy.jobs", policy),
        instance("aws_lambda_function.f", {"arn": "x"}, needs=["aws_iam_policy.jobs"]),
        instance("aws_backup_selection.s", {"selection_tag": [{"key": "Backup", "value": "daily"}]}),
        instance("aws_sns_topic.alone", {"arn": "arn:aws:sns:us-east-1:123456789012:alone"}),
    ]
    made = rehearsal([resource("SNS::Topic", "byhand", {"KmsMasterKeyId": KEY})], state=state)
    found = dependents_of(made, ["aws_kms_key.k", "aws_sqs_queue.jobs", "aws_sns_topic.alone"])

    assert found["aws_sqs_queue.jobs"] == ("aws_backup_selection.s", "aws_iam_policy.jobs", "aws_lambda_function.f")
    assert found["aws_kms_key.k"] == (
        "AWS::SNS::Topic/byhand",
        "aws_backup_selection.s",
        "aws_iam_policy.jobs",
        "aws_lambda_function.f",
        "aws_sqs_queue.jobs",
    )
    assert found["aws_sns_topic.alone"] == ()


def test_a_change_carries_both() -> None:
    diff = StateDiff(changes=(deleted("aws_kms_key.k"), created("aws_kms_key.new")))
    told = classified(diff, {"aws_kms_key.k": ("aws_sqs_queue.jobs",), "aws_kms_key.new": ("x",)})
    assert [(item.reversibility, item.dependents) for item in told.changes] == [
        (SLOW, ("aws_sqs_queue.jobs",)),
        (REVERSIBLE, ()),
    ]


def test_the_picture_of_a_change_holds_what_changes_and_what_hangs_on_it_and_nothing_else() -> None:
    state = [
        instance("aws_sqs_queue.jobs", {"arn": QUEUE}),
        instance("aws_iam_role.r", {"id": "r"}),
        instance("aws_iam_role_policy.p", {"id": "p", "policy": QUEUE}, needs=["aws_iam_role.r"]),
        instance("aws_lambda_function.f[0]", {"id": "f"}, needs=["aws_iam_role_policy.p", "aws_iam_role.r"]),
        instance("aws_sns_topic.alone", {"arn": "arn:aws:sns:us-east-1:123456789012:alone"}),
    ]
    made = rehearsal(state=state)
    found = dependents_of(made, ["aws_sqs_queue.jobs", "aws_sns_topic.alone"])
    diff = classified(StateDiff(changes=(deleted("aws_sqs_queue.jobs"), deleted("aws_sns_topic.alone"))), found)
    assert dependencies_among(made, diff.changes) == {
        "aws_iam_role_policy.p": ("aws_sqs_queue.jobs",),
        "aws_lambda_function.f[0]": ("aws_iam_role_policy.p",),
    }
    assert dependencies_among(made, [changed("aws_sqs_queue.jobs", Action.NO_OP, {}, {})]) == {}
