from __future__ import annotations

from typing import Any

import pytest
from policy_builders import created, deleted, found, messages, updated

from diffing.values import Marker
from gate.verdict import Level

RULE = "protection-removed"
LIFECYCLE = "aws_s3_bucket_lifecycle_configuration.a"


def rule(**expiry: Any) -> dict[str, Any]:
    return {"bucket": "logs", "rule": [{"id": "a", "status": "Enabled", **expiry}]}


LOSING = [
    ("aws_cloudwatch_log_group.a", {"retention_in_days": 365}, {"retention_in_days": 1}),
    ("aws_cloudwatch_log_group.a", {"retention_in_days": 0}, {"retention_in_days": 30}),
    ("aws_db_instance.a", {"backup_retention_period": 7}, {"backup_retention_period": 0}),
    ("aws_db_instance.a", {"backup_retention_period": 7}, {"backup_retention_period": None}),
    ("aws_sqs_queue.a", {"message_retention_seconds": 345600}, {"message_retention_seconds": 60}),
    ("aws_kinesis_stream.a", {"retention_period": 48}, {"retention_period": 24}),
    ("aws_kinesis_stream.a", {"retention_period": 48}, {"retention_period": Marker.UNKNOWN}),
    ("aws_dynamodb_table.a", {"deletion_protection_enabled": True}, {"deletion_protection_enabled": False}),
    ("aws_dynamodb_table.a", {"point_in_time_recovery": [{"enabled": True}]}, {"point_in_time_recovery": []}),
    ("aws_lb.a", {"enable_deletion_protection": True}, {"enable_deletion_protection": None}),
    ("aws_cognito_user_pool.a", {"deletion_protection": "ACTIVE"}, {"deletion_protection": "INACTIVE"}),
    (
        "aws_s3_bucket_versioning.a",
        {"versioning_configuration": [{"status": "Enabled"}]},
        {"versioning_configuration": [{"status": "Suspended"}]},
    ),
    ("aws_kms_key.a", {"is_enabled": True}, {"is_enabled": False}),
    (LIFECYCLE, rule(), rule(expiration=[{"days": 1}])),
    (LIFECYCLE, rule(expiration=[{"days": 90}]), rule(expiration=[{"days": 1}])),
    (LIFECYCLE, rule(), rule(noncurrent_version_expiration=[{"noncurrent_days": 1}])),
    ("aws_s3_bucket.a", {"lifecycle_rule": []}, {"lifecycle_rule": [{"expiration": [{"days": 3}]}]}),
    ("aws_ecr_lifecycle_policy.a", {"policy": "{}"}, {"policy": '{"rules": []}'}),
]


@pytest.mark.parametrize(("address", "before", "after"), LOSING)
def test_data_that_lose_their_protection_or_their_time_are_rejected(address: str, before: Any, after: Any) -> None:
    assert [finding.level for finding in found(RULE, updated(address, before, after))] == [Level.REJECT]


@pytest.mark.parametrize(
    ("address", "before", "after"),
    [
        (address, after, before)
        for address, before, after in LOSING
        if address != "aws_ecr_lifecycle_policy.a" and Marker.UNKNOWN not in after.values()
    ],
)
def test_the_way_back_passes(address: str, before: Any, after: Any) -> None:
    assert messages(RULE, updated(address, before, after)) == []


@pytest.mark.parametrize(
    ("address", "before", "after"),
    [
        ("aws_s3_bucket.a", {"force_destroy": False}, {"force_destroy": True}),
        ("aws_db_instance.a", {"skip_final_snapshot": False}, {"skip_final_snapshot": True}),
        ("aws_secretsmanager_secret.a", {"recovery_window_in_days": 30}, {"recovery_window_in_days": 0}),
        (LIFECYCLE, rule(filter=[{"prefix": "tmp/"}]), rule(filter=[{"prefix": ""}])),
        ("aws_dynamodb_table.a", {"ttl": [{"enabled": False}]}, {"ttl": [{"enabled": True}]}),
    ],
)
def test_what_loses_nothing_yet_is_for_a_person(address: str, before: Any, after: Any) -> None:
    assert [finding.level for finding in found(RULE, updated(address, before, after))] == [Level.REVIEW]


@pytest.mark.parametrize(
    "change",
    [
        created("aws_cloudwatch_log_group.a", {"retention_in_days": 1}),
        created("aws_s3_bucket.a", {"force_destroy": True}),
        created("aws_dynamodb_table.a", {"ttl": [{"enabled": True}]}),
        deleted(LIFECYCLE, rule(expiration=[{"days": 1}])),
        updated("aws_cloudwatch_event_rule.a", {"is_enabled": True}, {"is_enabled": False}),
        updated("aws_db_instance.a", {"backup_retention_period": None}, {"backup_retention_period": 7}),
        updated("aws_cloudwatch_log_group.a", {"retention_in_days": 30}, {"retention_in_days": None}),
        updated(LIFECYCLE, rule(status="Enabled"), rule(status="Disabled")),
        updated("aws_sqs_queue.a", {"visibility_timeout_seconds": 60}, {"visibility_timeout_seconds": 30}),
    ],
)
def test_what_takes_nothing_from_data_that_exist_passes(change: Any) -> None:
    assert messages(RULE, change) == []


def test_rules_that_expire_are_harmless_for_a_new_bucket_only() -> None:
    change = created(LIFECYCLE, rule(expiration=[{"days": 1}]))
    assert messages(RULE, created("aws_s3_bucket.a", {"bucket": "logs"}), change) == []
    assert messages(RULE, created("aws_s3_bucket.a", {"bucket": "other"}), change) == [
        "objects expire: rule[0].expiration[0].days = 1, before: nothing"
    ]


def test_images_expire_in_a_repository_that_exists() -> None:
    change = created("aws_ecr_lifecycle_policy.a", {"repository": "app", "policy": "{}"})
    assert len(messages(RULE, change)) == 1
    assert messages(RULE, created("aws_ecr_repository.a", {"name": "app"}), change) == []


def test_a_value_that_must_not_be_shown_is_not_shown() -> None:
    change = updated("aws_lb.a", {"enable_deletion_protection": True}, {"enable_deletion_protection": Marker.SENSITIVE})
    assert messages(RULE, change) == ["enable_deletion_protection is switched off: true → (sensitive)"]
