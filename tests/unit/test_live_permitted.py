"""What may leave for a live account: laws over every operation that botocore knows, and the cases that need a name."""

from __future__ import annotations

import re

import pytest

from sandbox.inventory.inference import kinds_of
from sandbox.inventory.operations import load_service
from sandbox.inventory.reads import reads_of
from sandbox.live.account import known_services
from sandbox.live.permitted import Refusal, refusal_of
from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.kinds import WRITE_EXCEPTIONS

READ = re.compile(r"(Get|List|Describe|Head|BatchGet|BatchDescribe)[A-Z]")
WELL_KNOWN = (
    "ec2",
    "iam",
    "s3",
    "dynamodb",
    "rds",
    "lambda",
    "sqs",
    "sns",
    "kms",
    "secretsmanager",
    "ssm",
    "sts",
    "logs",
)


def operations(service: str) -> frozenset[str]:
    found = next(each for each in catalogue().signed_as(service) if each.name == service)
    return catalogue().load(found).operation_names


@pytest.mark.parametrize("service", WELL_KNOWN)
def test_whatever_passes_is_a_read_by_its_name_and_no_known_write(service: str) -> None:
    passing = {name for name in operations(service) if refusal_of(service, name) is None}
    assert passing
    assert all(READ.match(name) for name in passing)
    assert not any(f"{service}:{name}" in WRITE_EXCEPTIONS for name in passing)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "GetObject"),
        ("s3", "ListObjects"),
        ("s3", "GetObjectTorrent"),
        ("secretsmanager", "GetSecretValue"),
        ("secretsmanager", "BatchGetSecretValue"),
        ("secretsmanager", "GetRandomPassword"),
        ("dynamodb", "GetItem"),
        ("dynamodb", "BatchGetItem"),
        ("dynamodb", "TransactGetItems"),
        ("dynamodbstreams", "GetRecords"),
        ("kinesis", "GetShardIterator"),
        ("sqs", "ReceiveMessage"),
        ("kms", "Decrypt"),
        ("kms", "GenerateDataKey"),
        ("sts", "GetSessionToken"),
        ("sts", "GetFederationToken"),
        ("sts", "AssumeRole"),
        ("sso", "GetRoleCredentials"),
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("cognito-identity", "GetId"),
        ("redshift", "GetClusterCredentials"),
        ("ecr", "GetAuthorizationToken"),
        ("ecr", "BatchGetImage"),
        ("ecr", "GetDownloadUrlForLayer"),
        ("ec2", "GetPasswordData"),
        ("ec2", "GetConsoleOutput"),
        ("lightsail", "GetInstanceAccessDetails"),
        ("logs", "FilterLogEvents"),
        ("athena", "GetQueryResults"),
        ("cloudtrail", "LookupEvents"),
        ("stepfunctions", "GetActivityTask"),
        ("stepfunctions", "GetExecutionHistory"),
        ("codecommit", "GetFile"),
        ("iam", "GetCredentialReport"),
        ("ssm", "GetCommandInvocation"),
        ("cognito-idp", "AdminGetUser"),
        ("cognito-idp", "ListUsers"),
    ],
)
def test_data_and_secrets_do_not_pass(service: str, operation: str) -> None:
    assert refusal_of(service, operation) is not None


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ec2", "DescribeImages"),
        ("iam", "ListUsers"),
        ("iam", "GetAccountPasswordPolicy"),
        ("s3", "HeadBucket"),
        ("s3", "GetBucketPolicy"),
        ("s3", "ListBuckets"),
        ("sts", "GetCallerIdentity"),
        ("secretsmanager", "DescribeSecret"),
        ("secretsmanager", "ListSecretVersionIds"),
        ("ssm", "GetParameter"),
        ("kms", "GetKeyPolicy"),
        ("codebuild", "BatchGetProjects"),
        ("lambda", "GetPolicy"),
        ("elasticache", "DescribeUsers"),
    ],
)
def test_descriptions_pass(service: str, operation: str) -> None:
    assert refusal_of(service, operation) is None


def test_what_is_not_passed_has_the_reason_that_fits() -> None:
    assert refusal_of("s3", "DeleteBucket") is Refusal.WRITE
    assert refusal_of("s3", "GetObject") is Refusal.DATA
    assert refusal_of("secretsmanager", "GetSecretValue") is Refusal.SECRET


DATA = {"s3:ListObjectsV2", "transfer:ListExecutions"}


def test_nothing_that_the_inventory_describes_things_by_is_held_back() -> None:
    held_back = set()
    for service in known_services():
        assert load_service(service) is not None
        for kind in kinds_of(service):
            names = [kind.listing, *(read.operation.name for read in reads_of(kind))]
            held_back |= {f"{service}:{name}" for name in names if refusal_of(service, name) is not None}
    assert held_back == DATA
