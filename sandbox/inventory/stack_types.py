"""Which resource of a snapshot a resource of a CloudFormation stack is, or is a part of.

A stack names what it made by a physical id. What is no resource of its own in the API (a bucket's policy, a rule of a
group) is found by the property that names what it is a part of.

Source: the ``Return values`` of each type in https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diffing.values import Value

PHYSICAL_ID = "id"
"""The attribute of a stack's resource, beside its properties, that holds the physical id."""

STACK_PARTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AWS::ApiGateway::Method": ("AWS::ApiGateway::Resource", "ResourceId"),
        "AWS::EC2::EIPAssociation": ("AWS::EC2::EIP", "AllocationId"),
        "AWS::EC2::NetworkAclEntry": ("AWS::EC2::NetworkAcl", "NetworkAclId"),
        "AWS::EC2::Route": ("AWS::EC2::RouteTable", "RouteTableId"),
        "AWS::EC2::SecurityGroupEgress": ("AWS::EC2::SecurityGroup", "GroupId"),
        "AWS::EC2::SecurityGroupIngress": ("AWS::EC2::SecurityGroup", "GroupId"),
        "AWS::EC2::SubnetRouteTableAssociation": ("AWS::EC2::RouteTable", "RouteTableId"),
        "AWS::EC2::VPCGatewayAttachment": ("AWS::EC2::InternetGateway", "InternetGatewayId"),
        "AWS::IAM::GroupPolicy": ("AWS::IAM::Group", "GroupName"),
        "AWS::IAM::Policy": ("AWS::IAM::Role", "Roles"),
        "AWS::IAM::RolePolicy": ("AWS::IAM::Role", "RoleName"),
        "AWS::IAM::UserPolicy": ("AWS::IAM::User", "UserName"),
        "AWS::IAM::UserToGroupAddition": ("AWS::IAM::Group", "GroupName"),
        "AWS::Lambda::Permission": ("AWS::Lambda::Function", "FunctionName"),
        "AWS::Logs::SubscriptionFilter": ("AWS::Logs::LogGroup", "LogGroupName"),
        "AWS::S3::BucketPolicy": ("AWS::S3::Bucket", "Bucket"),
        "AWS::SNS::TopicPolicy": ("AWS::SNS::Topic", "Topics"),
        "AWS::SQS::QueuePolicy": ("AWS::SQS::Queue", "Queues"),
        "AWS::SecretsManager::ResourcePolicy": ("AWS::SecretsManager::Secret", "SecretId"),
    }
)
"""Type → the type of what it is a part of, and the property that names that (of several, the first)."""


def own_names(attributes: Mapping[str, Value]) -> Iterator[str]:
    """Yield what the inventory may call a stack's resource, the surest first."""
    physical = attributes.get(PHYSICAL_ID)
    if isinstance(physical, str) and physical:
        yield physical
        if "|" in physical:
            yield physical.replace("|", "/")
            yield physical.rsplit("|", 1)[-1]


def part_names(attributes: Mapping[str, Value], property_name: str) -> Iterator[str]:
    """Yield what the inventory may call what a resource is a part of."""
    value = attributes.get(property_name)
    found = value[0] if isinstance(value, tuple) and value else value
    if isinstance(found, str) and found:
        yield found
        yield found.rsplit(":", 1)[-1]
