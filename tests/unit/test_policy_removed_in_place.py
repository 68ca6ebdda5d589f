from __future__ import annotations

import json
from typing import Any

import pytest
from policy_builders import created, deleted, evidence, found, messages, replaced, updated

from diffing.values import Marker, freeze
from gate.policy.config import STRICT
from gate.policy.evaluate import RULES
from gate.policy.selectors import Selector, selectors_in
from gate.policy.surroundings import Surroundings
from gate.verdict import Level

RULE = "removed-in-place"


def environment(**variables: str) -> dict[str, Any]:
    return {"environment": [{"variables": variables}]}


def document(*actions: str, resource: str = "*", effect: str = "Allow") -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": a, "Resource": resource} for a in actions]}
    )


def containers(**fields: Any) -> dict[str, Any]:
    return {"container_definitions": json.dumps([{"name": "app", **fields}])}


def ingress(*rules: tuple[int, str]) -> dict[str, Any]:
    return {
        "ingress": [
            {"from_port": port, "to_port": port, "protocol": "tcp", "cidr_blocks": [cidr]} for port, cidr in rules
        ]
    }


LOSING = [
    (
        "aws_lambda_function.a",
        environment(DB="x", KEY="y"),
        environment(DB="x"),
        "environment.variables: 1 environment variable is removed: KEY",
    ),
    (
        "aws_lambda_function.a",
        environment(DB="x", KEY="y"),
        {},
        "environment.variables: 2 environment variables are removed: DB, KEY",
    ),
    (
        "aws_lambda_function.a",
        environment(DB="x"),
        environment(DB=""),
        "environment.variables: 1 environment variable is removed: DB",
    ),
    (
        "aws_codebuild_project.a",
        {"environment": [{"environment_variable": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}]},
        {"environment": [{"environment_variable": [{"name": "B", "value": "2"}]}]},
        "environment.environment_variable: 1 environment variable is removed: A",
    ),
    (
        "aws_cloudwatch_metric_alarm.a",
        {"alarm_actions": ["arn:pager"]},
        {"alarm_actions": []},
        "alarm_actions: 1 alarm action is removed: arn:pager",
    ),
    (
        "aws_wafv2_web_acl.a",
        {"rule": [{"name": "sqli", "priority": 1}, {"name": "rate", "priority": 2}]},
        {"rule": [{"name": "rate", "priority": 2}]},
        "rule: 1 rule is removed: sqli",
    ),
    (
        "aws_wafv2_web_acl.a",
        {"rule": [{"name": "sqli", "priority": 1}]},
        {"rule": [{"name": "log", "priority": 1}]},
        "rule: 1 rule is removed: sqli",
    ),
    (
        "aws_s3_bucket_notification.a",
        {"queue": [{"queue_arn": "arn:q", "id": "x"}], "topic": [{"topic_arn": "arn:t", "id": "y"}]},
        {"queue": [{"queue_arn": "arn:q", "id": "x"}]},
        "topic: 1 subscription of a topic is removed: arn:t",
    ),
    (
        "aws_lb_listener_rule.a",
        {"condition": [{"host_header": [{"values": ["a"]}]}, {"path_pattern": [{"values": ["/b"]}]}]},
        {"condition": [{"host_header": [{"values": ["a"]}]}]},
        "condition: its condition is removed",
    ),
    (
        "aws_cloudfront_distribution.a",
        {"web_acl_id": "arn:acl"},
        {"web_acl_id": ""},
        "web_acl_id: its web ACL is removed",
    ),
    (
        "aws_sqs_queue.a",
        {"redrive_policy": "{}"},
        {"redrive_policy": None},
        "redrive_policy: its dead-letter queue is removed",
    ),
    (
        "aws_dynamodb_table.a",
        {"stream_enabled": True},
        {"stream_enabled": False},
        "stream_enabled: its stream of changes is removed",
    ),
    (
        "aws_route_table.a",
        {"route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}]},
        {"route": []},
        "route: 1 route is removed: 0.0.0.0/0",
    ),
    (
        "aws_security_group.a",
        ingress((443, "10.0.0.0/8"), (22, "10.1.0.0/16")),
        ingress((443, "10.0.0.0/8")),
        "no longer lets in 10.1.0.0/16",
    ),
    (
        "aws_security_group.a",
        ingress((443, "10.0.0.0/8")),
        ingress((443, "10.0.0.0/16")),
        "no longer lets in 10.0.0.0/8",
    ),
    (
        "aws_security_group.a",
        {"egress": ingress((443, "0.0.0.0/0"))["ingress"]},
        {"egress": []},
        "no longer lets out to 0.0.0.0/0",
    ),
    (
        "aws_iam_role_policy.a",
        {"policy": document("s3:GetObject", "s3:PutObject")},
        {"policy": document("s3:GetObject")},
        "policy no longer allows s3:putobject on *",
    ),
    (
        "aws_sqs_queue.a",
        {"policy": document("sqs:SendMessage")},
        {"policy": ""},
        "policy no longer allows sqs:sendmessage on *",
    ),
]


@pytest.mark.parametrize(("address", "before", "after", "text"), LOSING)
def test_what_an_update_takes_out_is_for_a_person(address: str, before: Any, after: Any, text: str) -> None:
    assert [(item.level, item.message) for item in found(RULE, updated(address, before, after))] == [
        (Level.REVIEW, text)
    ]


@pytest.mark.parametrize(("address", "before", "after", "text"), LOSING)
def test_the_way_back_passes(address: str, before: Any, after: Any, text: str) -> None:
    replaced_by_another = {"rule: 1 rule is removed: sqli"}
    if text not in replaced_by_another:
        assert messages(RULE, updated(address, after, before)) == []


@pytest.mark.parametrize(
    "change",
    [
        updated("aws_lambda_function.a", environment(DB="x"), environment(DB="y", NEW="z")),
        updated("aws_lambda_function.a", environment(DB="x"), environment(DB=Marker.UNKNOWN)),
        updated("aws_cloudwatch_metric_alarm.a", {"alarm_actions": ["arn:a"]}, {"alarm_actions": ["arn:b"]}),
        updated(
            "aws_ecs_service.a",
            {"load_balancer": [{"target_group_arn": "a", "container_port": 80}]},
            {"load_balancer": [{"target_group_arn": "b", "container_port": 80}]},
        ),
        updated(
            "aws_wafv2_web_acl.a",
            {"rule": [{"name": "a", "priority": 1, "action": [{"block": [{}]}]}]},
            {"rule": [{"name": "a", "priority": 2}]},
        ),
        updated(
            "aws_wafv2_web_acl.a",
            {"rule": [{"name": "a", "priority": 1}, {"name": "b", "priority": 2}]},
            {"rule": [{"name": "b", "priority": 2}, {"name": "a", "priority": 1}]},
        ),
        updated("aws_iam_role_policy.a", {"policy": document("s3:GetObject")}, {"policy": document("s3:*")}),
        updated(
            "aws_iam_role_policy.a",
            {"policy": document("s3:GetObject", "s3:PutObject")},
            {"policy": document("s3:PutObject", "s3:GetObject")},
        ),
        updated(
            "aws_iam_role_policy.a",
            {"policy": document("s3:GetObject", effect="Deny")},
            {"policy": document("s3:PutObject", effect="Deny")},
        ),
        updated("aws_iam_role_policy.a", {"policy": document("s3:GetObject")}, {"policy": Marker.UNKNOWN}),
        updated("aws_security_group.a", ingress((443, "10.0.0.0/16")), ingress((443, "10.0.0.0/8"))),
        updated("aws_s3_bucket.a", {"tags": {"Team": "a"}}, {"tags": {}}),
        deleted("aws_lambda_function.a", environment(DB="x")),
        replaced("aws_lambda_function.a", environment(DB="x"), environment()),
        created("aws_lambda_function.a", environment(DB="x")),
    ],
)
def test_what_takes_nothing_out_passes(change: Any) -> None:
    assert messages(RULE, change) == []


def test_two_rules_that_become_one_let_in_as_much() -> None:
    before = ingress((443, "10.0.0.0/16"), (443, "10.1.0.0/16"))
    after = {
        "ingress": [
            {"from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/16", "10.1.0.0/16"]}
        ]
    }
    assert messages(RULE, updated("aws_security_group.a", before, after)) == []


@pytest.mark.parametrize(
    ("comes", "lost"),
    [
        (("10.0.0.0/8", 443), []),
        (("0.0.0.0/0", 443), []),
        (("10.1.2.0/24", 443), ["no longer lets in 10.1.0.0/16"]),
        (("10.2.0.0/16", 443), ["no longer lets in 10.1.0.0/16"]),
        (("::/0", 443), ["no longer lets in 10.1.0.0/16"]),
        (("10.0.0.0/8", 80), ["no longer lets in 10.1.0.0/16"]),
    ],
)
def test_a_rule_that_goes_is_excused_by_a_wider_one_that_comes_elsewhere(
    comes: tuple[str, int], lost: list[str]
) -> None:
    network, port = comes
    update = updated("aws_security_group.a", ingress((443, "10.1.0.0/16")), {"ingress": []})
    rule = {"ip_protocol": "tcp", "from_port": port, "to_port": port}
    rule["cidr_ipv6" if ":" in network else "cidr_ipv4"] = network
    creation = created("aws_vpc_security_group_ingress_rule.b", rule)
    assert messages(RULE, update, creation) == lost


@pytest.mark.parametrize(
    ("update", "creation"),
    [
        (
            updated("aws_security_group.a", ingress((443, "10.0.0.0/16")), {"ingress": []}),
            created(
                "aws_vpc_security_group_ingress_rule.a",
                {"cidr_ipv4": "10.0.0.0/16", "ip_protocol": "tcp", "from_port": 443, "to_port": 443},
            ),
        ),
        (
            updated("aws_iam_role.a", {"inline_policy": [{"name": "write", "policy": "{}"}]}, {"inline_policy": []}),
            created("aws_iam_role_policy.a", {"name": "write", "policy": "{}"}),
        ),
        (
            updated("aws_route_table.a", {"route": [{"cidr_block": "0.0.0.0/0"}]}, {"route": []}),
            created("aws_route.a", {"destination_cidr_block": "0.0.0.0/0"}),
        ),
    ],
)
def test_a_part_that_becomes_a_resource_of_its_own_is_not_lost(update: Any, creation: Any) -> None:
    assert len(messages(RULE, update)) == 1
    assert messages(RULE, update, creation) == []


def test_a_right_to_what_is_deleted_goes_with_it() -> None:
    arn = "arn:aws:s3:::old"
    update = updated(
        "aws_iam_policy.a",
        {"policy": document("s3:GetObject", resource=arn)},
        {"policy": document("s3:PutObject", resource="x")},
    )
    assert messages(RULE, update) == [f"policy no longer allows s3:getobject on {arn}"]
    assert messages(RULE, update, deleted("aws_s3_bucket.old", {"arn": arn})) == []


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (
            {"environment": [{"name": "DB", "value": "x"}, {"name": "B", "value": "y"}]},
            {"environment": [{"name": "B", "value": "z"}]},
            "the next revision goes without 1 environment variable: DB",
        ),
        (
            {"mountPoints": [{"containerPath": "/data", "sourceVolume": "d"}]},
            {},
            "the next revision goes without 1 mounted volume: /data",
        ),
    ],
)
def test_a_revision_that_is_given_less_is_for_a_person(before: Any, after: Any, text: str) -> None:
    assert messages(RULE, replaced("aws_ecs_task_definition.a", containers(**before), containers(**after))) == [text]


def test_a_variable_that_becomes_a_secret_is_still_given() -> None:
    before = containers(environment=[{"name": "DB", "value": "x"}])
    after = containers(secrets=[{"name": "DB", "valueFrom": "arn:secret"}], image="next")
    assert messages(RULE, replaced("aws_ecs_task_definition.a", before, after)) == []


def test_a_container_that_is_left_out_is_told() -> None:
    before = {"container_definitions": json.dumps([{"name": "app"}, {"name": "log-router"}])}
    after = {"container_definitions": json.dumps([{"name": "application"}])}
    assert messages(RULE, replaced("aws_ecs_task_definition.a", before, after)) == [
        "the next revision goes without 1 container"
    ]


SELECTING = [
    ("aws_backup_selection", {"selection_tag": [{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}]}),
    ("aws_backup_selection", {"condition": [{"string_equals": [{"key": "aws:ResourceTag/backup", "value": "daily"}]}]}),
    ("aws_dlm_lifecycle_policy", {"policy_details": [{"target_tags": {"backup": "daily"}}]}),
    (
        "aws_resourcegroups_group",
        {"resource_query": [{"query": json.dumps({"TagFilters": [{"Key": "backup", "Values": ["daily"]}]})}]},
    ),
    ("aws_ssm_maintenance_window_target", {"targets": [{"key": "tag:backup", "values": ["daily"]}]}),
    (
        "aws_iam_policy",
        {"policy": json.dumps({"Statement": {"Condition": {"StringEquals": {"aws:ResourceTag/backup": ["daily"]}}}})},
    ),
]


@pytest.mark.parametrize(("type_", "attributes"), SELECTING)
def test_a_tag_that_something_selects_on_is_told_when_it_goes(type_: str, attributes: dict[str, Any]) -> None:
    selectors = tuple(selectors_in(f"{type_}.a", type_, freeze(attributes)))
    assert selectors == (Selector(key="backup", value="daily", by=f"{type_}.a"),)
    around = Surroundings(selectors=selectors)

    def said(before: dict[str, str], after: dict[str, str]) -> list[str]:
        change = updated("aws_dynamodb_table.t", {"tags": before}, {"tags": after})
        return [item.message for item in RULES[RULE](evidence(change, surroundings=around), STRICT)]

    assert said({"backup": "daily", "Team": "a"}, {"Team": "b"}) == [
        f"the tag backup is taken off, by which {type_}.a selects it"
    ]
    assert said({"backup": "daily"}, {"backup": "none"}) != []
    assert said({"backup": "none"}, {}) == []
    assert said({"backup": "daily", "Team": "a"}, {"backup": "daily"}) == []


def test_many_parts_are_counted_and_a_few_named() -> None:
    many = {f"V{number:02}": "x" for number in range(18)}
    assert messages(RULE, updated("aws_lambda_function.a", environment(**many), {})) == [
        "environment.variables: 18 environment variables are removed: V00, V01, V02, V03, V04 and 13 more"
    ]
