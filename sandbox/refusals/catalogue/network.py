"""Subnets, VPCs, gateways, route tables and what is in them.

Source: the Amazon EC2 API reference, the pages of the operations and the list of error codes.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.refusals.row import (
    KnownRefusal,
    Look,
    Template,
    Test,
    lacking,
    none_of,
    one_of,
    outside,
    overlaps,
    present,
)

_PAGE = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_{}.html"
_CODES = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
_GONE = ("deleted", "Deleted", "failed", "Failed")


def _violation(name: str, operation: str, when: str, message: str, *looks: Look) -> KnownRefusal:
    return KnownRefusal(
        name=name,
        service="ec2",
        operations=(operation,),
        when=when,
        looks=looks,
        code="DependencyViolation",
        message=message,
        documentation=_PAGE.format(operation),
    )


def _ec2(operation: str, items: str, *where: Test, narrowed: tuple[str, str] | None = None) -> Look:
    """A look at EC2; ``narrowed``: a filter that spares the engine work."""
    filters: Mapping[str, Template] = {}
    if narrowed:
        filters = {"Filters": ({"Name": narrowed[0], "Values": (narrowed[1],)},)}
    return Look(service="ec2", operation=operation, parameters=filters, items=items, where=where)


def _subnet(name: str, when: str, *looks: Look) -> KnownRefusal:
    message = "The subnet '{SubnetId}' has dependencies and cannot be deleted."
    return _violation(f"subnet-{name}", "DeleteSubnet", when, message, *looks)


def _vpc(name: str, when: str, *looks: Look) -> KnownRefusal:
    message = "The vpc '{VpcId}' has dependencies and cannot be deleted."
    return _violation(f"vpc-{name}", "DeleteVpc", when, message, *looks)


def _gateway(name: str, when: str, *looks: Look) -> KnownRefusal:
    message = (
        "Network {VpcId} has some mapped public address(es). "
        "Please unmap those public address(es) before detaching the gateway."
    )
    return _violation(f"internet-gateway-{name}", "DetachInternetGateway", when, message, *looks)


NETWORK: tuple[KnownRefusal, ...] = (
    KnownRefusal(
        name="subnet-overlapping",
        service="ec2",
        operations=("CreateSubnet",),
        when="the block overlaps that of another subnet of the VPC",
        looks=(
            _ec2(
                "DescribeSubnets",
                "Subnets",
                one_of("VpcId", "{VpcId}"),
                overlaps("CidrBlock", "{CidrBlock}"),
                narrowed=("vpc-id", "{VpcId}"),
            ),
        ),
        code="InvalidSubnet.Conflict",
        message="The CIDR '{CidrBlock}' conflicts with another subnet",
        documentation=_CODES,
    ),
    KnownRefusal(
        name="subnet-outside-vpc",
        service="ec2",
        operations=("CreateSubnet",),
        when="the block is not within one of the VPC's",
        looks=(
            _ec2(
                "DescribeVpcs",
                "Vpcs",
                one_of("VpcId", "{VpcId}"),
                outside("CidrBlock | CidrBlockAssociationSet.CidrBlock", "{CidrBlock}"),
                narrowed=("vpc-id", "{VpcId}"),
            ),
        ),
        code="InvalidSubnet.Range",
        message="The CIDR '{CidrBlock}' is invalid.",
        documentation=_CODES,
    ),
    _subnet(
        "with-instance",
        "an instance that is not terminated is in it",
        _ec2(
            "DescribeInstances",
            "Reservations.Instances",
            one_of("SubnetId | NetworkInterfaces.SubnetId", "{SubnetId}"),
            none_of("State.Name", "terminated"),
        ),
    ),
    _subnet(
        "with-nat-gateway",
        "a NAT gateway is in it",
        _ec2(
            "DescribeNatGateways",
            "NatGateways",
            one_of("SubnetId", "{SubnetId}"),
            one_of("State", "pending", "available"),
        ),
    ),
    _subnet(
        "with-mount-target",
        "a mount target of an EFS file system is in it",
        Look(service="efs", operation="DescribeFileSystems", items="FileSystems"),
        Look(
            service="efs",
            operation="DescribeMountTargets",
            parameters={"FileSystemId": "{found.FileSystemId}"},
            items="MountTargets",
            where=(one_of("SubnetId", "{SubnetId}"), none_of("LifeCycleState", "deleted")),
        ),
    ),
    _subnet(
        "with-load-balancer",
        "a load balancer is in it",
        Look(
            service="elbv2",
            operation="DescribeLoadBalancers",
            items="LoadBalancers",
            where=(one_of("AvailabilityZones.SubnetId", "{SubnetId}"),),
        ),
    ),
    _subnet(
        "with-function",
        "a Lambda function runs in it",
        Look(
            service="lambda",
            operation="ListFunctions",
            items="Functions",
            where=(one_of("VpcConfig.SubnetIds", "{SubnetId}"),),
        ),
    ),
    _subnet(
        "with-endpoint",
        "an interface endpoint is in it",
        _ec2("DescribeVpcEndpoints", "VpcEndpoints", one_of("SubnetIds", "{SubnetId}"), none_of("State", *_GONE)),
    ),
    _subnet(
        "with-network-interface",
        "a network interface that is not an instance's is in it",
        _ec2(
            "DescribeNetworkInterfaces",
            "NetworkInterfaces",
            one_of("SubnetId", "{SubnetId}"),
            # Engines keep a terminated instance's interfaces; those of living instances are a row of their own.
            lacking("Attachment.InstanceId"),
            narrowed=("subnet-id", "{SubnetId}"),
        ),
        # And a deleted NAT gateway's.
        Look(
            service="ec2",
            operation="DescribeNatGateways",
            items="NatGateways",
            where=(
                one_of("State", "deleted", "deleting"),
                one_of("NatGatewayAddresses.NetworkInterfaceId", "{found.NetworkInterfaceId}"),
            ),
            unless=True,
        ),
    ),
    _vpc(
        "with-subnet",
        "a subnet is in it",
        _ec2("DescribeSubnets", "Subnets", one_of("VpcId", "{VpcId}"), narrowed=("vpc-id", "{VpcId}")),
    ),
    _vpc(
        "with-internet-gateway",
        "an internet gateway is attached to it",
        _ec2(
            "DescribeInternetGateways",
            "InternetGateways.Attachments",
            one_of("VpcId", "{VpcId}"),
            one_of("State", "available", "attached", "attaching"),
        ),
    ),
    _vpc(
        "with-security-group",
        "a security group other than the default one belongs to it",
        _ec2(
            "DescribeSecurityGroups",
            "SecurityGroups",
            one_of("VpcId", "{VpcId}"),
            none_of("GroupName", "default"),
            narrowed=("vpc-id", "{VpcId}"),
        ),
    ),
    _vpc(
        "with-route-table",
        "a route table other than the main one belongs to it",
        # Only one that another is the main table beside: engines may not say of any that it is the main one.
        _ec2(
            "DescribeRouteTables",
            "RouteTables",
            one_of("VpcId", "{VpcId}"),
            one_of("Associations.Main", "true"),
            narrowed=("vpc-id", "{VpcId}"),
        ),
        _ec2(
            "DescribeRouteTables",
            "RouteTables",
            one_of("VpcId", "{VpcId}"),
            none_of("RouteTableId", "{found.RouteTableId}"),
            none_of("Associations.Main", "true"),
            narrowed=("vpc-id", "{VpcId}"),
        ),
    ),
    _vpc(
        "with-vpn-gateway",
        "a VPN gateway is attached to it",
        _ec2(
            "DescribeVpnGateways",
            "VpnGateways.VpcAttachments",
            one_of("VpcId", "{VpcId}"),
            one_of("State", "attached", "attaching"),
        ),
    ),
    _violation(
        "internet-gateway-attached",
        "DeleteInternetGateway",
        "the gateway is attached to a VPC",
        "The internetGateway '{InternetGatewayId}' has dependencies and cannot be deleted.",
        _ec2(
            "DescribeInternetGateways",
            "InternetGateways",
            one_of("InternetGatewayId", "{InternetGatewayId}"),
            one_of("Attachments.State", "available", "attached"),
        ),
    ),
    _gateway(
        "with-public-instance",
        "an instance of the VPC that is not terminated has a public address",
        _ec2(
            "DescribeInstances",
            "Reservations.Instances",
            one_of("VpcId", "{VpcId}"),
            one_of("State.Name", "pending", "running"),
            present("PublicIpAddress"),
            narrowed=("vpc-id", "{VpcId}"),
        ),
    ),
    _gateway(
        "with-nat-gateway",
        "a NAT gateway of the VPC has a public address",
        _ec2(
            "DescribeNatGateways",
            "NatGateways",
            one_of("VpcId", "{VpcId}"),
            one_of("State", "available"),
            none_of("ConnectivityType", "private"),
            present("NatGatewayAddresses.AllocationId"),
        ),
    ),
    _gateway(
        "with-public-load-balancer",
        "a load balancer in a subnet of the VPC faces the internet",
        # By its subnets: engines may not know a load balancer's VPC.
        _ec2("DescribeSubnets", "Subnets", one_of("VpcId", "{VpcId}"), narrowed=("vpc-id", "{VpcId}")),
        Look(
            service="elbv2",
            operation="DescribeLoadBalancers",
            items="LoadBalancers",
            where=(
                one_of("AvailabilityZones.SubnetId", "{found.SubnetId}"),
                one_of("Scheme", "internet-facing"),
            ),
        ),
    ),
    _violation(
        "route-table-associated",
        "DeleteRouteTable",
        "a subnet or a gateway is associated with it, or it is the VPC's main table",
        "The routeTable '{RouteTableId}' has dependencies and cannot be deleted.",
        _ec2(
            "DescribeRouteTables",
            "RouteTables",
            one_of("RouteTableId", "{RouteTableId}"),
        ),
        _ec2(
            "DescribeRouteTables",
            "RouteTables.Associations",
            one_of("RouteTableId", "{RouteTableId}"),
            none_of("AssociationState.State", "disassociated", "disassociating", "failed"),
            present("SubnetId | GatewayId | Main"),
        ),
    ),
    _violation(
        "network-acl-associated",
        "DeleteNetworkAcl",
        "a subnet is associated with it",
        "The networkAcl '{NetworkAclId}' has dependencies and cannot be deleted.",
        _ec2(
            "DescribeNetworkAcls",
            "NetworkAcls.Associations",
            one_of("NetworkAclId", "{NetworkAclId}"),
            present("SubnetId"),
        ),
    ),
    KnownRefusal(
        name="network-interface-attached",
        service="ec2",
        operations=("DeleteNetworkInterface",),
        when="the interface is attached to an instance that is not terminated",
        looks=(
            _ec2(
                "DescribeNetworkInterfaces",
                "NetworkInterfaces",
                one_of("NetworkInterfaceId", "{NetworkInterfaceId}"),
                one_of("Attachment.Status", "attached", "attaching"),
                lacking("RequesterManaged"),
                present("Attachment.InstanceId"),
            ),
            Look(
                service="ec2",
                operation="DescribeInstances",
                parameters={"InstanceIds": ("{found.Attachment.InstanceId}",)},
                items="Reservations.Instances",
                where=(
                    one_of("InstanceId", "{found.Attachment.InstanceId}"),
                    none_of("State.Name", "terminated", "shutting-down"),
                ),
            ),
        ),
        code="InvalidParameterValue",
        message="Network interface '{NetworkInterfaceId}' is currently in use.",
        documentation=_CODES,
    ),
    KnownRefusal(
        name="address-associated",
        service="ec2",
        operations=("ReleaseAddress",),
        when="the Elastic IP address is associated",
        looks=(
            _ec2(
                "DescribeAddresses",
                "Addresses",
                one_of("AllocationId", "{AllocationId}"),
                present("AssociationId"),
            ),
        ),
        code="InvalidIPAddress.InUse",
        message="Address {found.PublicIp} is in use.",
        documentation=_PAGE.format("ReleaseAddress"),
    ),
)
