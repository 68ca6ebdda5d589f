"""From what the inventory found to what the provider is to import: the rows, and the facts that they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from rehearsal_builders import resource

from diffing.snapshot import Resource
from sandbox.inventory.inference import kinds_of
from sandbox.live.account import known_services
from sandbox.live.facts import Inventory
from sandbox.live.recipes import amended, orders, rows, settled, stand_ins, trimmed, why_nothing


def inventory(*resources: Resource) -> Inventory:
    return Inventory(MappingProxyType({each.identity: each for each in resources}))


def imports(one: Resource, *others: Resource) -> set[tuple[str, str]]:
    """Terraform types (without their prefix) and import ids."""
    found = orders(inventory(one, *others), one.identity)
    return {(order.type.removeprefix("aws_"), order.import_id) for order in found}


def nothing(one: Resource, *others: Resource) -> str:
    return why_nothing(inventory(one, *others), one.identity)


def test_every_row_is_about_a_type_that_the_inventory_has() -> None:
    known = {kind.type for service in known_services() for kind in kinds_of(service)}
    assert not {*rows(), *settled()} - known
    assert len(rows()) >= 70


def test_every_catalogued_type_that_only_stands_for_defaults_has_a_reason() -> None:
    assert not set(settled()) - set(rows()) - {"AWS::EC2::Image"}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (resource("SQS::Queue", "jobs", aliases=["https://sqs.eu-west-1.amazonaws.com/1/jobs"]), {"sqs_queue"}),
        (resource("IAM::RolePolicy", "r:p", {"RoleName": "r", "PolicyName": "p"}), {"iam_role_policy"}),
        (resource("DynamoDB::Table", "t", {"TableName": "t"}), {"dynamodb_table"}),
        (resource("RDS::DBInstance", "d", {"DBInstanceIdentifier": "d", "Engine": "mysql"}), {"db_instance"}),
        (
            resource(
                "RDS::DBInstance",
                "d",
                {"DBInstanceIdentifier": "d", "DBClusterIdentifier": "c", "Engine": "aurora-mysql"},
            ),
            {"rds_cluster_instance"},
        ),
        (
            resource(
                "RDS::DBInstance", "d", {"DBInstanceIdentifier": "d", "DBClusterIdentifier": "c", "Engine": "docdb"}
            ),
            {"docdb_cluster_instance"},
        ),
        (resource("RDS::DBCluster", "c", {"DBClusterIdentifier": "c", "Engine": "neptune"}), {"neptune_cluster"}),
        (resource("RDS::DBSubnetGroup", "default", {"DBSubnetGroupName": "default"}), set()),
    ],
    ids=lambda value: str(value.identity) if isinstance(value, Resource) else "",
)
def test_a_thing_is_what_its_attributes_say(one: Resource, expected: set[str]) -> None:
    assert {name for name, _ in imports(one)} == expected


def test_a_bucket_is_imported_with_the_settings_that_it_has() -> None:
    bucket = resource(
        "S3::Bucket",
        "logs",
        {"Versioning": {"Status": "Enabled"}, "Policy": '{"Statement": []}', "PublicAccessBlock": {"a": True}},
    )
    assert imports(bucket) == {
        ("s3_bucket", "logs"),
        ("s3_bucket_versioning", "logs"),
        ("s3_bucket_policy", "logs"),
        ("s3_bucket_public_access_block", "logs"),
    }
    parts = {order.type: order.is_part for order in orders(inventory(bucket), bucket.identity)}
    assert not parts.pop("aws_s3_bucket")
    assert all(parts.values())


def test_what_is_attached_to_a_role_is_imported_one_by_one() -> None:
    role = resource(
        "IAM::Role",
        "fn",
        {"RoleName": "fn", "Path": "/", "AttachedRolePolicies": [{"PolicyArn": "arn:a"}, {"PolicyArn": "arn:b"}]},
    )
    assert imports(role) == {
        ("iam_role", "fn"),
        ("iam_role_policy_attachment", "fn/arn:a"),
        ("iam_role_policy_attachment", "fn/arn:b"),
    }
    linked = resource("IAM::Role", "l", {"RoleName": "l", "Arn": "arn:l", "Path": "/aws-service-role/x/"})
    assert imports(linked) == {("iam_service_linked_role", "arn:l")}


def test_statements_of_a_policy_document_are_imported_by_their_names() -> None:
    function = resource(
        "Lambda::Function",
        "worker",
        {"FunctionName": "worker", "Policy": '{"Statement": [{"Sid": "bus"}, {"Sid": "bucket"}, {"Effect": "Allow"}]}'},
    )
    assert imports(function) == {
        ("lambda_function", "worker"),
        ("lambda_permission", "worker/bus"),
        ("lambda_permission", "worker/bucket"),
    }


def test_methods_of_an_api_are_found_in_the_maps_that_hold_them() -> None:
    api = resource("ApiGateway::RestApi", "api1")
    item = resource(
        "ApiGateway::Resource",
        "api1/res2",
        {
            "id": "res2",
            "path": "/items",
            "resourceMethods": {
                "GET": {
                    "methodIntegration": {"type": "MOCK", "integrationResponses": {"200": {}}},
                    "methodResponses": {"200": {"statusCode": "200"}},
                },
                "POST": {},
            },
        },
        parent=api,
    )
    assert imports(item, api) == {
        ("api_gateway_resource", "api1/res2"),
        ("api_gateway_method", "api1/res2/GET"),
        ("api_gateway_method", "api1/res2/POST"),
        ("api_gateway_integration", "api1/res2/GET"),
        ("api_gateway_method_response", "api1/res2/GET/200"),
        ("api_gateway_integration_response", "api1/res2/GET/200"),
    }
    root = resource("ApiGateway::Resource", "api1/r", {"id": "r", "path": "/", "resourceMethods": {}}, parent=api)
    assert not imports(root, api)
    assert nothing(root, api) == "made with its API"


def test_a_main_route_table_comes_with_its_network_and_only_its_own_routes_are_made() -> None:
    routes = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"},
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
        {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"},
        {"DestinationCidrBlock": "10.9.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
    ]
    main = resource("EC2::RouteTable", "rtb-1", {"Associations": [{"Main": True}], "Routes": routes})
    assert imports(main) == {("route", "rtb-1_0.0.0.0/0"), ("route", "rtb-1_::/0")}
    assert nothing(main) == "made with its network, and takes its id"
    other = resource("EC2::RouteTable", "rtb-2", {"Associations": [{"SubnetId": "subnet-1"}], "Routes": routes})
    assert imports(other) == {("route_table", "rtb-2"), ("route_table_association", "subnet-1/rtb-2")}


def test_rules_of_a_default_group_are_made_unless_they_came_with_it() -> None:
    group = resource("EC2::SecurityGroup", "sg-1", {"GroupId": "sg-1", "GroupName": "default"})
    came = [
        resource("EC2::SecurityGroupRule", "sgr-1", rule(IsEgress=True, CidrIpv4="0.0.0.0/0")),
        resource("EC2::SecurityGroupRule", "sgr-2", rule(ReferencedGroupInfo={"GroupId": "sg-1"})),
    ]
    added = resource("EC2::SecurityGroupRule", "sgr-3", rule(IpProtocol="tcp", CidrIpv4="0.0.0.0/0"))
    for each in came:
        assert not imports(each, group)
        assert nothing(each, group)
    assert imports(added, group) == {("vpc_security_group_ingress_rule", "sgr-3")}
    own = resource("EC2::SecurityGroup", "sg-1", {"GroupId": "sg-1", "GroupName": "web"})
    assert imports(came[0], own) == {("vpc_security_group_egress_rule", "sgr-1")}


def rule(**more: Any) -> Mapping[str, Any]:
    return {"GroupId": "sg-1", "IpProtocol": "-1", "IsEgress": False, **more}


def test_the_volume_that_an_instance_starts_from_is_made_with_it() -> None:
    instance = resource("EC2::Instance", "i-1", {"InstanceId": "i-1", "RootDeviceName": "/dev/xvda"})
    root = volume("vol-1", "/dev/xvda")
    assert not imports(root, instance)
    assert nothing(root, instance) == "made with its instance"
    data = volume("vol-2", "/dev/sdf")
    assert imports(data, instance) == {("ebs_volume", "vol-2"), ("volume_attachment", "/dev/sdf:vol-2:i-1")}


def volume(name: str, device: str) -> Resource:
    return resource("EC2::Volume", name, {"Attachments": [{"InstanceId": "i-1", "Device": device}]})


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"Name": "example.com.", "Type": "NS"}, set()),
        ({"Name": "example.com.", "Type": "MX"}, {"Z1_example.com_MX"}),
        ({"Name": "\\052.example.com.", "Type": "A"}, {"Z1_*.example.com_A"}),
        ({"Name": "a.example.com.", "Type": "A", "SetIdentifier": "eu"}, {"Z1_a.example.com_A_eu"}),
    ],
)
def test_records_are_imported_by_zone_name_and_type(attributes: Mapping[str, Any], expected: set[str]) -> None:
    zone = resource("Route53::HostedZone", "Z1", {"Name": "example.com."})
    record = resource("Route53::RecordSet", "r", attributes, parent=zone)
    assert {import_id for _, import_id in imports(record, zone)} == expected


def test_a_version_of_a_secret_is_written_and_not_read() -> None:
    secret = resource("SecretsManager::Secret", "arn:s")
    current = resource(
        "SecretsManager::SecretVersion", "v", {"VersionId": "v1", "VersionStages": ["AWSCURRENT"]}, parent=secret
    )
    (order,) = orders(inventory(current, secret), current.identity)
    assert order.made is not None
    assert dict(order.made) == {
        "id": "arn:s|v1",
        "secret_id": "arn:s",
        "arn": "arn:s",
        "version_id": "v1",
        "version_stages": ["AWSCURRENT"],
    }
    older = resource("SecretsManager::SecretVersion", "w", {"VersionId": "v0", "VersionStages": []}, parent=secret)
    assert nothing(older, secret) == "an older version of a secret"


@pytest.mark.parametrize(
    ("type_name", "attributes", "expected"),
    [
        ("aws_db_instance", {"password": None}, ("password",)),
        ("aws_db_instance", {"manage_master_user_password": True}, ()),
        ("aws_db_instance", {"replicate_source_db": "other"}, ()),
        ("aws_ssm_parameter", {"type": "SecureString", "value": "sealed"}, ("value",)),
        ("aws_ssm_parameter", {"type": "String", "value": "plain"}, ()),
        ("aws_key_pair", {"public_key": "ssh-rsa AAAA"}, ()),
        ("aws_vpc", {}, ()),
    ],
)
def test_something_stands_in_for_what_no_read_may_give(
    type_name: str, attributes: Mapping[str, Any], expected: Iterable[str]
) -> None:
    assert stand_ins(type_name, attributes) == expected


def test_what_is_an_object_of_its_own_is_not_repeated_in_another() -> None:
    group = trimmed("aws_security_group", {"ingress": [{"from_port": 1}], "egress": [{}], "name": "web"})
    assert group == {"ingress": [], "egress": [], "name": "web"}


def test_a_service_of_containers_names_its_task_definition_by_arn() -> None:
    cluster = resource("ECS::Cluster", "arn:aws:ecs:eu-west-1:1:cluster/c")
    service = resource("ECS::Service", "arn:x", {"serviceName": "web", "taskDefinition": "arn:task:1"}, parent=cluster)
    (order,) = orders(inventory(service, cluster), service.identity)
    assert order.import_id == "c/web"
    assert amended(inventory(service, cluster), order) == {"task_definition": "arn:task:1"}
