from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from policy_builders import changed, created, deleted, found, messages, updated
from rehearsal_builders import call

from diffing.change import Action
from diffing.values import Marker
from gate.policy.surroundings import Surroundings
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
    ("aws_ecr_lifecycle_policy.a", {"policy": "{}"}, {"policy": '{"rules": [{"rulePriority": 1}]}'}),
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


MORE = [
    ("aws_kms_replica_key.a", {"enabled": True}, {"enabled": False}),
    ("aws_dlm_lifecycle_policy.a", {"state": "ENABLED"}, {"state": "DISABLED"}),
    (
        "aws_s3_bucket_replication_configuration.a",
        {"rule": [{"id": "a", "status": "Enabled"}]},
        {"rule": [{"id": "a", "status": "Disabled"}]},
    ),
    ("aws_s3_bucket_replication_configuration.a", {"rule": [{"id": "a"}, {"id": "b"}]}, {"rule": [{"id": "b"}]}),
    (
        "aws_dynamodb_table.a",
        {"replica": [{"region_name": "eu-west-1"}, {"region_name": "us-west-2"}]},
        {"replica": [{"region_name": "eu-west-1"}]},
    ),
    ("aws_secretsmanager_secret.a", {"replica": [{"region": "eu-west-1"}]}, {"replica": []}),
    ("aws_backup_plan.a", {"rule": [{"rule_name": "daily"}]}, {"rule": [{"rule_name": "weekly"}]}),
    (
        "aws_backup_plan.a",
        {"rule": [{"rule_name": "daily", "lifecycle": [{"delete_after": 35}]}]},
        {"rule": [{"rule_name": "daily", "lifecycle": [{"delete_after": 7}]}]},
    ),
    (
        "aws_s3_bucket_object_lock_configuration.a",
        {"rule": [{"default_retention": [{"days": 30}]}]},
        {"rule": [{"default_retention": [{"days": 1}]}]},
    ),
    ("aws_instance.a", {"disable_api_stop": True}, {"disable_api_stop": False}),
]


@pytest.mark.parametrize(("address", "before", "after"), MORE)
def test_copies_and_what_makes_them_are_protection(address: str, before: Any, after: Any) -> None:
    assert {finding.level for finding in found(RULE, updated(address, before, after))} == {Level.REJECT}


@pytest.mark.parametrize(("address", "before", "after"), MORE)
def test_copies_that_come_pass(address: str, before: Any, after: Any) -> None:
    if after != {"rule": [{"rule_name": "weekly"}]}:
        assert messages(RULE, updated(address, after, before)) == []


@pytest.mark.parametrize(
    ("address", "before", "after"),
    [
        ("aws_cloudtrail.a", {"enable_logging": True}, {"enable_logging": False}),
        ("aws_cloudwatch_metric_alarm.a", {"actions_enabled": True}, {"actions_enabled": False}),
        ("aws_db_instance.a", {"multi_az": True}, {"multi_az": False}),
        ("aws_kms_key.a", {"deletion_window_in_days": 30}, {"deletion_window_in_days": 7}),
        (
            "aws_instance.a",
            {"root_block_device": [{"delete_on_termination": False}]},
            {"root_block_device": [{"delete_on_termination": True}]},
        ),
    ],
)
def test_what_would_be_missed_on_a_bad_day_is_for_a_person(address: str, before: Any, after: Any) -> None:
    assert [finding.level for finding in found(RULE, updated(address, before, after))] == [Level.REVIEW]
    assert messages(RULE, updated(address, after, before)) == []


def test_a_time_to_live_in_a_table_with_items_takes_them() -> None:
    before, after = {"ttl": [{"enabled": False}]}, {"ttl": [{"enabled": True}]}
    [finding] = found(RULE, updated("aws_dynamodb_table.a", before, after, stakes_before={"items": 3}))
    assert finding.level is Level.REJECT
    assert "items: 3" in finding.message


def test_images_expire_by_further_rules_only() -> None:
    def rules(*counts: int, words: str = "") -> dict[str, Any]:
        listed = [
            {"rulePriority": place, "description": words, "selection": {"countNumber": count}}
            for place, count in enumerate(counts)
        ]
        return {"policy": json.dumps({"rules": listed})}

    def said(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        return messages(RULE, updated("aws_ecr_lifecycle_policy.a", before, after))

    assert said(rules(30, 10), rules(30, words="kept")) == []
    assert len(said(rules(30), rules(3))) == 1
    assert len(said(rules(30), {"policy": "{"})) == 1


def test_a_program_that_takes_the_protection_off_before_a_delete_is_named() -> None:
    off = call("dynamodb:UpdateTable", "orders", agent="aws-cli", parameters={"DeletionProtectionEnabled": False})
    change = deleted("aws_dynamodb_table.a", {"name": "orders"}, calls=(off.sequence,))
    text = "its protection is switched off first (dynamodb:UpdateTable by aws-cli)"
    assert messages(RULE, change, calls=(off,)) == [text]
    assert messages(RULE, change, calls=(replace(off, status=400),)) == []
    assert messages(RULE, change, calls=(replace(off, parameters={"BillingMode": "PROVISIONED"}),)) == []


def test_prevent_destroy_counts_as_protection_with_its_block_or_without() -> None:
    guarded = Surroundings(guarded_before=frozenset({"aws_s3_bucket.a", "module.m.aws_s3_bucket.b"}))
    gone = deleted('module.m.aws_s3_bucket.b["x"]')
    said = found(RULE, gone, surroundings=guarded)
    assert {(item.address, item.level, item.message) for item in said} == {
        ("aws_s3_bucket.a", Level.REJECT, "prevent_destroy is removed"),
        (
            'module.m.aws_s3_bucket.b["x"]',
            Level.REJECT,
            "prevent_destroy is removed, and in the same change the resource with it",
        ),
    }


def test_prevent_destroy_that_moves_along_is_kept() -> None:
    around = Surroundings(
        guarded_before=frozenset({"aws_s3_bucket.a"}), guarded_after=frozenset({"module.m.aws_s3_bucket.a"})
    )
    moved = changed("module.m.aws_s3_bucket.a", Action.NO_OP, {}, {}, previous_address="aws_s3_bucket.a")
    assert messages(RULE, moved, surroundings=around) == []
