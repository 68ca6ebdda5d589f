"""Which resource of a snapshot a resource of a CloudFormation stack is, or is a part of.

A stack names what it made by a physical id. What is no resource of its own in the API (a bucket's policy, a rule of a
group) is found by the property that names what it is a part of.

Source: the ``Return values`` of each type in https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diffing.values import Value
from sandbox.inventory.expression import fill_template

PHYSICAL_ID = "id"
"""The attribute of a stack's resource, beside its properties, that holds the physical id."""

STACK_OWN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AWS::ApiGateway::Deployment": ("AWS::ApiGateway::Deployment", "{RestApiId}/{id}"),
        "AWS::ApiGateway::Resource": ("AWS::ApiGateway::Resource", "{RestApiId}/{id}"),
        "AWS::ApiGateway::Stage": ("AWS::ApiGateway::Stage", "{RestApiId}/{id}"),
        "AWS::ApiGatewayV2::Integration": ("AWS::ApiGatewayV2::Integration", "{ApiId}/{id}"),
        "AWS::ApiGatewayV2::Route": ("AWS::ApiGatewayV2::Route", "{ApiId}/{id}"),
        "AWS::ApiGatewayV2::Stage": ("AWS::ApiGatewayV2::Stage", "{ApiId}/{id}"),
        "AWS::IAM::GroupPolicy": ("AWS::IAM::GroupPolicy", "{GroupName}:{PolicyName}"),
        "AWS::IAM::Policy": ("AWS::IAM::RolePolicy", "{Roles}:{PolicyName}"),
        "AWS::IAM::RolePolicy": ("AWS::IAM::RolePolicy", "{RoleName}:{PolicyName}"),
        "AWS::IAM::UserPolicy": ("AWS::IAM::UserPolicy", "{UserName}:{PolicyName}"),
        "AWS::Route53::RecordSet": ("AWS::Route53::RecordSet", "{HostedZoneId}_{Name}_{Type}"),
    }
)
"""Type → the inventory's type and template of its id, where the physical id is not the one that the inventory has."""

STACK_PARTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AWS::ApiGateway::Method": ("AWS::ApiGateway::Resource", "{RestApiId}/{ResourceId}"),
        "AWS::EC2::EIPAssociation": ("AWS::EC2::EIP", "{AllocationId}"),
        "AWS::EC2::NetworkAclEntry": ("AWS::EC2::NetworkAcl", "{NetworkAclId}"),
        "AWS::EC2::Route": ("AWS::EC2::RouteTable", "{RouteTableId}"),
        "AWS::EC2::SecurityGroupEgress": ("AWS::EC2::SecurityGroup", "{GroupId}"),
        "AWS::EC2::SecurityGroupIngress": ("AWS::EC2::SecurityGroup", "{GroupId}"),
        "AWS::EC2::SubnetRouteTableAssociation": ("AWS::EC2::RouteTable", "{RouteTableId}"),
        "AWS::EC2::VPCGatewayAttachment": ("AWS::EC2::InternetGateway", "{InternetGatewayId}"),
        "AWS::IAM::UserToGroupAddition": ("AWS::IAM::Group", "{GroupName}"),
        "AWS::Lambda::Permission": ("AWS::Lambda::Function", "{FunctionName}"),
        "AWS::S3::BucketPolicy": ("AWS::S3::Bucket", "{Bucket}"),
        "AWS::SNS::TopicPolicy": ("AWS::SNS::Topic", "{Topics}"),
        "AWS::SQS::QueuePolicy": ("AWS::SQS::Queue", "{Queues}"),
        "AWS::SecretsManager::ResourcePolicy": ("AWS::SecretsManager::Secret", "{SecretId}"),
    }
)
"""Type → the type of what it is a part of, and the template of that one's name; of a list, its first item."""


def own_names(attributes: Mapping[str, Value]) -> Iterator[str]:
    """Yield what the inventory may call a stack's resource, the surest first."""
    physical = attributes.get(PHYSICAL_ID)
    if isinstance(physical, str) and physical:
        yield physical
        if "|" in physical:
            yield physical.replace("|", "/")
            yield physical.rsplit("|", 1)[-1]


def filled(template: str, attributes: Mapping[str, Value]) -> Iterator[str]:
    """Yield what the inventory may call a resource that a template names."""
    firsts = {name: value[0] if isinstance(value, tuple) and value else value for name, value in attributes.items()}
    name = fill_template(template, (firsts,))
    if name:
        yield name
        if name.startswith("arn:"):
            yield name.rsplit(":", 1)[-1]
