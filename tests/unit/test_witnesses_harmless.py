"""What AWS does by itself, and what follows from something announced: told as that, and never flagged."""

from __future__ import annotations

from typing import Any

import pytest
from rehearsal_builders import call, instance, judged, planned, rehearsal, resource, the, told

from diffing.change import Action
from diffing.values import Marker
from gate.verdict import Decision

BUCKET = instance("aws_s3_bucket.b", {"id": "uploads", "bucket": "uploads", "arn": "arn:aws:s3:::uploads"})
TABLE = instance("aws_dynamodb_table.t", {"id": "orders", "name": "orders", "arn": "arn:orders"})


def test_nothing_that_differs_is_approved_without_a_word() -> None:
    table = resource("DynamoDB::Table", "orders", {"TableName": "orders"}, stakes={"items": 3})
    observed, verdict = judged(rehearsal([table], [table], state=[TABLE]))

    assert told(observed) == {}
    assert observed.gaps == ()
    assert verdict.decision is Decision.APPROVE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Status": "UPDATING"}, {"Status": "ACTIVE"}),
        ({"State": {"Name": "pending"}}, {"State": {"Name": "running"}}),
        ({"AvailableIpAddressCount": 251}, {"AvailableIpAddressCount": 250}),
        ({"events": [{"id": "1", "message": "started"}]}, {"events": [{"id": "2", "message": "steady"}]}),
        (
            {"Backups": {"EarliestRestorableDateTime": "2026-11-21T03:54:45+00:00"}},
            {"Backups": {"EarliestRestorableDateTime": "2026-11-21T03:55:19+00:00"}},
        ),
    ],
)
def test_what_moves_by_itself_is_told_as_no_op(before: dict[str, Any], after: dict[str, Any]) -> None:
    old, new = (resource("DynamoDB::Table", "orders", values, aliases=["arn:orders"]) for values in (before, after))
    observed, verdict = judged(rehearsal([old], [new], state=[TABLE]))

    assert told(observed) == {"aws_dynamodb_table.t": "no-op"}
    assert verdict.decision is Decision.APPROVE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Status": "ACTIVE"}, {"Status": "INACTIVE"}),
        ({"State": "ENABLED"}, {"State": "DISABLED"}),
        ({"State": {"Name": "running"}}, {"State": {"Name": "stopped"}}),
        ({"Versioning": {"Status": "Enabled"}}, {"Versioning": {"Status": "Suspended"}}),
        ({"desiredCount": 3}, {"desiredCount": 0}),
        ({"DeletionDate": "2026-11-21T03:54:45+00:00"}, {"DeletionDate": "2026-11-22T03:54:45+00:00"}),
        ({}, {"DeletionDate": "2026-11-21T03:54:45+00:00"}),
        ({"RetentionInDays": 30}, {"RetentionInDays": 1}),
    ],
)
def test_what_somebody_asked_for_does_not_move_by_itself(before: dict[str, Any], after: dict[str, Any]) -> None:
    old, new = (resource("DynamoDB::Table", "orders", values, aliases=["arn:orders"]) for values in (before, after))
    observed, verdict = judged(rehearsal([old], [new], state=[TABLE]))

    assert told(observed) == {"aws_dynamodb_table.t": "update"}
    assert verdict.decision is Decision.REVIEW


def test_a_counter_that_a_call_of_the_change_moved_is_told_as_an_update() -> None:
    old, new = (resource("SQS::Queue", "jobs", {}, aliases=["http://jobs"], stakes={"messages": n}) for n in (1, 2))
    alone, _ = judged(rehearsal([old], [new]))
    called, verdict = judged(rehearsal([old], [new], calls=[call("sqs:SendMessage", "http://jobs", agent="boto3")]))

    assert told(alone) == {"AWS::SQS::Queue/jobs": "no-op"}
    assert told(called) == {"AWS::SQS::Queue/jobs": "update"}
    assert verdict.decision is Decision.REVIEW


def test_the_default_parts_of_a_new_network_are_consequences_of_it() -> None:
    network = resource("EC2::VPC", "vpc-1", {"VpcId": "vpc-1"})
    group = resource("EC2::SecurityGroup", "sg-1", {"GroupName": "default", "VpcId": "vpc-1"})
    rule = resource("EC2::SecurityGroupRule", "sgr-1", {"GroupId": "sg-1"}, parent=group)
    acl = resource("EC2::NetworkAcl", "acl-1", {"VpcId": "vpc-1", "IsDefault": True})
    plan = [planned("aws_vpc.v", Action.CREATE, None, {"cidr_block": "10.0.0.0/16", "id": Marker.UNKNOWN})]
    state_after = [instance("aws_vpc.v", {"id": "vpc-1", "cidr_block": "10.0.0.0/16"})]
    calls = [call("ec2:CreateVpc", "vpc-1")]
    observed, verdict = judged(
        rehearsal([], [network, group, rule, acl], plan=plan, state_after=state_after, calls=calls)
    )

    assert {change.owner for change in observed.diff.changes if not change.announced} == {"aws_vpc.v"}
    assert verdict.decision is Decision.APPROVE


def test_the_default_parts_of_a_network_go_with_it() -> None:
    network = resource("EC2::VPC", "vpc-1", {"VpcId": "vpc-1"})
    group = resource("EC2::SecurityGroup", "sg-1", {"GroupName": "default", "VpcId": "vpc-1"})
    plan = [planned("aws_vpc.v", Action.DELETE, {"id": "vpc-1"}, None)]
    state = [instance("aws_vpc.v", {"id": "vpc-1"})]
    made = {"plan": plan, "state": state, "state_after": []}
    alone, _ = judged(rehearsal([network, group], [], calls=[call("ec2:DeleteVpc", "vpc-1")], **made))
    script = call("s3:PutObject", "elsewhere", agent="aws-cli")
    beside, _ = judged(rehearsal([network, group], [], calls=[script], **made))

    assert the(alone, "AWS::EC2::SecurityGroup/sg-1").owner == "aws_vpc.v"
    assert the(beside, "AWS::EC2::SecurityGroup/sg-1").owner == ""


def test_a_target_group_forgets_the_load_balancer_that_is_deleted() -> None:
    balancer = resource("ElasticLoadBalancingV2::LoadBalancer", "arn:lb", {})
    old, new = (
        resource("ElasticLoadBalancingV2::TargetGroup", "arn:tg", {"LoadBalancerArns": arns})
        for arns in (["arn:lb"], [])
    )
    plan = [planned("aws_lb.l", Action.DELETE, {"arn": "arn:lb"}, None)]
    state = [instance("aws_lb.l", {"id": "arn:lb", "arn": "arn:lb"})]
    observed, _ = judged(rehearsal([balancer, old], [new], plan=plan, state=state, state_after=[]))

    assert the(observed, "AWS::ElasticLoadBalancingV2::TargetGroup/arn:tg").owner == "aws_lb.l"


def test_a_group_whose_rule_is_announced_is_not_told_twice() -> None:
    group_state = instance("aws_security_group.g", {"id": "sg-1", "name": "web"})
    old = resource("EC2::SecurityGroup", "sg-1", {"IpPermissions": []})
    new = resource("EC2::SecurityGroup", "sg-1", {"IpPermissions": [{"FromPort": 443, "ToPort": 443}]})
    rule = resource("EC2::SecurityGroupRule", "sgr-1", {"GroupId": "sg-1"}, parent=new)
    given = {"security_group_id": "sg-1", "from_port": 443, "referenced_security_group_id": "sg-2"}
    plan = [planned("aws_vpc_security_group_ingress_rule.i", Action.CREATE, None, given)]
    state_after = [
        group_state,
        instance("aws_vpc_security_group_ingress_rule.i", given | {"id": "sgr-1", "security_group_rule_id": "sgr-1"}),
    ]
    observed, _ = judged(rehearsal([old], [new, rule], plan=plan, state=[group_state], state_after=state_after))

    assert told(observed) == {"aws_vpc_security_group_ingress_rule.i": "create"}


def test_a_cluster_whose_service_grows_follows_from_that() -> None:
    clusters = [resource("ECS::Cluster", "arn:c", {}, stakes={"tasks": count}) for count in (4, 2)]
    services = [
        resource("ECS::Service", "arn:s", {"desiredCount": count}, parent=clusters[0], stakes={"tasks": count})
        for count in (4, 2)
    ]
    plan = [planned("aws_ecs_service.s", Action.UPDATE, {"desired_count": 4}, {"desired_count": 2})]
    state = [
        instance("aws_ecs_service.s", {"id": "arn:s", "name": "s"}),
        instance("aws_ecs_cluster.c", {"id": "arn:c", "arn": "arn:c"}),
    ]
    observed, verdict = judged(
        rehearsal([clusters[0], services[0]], [clusters[1], services[1]], plan=plan, state=state)
    )

    assert the(observed, "aws_ecs_cluster.c").owner == "aws_ecs_service.s"
    assert verdict.decision is Decision.APPROVE


@pytest.mark.parametrize(
    ("attributes", "before", "after"),
    [
        ({"memory_size": (128, 256)}, {"MemorySize": 128}, {"MemorySize": 256}),
        ({"source_code_hash": ("a", "b")}, {"CodeSha256": "a", "CodeSize": 1}, {"CodeSha256": "b", "CodeSize": 2}),
        (
            {"handler": ("a", "b")},
            {"Handler": "a", "Version": "1"},
            {"Handler": "b", "Version": "2", "SnapStart": "Off"},
        ),
        # Under another name: the benefit of the doubt.
        ({"reserved_concurrent_executions": (1, 2)}, {"Throttle": 1}, {"Throttle": 2}),
    ],
)
def test_an_update_in_place_whose_effect_is_visible_contradicts_nothing(
    attributes: dict[str, tuple[Any, Any]], before: dict[str, Any], after: dict[str, Any]
) -> None:
    old, new = (resource("Lambda::Function", "greeter", values) for values in (before, after))
    planned_before, planned_after = ({name: pair[side] for name, pair in attributes.items()} for side in (0, 1))
    plan = [planned("aws_lambda_function.f", Action.UPDATE, planned_before, planned_after)]
    state = [instance("aws_lambda_function.f", {"id": "greeter", "function_name": "greeter"})]
    observed, verdict = judged(rehearsal([old], [new], plan=plan, state=state))

    assert the(observed, "aws_lambda_function.f").disagreements == ()
    assert verdict.decision is Decision.APPROVE


def test_a_secret_value_that_changes_is_what_was_announced() -> None:
    hidden = {"value": Marker.SENSITIVE}
    old, new = (resource("SSM::Parameter", "release", {"Value": value}) for value in "12")
    plan = [
        planned("aws_ssm_parameter.p", Action.UPDATE, hidden | {"version": 1}, hidden | {"version": Marker.UNKNOWN})
    ]
    state = [instance("aws_ssm_parameter.p", {"id": "release", "name": "release"})]
    observed, verdict = judged(rehearsal([old], [new], plan=plan, state=state))

    assert the(observed, "aws_ssm_parameter.p").disagreements == ()
    assert verdict.decision is Decision.APPROVE


def test_an_attribute_that_only_terraform_knows_changes_nothing_in_aws() -> None:
    bucket = resource("S3::Bucket", "uploads", {})
    plan = [planned("aws_s3_bucket.b", Action.UPDATE, {"force_destroy": True}, {"force_destroy": False})]
    observed, verdict = judged(rehearsal([bucket], [bucket], plan=plan, state=[BUCKET]))

    assert observed.gaps == ()
    assert verdict.decision is Decision.APPROVE


def test_a_database_renamed_in_place_is_not_deleted() -> None:
    old, new = (resource("RDS::DBInstance", name, {}, born={"DbiResourceId": "db-1"}) for name in ("a", "b"))
    plan = [planned("aws_db_instance.d", Action.UPDATE, {"identifier": "a"}, {"identifier": "b"})]
    state, state_after = ([instance("aws_db_instance.d", {"id": "db-1", "identifier": name})] for name in ("a", "b"))
    observed, verdict = judged(rehearsal([old], [new], plan=plan, state=state, state_after=state_after))

    assert told(observed) == {"aws_db_instance.d": "update"}
    assert verdict.decision is Decision.APPROVE


def test_what_the_provider_writes_for_something_announced_is_expected() -> None:
    table = resource("EC2::RouteTable", "rtb-1", {"Routes": []})
    routed = resource("EC2::RouteTable", "rtb-1", {"Routes": [{"DestinationCidrBlock": "10.1.0.0/16"}]})
    given = {"route_table_id": "rtb-1", "destination_cidr_block": "10.1.0.0/16"}
    plan = [planned("aws_route.r", Action.CREATE, None, given)]
    state_after = [instance("aws_route.r", given | {"id": "r-rtb-11"})]
    calls = [call("ec2:CreateRoute", "rtb-1")]
    observed, verdict = judged(rehearsal([table], [routed], plan=plan, state_after=state_after, calls=calls))

    assert told(observed) == {"aws_route.r": "create"}
    assert verdict.decision is Decision.APPROVE


def test_noise_that_is_carried_out_with_a_change_contradicts_nothing() -> None:
    old, new = (
        resource("DynamoDB::Table", "orders", values, aliases=["arn:orders"])
        for values in ({"Ttl": "a", "Rebalancing": "OFF"}, {"Ttl": "b", "Rebalancing": "ON"})
    )
    address = TABLE.address
    plan = [planned(address, Action.UPDATE, {"ttl": "a", "rebalancing": "OFF"}, {"ttl": "b", "rebalancing": "ON"})]
    noise = [planned(address, Action.UPDATE, {"ttl": "a", "rebalancing": "OFF"}, {"ttl": "a", "rebalancing": "ON"})]
    observed, verdict = judged(rehearsal([old], [new], plan=plan, noise=noise, state=[TABLE]))

    assert the(observed, address).disagreements == ()
    assert [item.path for item in the(observed, address).attributes] == [("ttl",)]
    assert verdict.decision is Decision.APPROVE


def test_a_group_that_is_asked_for_fewer_ends_its_instances_itself() -> None:
    def group(desired: int) -> Any:
        return instance("aws_autoscaling_group.g", {"id": "g", "name": "g", "desired_capacity": desired})

    ended = resource("EC2::Instance", "i-1", {"State": "running"}, tags={"aws:autoscaling:groupName": "g"})
    volume = resource("EC2::Volume", "vol-1", {"Attachments": [{"InstanceId": "i-1"}]})
    stranger = resource("EC2::Instance", "i-2", {"State": "running"})
    made = rehearsal(
        [ended, volume, stranger],
        [],
        plan=[planned("aws_autoscaling_group.g", Action.UPDATE, {"desired_capacity": 3}, {"desired_capacity": 2})],
        state=[group(3)],
        state_after=[group(2)],
    )
    observed, verdict = judged(made)
    owners = {change.address: change.owner for change in observed.diff.changes if "::" in change.type}
    assert owners == {
        "AWS::EC2::Instance/i-1": "aws_autoscaling_group.g",
        "AWS::EC2::Volume/vol-1": "aws_autoscaling_group.g",
        "AWS::EC2::Instance/i-2": "",
    }
    rejected = {item.address for item in verdict.findings if item.level.value == "reject"}
    assert rejected == {"AWS::EC2::Instance/i-2"}
