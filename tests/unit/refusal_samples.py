"""For each known refusal: a request, a state of the engine in which AWS refuses it, and one in which it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACCOUNT = "123456789012"
Answers = Mapping[str, Any]
GROUP, SUBNET, VPC, GATEWAY = "sg-1", "subnet-1", "vpc-1", "igw-1"
INSTANCE, INTERFACE, TABLE, VOLUME = "i-1", "eni-1", "rtb-1", "vol-1"
BALANCER, TARGETS, LISTENER = "arn:lb", "arn:tg", "arn:listener"
CERTIFICATE, KEY = "arn:cert", "arn:key"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/runs"


@dataclass(frozen=True, slots=True)
class Sample:
    """A request, a state in which AWS refuses it, and one in which it does not."""

    request: Mapping[str, Any]
    refused: Answers
    allowed: Answers
    message: str


def instances(**more: Any) -> dict[str, Any]:
    found = {"InstanceId": INSTANCE, "State": {"Name": "running"}} | more
    return {"DescribeInstances": {"Reservations": [{"Instances": [found]}]}}


def balancers(**more: Any) -> dict[str, Any]:
    return {"DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER} | more]}}


def databases(**more: Any) -> dict[str, Any]:
    return {
        "DescribeDBInstances": {
            "DBInstances": [{"DBInstanceIdentifier": "orders", "DBInstanceStatus": "available"} | more]
        }
    }


def listing(operation: str, items: str, *found: Any) -> dict[str, Any]:
    return {operation: {items: list(found)}}


GROUP_MESSAGE = f"resource {GROUP} has a dependent object"
SUBNET_MESSAGE = f"The subnet '{SUBNET}' has dependencies and cannot be deleted."
VPC_MESSAGE = f"The vpc '{VPC}' has dependencies and cannot be deleted."
MAPPED = (
    f"Network {VPC} has some mapped public address(es). "
    "Please unmap those public address(es) before detaching the gateway."
)
DETACH = {"InternetGatewayId": GATEWAY, "VpcId": VPC}
IN_GROUP = {"SecurityGroups": [{"GroupId": GROUP}]}
USES_GROUP = {"GroupId": "sg-2", "VpcId": VPC, "IpPermissions": [{"UserIdGroupPairs": [{"GroupId": GROUP}]}]}
ITSELF = {"GroupId": GROUP, "GroupName": "web", "VpcId": VPC}
FILE_SYSTEM = listing("DescribeFileSystems", "FileSystems", {"FileSystemId": "fs-1"})
DISTRIBUTION = {"Id": "E1", "DistributionConfig": {"Enabled": True}}


def nat(**more: Any) -> dict[str, Any]:
    gateway = {"SubnetId": SUBNET, "VpcId": VPC, "State": "available"} | more
    return listing("DescribeNatGateways", "NatGateways", gateway)


SAMPLES: dict[str, Sample] = {
    "security-group-default": Sample(
        {"GroupId": GROUP},
        listing("DescribeSecurityGroups", "SecurityGroups", ITSELF | {"GroupName": "default"}),
        listing("DescribeSecurityGroups", "SecurityGroups", ITSELF),
        f'the specified group: "{GROUP}" name: "default" cannot be deleted by a user',
    ),
    "security-group-of-instance": Sample(
        {"GroupId": GROUP},
        instances(**IN_GROUP),
        instances(**IN_GROUP, State={"Name": "terminated"}),
        GROUP_MESSAGE,
    ),
    "security-group-in-rule-of-another": Sample(
        {"GroupId": GROUP},
        listing("DescribeSecurityGroups", "SecurityGroups", ITSELF, USES_GROUP),
        # A peered VPC's rule does not count, nor does a rule of its own.
        listing(
            "DescribeSecurityGroups",
            "SecurityGroups",
            ITSELF | {"IpPermissions": USES_GROUP["IpPermissions"]},
            USES_GROUP | {"VpcId": "vpc-2"},
        ),
        GROUP_MESSAGE,
    ),
    "security-group-of-load-balancer": Sample(
        {"GroupId": GROUP},
        balancers(SecurityGroups=["sg-9", GROUP]),
        balancers(SecurityGroups=["sg-9"]),
        GROUP_MESSAGE,
    ),
    "security-group-of-classic-load-balancer": Sample(
        {"GroupId": GROUP},
        listing("DescribeLoadBalancers", "LoadBalancerDescriptions", {"SecurityGroups": [GROUP]}),
        listing("DescribeLoadBalancers", "LoadBalancerDescriptions", {"SecurityGroups": []}),
        GROUP_MESSAGE,
    ),
    "security-group-of-database": Sample(
        {"GroupId": GROUP},
        databases(VpcSecurityGroups=[{"VpcSecurityGroupId": GROUP}]),
        databases(VpcSecurityGroups=[{"VpcSecurityGroupId": "sg-9"}]),
        GROUP_MESSAGE,
    ),
    "security-group-of-mount-target": Sample(
        {"GroupId": GROUP},
        FILE_SYSTEM
        | listing("DescribeMountTargets", "MountTargets", {"MountTargetId": "fsmt-1", "LifeCycleState": "available"})
        | listing("DescribeMountTargetSecurityGroups", "SecurityGroups", GROUP),
        FILE_SYSTEM
        | listing("DescribeMountTargets", "MountTargets", {"MountTargetId": "fsmt-1", "LifeCycleState": "available"})
        | listing("DescribeMountTargetSecurityGroups", "SecurityGroups", "sg-9"),
        GROUP_MESSAGE,
    ),
    "security-group-of-function": Sample(
        {"GroupId": GROUP},
        listing("ListFunctions", "Functions", {"VpcConfig": {"SecurityGroupIds": [GROUP]}}),
        listing("ListFunctions", "Functions", {"FunctionName": "outside any VPC"}),
        GROUP_MESSAGE,
    ),
    "security-group-of-cache": Sample(
        {"GroupId": GROUP},
        listing("DescribeCacheClusters", "CacheClusters", {"SecurityGroups": [{"SecurityGroupId": GROUP}]}),
        listing("DescribeCacheClusters", "CacheClusters", {"SecurityGroups": []}),
        GROUP_MESSAGE,
    ),
    "security-group-of-endpoint": Sample(
        {"GroupId": GROUP},
        listing("DescribeVpcEndpoints", "VpcEndpoints", {"Groups": [{"GroupId": GROUP}], "State": "available"}),
        listing("DescribeVpcEndpoints", "VpcEndpoints", {"Groups": [{"GroupId": GROUP}], "State": "deleted"}),
        GROUP_MESSAGE,
    ),
    "security-group-of-network-interface": Sample(
        {"GroupId": GROUP},
        listing("DescribeNetworkInterfaces", "NetworkInterfaces", {"Groups": [{"GroupId": GROUP}]}),
        listing(
            "DescribeNetworkInterfaces",
            "NetworkInterfaces",
            {"Groups": [{"GroupId": GROUP}], "Attachment": {"InstanceId": "i-terminated"}},
        ),
        GROUP_MESSAGE,
    ),
    "subnet-overlapping": Sample(
        {"VpcId": VPC, "CidrBlock": "10.0.4.0/24"},
        listing("DescribeSubnets", "Subnets", {"VpcId": VPC, "CidrBlock": "10.0.0.0/20"}),
        listing(
            "DescribeSubnets",
            "Subnets",
            {"VpcId": VPC, "CidrBlock": "10.0.5.0/24"},
            {"VpcId": "vpc-2", "CidrBlock": "10.0.4.0/24"},
        ),
        "The CIDR '10.0.4.0/24' conflicts with another subnet",
    ),
    "subnet-outside-vpc": Sample(
        {"VpcId": VPC, "CidrBlock": "10.9.0.0/24"},
        listing("DescribeVpcs", "Vpcs", {"VpcId": VPC, "CidrBlock": "10.0.0.0/16"}),
        listing(
            "DescribeVpcs",
            "Vpcs",
            {"VpcId": VPC, "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [{"CidrBlock": "10.9.0.0/16"}]},
        ),
        "The CIDR '10.9.0.0/24' is invalid.",
    ),
    "subnet-with-instance": Sample(
        {"SubnetId": SUBNET}, instances(SubnetId=SUBNET), instances(SubnetId="subnet-9"), SUBNET_MESSAGE
    ),
    "subnet-with-nat-gateway": Sample({"SubnetId": SUBNET}, nat(), nat(State="deleted"), SUBNET_MESSAGE),
    "subnet-with-mount-target": Sample(
        {"SubnetId": SUBNET},
        FILE_SYSTEM | listing("DescribeMountTargets", "MountTargets", {"SubnetId": SUBNET}),
        FILE_SYSTEM | listing("DescribeMountTargets", "MountTargets", {"SubnetId": "subnet-9"}),
        SUBNET_MESSAGE,
    ),
    "subnet-with-load-balancer": Sample(
        {"SubnetId": SUBNET},
        balancers(AvailabilityZones=[{"SubnetId": SUBNET}]),
        balancers(AvailabilityZones=[{"SubnetId": "subnet-9"}]),
        SUBNET_MESSAGE,
    ),
    "subnet-with-function": Sample(
        {"SubnetId": SUBNET},
        listing("ListFunctions", "Functions", {"VpcConfig": {"SubnetIds": [SUBNET]}}),
        listing("ListFunctions", "Functions", {"VpcConfig": {"SubnetIds": []}}),
        SUBNET_MESSAGE,
    ),
    "subnet-with-endpoint": Sample(
        {"SubnetId": SUBNET},
        listing("DescribeVpcEndpoints", "VpcEndpoints", {"SubnetIds": [SUBNET], "State": "available"}),
        listing("DescribeVpcEndpoints", "VpcEndpoints", {"SubnetIds": [], "RouteTableIds": [TABLE]}),
        SUBNET_MESSAGE,
    ),
    "subnet-with-network-interface": Sample(
        {"SubnetId": SUBNET},
        listing("DescribeNetworkInterfaces", "NetworkInterfaces", {"SubnetId": SUBNET, "NetworkInterfaceId": INTERFACE})
        | nat(State="deleted", NatGatewayAddresses=[{"NetworkInterfaceId": "eni-of-nat"}]),
        listing("DescribeNetworkInterfaces", "NetworkInterfaces", {"SubnetId": SUBNET, "NetworkInterfaceId": INTERFACE})
        | nat(State="deleted", NatGatewayAddresses=[{"NetworkInterfaceId": INTERFACE}]),
        SUBNET_MESSAGE,
    ),
    "vpc-with-subnet": Sample(
        {"VpcId": VPC},
        listing("DescribeSubnets", "Subnets", {"VpcId": VPC}),
        listing("DescribeSubnets", "Subnets", {"VpcId": "vpc-2"}),
        VPC_MESSAGE,
    ),
    "vpc-with-internet-gateway": Sample(
        {"VpcId": VPC},
        listing(
            "DescribeInternetGateways", "InternetGateways", {"Attachments": [{"VpcId": VPC, "State": "available"}]}
        ),
        listing("DescribeInternetGateways", "InternetGateways", {"Attachments": []}),
        VPC_MESSAGE,
    ),
    "vpc-with-security-group": Sample(
        {"VpcId": VPC},
        listing("DescribeSecurityGroups", "SecurityGroups", ITSELF),
        listing("DescribeSecurityGroups", "SecurityGroups", ITSELF | {"GroupName": "default"}),
        VPC_MESSAGE,
    ),
    "vpc-with-route-table": Sample(
        {"VpcId": VPC},
        listing(
            "DescribeRouteTables",
            "RouteTables",
            {"VpcId": VPC, "RouteTableId": "rtb-main", "Associations": [{"Main": True}]},
            {"VpcId": VPC, "RouteTableId": TABLE, "Associations": []},
        ),
        listing(
            "DescribeRouteTables",
            "RouteTables",
            {"VpcId": VPC, "RouteTableId": "rtb-main", "Associations": [{"Main": True}]},
        ),
        VPC_MESSAGE,
    ),
    "vpc-with-vpn-gateway": Sample(
        {"VpcId": VPC},
        listing("DescribeVpnGateways", "VpnGateways", {"VpcAttachments": [{"VpcId": VPC, "State": "attached"}]}),
        listing("DescribeVpnGateways", "VpnGateways", {"VpcAttachments": [{"VpcId": VPC, "State": "detached"}]}),
        VPC_MESSAGE,
    ),
    "internet-gateway-attached": Sample(
        {"InternetGatewayId": GATEWAY},
        listing(
            "DescribeInternetGateways",
            "InternetGateways",
            {"InternetGatewayId": GATEWAY, "Attachments": [{"VpcId": VPC, "State": "available"}]},
        ),
        listing("DescribeInternetGateways", "InternetGateways", {"InternetGatewayId": GATEWAY, "Attachments": []}),
        f"The internetGateway '{GATEWAY}' has dependencies and cannot be deleted.",
    ),
    "internet-gateway-with-public-instance": Sample(
        DETACH,
        instances(VpcId=VPC, PublicIpAddress="192.0.2.1"),
        instances(VpcId=VPC),
        MAPPED,
    ),
    "internet-gateway-with-nat-gateway": Sample(
        DETACH,
        nat(NatGatewayAddresses=[{"AllocationId": "eipalloc-1"}]),
        nat(NatGatewayAddresses=[{"PrivateIp": "10.0.0.9"}], ConnectivityType="private"),
        MAPPED,
    ),
    "internet-gateway-with-public-load-balancer": Sample(
        DETACH,
        listing("DescribeSubnets", "Subnets", {"VpcId": VPC, "SubnetId": SUBNET})
        | balancers(AvailabilityZones=[{"SubnetId": SUBNET}], Scheme="internet-facing"),
        listing("DescribeSubnets", "Subnets", {"VpcId": VPC, "SubnetId": SUBNET})
        | balancers(AvailabilityZones=[{"SubnetId": SUBNET}], Scheme="internal"),
        MAPPED,
    ),
    "route-table-associated": Sample(
        {"RouteTableId": TABLE},
        listing(
            "DescribeRouteTables",
            "RouteTables",
            {"RouteTableId": TABLE, "Associations": [{"RouteTableId": TABLE, "SubnetId": SUBNET}]},
        ),
        listing("DescribeRouteTables", "RouteTables", {"RouteTableId": TABLE, "Associations": []}),
        f"The routeTable '{TABLE}' has dependencies and cannot be deleted.",
    ),
    "network-acl-associated": Sample(
        {"NetworkAclId": "acl-1"},
        listing(
            "DescribeNetworkAcls", "NetworkAcls", {"Associations": [{"NetworkAclId": "acl-1", "SubnetId": SUBNET}]}
        ),
        listing(
            "DescribeNetworkAcls", "NetworkAcls", {"Associations": [{"NetworkAclId": "acl-2", "SubnetId": SUBNET}]}
        ),
        "The networkAcl 'acl-1' has dependencies and cannot be deleted.",
    ),
    "network-interface-attached": Sample(
        {"NetworkInterfaceId": INTERFACE},
        listing(
            "DescribeNetworkInterfaces",
            "NetworkInterfaces",
            {"NetworkInterfaceId": INTERFACE, "Attachment": {"InstanceId": INSTANCE, "Status": "attached"}},
        )
        | instances(),
        listing(
            "DescribeNetworkInterfaces",
            "NetworkInterfaces",
            {"NetworkInterfaceId": INTERFACE, "Attachment": {"InstanceId": INSTANCE, "Status": "attached"}},
        )
        | instances(State={"Name": "terminated"}),
        f"Network interface '{INTERFACE}' is currently in use.",
    ),
    "address-associated": Sample(
        {"AllocationId": "eipalloc-1"},
        listing(
            "DescribeAddresses",
            "Addresses",
            {"AllocationId": "eipalloc-1", "PublicIp": "192.0.2.1", "AssociationId": "eipassoc-1"},
        ),
        listing("DescribeAddresses", "Addresses", {"AllocationId": "eipalloc-1", "PublicIp": "192.0.2.1"}),
        "Address 192.0.2.1 is in use.",
    ),
    "instance-protected": Sample(
        {"InstanceIds": [INSTANCE]},
        {"DescribeInstanceAttribute": {"DisableApiTermination": {"Value": True}}},
        {"DescribeInstanceAttribute": {"DisableApiTermination": {"Value": False}}},
        f"The instance '{INSTANCE}' may not be terminated. "
        "Modify its 'disableApiTermination' instance attribute and try again.",
    ),
    "volume-attached": Sample(
        {"VolumeId": VOLUME},
        listing(
            "DescribeVolumes",
            "Volumes",
            {"Attachments": [{"VolumeId": VOLUME, "State": "attached", "InstanceId": INSTANCE}]},
        )
        | instances(),
        listing("DescribeVolumes", "Volumes", {"Attachments": []}),
        f"Volume {VOLUME} is currently attached to {INSTANCE}",
    ),
    "snapshot-of-image": Sample(
        {"SnapshotId": "snap-1"},
        listing(
            "DescribeImages", "Images", {"ImageId": "ami-1", "BlockDeviceMappings": [{"Ebs": {"SnapshotId": "snap-1"}}]}
        ),
        listing(
            "DescribeImages", "Images", {"ImageId": "ami-1", "BlockDeviceMappings": [{"Ebs": {"SnapshotId": "snap-2"}}]}
        ),
        "The snapshot snap-1 is currently in use by ami-1",
    ),
    "auto-scaling-group-with-instances": Sample(
        {"AutoScalingGroupName": "web"},
        listing(
            "DescribeAutoScalingGroups",
            "AutoScalingGroups",
            {"AutoScalingGroupName": "web", "Instances": [{"InstanceId": INSTANCE}]},
        ),
        listing("DescribeAutoScalingGroups", "AutoScalingGroups", {"AutoScalingGroupName": "web", "Instances": []}),
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
        "still in the group.",
    ),
    "launch-configuration-in-use": Sample(
        {"LaunchConfigurationName": "old"},
        listing(
            "DescribeAutoScalingGroups",
            "AutoScalingGroups",
            {"AutoScalingGroupName": "web", "LaunchConfigurationName": "old"},
        ),
        listing("DescribeAutoScalingGroups", "AutoScalingGroups", {"AutoScalingGroupName": "web"}),
        "Cannot delete launch configuration old because it is attached to AutoScalingGroup web",
    ),
    "ecs-cluster-with-services": Sample(
        {"cluster": "shop"},
        listing("ListServices", "serviceArns", "arn:web")
        | listing("DescribeServices", "services", {"serviceArn": "arn:web", "status": "ACTIVE"}),
        listing("ListServices", "serviceArns", "arn:web")
        | listing("DescribeServices", "services", {"serviceArn": "arn:web", "status": "INACTIVE"}),
        "The Cluster cannot be deleted while Services are active.",
    ),
    "ecs-cluster-with-tasks": Sample(
        {"cluster": "shop"},
        listing("ListTasks", "taskArns", "arn:t")
        | listing("DescribeTasks", "tasks", {"taskArn": "arn:t", "desiredStatus": "RUNNING", "lastStatus": "RUNNING"}),
        listing("ListTasks", "taskArns", "arn:t")
        | listing("DescribeTasks", "tasks", {"taskArn": "arn:t", "desiredStatus": "STOPPED", "lastStatus": "STOPPED"}),
        "The Cluster cannot be deleted while Tasks are active.",
    ),
    "ecs-cluster-with-container-instances": Sample(
        {"cluster": "shop"},
        listing("ListContainerInstances", "containerInstanceArns", "arn:c")
        | listing(
            "DescribeContainerInstances", "containerInstances", {"containerInstanceArn": "arn:c", "status": "ACTIVE"}
        ),
        listing("ListContainerInstances", "containerInstanceArns"),
        "The Cluster cannot be deleted while Container Instances are active or draining.",
    ),
    "ecs-service-scaled-up": Sample(
        {"cluster": "shop", "service": "web"},
        listing("DescribeServices", "services", {"status": "ACTIVE", "desiredCount": 2}),
        listing("DescribeServices", "services", {"status": "ACTIVE", "desiredCount": 0}),
        "The service cannot be stopped while it is scaled above 0.",
    ),
    "ecr-repository-with-images": Sample(
        {"repositoryName": "shop"},
        listing("ListImages", "imageIds", {"imageTag": "v1"}),
        listing("ListImages", "imageIds"),
        f"The repository with name 'shop' in registry with id '{ACCOUNT}' cannot be deleted "
        "because it still contains images",
    ),
    "eks-cluster-with-node-groups": Sample(
        {"name": "shop"},
        listing("ListNodegroups", "nodegroups", "workers"),
        listing("ListNodegroups", "nodegroups"),
        "Cluster has nodegroups attached",
    ),
    "function-without-role": Sample(
        {"FunctionName": "charge", "Role": ROLE},
        listing("ListRoles", "Roles", {"Arn": f"arn:aws:iam::{ACCOUNT}:role/other"}),
        listing("ListRoles", "Roles", {"Arn": ROLE}),
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "target-group-of-listener": Sample(
        {"TargetGroupArn": TARGETS},
        balancers() | listing("DescribeListeners", "Listeners", {"DefaultActions": [{"TargetGroupArn": TARGETS}]}),
        balancers() | listing("DescribeListeners", "Listeners", {"DefaultActions": [{"TargetGroupArn": "arn:other"}]}),
        f"Target group '{TARGETS}' is currently in use by a listener or a rule",
    ),
    "target-group-of-rule": Sample(
        {"TargetGroupArn": TARGETS},
        balancers()
        | listing("DescribeListeners", "Listeners", {"ListenerArn": LISTENER})
        | listing(
            "DescribeRules",
            "Rules",
            {"Actions": [{"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": TARGETS}]}}]},
        ),
        balancers()
        | listing("DescribeListeners", "Listeners", {"ListenerArn": LISTENER})
        | listing("DescribeRules", "Rules", {"Actions": [{"Type": "fixed-response"}]}),
        f"Target group '{TARGETS}' is currently in use by a listener or a rule",
    ),
    "load-balancer-protected": Sample(
        {"LoadBalancerArn": BALANCER},
        listing(
            "DescribeLoadBalancerAttributes",
            "Attributes",
            {"Key": "deletion_protection.enabled", "Value": "true"},
        ),
        listing(
            "DescribeLoadBalancerAttributes",
            "Attributes",
            {"Key": "deletion_protection.enabled", "Value": "false"},
            {"Key": "other.enabled", "Value": "true"},
        ),
        f"Load balancer '{BALANCER}' cannot be deleted because deletion protection is enabled",
    ),
    "certificate-of-listener": Sample(
        {"CertificateArn": CERTIFICATE},
        balancers() | listing("DescribeListeners", "Listeners", {"Certificates": [{"CertificateArn": CERTIFICATE}]}),
        balancers() | listing("DescribeListeners", "Listeners", {"Protocol": "HTTP"}),
        f"Certificate {CERTIFICATE} in account {ACCOUNT} is in use.",
    ),
    "certificate-of-distribution": Sample(
        {"CertificateArn": CERTIFICATE},
        {
            "ListDistributions": {
                "DistributionList": {"Items": [{"ViewerCertificate": {"ACMCertificateArn": CERTIFICATE}}]}
            }
        },
        {"ListDistributions": {"DistributionList": {"Items": []}}},
        f"Certificate {CERTIFICATE} in account {ACCOUNT} is in use.",
    ),
    "certificate-of-classic-load-balancer": Sample(
        {"CertificateArn": CERTIFICATE},
        listing(
            "DescribeLoadBalancers",
            "LoadBalancerDescriptions",
            {"ListenerDescriptions": [{"Listener": {"SSLCertificateId": CERTIFICATE}}]},
        ),
        listing("DescribeLoadBalancers", "LoadBalancerDescriptions", {"ListenerDescriptions": [{"Listener": {}}]}),
        f"Certificate {CERTIFICATE} in account {ACCOUNT} is in use.",
    ),
    "certificate-of-api-domain": Sample(
        {"CertificateArn": CERTIFICATE},
        listing("GetDomainNames", "items", {"regionalCertificateArn": CERTIFICATE}),
        listing("GetDomainNames", "items", {"regionalCertificateArn": "arn:other"}),
        f"Certificate {CERTIFICATE} in account {ACCOUNT} is in use.",
    ),
    "role-with-attached-policy": Sample(
        {"RoleName": "runs"},
        listing("ListAttachedRolePolicies", "AttachedPolicies", {"PolicyName": "p"}),
        listing("ListAttachedRolePolicies", "AttachedPolicies"),
        "Cannot delete entity, must detach all policies first.",
    ),
    "role-with-inline-policy": Sample(
        {"RoleName": "runs"},
        listing("ListRolePolicies", "PolicyNames", "p"),
        listing("ListRolePolicies", "PolicyNames"),
        "Cannot delete entity, must delete policies first.",
    ),
    "role-in-instance-profile": Sample(
        {"RoleName": "runs"},
        listing("ListInstanceProfilesForRole", "InstanceProfiles", {"InstanceProfileName": "p"}),
        listing("ListInstanceProfilesForRole", "InstanceProfiles"),
        "Cannot delete entity, must remove roles from instance profile first.",
    ),
    "instance-profile-with-role": Sample(
        {"InstanceProfileName": "p"},
        {"GetInstanceProfile": {"InstanceProfile": {"Roles": [{"RoleName": "runs"}]}}},
        {"GetInstanceProfile": {"InstanceProfile": {"Roles": []}}},
        "Cannot delete entity, must remove roles from instance profile first.",
    ),
    "policy-attached": Sample(
        {"PolicyArn": "arn:p"},
        {"ListEntitiesForPolicy": {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": [{"RoleName": "runs"}]}},
        {"ListEntitiesForPolicy": {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": []}},
        "Cannot delete a policy attached to entities.",
    ),
    "policy-with-versions": Sample(
        {"PolicyArn": "arn:p"},
        listing("ListPolicyVersions", "Versions", {"IsDefaultVersion": True}, {"IsDefaultVersion": False}),
        listing("ListPolicyVersions", "Versions", {"IsDefaultVersion": True}),
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy.",
    ),
    "user-with-attached-policy": Sample(
        {"UserName": "ann"},
        listing("ListAttachedUserPolicies", "AttachedPolicies", {"PolicyName": "p"}),
        listing("ListAttachedUserPolicies", "AttachedPolicies"),
        "Cannot delete entity, must detach all policies first.",
    ),
    "user-with-inline-policy": Sample(
        {"UserName": "ann"},
        listing("ListUserPolicies", "PolicyNames", "p"),
        listing("ListUserPolicies", "PolicyNames"),
        "Cannot delete entity, must delete policies first.",
    ),
    "user-with-access-key": Sample(
        {"UserName": "ann"},
        listing("ListAccessKeys", "AccessKeyMetadata", {"AccessKeyId": "k"}),
        listing("ListAccessKeys", "AccessKeyMetadata"),
        "Cannot delete entity, must delete access keys first.",
    ),
    "user-in-group": Sample(
        {"UserName": "ann"},
        listing("ListGroupsForUser", "Groups", {"GroupName": "g"}),
        listing("ListGroupsForUser", "Groups"),
        "Cannot delete entity, must remove users from group first.",
    ),
    "user-with-login": Sample(
        {"UserName": "ann"},
        {"GetLoginProfile": {"LoginProfile": {"UserName": "ann"}}},
        {},
        "Cannot delete entity, must delete login profile first.",
    ),
    "group-with-user": Sample(
        {"GroupName": "g"},
        listing("GetGroup", "Users", {"UserName": "ann"}),
        listing("GetGroup", "Users"),
        "Cannot delete entity, must remove users from group first.",
    ),
    "group-with-attached-policy": Sample(
        {"GroupName": "g"},
        listing("ListAttachedGroupPolicies", "AttachedPolicies", {"PolicyName": "p"}),
        listing("ListAttachedGroupPolicies", "AttachedPolicies"),
        "Cannot delete entity, must detach all policies first.",
    ),
    "group-with-inline-policy": Sample(
        {"GroupName": "g"},
        listing("ListGroupPolicies", "PolicyNames", "p"),
        listing("ListGroupPolicies", "PolicyNames"),
        "Cannot delete entity, must delete policies first.",
    ),
    "key-pending-deletion": Sample(
        {"KeyId": "k"},
        {"DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyState": "PendingDeletion"}}},
        {"DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}}},
        f"{KEY} is pending deletion.",
    ),
    "alias-of-key-pending-deletion": Sample(
        {"AliasName": "alias/a", "TargetKeyId": "k"},
        {"DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyState": "PendingDeletion"}}},
        {"DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyState": "Disabled"}}},
        f"{KEY} is pending deletion.",
    ),
    "key-disabled": Sample(
        {"KeyId": "k"},
        {"DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyState": "Disabled", "Enabled": False}}},
        {"DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled", "Enabled": True}}},
        f"{KEY} is disabled.",
    ),
    "database-protected": Sample(
        {"DBInstanceIdentifier": "orders"},
        databases(DeletionProtection=True),
        databases(DeletionProtection=False),
        "Cannot delete protected DB Instance, please disable deletion protection and try again.",
    ),
    "database-cluster-protected": Sample(
        {"DBClusterIdentifier": "orders"},
        listing("DescribeDBClusters", "DBClusters", {"DBClusterIdentifier": "orders", "DeletionProtection": True}),
        listing("DescribeDBClusters", "DBClusters", {"DBClusterIdentifier": "orders", "DeletionProtection": False}),
        "Cannot delete protected Cluster, please disable deletion protection and try again.",
    ),
    "database-cluster-with-instances": Sample(
        {"DBClusterIdentifier": "shop"},
        databases(DBClusterIdentifier="shop"),
        databases(DBClusterIdentifier="shop", DBInstanceStatus="deleting"),
        "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
    ),
    "database-subnet-group-in-use": Sample(
        {"DBSubnetGroupName": "private"},
        databases(DBSubnetGroup={"DBSubnetGroupName": "private"}),
        databases(DBSubnetGroup={"DBSubnetGroupName": "default"}),
        "Cannot delete the subnet group 'private' because at least one database instance: orders is still using it.",
    ),
    "database-parameter-group-in-use": Sample(
        {"DBParameterGroupName": "tuned"},
        databases(DBParameterGroups=[{"DBParameterGroupName": "tuned"}]),
        databases(DBParameterGroups=[{"DBParameterGroupName": "default.mysql8.0"}]),
        "One or more database instances are still members of this parameter group tuned, "
        "so the group cannot be deleted",
    ),
    "database-option-group-in-use": Sample(
        {"OptionGroupName": "audited"},
        databases(OptionGroupMemberships=[{"OptionGroupName": "audited"}]),
        databases(OptionGroupMemberships=[]),
        "The option group 'audited' cannot be deleted because it is in use.",
    ),
    "table-protected": Sample(
        {"TableName": "orders"},
        {"DescribeTable": {"Table": {"DeletionProtectionEnabled": True}}},
        {"DescribeTable": {"Table": {"DeletionProtectionEnabled": False}}},
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    ),
    "cache-subnet-group-in-use": Sample(
        {"CacheSubnetGroupName": "private"},
        listing("DescribeCacheClusters", "CacheClusters", {"CacheSubnetGroupName": "private"}),
        listing("DescribeCacheClusters", "CacheClusters", {"CacheSubnetGroupName": "other"}),
        "Cache subnet group private is currently in use by a cache cluster.",
    ),
    "bucket-not-empty": Sample(
        {"Bucket": "invoices"},
        listing("ListObjectsV2", "Contents", {"Key": "k", "Size": 0}),
        {"ListObjectsV2": {"KeyCount": 0}},
        "The bucket you tried to delete is not empty",
    ),
    "bucket-with-versions": Sample(
        {"Bucket": "invoices"},
        listing("ListObjectVersions", "DeleteMarkers", {"Key": "k"}),
        {"ListObjectVersions": {}},
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
    ),
    "file-system-with-mount-targets": Sample(
        {"FileSystemId": "fs-1"},
        listing("DescribeMountTargets", "MountTargets", {"FileSystemId": "fs-1", "LifeCycleState": "available"}),
        listing("DescribeMountTargets", "MountTargets", {"FileSystemId": "fs-1", "LifeCycleState": "deleted"}),
        "The file system 'fs-1' cannot be deleted because it has mount targets. "
        "You must delete the mount targets, and then try again.",
    ),
    "hosted-zone-not-empty": Sample(
        {"Id": "Z1"},
        listing("ListResourceRecordSets", "ResourceRecordSets", {"Type": "SOA"}, {"Type": "A"}),
        listing("ListResourceRecordSets", "ResourceRecordSets", {"Type": "SOA"}, {"Type": "NS"}),
        "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
    ),
    "distribution-enabled": Sample(
        {"Id": "E1"},
        {"GetDistribution": {"Distribution": DISTRIBUTION}},
        {"GetDistribution": {"Distribution": DISTRIBUTION | {"DistributionConfig": {"Enabled": False}}}},
        "The distribution you are trying to delete has not been disabled.",
    ),
    "user-pool-protected": Sample(
        {"UserPoolId": "p"},
        {"DescribeUserPool": {"UserPool": {"DeletionProtection": "ACTIVE"}}},
        {"DescribeUserPool": {"UserPool": {"DeletionProtection": "INACTIVE"}}},
        "The user pool cannot be deleted because deletion protection is activated. "
        "Deletion protection must be inactivated first.",
    ),
    "user-pool-with-domain": Sample(
        {"UserPoolId": "p"},
        {"DescribeUserPool": {"UserPool": {"Domain": "shop"}}},
        {"DescribeUserPool": {"UserPool": {"Name": "customers"}}},
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
    ),
    "event-rule-with-targets": Sample(
        {"Name": "hourly"},
        listing("ListTargetsByRule", "Targets", {"Id": "t"}),
        listing("ListTargetsByRule", "Targets"),
        "Rule can't be deleted since it has targets.",
    ),
    "web-acl-associated": Sample(
        {"Id": "a", "Name": "edge", "Scope": "REGIONAL"},
        listing("ListWebACLs", "WebACLs", {"Id": "a", "ARN": "arn:acl"})
        | listing("ListResourcesForWebACL", "ResourceArns", BALANCER),
        listing("ListWebACLs", "WebACLs", {"Id": "a", "ARN": "arn:acl"})
        | listing("ListResourcesForWebACL", "ResourceArns"),
        "AWS WAF couldn\u2019t perform the operation because your resource is being used by another resource "
        "or it\u2019s associated with another resource.",
    ),
    "stack-protected": Sample(
        {"StackName": "shop"},
        listing("DescribeStacks", "Stacks", {"EnableTerminationProtection": True}),
        listing("DescribeStacks", "Stacks", {"EnableTerminationProtection": False}),
        "Stack [shop] cannot be deleted while TerminationProtection is enabled",
    ),
}
