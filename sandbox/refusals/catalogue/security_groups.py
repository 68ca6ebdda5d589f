"""Security groups that something uses.

Source: DeleteSecurityGroup, "If you attempt to delete a security group that is associated with an instance or network
interface, is referenced by another security group in the same VPC, or has a VPC association, the operation fails with
DependencyViolation." Services that put network interfaces of their own into the VPC are asked themselves, because not
every engine makes these interfaces.
"""

from __future__ import annotations

from sandbox.refusals.row import KnownRefusal, Look, lacking, none_of, one_of, present

_PAGE = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html"
_ITSELF = Look(
    service="ec2",
    operation="DescribeSecurityGroups",
    parameters={"GroupIds": ("{GroupId}",)},
    items="SecurityGroups",
    where=(one_of("GroupId", "{GroupId}"),),
)


def _in_use(name: str, when: str, *looks: Look) -> KnownRefusal:
    return KnownRefusal(
        name=f"security-group-{name}",
        service="ec2",
        operations=("DeleteSecurityGroup",),
        when=when,
        looks=looks,
        code="DependencyViolation",
        message="resource {GroupId} has a dependent object",
        documentation=_PAGE,
    )


SECURITY_GROUPS: tuple[KnownRefusal, ...] = (
    KnownRefusal(
        name="security-group-default",
        service="ec2",
        operations=("DeleteSecurityGroup",),
        when="the group is its VPC's default group",
        looks=(
            Look(
                service="ec2",
                operation="DescribeSecurityGroups",
                parameters={"GroupIds": ("{GroupId}",)},
                items="SecurityGroups",
                where=(one_of("GroupId", "{GroupId}"), one_of("GroupName", "default"), present("VpcId")),
            ),
        ),
        code="CannotDelete",
        message='the specified group: "{GroupId}" name: "default" cannot be deleted by a user',
        documentation="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    _in_use(
        "of-instance",
        "an instance that is not terminated has the group",
        Look(
            service="ec2",
            operation="DescribeInstances",
            parameters={"Filters": ({"Name": "instance.group-id", "Values": ("{GroupId}",)},)},
            items="Reservations.Instances",
            where=(
                one_of("SecurityGroups.GroupId | NetworkInterfaces.Groups.GroupId", "{GroupId}"),
                none_of("State.Name", "terminated"),
            ),
        ),
    ),
    _in_use(
        "in-rule-of-another",
        "a rule of another group of the same VPC names the group",
        _ITSELF,
        Look(
            service="ec2",
            operation="DescribeSecurityGroups",
            parameters={"Filters": ({"Name": "vpc-id", "Values": ("{found.VpcId}",)},)},
            items="SecurityGroups",
            where=(
                one_of("VpcId", "{found.VpcId}"),
                none_of("GroupId", "{GroupId}"),
                one_of(
                    "IpPermissions.UserIdGroupPairs.GroupId | IpPermissionsEgress.UserIdGroupPairs.GroupId",
                    "{GroupId}",
                ),
            ),
        ),
    ),
    _in_use(
        "of-load-balancer",
        "a load balancer has the group",
        Look(
            service="elbv2",
            operation="DescribeLoadBalancers",
            items="LoadBalancers",
            where=(one_of("SecurityGroups", "{GroupId}"),),
        ),
    ),
    _in_use(
        "of-classic-load-balancer",
        "a classic load balancer has the group",
        Look(
            service="elb",
            operation="DescribeLoadBalancers",
            items="LoadBalancerDescriptions",
            where=(one_of("SecurityGroups", "{GroupId}"),),
        ),
    ),
    _in_use(
        "of-database",
        "an RDS instance has the group",
        Look(
            service="rds",
            operation="DescribeDBInstances",
            items="DBInstances",
            where=(one_of("VpcSecurityGroups.VpcSecurityGroupId", "{GroupId}"),),
        ),
    ),
    _in_use(
        "of-mount-target",
        "a mount target of an EFS file system has the group",
        Look(service="efs", operation="DescribeFileSystems", items="FileSystems"),
        Look(
            service="efs",
            operation="DescribeMountTargets",
            parameters={"FileSystemId": "{found.FileSystemId}"},
            items="MountTargets",
            where=(none_of("LifeCycleState", "deleted"),),
        ),
        Look(
            service="efs",
            operation="DescribeMountTargetSecurityGroups",
            parameters={"MountTargetId": "{found.MountTargetId}"},
            where=(one_of("SecurityGroups", "{GroupId}"),),
        ),
    ),
    _in_use(
        "of-function",
        "a Lambda function runs in the VPC with the group",
        Look(
            service="lambda",
            operation="ListFunctions",
            items="Functions",
            where=(one_of("VpcConfig.SecurityGroupIds", "{GroupId}"),),
        ),
    ),
    _in_use(
        "of-cache",
        "an ElastiCache cluster has the group",
        Look(
            service="elasticache",
            operation="DescribeCacheClusters",
            items="CacheClusters",
            where=(one_of("SecurityGroups.SecurityGroupId", "{GroupId}"),),
        ),
    ),
    _in_use(
        "of-endpoint",
        "an interface endpoint has the group",
        Look(
            service="ec2",
            operation="DescribeVpcEndpoints",
            items="VpcEndpoints",
            where=(one_of("Groups.GroupId", "{GroupId}"), none_of("State", "deleted", "Deleted")),
        ),
    ),
    _in_use(
        "of-network-interface",
        "a network interface that is not an instance's has the group",
        Look(
            service="ec2",
            operation="DescribeNetworkInterfaces",
            parameters={"Filters": ({"Name": "group-id", "Values": ("{GroupId}",)},)},
            items="NetworkInterfaces",
            # Engines keep a terminated instance's interfaces; those of living instances are a row of their own.
            where=(one_of("Groups.GroupId", "{GroupId}"), lacking("Attachment.InstanceId")),
        ),
    ),
)
