"""Resource types whose removal or renewal destroys neither data nor service, each with its reason.

Everything that is not in this list is taken to hold state or to serve traffic. The list is keyed by Terraform's type;
`*` at the end matches any rest. What a type's reason says is shown in the report whenever the list was used.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from diffing.record import dataclass


class Kind(StrEnum):
    """What sort of bookkeeping it is; decides what a delete or a replace means."""

    LOCAL = "local"
    """Exists only in the state file. Delete and replace are harmless in themselves."""
    REVISION = "revision"
    """An immutable revision: a replace registers the next one; a plain delete is for a person to judge."""
    LINK = "link"
    """A relation between two resources: made anew with equal effect is harmless; removed is for a person to judge."""
    SETTING = "setting"
    """A setting of another resource, which stays: changing it back is possible; removal is for a person to judge."""
    EPHEMERAL = "ephemeral"
    """Made and ended by AWS itself in the course of normal work; excuses nothing that the change asked for itself."""
    VOUCHED = "vouched"
    """A row of a team's policy: harmless to delete and to replace, by the team's word."""
    STATEFUL = "stateful"
    """A row of a team's policy that takes a type off the list: nothing excuses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """One row of the list."""

    kind: Kind
    reason: str


def _rows(kind: Kind, reasons: Mapping[str, str]) -> dict[str, Bookkeeping]:
    return {type_: Bookkeeping(kind=kind, reason=reason) for type_, reason in reasons.items()}


_LOCAL = {
    "null_resource": "exists only in the state file",
    "terraform_data": "exists only in the state file",
    "random_*": "a drawn value kept in the state file; what uses it shows as a change of its own",
    "time_*": "a point in time kept in the state file",
    "tls_*": "a key or certificate kept in the state file; what uses it shows as a change of its own",
    "local_file": "a file on the machine that runs Terraform",
    "local_sensitive_file": "a file on the machine that runs Terraform",
    "archive_file": "a file on the machine that runs Terraform",
    "aws_acm_certificate_validation": "only waits for a certificate; nothing exists behind it",
    "aws_iam_role_policies_exclusive": "only Terraform's own watch over a role; its policies stay",
    "aws_iam_role_policy_attachments_exclusive": "only Terraform's own watch over a role; its policies stay",
    "aws_iam_user_policies_exclusive": "only Terraform's own watch over a user; its policies stay",
    "aws_iam_user_policy_attachments_exclusive": "only Terraform's own watch over a user; its policies stay",
    "aws_iam_group_policies_exclusive": "only Terraform's own watch over a group; its policies stay",
    "aws_iam_group_policy_attachments_exclusive": "only Terraform's own watch over a group; its policies stay",
}

_REVISION = {
    "aws_ecs_task_definition": "registers the next revision; running tasks keep the one they were started with",
    "aws_batch_job_definition": "registers the next revision; running jobs keep theirs",
    "aws_lambda_layer_version": "publishes the next version; functions keep the version they name",
    "aws_api_gateway_deployment": "an immutable snapshot of the API; the stage points to the next one",
    "aws_apigatewayv2_deployment": "an immutable snapshot of the API; the stage points to the next one",
    "aws_secretsmanager_secret_version": "stages the next version; the one before becomes AWSPREVIOUS",
    "aws_launch_configuration": "immutable; running instances do not refer to it",
    "aws_sagemaker_endpoint_configuration": "immutable; the endpoint is moved to the next one",
    "aws_imagebuilder_image_recipe": "immutable; images already built stay",
    "aws_imagebuilder_container_recipe": "immutable; images already built stay",
    "aws_imagebuilder_component": "immutable; recipes name the version that they use",
}

_LINK = {
    "aws_iam_role_policy_attachment": "relates a role and a policy; both stay",
    "aws_iam_user_policy_attachment": "relates a user and a policy; both stay",
    "aws_iam_group_policy_attachment": "relates a group and a policy; both stay",
    "aws_iam_policy_attachment": "relates a policy and all that have it; they stay",
    "aws_iam_role_policy": "a statement about a role; the role stays",
    "aws_iam_user_policy": "a statement about a user; the user stays",
    "aws_iam_group_policy": "a statement about a group; the group stays",
    "aws_iam_user_group_membership": "relates a user and groups; both stay",
    "aws_iam_group_membership": "relates a group and users; both stay",
    "aws_lambda_permission": "a statement in a function's policy; the function stays",
    "aws_lambda_layer_version_permission": "a statement in a layer's policy; the layer stays",
    "aws_eks_access_policy_association": "relates an access entry and a policy; both stay",
    "aws_route": "one route of a route table, which stays",
    "aws_route_table_association": "relates a subnet and a route table; both stay",
    "aws_main_route_table_association": "relates a VPC and a route table; both stay",
    "aws_vpc_endpoint_route_table_association": "relates an endpoint and a route table; both stay",
    "aws_vpc_endpoint_subnet_association": "relates an endpoint and a subnet; both stay",
    "aws_vpc_endpoint_security_group_association": "relates an endpoint and a security group; both stay",
    "aws_vpc_dhcp_options_association": "relates a VPC and DHCP options; both stay",
    "aws_network_interface_sg_attachment": "relates a network interface and a security group; both stay",
    "aws_network_acl_association": "relates a subnet and a network ACL; both stay",
    "aws_network_acl_rule": "one rule of a network ACL, which stays",
    "aws_security_group_rule": "one rule of a security group, which stays",
    "aws_vpc_security_group_ingress_rule": "one rule of a security group, which stays",
    "aws_vpc_security_group_egress_rule": "one rule of a security group, which stays",
    "aws_lb_target_group_attachment": "registers a target; group and target stay",
    "aws_alb_target_group_attachment": "registers a target; group and target stay",
    "aws_elb_attachment": "registers an instance; load balancer and instance stay",
    "aws_lb_listener_certificate": "relates a listener and a certificate; both stay",
    "aws_alb_listener_certificate": "relates a listener and a certificate; both stay",
    "aws_autoscaling_traffic_source_attachment": "relates a scaling group and a source of traffic; both stay",
    "aws_autoscaling_attachment": "relates a scaling group and a target group; both stay",
    "aws_cloudwatch_event_target": "relates a rule and what it starts; both stay",
    "aws_wafv2_web_acl_association": "relates a web ACL and what it protects; both stay",
    "aws_ecs_cluster_capacity_providers": "relates a cluster and capacity providers; both stay",
    "aws_autoscaling_policy": "says when a group scales; the group stays at its size",
    "aws_autoscaling_schedule": "says when a group scales; the group stays at its size",
    "aws_appautoscaling_scheduled_action": "says when something scales; it stays at its size",
    "aws_appautoscaling_target": "says between which bounds something scales; it stays at its size",
    "aws_appautoscaling_policy": "says when something scales; it stays at its size",
}

_SETTING = {
    "aws_s3_bucket_accelerate_configuration": "a setting of a bucket, which stays",
    "aws_s3_bucket_acl": "a setting of a bucket, which stays",
    "aws_s3_bucket_analytics_configuration": "says what is measured of a bucket, which stays",
    "aws_s3_bucket_cors_configuration": "a setting of a bucket, which stays",
    "aws_s3_bucket_lifecycle_configuration": "a setting of a bucket, which stays",
    "aws_s3_bucket_intelligent_tiering_configuration": "a setting of a bucket; objects stay, in whatever tier they are",
    "aws_s3_bucket_inventory": "says what is listed of a bucket, which stays",
    "aws_s3_bucket_logging": "a setting of a bucket, which stays",
    "aws_s3_bucket_metric": "says what is measured of a bucket, which stays",
    "aws_s3_bucket_notification": "a setting of a bucket, which stays",
    "aws_s3_bucket_ownership_controls": "a setting of a bucket, which stays",
    "aws_s3_bucket_policy": "a setting of a bucket, which stays",
    "aws_s3_bucket_public_access_block": "a setting of a bucket, which stays",
    "aws_s3_bucket_request_payment_configuration": "a setting of a bucket, which stays",
    "aws_s3_bucket_server_side_encryption_configuration": "a setting of a bucket; objects keep their encryption",
    "aws_sqs_queue_policy": "a setting of a queue, which stays with its messages",
    "aws_sqs_queue_redrive_allow_policy": "a setting of a queue, which stays with its messages",
    "aws_sqs_queue_redrive_policy": "a setting of a queue, which stays with its messages",
    "aws_sns_topic_policy": "a setting of a topic, which stays",
    "aws_kms_key_policy": "a setting of a key, which stays",
    "aws_secretsmanager_secret_policy": "a setting of a secret, which stays",
    "aws_dynamodb_resource_policy": "a setting of a table, which stays with its items",
    "aws_kinesis_resource_policy": "a setting of a stream, which stays with its records",
    "aws_efs_file_system_policy": "a setting of a file system, which stays with its files",
    "aws_backup_vault_policy": "a setting of a vault, which stays with its recovery points",
    "aws_opensearch_domain_policy": "a setting of a domain, which stays with its indices",
    "aws_api_gateway_rest_api_policy": "a setting of an API, which stays",
    "aws_vpc_endpoint_policy": "a setting of an endpoint, which stays",
    "aws_cloudwatch_event_bus_policy": "a setting of an event bus, which stays",
    "aws_cloudwatch_log_resource_policy": "says which services may write logs; log groups stay",
    "aws_ecr_registry_policy": "a setting of a registry, which stays with its images",
    "aws_ecr_lifecycle_policy": "a setting of a repository, which stays with its images",
    "aws_ecr_repository_policy": "a setting of a repository, which stays with its images",
    "aws_cloudwatch_metric_alarm": "watches something that stays; nobody is told while it is missing",
    "aws_cloudwatch_composite_alarm": "watches other alarms, which stay; nobody is told while it is missing",
    "aws_cloudwatch_dashboard": "a view of metrics that stay",
    "aws_lambda_function_event_invoke_config": "a setting of a function, which stays",
}

_EPHEMERAL = {
    "AWS::ECS::Task": "services start and stop tasks all the time",
    "AWS::Logs::LogStream": "writers open streams all the time; the group shows what is lost",
    "AWS::EC2::NetworkInterface": "made and ended with what it serves",
    "AWS::AutoScaling::ScalingActivity": "a record of past scaling",
    "AWS::EC2::SecurityGroupRule": "one rule of a security group; the group shows what changed",
    "AWS::ECS::TaskDefinition": _REVISION["aws_ecs_task_definition"],
    "AWS::ECS::TaskSet": "a deployment of a service, which shows what changed",
}

_SCALED_IN = Bookkeeping(kind=Kind.EPHEMERAL, reason="ended by its scaling group, which was asked for fewer")
_OF_A_GROUP = frozenset({"AWS::EC2::Instance", "AWS::EC2::NetworkInterface", "AWS::EC2::Volume"})

_STACK_WORDS: Mapping[Kind, Mapping[str, str]] = MappingProxyType(
    {
        Kind.LOCAL: {
            "AWS::CDK::Metadata": "says which version of the CDK wrote the template; nothing exists behind it",
            "AWS::CloudFormation::WaitCondition": "only waits; nothing exists behind it",
            "AWS::CloudFormation::WaitConditionHandle": "only an address to signal to; nothing exists behind it",
        },
        Kind.REVISION: {
            "AWS::ApiGateway::Deployment": _REVISION["aws_api_gateway_deployment"],
            "AWS::ApiGatewayV2::Deployment": _REVISION["aws_apigatewayv2_deployment"],
            "AWS::AutoScaling::LaunchConfiguration": _REVISION["aws_launch_configuration"],
            "AWS::Batch::JobDefinition": _REVISION["aws_batch_job_definition"],
            "AWS::ImageBuilder::Component": _REVISION["aws_imagebuilder_component"],
            "AWS::ImageBuilder::ContainerRecipe": _REVISION["aws_imagebuilder_container_recipe"],
            "AWS::ImageBuilder::ImageRecipe": _REVISION["aws_imagebuilder_image_recipe"],
            "AWS::Lambda::LayerVersion": _REVISION["aws_lambda_layer_version"],
            "AWS::Lambda::Version": "an immutable copy of a function; aliases name the version that they use",
            "AWS::SageMaker::EndpointConfig": _REVISION["aws_sagemaker_endpoint_configuration"],
        },
        Kind.LINK: {
            "AWS::ApplicationAutoScaling::ScalableTarget": _LINK["aws_appautoscaling_target"],
            "AWS::ApplicationAutoScaling::ScalingPolicy": _LINK["aws_appautoscaling_policy"],
            "AWS::AutoScaling::ScalingPolicy": _LINK["aws_autoscaling_policy"],
            "AWS::AutoScaling::ScheduledAction": _LINK["aws_autoscaling_schedule"],
            "AWS::EC2::NetworkAclEntry": _LINK["aws_network_acl_rule"],
            "AWS::EC2::Route": _LINK["aws_route"],
            "AWS::EC2::SecurityGroupEgress": _LINK["aws_security_group_rule"],
            "AWS::EC2::SecurityGroupIngress": _LINK["aws_security_group_rule"],
            "AWS::EC2::SubnetNetworkAclAssociation": _LINK["aws_network_acl_association"],
            "AWS::EC2::SubnetRouteTableAssociation": _LINK["aws_route_table_association"],
            "AWS::EC2::VPCDHCPOptionsAssociation": _LINK["aws_vpc_dhcp_options_association"],
            "AWS::ECS::ClusterCapacityProviderAssociations": _LINK["aws_ecs_cluster_capacity_providers"],
            "AWS::ElasticLoadBalancingV2::ListenerCertificate": _LINK["aws_lb_listener_certificate"],
            "AWS::IAM::GroupPolicy": _LINK["aws_iam_group_policy"],
            "AWS::IAM::Policy": "a statement about roles, users or groups; they stay",
            "AWS::IAM::RolePolicy": _LINK["aws_iam_role_policy"],
            "AWS::IAM::UserPolicy": _LINK["aws_iam_user_policy"],
            "AWS::IAM::UserToGroupAddition": _LINK["aws_iam_group_membership"],
            "AWS::Lambda::LayerVersionPermission": _LINK["aws_lambda_layer_version_permission"],
            "AWS::Lambda::Permission": _LINK["aws_lambda_permission"],
            "AWS::WAFv2::WebACLAssociation": _LINK["aws_wafv2_web_acl_association"],
        },
        Kind.SETTING: {
            "AWS::CloudWatch::Alarm": _SETTING["aws_cloudwatch_metric_alarm"],
            "AWS::CloudWatch::CompositeAlarm": _SETTING["aws_cloudwatch_composite_alarm"],
            "AWS::CloudWatch::Dashboard": _SETTING["aws_cloudwatch_dashboard"],
            "AWS::ECR::RegistryPolicy": _SETTING["aws_ecr_registry_policy"],
            "AWS::Events::EventBusPolicy": _SETTING["aws_cloudwatch_event_bus_policy"],
            "AWS::Kinesis::ResourcePolicy": _SETTING["aws_kinesis_resource_policy"],
            "AWS::Lambda::EventInvokeConfig": _SETTING["aws_lambda_function_event_invoke_config"],
            "AWS::Logs::ResourcePolicy": _SETTING["aws_cloudwatch_log_resource_policy"],
            "AWS::S3::BucketPolicy": _SETTING["aws_s3_bucket_policy"],
            "AWS::SNS::TopicInlinePolicy": _SETTING["aws_sns_topic_policy"],
            "AWS::SNS::TopicPolicy": _SETTING["aws_sns_topic_policy"],
            "AWS::SQS::QueueInlinePolicy": _SETTING["aws_sqs_queue_policy"],
            "AWS::SQS::QueuePolicy": _SETTING["aws_sqs_queue_policy"],
            "AWS::SecretsManager::ResourcePolicy": _SETTING["aws_secretsmanager_secret_policy"],
        },
    }
)
"""The same in CloudFormation's words."""

_BY_REQUEST: Mapping[str, Bookkeeping] = MappingProxyType(
    {
        "AWS::EC2::SecurityGroupRule": Bookkeeping(kind=Kind.LINK, reason=_LINK["aws_security_group_rule"]),
        "AWS::ECS::TaskDefinition": Bookkeeping(kind=Kind.REVISION, reason=_REVISION["aws_ecs_task_definition"]),
    }
)
"""What an ephemeral type is where the change itself asked for its end; of the others, nothing excuses it."""

BUILT_IN: Mapping[str, Bookkeeping] = MappingProxyType(
    _rows(Kind.LOCAL, _LOCAL)
    | _rows(Kind.REVISION, _REVISION)
    | _rows(Kind.LINK, _LINK)
    | _rows(Kind.SETTING, _SETTING)
    | _rows(Kind.EPHEMERAL, _EPHEMERAL)
    | {type_: row for kind, reasons in _STACK_WORDS.items() for type_, row in _rows(kind, reasons).items()}
)


def lookup(type_: str, additions: Mapping[str, Bookkeeping]) -> Bookkeeping | None:
    """Find the row for a resource type, a team's own rows first; None where it may hold state or serve traffic."""
    own = _find(type_, additions) if additions else None
    if own is not None:
        return None if own.kind is Kind.STATEFUL else own
    return _built_in(type_)


def is_taken_off(type_: str, additions: Mapping[str, Bookkeeping]) -> bool:
    """Whether a team says that a type holds state or serves traffic."""
    own = _find(type_, additions)
    return own is not None and own.kind is Kind.STATEFUL


@lru_cache(maxsize=4096)
def _built_in(type_: str) -> Bookkeeping | None:
    return _find(type_, BUILT_IN)


def _find(type_: str, rows: Mapping[str, Bookkeeping]) -> Bookkeeping | None:
    if type_ in rows:
        return rows[type_]
    for pattern, row in rows.items():
        if pattern.endswith("*") and type_.startswith(pattern[:-1]):
            return row
    return None


def ended_by_request(type_: str) -> Bookkeeping | None:
    """Find the row for a resource of an ephemeral type that a call of the change itself ended."""
    return _BY_REQUEST.get(type_)


def ended_by_scaling(type_: str, owner: str) -> Bookkeeping | None:
    """Find the row for what a scaling group, the owner's address, ended by itself."""
    of_a_group = ".aws_autoscaling_group." in f".{owner}"
    return _SCALED_IN if of_a_group and type_ in _OF_A_GROUP else None
