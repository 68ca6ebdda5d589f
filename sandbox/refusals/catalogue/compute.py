"""Instances, volumes, auto scaling, containers and functions.

Source: the API references of Amazon EC2, EC2 Auto Scaling, ECS, ECR, EKS and Lambda.
"""

from __future__ import annotations

from sandbox.refusals.row import KnownRefusal, Look, holds, none_of, one_of, present

_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_{}.html"
_CODES = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_{}.html"
_SCALING = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_{}.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/api/API_{}.html"


def _cluster(name: str, when: str, code: str, message: str, *looks: Look) -> KnownRefusal:
    return KnownRefusal(
        name=f"ecs-cluster-with-{name}",
        service="ecs",
        operations=("DeleteCluster",),
        when=when,
        looks=looks,
        code=code,
        message=message,
        documentation=_ECS.format("DeleteCluster"),
    )


COMPUTE: tuple[KnownRefusal, ...] = (
    KnownRefusal(
        name="instance-protected",
        service="ec2",
        operations=("TerminateInstances",),
        when="the instance has termination protection",
        each="InstanceIds",
        looks=(
            Look(
                service="ec2",
                operation="DescribeInstanceAttribute",
                parameters={"InstanceId": "{each}", "Attribute": "disableApiTermination"},
                where=(one_of("DisableApiTermination.Value", "true"),),
            ),
        ),
        code="OperationNotPermitted",
        message=(
            "The instance '{each}' may not be terminated. "
            "Modify its 'disableApiTermination' instance attribute and try again."
        ),
        documentation=_EC2.format("TerminateInstances"),
    ),
    KnownRefusal(
        name="volume-attached",
        service="ec2",
        operations=("DeleteVolume",),
        when="the volume is attached to an instance that is not terminated",
        looks=(
            Look(
                service="ec2",
                operation="DescribeVolumes",
                parameters={"VolumeIds": ("{VolumeId}",)},
                items="Volumes.Attachments",
                where=(one_of("VolumeId", "{VolumeId}"), one_of("State", "attached", "attaching", "busy")),
            ),
            Look(
                service="ec2",
                operation="DescribeInstances",
                parameters={"InstanceIds": ("{found.InstanceId}",)},
                items="Reservations.Instances",
                where=(one_of("InstanceId", "{found.InstanceId}"), none_of("State.Name", "terminated")),
            ),
        ),
        code="VolumeInUse",
        message="Volume {VolumeId} is currently attached to {found.InstanceId}",
        documentation=_CODES,
    ),
    KnownRefusal(
        name="snapshot-of-image",
        service="ec2",
        operations=("DeleteSnapshot",),
        when="a registered image of the account uses the snapshot",
        looks=(
            Look(
                service="ec2",
                operation="DescribeImages",
                parameters={"Owners": ("self",)},
                items="Images",
                where=(one_of("BlockDeviceMappings.Ebs.SnapshotId", "{SnapshotId}"), none_of("State", "deregistered")),
            ),
        ),
        code="InvalidSnapshot.InUse",
        message="The snapshot {SnapshotId} is currently in use by {found.ImageId}",
        documentation=_EC2.format("DeleteSnapshot"),
    ),
    KnownRefusal(
        name="auto-scaling-group-with-instances",
        service="autoscaling",
        operations=("DeleteAutoScalingGroup",),
        when="the group has instances and the deletion is not forced",
        given=(none_of("ForceDelete", "true"),),
        looks=(
            Look(
                service="autoscaling",
                operation="DescribeAutoScalingGroups",
                parameters={"AutoScalingGroupNames": ("{AutoScalingGroupName}",)},
                items="AutoScalingGroups",
                where=(one_of("AutoScalingGroupName", "{AutoScalingGroupName}"), present("Instances.InstanceId")),
            ),
        ),
        code="ResourceInUse",
        message=(
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
            "still in the group."
        ),
        documentation=_SCALING.format("DeleteAutoScalingGroup"),
    ),
    KnownRefusal(
        name="launch-configuration-in-use",
        service="autoscaling",
        operations=("DeleteLaunchConfiguration",),
        when="an Auto Scaling group uses it",
        looks=(
            Look(
                service="autoscaling",
                operation="DescribeAutoScalingGroups",
                items="AutoScalingGroups",
                where=(one_of("LaunchConfigurationName", "{LaunchConfigurationName}"),),
            ),
        ),
        code="ResourceInUse",
        message=(
            "Cannot delete launch configuration {LaunchConfigurationName} because it is attached to "
            "AutoScalingGroup {found.AutoScalingGroupName}"
        ),
        documentation=_SCALING.format("DeleteLaunchConfiguration"),
    ),
    _cluster(
        "services",
        "a service of the cluster is active",
        "ClusterContainsServicesException",
        "The Cluster cannot be deleted while Services are active.",
        Look(service="ecs", operation="ListServices", parameters={"cluster": "{cluster}"}, items="serviceArns"),
        Look(
            service="ecs",
            operation="DescribeServices",
            parameters={"cluster": "{cluster}", "services": ("{found}",)},
            items="services",
            where=(one_of("serviceArn", "{found}"), one_of("status", "ACTIVE")),
        ),
    ),
    _cluster(
        "tasks",
        "a task runs in the cluster",
        "ClusterContainsTasksException",
        "The Cluster cannot be deleted while Tasks are active.",
        Look(
            service="ecs",
            operation="ListTasks",
            parameters={"cluster": "{cluster}", "desiredStatus": "RUNNING"},
            items="taskArns",
        ),
        Look(
            service="ecs",
            operation="DescribeTasks",
            parameters={"cluster": "{cluster}", "tasks": ("{found}",)},
            items="tasks",
            where=(
                one_of("taskArn", "{found}"),
                one_of("desiredStatus", "RUNNING"),
                none_of("lastStatus", "STOPPED", "DELETED"),
            ),
        ),
    ),
    _cluster(
        "container-instances",
        "a container instance is registered in the cluster",
        "ClusterContainsContainerInstancesException",
        "The Cluster cannot be deleted while Container Instances are active or draining.",
        Look(
            service="ecs",
            operation="ListContainerInstances",
            parameters={"cluster": "{cluster}"},
            items="containerInstanceArns",
        ),
        Look(
            service="ecs",
            operation="DescribeContainerInstances",
            parameters={"cluster": "{cluster}", "containerInstances": ("{found}",)},
            items="containerInstances",
            where=(one_of("containerInstanceArn", "{found}"), one_of("status", "ACTIVE", "DRAINING")),
        ),
    ),
    KnownRefusal(
        name="ecs-service-scaled-up",
        service="ecs",
        operations=("DeleteService",),
        when="the service wants tasks and the deletion is not forced",
        given=(none_of("force", "true"),),
        looks=(
            Look(
                service="ecs",
                operation="DescribeServices",
                parameters={"cluster": "{cluster:default}", "services": ("{service}",)},
                items="services",
                where=(
                    one_of("status", "ACTIVE"),
                    present("desiredCount"),
                    none_of("schedulingStrategy", "DAEMON"),
                ),
            ),
        ),
        code="InvalidParameterException",
        message="The service cannot be stopped while it is scaled above 0.",
        documentation=_ECS.format("DeleteService"),
    ),
    KnownRefusal(
        name="ecr-repository-with-images",
        service="ecr",
        operations=("DeleteRepository",),
        when="the repository has images and the deletion is not forced",
        given=(none_of("force", "true"),),
        looks=(
            Look(
                service="ecr",
                operation="ListImages",
                parameters={"repositoryName": "{repositoryName}"},
                items="imageIds",
            ),
        ),
        code="RepositoryNotEmptyException",
        message=(
            "The repository with name '{repositoryName}' in registry with id '{caller.account}' cannot be deleted "
            "because it still contains images"
        ),
        documentation="https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html",
    ),
    KnownRefusal(
        name="eks-cluster-with-node-groups",
        service="eks",
        operations=("DeleteCluster",),
        when="the cluster has managed node groups",
        looks=(
            Look(service="eks", operation="ListNodegroups", parameters={"clusterName": "{name}"}, items="nodegroups"),
        ),
        code="ResourceInUseException",
        message="Cluster has nodegroups attached",
        status=409,
        documentation="https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html",
    ),
    KnownRefusal(
        name="function-without-role",
        service="lambda",
        operations=("CreateFunction", "UpdateFunctionConfiguration"),
        when="its role, of the same account, does not exist",
        given=(holds("Role", "::{caller.account}:role/"),),
        looks=(
            Look(service="iam", operation="ListRoles", items="Roles", where=(one_of("Arn", "{Role}"),), unless=True),
        ),
        code="InvalidParameterValueException",
        message="The role defined for the function cannot be assumed by Lambda.",
        documentation=_LAMBDA.format("CreateFunction"),
    ),
)
