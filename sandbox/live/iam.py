"""Which IAM action an operation needs, and the policy that reading an account takes.

Source: the Service Authorization Reference. Most actions are called as their operations are, under the name that
requests of the service are signed with; the exceptions are below.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from types import MappingProxyType

from sandbox.inventory.operations import load_service

_PREFIXES = MappingProxyType(
    {
        "cloudwatch": "cloudwatch",
        "apigatewayv2": "apigateway",
        "s3control": "s3",
        "sesv2": "ses",
        "docdb": "rds",
        "neptune": "rds",
    }
)
_ACTIONS = MappingProxyType(
    {
        "s3:ListBuckets": "s3:ListAllMyBuckets",
        "s3:HeadBucket": "s3:ListBucket",
        "s3:HeadObject": "s3:GetObject",
        "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
        "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
        "s3:GetBucketCors": "s3:GetBucketCORS",
        "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
        "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
        "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
        "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
        "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
        "s3:ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
        "s3:ListBucketIntelligentTieringConfigurations": "s3:GetIntelligentTieringConfiguration",
        "s3:ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
        "s3:ListBucketMetricsConfigurations": "s3:GetMetricsConfiguration",
    }
)
_HTTP_NAMED = frozenset({"apigateway"})
"""Services whose actions are called as HTTP methods are."""
_NOT_AUTHORIZED = re.compile(r"not authorized to perform:?\s+(?P<action>[a-z0-9-]+:[A-Za-z0-9*]+)")
_READING = ("BatchGet*", "Describe*", "Get*", "List*")
_NEVER = (
    "athena:GetQueryResults*",
    "codecommit:GetBlob",
    "codecommit:GetFile",
    "codecommit:GetFolder",
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "ec2:GetConsole*",
    "ec2:GetPasswordData",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "kinesis:GetRecords",
    "kms:Decrypt",
    "logs:GetLogEvents",
    "logs:GetQueryResults",
    "redshift:GetClusterCredentials*",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
)
STACK_ACTIONS = (
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStacks",
    "cloudformation:GetStackPolicy",
    "cloudformation:GetTemplate",
    "cloudformation:ListExports",
    "cloudformation:ListImports",
    "cloudformation:ListStackResources",
    "ssm:GetParameters",
    "sts:GetCallerIdentity",
)
"""Everything that reading a stack calls (`sandbox.live.stacks`)."""


def action_of(service: str, operation: str, message: str = "") -> str:
    """The action that a call needs.

    Args:
        service: botocore's name.
        operation: Its name.
        message: What AWS said when it refused the call; it mostly names the action.
    """
    told = _NOT_AUTHORIZED.search(message)
    if told:
        return told["action"]
    prefix = prefix_of(service)
    return _ACTIONS.get(f"{service}:{operation}") or f"{prefix}:{'GET' if prefix in _HTTP_NAMED else operation}"


def prefix_of(service: str) -> str:
    """What the service's actions begin with."""
    if service in _PREFIXES:
        return _PREFIXES[service]
    loaded = load_service(service)
    return service if loaded is None else loaded.signing_name


def read_policy(services: Iterable[str]) -> str:
    """The IAM policy that reading takes, as JSON.

    It is short, so that it fits into a managed policy (6,144 characters): reads by their verbs for the services that
    are read, and a denial of those that give data and secrets, which are never asked for.

    Args:
        services: botocore's names.
    """
    prefixes = sorted({prefix_of(service) for service in services} | {"sts"})
    allowed = [
        action
        for prefix in prefixes
        for action in ([f"{prefix}:GET"] if prefix in _HTTP_NAMED else [f"{prefix}:{verb}" for verb in _READING])
    ]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ReadDescriptions", "Effect": "Allow", "Action": allowed, "Resource": "*"},
            {"Sid": "NeverDataOrSecrets", "Effect": "Deny", "Action": list(_NEVER), "Resource": "*"},
        ],
    }
    return json.dumps(policy, indent=2) + "\n"


def stack_read_policy() -> str:
    """The IAM policy that reading a stack takes, as JSON: each action that is used, and no other."""
    statement = {"Sid": "ReadStacks", "Effect": "Allow", "Action": sorted(STACK_ACTIONS), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"
