"""Terraform instances find their resource by type and name, and never another one that shares the name."""

from __future__ import annotations

from typing import Any

import pytest

from diffing.snapshot import Identity, Resource, Snapshot
from diffing.values import Marker, freeze
from sandbox.inventory.join import Join, SnapshotIndex, join, locate
from sandbox.inventory.terraform_services import service_of
from sandbox.rehearsal import StateInstance

ACCOUNT = "123456789012"


def resource(service: str, type_name: str, name: str, *aliases: str, region: str = "us-east-1") -> Resource:
    identity = Identity(account=ACCOUNT, region=region, type=f"AWS::{type_name}", id=name)
    return Resource(identity=identity, attributes={}, digest=name, service=service, aliases=frozenset({name, *aliases}))


def arn(service: str, rest: str, region: str = "us-east-1") -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


RESOURCES = [
    resource("dynamodb", "DynamoDB::Table", "orders", arn("dynamodb", "table/orders")),
    resource("sqs", "SQS::Queue", "orders", arn("sqs", "orders"), "http://127.0.0.1:4566/123456789012/orders"),
    resource("sns", "SNS::Topic", arn("sns", "orders")),
    resource("iam", "IAM::Role", "orders", f"arn:aws:iam::{ACCOUNT}:role/orders", "AROAX", region="global"),
    resource("iam", "IAM::RolePolicy", "orders:inline", region="global"),
    resource("iam", "IAM::User", "orders", f"arn:aws:iam::{ACCOUNT}:user/orders", region="global"),
    resource("s3", "S3::Bucket", "orders", "arn:aws:s3:::orders", region="global"),
    resource("s3", "S3::Object", "orders/a/b.json", "arn:aws:s3:::orders/a/b.json", region="global"),
    resource("ecs", "ECS::Cluster", arn("ecs", "cluster/main"), "main"),
    resource("ecs", "ECS::Service", arn("ecs", "service/main/orders"), "main/orders", "orders"),
    resource("ec2", "EC2::SecurityGroup", "sg-1"),
    resource("ec2", "EC2::RouteTable", "rtb-1"),
    resource("ec2", "EC2::Volume", "vol-1"),
    resource("lambda", "Lambda::Function", "orders", arn("lambda", "function:orders")),
    resource("events", "Events::Rule", arn("events", "rule/orders"), "orders", "default/orders"),
    resource("events", "Events::Rule", arn("events", "rule/bus/orders"), "orders", "bus/orders"),
    resource("logs", "Logs::LogGroup", "orders", arn("logs", "log-group:orders"), arn("logs", "log-group:orders:*")),
    resource("route53", "Route53::RecordSet", "Z1_\\052.example.org._A_", region="global"),
    resource("route53", "Route53::RecordSet", "Z1_www.example.org._A_blue", region="global"),
    resource("guardduty", "GuardDuty::Detector", "d1"),
]
INDEX = SnapshotIndex(Snapshot(resources={r.identity: r for r in RESOURCES}))


def instance(terraform_type: str, mode: str = "managed", **attributes: Any) -> StateInstance:
    return StateInstance(
        address=f"{terraform_type}.x", type=terraform_type, provider="aws", mode=mode, attributes=freeze_all(attributes)
    )


def freeze_all(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: freeze(value) for name, value in attributes.items()}


def found(joined: Join | None) -> tuple[str, bool] | None:
    return None if joined is None else (str(joined.resource.identity), joined.exact)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (instance("aws_dynamodb_table", id="orders", arn=arn("dynamodb", "table/orders"), name="orders"),
         ("AWS::DynamoDB::Table/orders", True)),
        (instance("aws_dynamodb_table", id="orders", name="orders"), ("AWS::DynamoDB::Table/orders", True)),
        (instance("aws_sqs_queue", id="http://other:1/123456789012/orders", arn=arn("sqs", "orders")),
         ("AWS::SQS::Queue/orders", True)),
        (instance("aws_iam_role", id="orders", name="orders"), ("AWS::IAM::Role/orders", True)),
        (instance("aws_iam_user", id="orders", name="orders"), ("AWS::IAM::User/orders", True)),
        (instance("aws_iam_role_policy", role="orders", name="inline"), ("AWS::IAM::RolePolicy/orders:inline", True)),
        (instance("aws_s3_bucket", id="orders", bucket="orders"), ("AWS::S3::Bucket/orders", True)),
        (instance("aws_s3_object", bucket="orders", key="a/b.json", id="a/b.json"),
         ("AWS::S3::Object/orders/a/b.json", True)),
        (instance("aws_ecs_service", id=arn("ecs", "service/main/orders"), name="orders"),
         (f"AWS::ECS::Service/{arn('ecs', 'service/main/orders')}", True)),
        (instance("aws_lambda_function", function_name="orders"), ("AWS::Lambda::Function/orders", True)),
        (instance("aws_cloudwatch_log_group", arn=arn("logs", "log-group:orders")),
         ("AWS::Logs::LogGroup/orders", True)),
        (instance("aws_cloudwatch_event_rule", name="orders", event_bus_name="bus"),
         (f"AWS::Events::Rule/{arn('events', 'rule/bus/orders')}", True)),
        (instance("aws_route53_record", zone_id="Z1", fqdn="*.example.org", type="A"),
         ("AWS::Route53::RecordSet/Z1_\\052.example.org._A_", True)),
        (instance("aws_route53_record", zone_id="Z1", fqdn="www.example.org", type="A", set_identifier="blue"),
         ("AWS::Route53::RecordSet/Z1_www.example.org._A_blue", True)),
        (instance("aws_guardduty_detector", id="d1"), ("AWS::GuardDuty::Detector/d1", True)),
        (instance("aws_s3_bucket_versioning", id="orders", bucket="orders"), ("AWS::S3::Bucket/orders", False)),
        (instance("aws_s3_bucket_policy", id="orders", bucket="orders"), ("AWS::S3::Bucket/orders", False)),
        (instance("aws_iam_role_policy_attachment", role="orders", policy_arn="arn:aws:iam::aws:policy/X"),
         ("AWS::IAM::Role/orders", False)),
        (instance("aws_security_group_rule", id="sgrule-1", security_group_id="sg-1"),
         ("AWS::EC2::SecurityGroup/sg-1", False)),
        (instance("aws_route_table_association", id="rtbassoc-1", route_table_id="rtb-1", subnet_id="subnet-1"),
         ("AWS::EC2::RouteTable/rtb-1", False)),
        (instance("aws_lambda_permission", function_name=arn("lambda", "function:orders")),
         ("AWS::Lambda::Function/orders", False)),
        (instance("aws_sqs_queue_policy", queue_url="http://other:1/123456789012/orders"),
         ("AWS::SQS::Queue/orders", False)),
        (instance("aws_cloudwatch_event_target", rule="orders"),
         (f"AWS::Events::Rule/{arn('events', 'rule/orders')}", False)),
        (instance("aws_volume_attachment", volume_id="vol-1", instance_id="i-1"), ("AWS::EC2::Volume/vol-1", False)),
    ],
    ids=lambda value: value.type if isinstance(value, StateInstance) else "",
)  # fmt: skip
def test_an_instance_finds_its_resource(given: StateInstance, expected: tuple[str, bool]) -> None:
    assert found(INDEX.join(given)) == expected


@pytest.mark.parametrize(
    "given",
    [
        instance("aws_kinesis_stream", id="orders", name="orders"),
        instance("aws_sqs_queue", id="orders", arn=Marker.UNKNOWN, url=Marker.SENSITIVE),
        instance("aws_dynamodb_table", name="customers"),
        instance("aws_iam_policy", id="orders", arn=f"arn:aws:iam::{ACCOUNT}:policy/orders", name="orders"),
        instance("aws_s3_object", bucket="orders", key="gone"),
        instance("aws_guardduty_detector", id="orders"),
        instance("aws_dynamodb_table", mode="data", name="orders"),
        instance("terraform_data", id="orders"),
        instance("random_id", id="orders"),
        instance("aws_lambda_permission"),
    ],
    ids=lambda value: value.type,
)
def test_an_instance_is_joined_with_nothing_rather_than_with_a_namesake(given: StateInstance) -> None:
    assert INDEX.join(given) is None


def test_a_name_that_two_regions_share_is_told_apart_by_arn_alone() -> None:
    twins = [
        resource("sqs", "SQS::Queue", "jobs", arn("sqs", "jobs", region), region=region)
        for region in ("us-east-1", "eu-west-1")
    ]
    snapshot = Snapshot(resources={r.identity: r for r in twins})
    joined = join(instance("aws_sqs_queue", name="jobs", arn=arn("sqs", "jobs", "eu-west-1")), snapshot)
    assert joined is not None
    assert joined.resource.identity.region == "eu-west-1"
    assert join(instance("aws_sqs_queue", name="jobs"), snapshot) is None
    assert locate(snapshot, ["jobs"]) is None
    assert locate(snapshot, ["nothing", arn("sqs", "jobs")], service="sqs") == twins[0]


@pytest.mark.parametrize(
    ("terraform_type", "service"),
    [
        ("aws_vpc", "ec2"),
        ("aws_instance", "ec2"),
        ("aws_cloudwatch_event_rule", "events"),
        ("aws_cloudwatch_log_group", "logs"),
        ("aws_cloudwatch_metric_alarm", "cloudwatch"),
        ("aws_kinesis_stream", "kinesis"),
        ("aws_kinesis_firehose_delivery_stream", "firehose"),
        ("aws_db_instance", "rds"),
        ("aws_lb_listener", "elbv2"),
        ("aws_sfn_state_machine", "stepfunctions"),
        ("aws_cognito_identity_pool", "cognito-identity"),
        ("aws_cognito_user_pool", "cognito-idp"),
        ("aws_route53_resolver_rule", "route53resolver"),
    ],
)
def test_the_longest_prefix_of_a_type_names_its_service(terraform_type: str, service: str) -> None:
    assert service_of(terraform_type) == service
