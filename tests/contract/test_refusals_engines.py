"""AWS's refusals instead of an engine's consent, with boto3; and the same call once nothing stands in its way."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.engines.ministack import MiniStackEngine
from sandbox.engines.moto import MotoEngine
from sandbox.ports import Engine
from sandbox.recorder.recorder import Recorder
from sandbox.refusals.known import KnownRefusals

pytestmark = pytest.mark.engine

ACCOUNT = "123456789012"
REGION = "us-east-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
RUNS_FUNCTIONS = json.dumps({
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
})  # fmt: skip
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


@dataclass(slots=True)
class Cloud:
    """Clients of one engine behind a recorder, and what is made in it."""

    recorder: Recorder
    clients: dict[str, Any] = field(default_factory=dict)
    made: int = 0

    def __getattr__(self, service: str) -> Any:
        name = service.replace("_", "-").removesuffix("-")
        if name not in self.clients:
            self.clients[name] = boto3.client(
                name,
                endpoint_url=self.recorder.endpoint,
                region_name=REGION,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="x",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[name]

    def name(self) -> str:
        """A name that nothing has yet."""
        self.made += 1
        return f"made-{self.made}"

    def vpc(self) -> str:
        vpc: str = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        return vpc

    def subnet(self, vpc: str, block: str = "10.0.1.0/24", zone: str = "a") -> str:
        made = self.ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=REGION + zone)
        subnet: str = made["Subnet"]["SubnetId"]
        return subnet

    def group(self, vpc: str) -> str:
        group: str = self.ec2.create_security_group(GroupName=self.name(), Description="d", VpcId=vpc)["GroupId"]
        return group

    def balancer(self, vpc: str, group: str) -> str:
        subnets = [self.subnet(vpc, "10.0.3.0/24"), self.subnet(vpc, "10.0.4.0/24", "b")]
        made = self.elbv2.create_load_balancer(
            Name=self.name(), Subnets=subnets, SecurityGroups=[group], Scheme="internet-facing"
        )
        arn: str = made["LoadBalancers"][0]["LoadBalancerArn"]
        return arn

    def target_group(self, vpc: str) -> str:
        made = self.elbv2.create_target_group(Name=self.name(), Protocol="HTTP", Port=80, VpcId=vpc)
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def role(self) -> str:
        name = self.name()
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        return name

    def policy(self) -> str:
        arn: str = self.iam.create_policy(PolicyName=self.name(), PolicyDocument=POLICY)["Policy"]["Arn"]
        return arn

    def instance(self, **more: Any) -> str:
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", **more)
        instance: str = made["Instances"][0]["InstanceId"]
        return instance

    def database(self, **more: Any) -> str:
        name = self.name()
        self.rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="mysql", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
            MasterUsername="admin", MasterUserPassword="hunter2hunter2", **more,
        )  # fmt: skip
        return name

    def function(self, role: str, **more: Any) -> str:
        name = self.name()
        self.lambda_.create_function(
            FunctionName=name, Runtime="python3.12", Handler="m.h", Role=role, Code={"ZipFile": archive()}, **more
        )
        return name


Act = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Case:
    """A call that AWS refuses, and what makes it pass."""

    act: Act
    release: Act


Arrange = Callable[[Cloud], Case]
CASES: list[tuple[str, str, str, Arrange]] = []
ENGINES: dict[str, Callable[[], Engine]] = {"ministack": MiniStackEngine, "moto": MotoEngine}


def case(row: str, code: str, engines: Iterable[str] = ENGINES) -> Callable[[Arrange], Arrange]:
    """A row, on the engines that can have the state that it is about."""

    def added(arrange: Arrange) -> Arrange:
        CASES.extend((engine, row, code, arrange) for engine in engines)
        return arrange

    return added


@pytest.fixture(scope="module")
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with (
        Recorder() as recorder,
        ENGINES[request.param]().start(tmp_path_factory.mktemp("engine"), public_port=recorder.port) as engine,
    ):
        recorder.forward_to(engine.endpoint)
        recorder.answer_for_aws(KnownRefusals(engine.endpoint, account=ACCOUNT))
        yield Cloud(recorder)


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archived:
        archived.writestr("m.py", "def h(event, context): return 1")
    return packed.getvalue()


@case("security-group-of-network-interface", "DependencyViolation")
def group_of_interface(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    made = cloud.ec2.create_network_interface(SubnetId=cloud.subnet(vpc), Groups=[group])
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.ec2.delete_network_interface(NetworkInterfaceId=interface),
    )


@case("security-group-of-instance", "DependencyViolation")
def group_of_instance(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    instance = cloud.instance(SubnetId=cloud.subnet(vpc), SecurityGroupIds=[group])
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.ec2.terminate_instances(InstanceIds=[instance]),
    )


@case("security-group-in-rule-of-another", "DependencyViolation")
def group_in_rule(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group, other = cloud.group(vpc), cloud.group(vpc)
    rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": group}]}]
    cloud.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
    own = [{"IpProtocol": "tcp", "FromPort": 2, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": group}]}]
    cloud.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=own)
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=rule),
    )


@case("security-group-of-load-balancer", "DependencyViolation")
def group_of_balancer(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    balancer = cloud.balancer(vpc, group)
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.elbv2.delete_load_balancer(LoadBalancerArn=balancer),
    )


@case("security-group-of-database", "DependencyViolation")
def group_of_database(cloud: Cloud) -> Case:
    group = cloud.group(cloud.vpc())
    database = cloud.database(VpcSecurityGroupIds=[group])
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.rds.delete_db_instance(DBInstanceIdentifier=database, SkipFinalSnapshot=True),
    )


@case("security-group-of-mount-target", "DependencyViolation")
def group_of_mount_target(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    file_system = cloud.efs.create_file_system(CreationToken=cloud.name())["FileSystemId"]
    target = cloud.efs.create_mount_target(
        FileSystemId=file_system, SubnetId=cloud.subnet(vpc), SecurityGroups=[group]
    )["MountTargetId"]
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.efs.delete_mount_target(MountTargetId=target),
    )


@case("security-group-of-function", "DependencyViolation")
def group_of_function(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    cloud.iam.create_role(RoleName="runs", AssumeRolePolicyDocument=RUNS_FUNCTIONS)
    function = cloud.function(
        f"arn:aws:iam::{ACCOUNT}:role/runs",
        VpcConfig={"SubnetIds": [cloud.subnet(vpc)], "SecurityGroupIds": [group]},
    )
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.lambda_.delete_function(FunctionName=function),
    )


@case("security-group-of-endpoint", "DependencyViolation", ["moto"])
def group_of_endpoint(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    endpoint = cloud.ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.ssm", VpcEndpointType="Interface",
        SubnetIds=[cloud.subnet(vpc)], SecurityGroupIds=[group],
    )["VpcEndpoint"]["VpcEndpointId"]  # fmt: skip
    return Case(
        lambda: cloud.ec2.delete_security_group(GroupId=group),
        lambda: cloud.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint]),
    )


@case("subnet-overlapping", "InvalidSubnet.Conflict")
def overlapping(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    subnet = cloud.subnet(vpc, "10.0.0.0/20")
    return Case(lambda: cloud.subnet(vpc, "10.0.4.0/24"), lambda: cloud.ec2.delete_subnet(SubnetId=subnet))


@case("subnet-outside-vpc", "InvalidSubnet.Range")
def out_of_range(cloud: Cloud) -> Case:
    vpc, blocks = cloud.vpc(), ["10.0.9.0/24", "10.9.0.0/24"]
    return Case(lambda: cloud.subnet(vpc, blocks[-1]), blocks.pop)


@case("subnet-with-instance", "DependencyViolation")
def subnet_with_instance(cloud: Cloud) -> Case:
    subnet = cloud.subnet(cloud.vpc())
    instance = cloud.instance(SubnetId=subnet)
    return Case(
        lambda: cloud.ec2.delete_subnet(SubnetId=subnet),
        lambda: cloud.ec2.terminate_instances(InstanceIds=[instance]),
    )


@case("subnet-with-network-interface", "DependencyViolation")
def subnet_with_interface(cloud: Cloud) -> Case:
    subnet = cloud.subnet(cloud.vpc())
    interface = cloud.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    return Case(
        lambda: cloud.ec2.delete_subnet(SubnetId=subnet),
        lambda: cloud.ec2.delete_network_interface(NetworkInterfaceId=interface),
    )


@case("subnet-with-nat-gateway", "DependencyViolation")
def subnet_with_nat(cloud: Cloud) -> Case:
    subnet = cloud.subnet(cloud.vpc())
    made = cloud.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    gateway = made["NatGateway"]["NatGatewayId"]
    return Case(
        lambda: cloud.ec2.delete_subnet(SubnetId=subnet),
        lambda: cloud.ec2.delete_nat_gateway(NatGatewayId=gateway),
    )


@case("subnet-with-mount-target", "DependencyViolation")
def subnet_with_mount_target(cloud: Cloud) -> Case:
    subnet = cloud.subnet(cloud.vpc())
    file_system = cloud.efs.create_file_system(CreationToken=cloud.name())["FileSystemId"]
    target = cloud.efs.create_mount_target(FileSystemId=file_system, SubnetId=subnet)["MountTargetId"]
    return Case(
        lambda: cloud.ec2.delete_subnet(SubnetId=subnet),
        lambda: cloud.efs.delete_mount_target(MountTargetId=target),
    )


@case("vpc-with-subnet", "DependencyViolation")
def vpc_with_subnet(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    subnet = cloud.subnet(vpc)
    return Case(lambda: cloud.ec2.delete_vpc(VpcId=vpc), lambda: cloud.ec2.delete_subnet(SubnetId=subnet))


@case("vpc-with-internet-gateway", "DependencyViolation")
def vpc_with_gateway(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    gateway = cloud.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    cloud.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return Case(
        lambda: cloud.ec2.delete_vpc(VpcId=vpc),
        lambda: cloud.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc),
    )


@case("vpc-with-security-group", "DependencyViolation")
def vpc_with_group(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.group(vpc)
    return Case(lambda: cloud.ec2.delete_vpc(VpcId=vpc), lambda: cloud.ec2.delete_security_group(GroupId=group))


@case("vpc-with-route-table", "DependencyViolation")
def vpc_with_route_table(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    table = cloud.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    return Case(lambda: cloud.ec2.delete_vpc(VpcId=vpc), lambda: cloud.ec2.delete_route_table(RouteTableId=table))


@case("internet-gateway-attached", "DependencyViolation")
def gateway_attached(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    gateway = cloud.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    cloud.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return Case(
        lambda: cloud.ec2.delete_internet_gateway(InternetGatewayId=gateway),
        lambda: cloud.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc),
    )


@case("internet-gateway-with-public-load-balancer", "DependencyViolation")
def gateway_in_use(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    gateway = cloud.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    cloud.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    balancer = cloud.balancer(vpc, cloud.group(vpc))
    return Case(
        lambda: cloud.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc),
        lambda: cloud.elbv2.delete_load_balancer(LoadBalancerArn=balancer),
    )


@case("route-table-associated", "DependencyViolation")
def table_associated(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    table = cloud.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = cloud.ec2.associate_route_table(RouteTableId=table, SubnetId=cloud.subnet(vpc))
    association = made["AssociationId"]
    return Case(
        lambda: cloud.ec2.delete_route_table(RouteTableId=table),
        lambda: cloud.ec2.disassociate_route_table(AssociationId=association),
    )


@case("network-interface-attached", "InvalidParameterValue")
def interface_attached(cloud: Cloud) -> Case:
    subnet = cloud.subnet(cloud.vpc())
    interface = cloud.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    made = cloud.ec2.attach_network_interface(
        NetworkInterfaceId=interface, InstanceId=cloud.instance(SubnetId=subnet), DeviceIndex=1
    )
    return Case(
        lambda: cloud.ec2.delete_network_interface(NetworkInterfaceId=interface),
        lambda: cloud.ec2.detach_network_interface(AttachmentId=made["AttachmentId"]),
    )


@case("address-associated", "InvalidIPAddress.InUse")
def address_associated(cloud: Cloud) -> Case:
    subnet = cloud.subnet(cloud.vpc())
    allocation = cloud.ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = cloud.ec2.associate_address(AllocationId=allocation, InstanceId=cloud.instance(SubnetId=subnet))
    return Case(
        lambda: cloud.ec2.release_address(AllocationId=allocation),
        lambda: cloud.ec2.disassociate_address(AssociationId=made["AssociationId"]),
    )


@case("volume-attached", "VolumeInUse")
def volume_attached(cloud: Cloud) -> Case:
    volume = cloud.ec2.create_volume(AvailabilityZone=REGION + "a", Size=1)["VolumeId"]
    instance = cloud.instance(SubnetId=cloud.subnet(cloud.vpc()))
    cloud.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    return Case(
        lambda: cloud.ec2.delete_volume(VolumeId=volume),
        lambda: cloud.ec2.detach_volume(VolumeId=volume, InstanceId=instance),
    )


@case("instance-protected", "OperationNotPermitted", ["moto"])
def instance_protected(cloud: Cloud) -> Case:
    instance = cloud.instance(SubnetId=cloud.subnet(cloud.vpc()))
    cloud.ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    return Case(
        lambda: cloud.ec2.terminate_instances(InstanceIds=[instance]),
        lambda: cloud.ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False}),
    )


@case("role-with-attached-policy", "DeleteConflict")
def role_with_policy(cloud: Cloud) -> Case:
    role, policy = cloud.role(), cloud.policy()
    cloud.iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    return Case(
        lambda: cloud.iam.delete_role(RoleName=role),
        lambda: cloud.iam.detach_role_policy(RoleName=role, PolicyArn=policy),
    )


@case("role-with-inline-policy", "DeleteConflict")
def role_with_inline_policy(cloud: Cloud) -> Case:
    role = cloud.role()
    cloud.iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=POLICY)
    return Case(
        lambda: cloud.iam.delete_role(RoleName=role),
        lambda: cloud.iam.delete_role_policy(RoleName=role, PolicyName="p"),
    )


@case("role-in-instance-profile", "DeleteConflict")
def role_in_profile(cloud: Cloud) -> Case:
    role = cloud.role()
    cloud.iam.create_instance_profile(InstanceProfileName=role)
    cloud.iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    return Case(
        lambda: cloud.iam.delete_role(RoleName=role),
        lambda: cloud.iam.remove_role_from_instance_profile(InstanceProfileName=role, RoleName=role),
    )


@case("instance-profile-with-role", "DeleteConflict")
def profile_with_role(cloud: Cloud) -> Case:
    role = cloud.role()
    cloud.iam.create_instance_profile(InstanceProfileName=role)
    cloud.iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    return Case(
        lambda: cloud.iam.delete_instance_profile(InstanceProfileName=role),
        lambda: cloud.iam.remove_role_from_instance_profile(InstanceProfileName=role, RoleName=role),
    )


@case("policy-attached", "DeleteConflict")
def policy_attached(cloud: Cloud) -> Case:
    role, policy = cloud.role(), cloud.policy()
    cloud.iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    return Case(
        lambda: cloud.iam.delete_policy(PolicyArn=policy),
        lambda: cloud.iam.detach_role_policy(RoleName=role, PolicyArn=policy),
    )


@case("policy-with-versions", "DeleteConflict")
def policy_with_versions(cloud: Cloud) -> Case:
    policy = cloud.policy()
    cloud.iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY, SetAsDefault=False)
    return Case(
        lambda: cloud.iam.delete_policy(PolicyArn=policy),
        lambda: cloud.iam.delete_policy_version(PolicyArn=policy, VersionId="v2"),
    )


@case("user-with-access-key", "DeleteConflict")
def user_with_key(cloud: Cloud) -> Case:
    user = cloud.name()
    cloud.iam.create_user(UserName=user)
    key = cloud.iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    return Case(
        lambda: cloud.iam.delete_user(UserName=user),
        lambda: cloud.iam.delete_access_key(UserName=user, AccessKeyId=key),
    )


@case("user-with-attached-policy", "DeleteConflict")
def user_with_policy(cloud: Cloud) -> Case:
    user, policy = cloud.name(), cloud.policy()
    cloud.iam.create_user(UserName=user)
    cloud.iam.attach_user_policy(UserName=user, PolicyArn=policy)
    return Case(
        lambda: cloud.iam.delete_user(UserName=user),
        lambda: cloud.iam.detach_user_policy(UserName=user, PolicyArn=policy),
    )


@case("user-with-inline-policy", "DeleteConflict")
def user_with_inline_policy(cloud: Cloud) -> Case:
    user = cloud.name()
    cloud.iam.create_user(UserName=user)
    cloud.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=POLICY)
    return Case(
        lambda: cloud.iam.delete_user(UserName=user),
        lambda: cloud.iam.delete_user_policy(UserName=user, PolicyName="p"),
    )


@case("user-in-group", "DeleteConflict")
def user_in_group(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.iam.create_user(UserName=name)
    cloud.iam.create_group(GroupName=name)
    cloud.iam.add_user_to_group(UserName=name, GroupName=name)
    return Case(
        lambda: cloud.iam.delete_user(UserName=name),
        lambda: cloud.iam.remove_user_from_group(UserName=name, GroupName=name),
    )


@case("group-with-user", "DeleteConflict")
def group_with_user(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.iam.create_user(UserName=name)
    cloud.iam.create_group(GroupName=name)
    cloud.iam.add_user_to_group(UserName=name, GroupName=name)
    return Case(
        lambda: cloud.iam.delete_group(GroupName=name),
        lambda: cloud.iam.remove_user_from_group(UserName=name, GroupName=name),
    )


@case("group-with-inline-policy", "DeleteConflict")
def group_with_inline_policy(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.iam.create_group(GroupName=name)
    cloud.iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=POLICY)
    return Case(
        lambda: cloud.iam.delete_group(GroupName=name),
        lambda: cloud.iam.delete_group_policy(GroupName=name, PolicyName="p"),
    )


@case("key-pending-deletion", "KMSInvalidStateException")
def key_pending_deletion(cloud: Cloud) -> Case:
    key = cloud.kms.create_key()["KeyMetadata"]["KeyId"]
    cloud.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)

    def release() -> None:
        cloud.kms.cancel_key_deletion(KeyId=key)
        cloud.kms.enable_key(KeyId=key)

    return Case(lambda: cloud.kms.encrypt(KeyId=key, Plaintext=b"x"), release)


@case("alias-of-key-pending-deletion", "KMSInvalidStateException")
def alias_of_key_pending_deletion(cloud: Cloud) -> Case:
    key, alias = cloud.kms.create_key()["KeyMetadata"]["KeyId"], "alias/" + cloud.name()
    cloud.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return Case(
        lambda: cloud.kms.create_alias(AliasName=alias, TargetKeyId=key),
        lambda: cloud.kms.cancel_key_deletion(KeyId=key),
    )


@case("key-disabled", "DisabledException")
def key_disabled(cloud: Cloud) -> Case:
    key = cloud.kms.create_key()["KeyMetadata"]["KeyId"]
    cloud.kms.disable_key(KeyId=key)
    return Case(lambda: cloud.kms.encrypt(KeyId=key, Plaintext=b"x"), lambda: cloud.kms.enable_key(KeyId=key))


@case("target-group-of-listener", "ResourceInUse")
def target_group_of_listener(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.target_group(vpc)
    listener = cloud.elbv2.create_listener(
        LoadBalancerArn=cloud.balancer(vpc, cloud.group(vpc)), Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    return Case(
        lambda: cloud.elbv2.delete_target_group(TargetGroupArn=group),
        lambda: cloud.elbv2.delete_listener(ListenerArn=listener),
    )


@case("target-group-of-rule", "ResourceInUse")
def target_group_of_rule(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    group = cloud.target_group(vpc)
    listener = cloud.elbv2.create_listener(
        LoadBalancerArn=cloud.balancer(vpc, cloud.group(vpc)), Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    rule = cloud.elbv2.create_rule(
        ListenerArn=listener, Priority=1, Actions=[{"Type": "forward", "TargetGroupArn": group}],
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
    )["Rules"][0]["RuleArn"]  # fmt: skip
    return Case(
        lambda: cloud.elbv2.delete_target_group(TargetGroupArn=group),
        lambda: cloud.elbv2.delete_rule(RuleArn=rule),
    )


@case("load-balancer-protected", "OperationNotPermitted")
def balancer_protected(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    balancer = cloud.balancer(vpc, cloud.group(vpc))

    def protect(value: str) -> None:
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        cloud.elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)

    protect("true")
    return Case(lambda: cloud.elbv2.delete_load_balancer(LoadBalancerArn=balancer), lambda: protect("false"))


@case("certificate-of-listener", "ResourceInUseException")
def certificate_of_listener(cloud: Cloud) -> Case:
    vpc = cloud.vpc()
    certificate = cloud.acm.request_certificate(DomainName="shop.example.com")["CertificateArn"]
    listener = cloud.elbv2.create_listener(
        LoadBalancerArn=cloud.balancer(vpc, cloud.group(vpc)), Protocol="HTTPS", Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": cloud.target_group(vpc)}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    return Case(
        lambda: cloud.acm.delete_certificate(CertificateArn=certificate),
        lambda: cloud.elbv2.delete_listener(ListenerArn=listener),
    )


@case("database-protected", "InvalidParameterCombination")
def database_protected(cloud: Cloud) -> Case:
    database = cloud.database(DeletionProtection=True)
    return Case(
        lambda: cloud.rds.delete_db_instance(DBInstanceIdentifier=database, SkipFinalSnapshot=True),
        lambda: cloud.rds.modify_db_instance(DBInstanceIdentifier=database, DeletionProtection=False),
    )


@case("database-subnet-group-in-use", "InvalidDBSubnetGroupStateFault")
def subnet_group_in_use(cloud: Cloud) -> Case:
    vpc, name = cloud.vpc(), cloud.name()
    subnets = [cloud.subnet(vpc, "10.0.3.0/24"), cloud.subnet(vpc, "10.0.4.0/24", "b")]
    cloud.rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=subnets)
    database = cloud.database(DBSubnetGroupName=name)
    return Case(
        lambda: cloud.rds.delete_db_subnet_group(DBSubnetGroupName=name),
        lambda: cloud.rds.delete_db_instance(DBInstanceIdentifier=database, SkipFinalSnapshot=True),
    )


@case("database-parameter-group-in-use", "InvalidDBParameterGroupState")
def parameter_group_in_use(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="mysql8.0", Description="d")
    database = cloud.database(DBParameterGroupName=name)
    return Case(
        lambda: cloud.rds.delete_db_parameter_group(DBParameterGroupName=name),
        lambda: cloud.rds.delete_db_instance(DBInstanceIdentifier=database, SkipFinalSnapshot=True),
    )


@case("table-protected", "ValidationException")
def table_protected(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=True,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    return Case(
        lambda: cloud.dynamodb.delete_table(TableName=name),
        lambda: cloud.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False),
    )


@case("bucket-not-empty", "BucketNotEmpty")
def bucket_not_empty(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_object(Bucket=name, Key="k", Body=b"x")
    return Case(lambda: cloud.s3.delete_bucket(Bucket=name), lambda: cloud.s3.delete_object(Bucket=name, Key="k"))


@case("bucket-with-versions", "BucketNotEmpty")
def bucket_with_versions(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = cloud.s3.put_object(Bucket=name, Key="k", Body=b"x")["VersionId"]
    marker = cloud.s3.delete_object(Bucket=name, Key="k")["VersionId"]

    def release() -> None:
        for each in (version, marker):
            cloud.s3.delete_object(Bucket=name, Key="k", VersionId=each)

    return Case(lambda: cloud.s3.delete_bucket(Bucket=name), release)


@case("file-system-with-mount-targets", "FileSystemInUse")
def file_system_in_use(cloud: Cloud) -> Case:
    file_system = cloud.efs.create_file_system(CreationToken=cloud.name())["FileSystemId"]
    subnet = cloud.subnet(cloud.vpc())
    target = cloud.efs.create_mount_target(FileSystemId=file_system, SubnetId=subnet)["MountTargetId"]
    return Case(
        lambda: cloud.efs.delete_file_system(FileSystemId=file_system),
        lambda: cloud.efs.delete_mount_target(MountTargetId=target),
    )


@case("hosted-zone-not-empty", "HostedZoneNotEmpty")
def zone_not_empty(cloud: Cloud) -> Case:
    zone = cloud.route53.create_hosted_zone(Name="shop.example.", CallerReference=cloud.name())["HostedZone"]["Id"]

    def change(action: str) -> None:
        record = {
            "Name": "www.shop.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}],
        }  # fmt: skip
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        cloud.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    change("CREATE")
    return Case(lambda: cloud.route53.delete_hosted_zone(Id=zone), lambda: change("DELETE"))


@case("ecr-repository-with-images", "RepositoryNotEmptyException")
def repository_with_images(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.ecr.create_repository(repositoryName=name)
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
        "config": {"mediaType": "x", "size": 1, "digest": "sha256:" + "0" * 64}})  # fmt: skip
    cloud.ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")
    return Case(
        lambda: cloud.ecr.delete_repository(repositoryName=name),
        lambda: cloud.ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "v1"}]),
    )


def ecs_service(cloud: Cloud) -> tuple[str, str]:
    cluster, task = cloud.name(), cloud.name()
    cloud.ecs.create_cluster(clusterName=cluster)
    cloud.ecs.register_task_definition(family=task, containerDefinitions=[{"name": "c", "image": "shop", "memory": 64}])
    cloud.ecs.create_service(cluster=cluster, serviceName="web", taskDefinition=task, desiredCount=1)
    return cluster, "web"


@case("ecs-cluster-with-services", "ClusterContainsServicesException")
def cluster_with_services(cloud: Cloud) -> Case:
    cluster, service = ecs_service(cloud)
    return Case(
        lambda: cloud.ecs.delete_cluster(cluster=cluster),
        lambda: cloud.ecs.delete_service(cluster=cluster, service=service, force=True),
    )


@case("ecs-service-scaled-up", "InvalidParameterException")
def service_scaled_up(cloud: Cloud) -> Case:
    cluster, service = ecs_service(cloud)
    return Case(
        lambda: cloud.ecs.delete_service(cluster=cluster, service=service),
        lambda: cloud.ecs.update_service(cluster=cluster, service=service, desiredCount=0),
    )


@case("function-without-role", "InvalidParameterValueException")
def function_without_role(cloud: Cloud) -> Case:
    role = cloud.name()
    return Case(
        lambda: cloud.function(f"arn:aws:iam::{ACCOUNT}:role/{role}"),
        lambda: cloud.iam.create_role(RoleName=role, AssumeRolePolicyDocument=RUNS_FUNCTIONS),
    )


@case("user-pool-protected", "InvalidParameterException")
def pool_protected(cloud: Cloud) -> Case:
    made = cloud.cognito_idp.create_user_pool(PoolName=cloud.name(), DeletionProtection="ACTIVE")
    pool = made["UserPool"]["Id"]
    return Case(
        lambda: cloud.cognito_idp.delete_user_pool(UserPoolId=pool),
        lambda: cloud.cognito_idp.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE"),
    )


@case("event-rule-with-targets", "ValidationException")
def rule_with_targets(cloud: Cloud) -> Case:
    name = cloud.name()
    cloud.events.put_rule(Name=name, ScheduleExpression="rate(1 hour)")
    cloud.events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}])
    return Case(lambda: cloud.events.delete_rule(Name=name), lambda: cloud.events.remove_targets(Rule=name, Ids=["t"]))


@case("stack-protected", "ValidationError", ["ministack"])
def stack_protected(cloud: Cloud) -> Case:
    name = cloud.name()
    template = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    cloud.cloudformation.create_stack(StackName=name, TemplateBody=template, EnableTerminationProtection=True)
    return Case(
        lambda: cloud.cloudformation.delete_stack(StackName=name),
        lambda: cloud.cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False),
    )


@pytest.mark.parametrize(
    ("cloud", "row", "code", "arrange"),
    [pytest.param(*each, id=f"{each[0]}-{each[1]}") for each in sorted(CASES, key=lambda each: each[0])],
    indirect=["cloud"],
)
def test_the_call_is_refused_as_aws_does_until_nothing_stands_in_its_way(
    cloud: Cloud, row: str, code: str, arrange: Arrange
) -> None:
    cloud.recorder.phase("seed")
    arranged = arrange(cloud)

    cloud.recorder.phase("apply")
    with pytest.raises(ClientError) as refused:
        arranged.act()
    assert refused.value.response["Error"]["Code"] == code
    call = cloud.recorder.calls[-1]
    assert (call.refused_by, call.error_code, call.phase) == (row, code, "apply")
    assert call.error_message == refused.value.response["Error"]["Message"]

    cloud.recorder.phase("seed")
    arranged.release()
    cloud.recorder.phase("apply")
    arranged.act()
    assert cloud.recorder.calls[-1].succeeded
