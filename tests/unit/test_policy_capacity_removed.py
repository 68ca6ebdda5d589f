from __future__ import annotations

from typing import Any

import pytest
from policy_builders import created, found, messages, updated

from diffing.values import Marker
from gate.verdict import Level

RULE = "capacity-removed"


@pytest.mark.parametrize(
    ("address", "before", "after", "level"),
    [
        ("aws_ecs_service.a", {"desired_count": 4}, {"desired_count": 0}, Level.REJECT),
        ("aws_autoscaling_group.a", {"max_size": 4}, {"max_size": 0}, Level.REJECT),
        (
            "aws_eks_node_group.a",
            {"scaling_config": [{"desired_size": 2}]},
            {"scaling_config": [{"desired_size": 0}]},
            Level.REJECT,
        ),
        (
            "aws_lambda_function.a",
            {"reserved_concurrent_executions": -1},
            {"reserved_concurrent_executions": 0},
            Level.REJECT,
        ),
        ("aws_cloudfront_distribution.a", {"enabled": True}, {"enabled": False}, Level.REJECT),
        ("aws_cloudwatch_event_rule.a", {"state": "ENABLED"}, {"state": "DISABLED"}, Level.REVIEW),
        ("aws_lambda_event_source_mapping.a", {"enabled": True}, {"enabled": False}, Level.REVIEW),
    ],
)
def test_a_standstill_is_told_and_the_way_back_is_not(address: str, before: Any, after: Any, level: Level) -> None:
    assert [item.level for item in found(RULE, updated(address, before, after))] == [level]
    assert messages(RULE, updated(address, after, before)) == []


@pytest.mark.parametrize(
    "change",
    [
        updated("aws_ecs_service.a", {"desired_count": 8}, {"desired_count": 1}),
        updated("aws_autoscaling_group.a", {"min_size": 2}, {"min_size": 0}),
        updated("aws_lambda_function.a", {"reserved_concurrent_executions": 5}, {"reserved_concurrent_executions": -1}),
        updated("aws_cloudwatch_event_rule.a", {"state": "ENABLED"}, {"state": None}),
        updated("aws_ecs_service.a", {"desired_count": 2}, {"desired_count": Marker.UNKNOWN}),
        created("aws_ecs_service.a", {"desired_count": 0}),
    ],
)
def test_to_scale_in_is_no_standstill(change: Any) -> None:
    assert messages(RULE, change) == []


def test_the_message_has_the_numbers() -> None:
    assert messages(RULE, updated("aws_ecs_service.a", {"desired_count": 4}, {"desired_count": 0})) == [
        "desired_count goes from 4 to 0: its tasks are stopped"
    ]
