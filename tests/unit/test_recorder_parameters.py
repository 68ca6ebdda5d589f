from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorder_requests import expected, generated, request_for, service_model

from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.exchange import Request
from sandbox.recorder.identify import identify
from sandbox.recorder.parameters import UNREAD_BODY, parameters_of
from sandbox.recorder.signature import caller_of
from sandbox.recorder.tree import Tree, Undecoded

OPERATIONS = {
    "query": (
        ("iam", "CreateRole"), ("iam", "UploadServerCertificate"), ("sns", "SetTopicAttributes"), ("sns", "Publish"),
        ("rds", "CreateDBInstance"), ("rds", "ModifyDBParameterGroup"), ("cloudformation", "CreateStack"),
        ("elbv2", "CreateListener"), ("elb", "CreateLoadBalancer"), ("autoscaling", "PutScalingPolicy"),
        ("elasticache", "CreateReplicationGroup"), ("redshift", "CreateCluster"), ("ses", "SendEmail"),
        ("sts", "AssumeRole"),
    ),
    "ec2": (
        ("ec2", "RunInstances"), ("ec2", "AuthorizeSecurityGroupIngress"), ("ec2", "CreateTags"),
        ("ec2", "CreateFleet"),
        ("ec2", "CreateLaunchTemplate"), ("ec2", "ModifyVpcEndpoint"), ("ec2", "RequestSpotFleet"),
        ("ec2", "DescribeInstances"), ("ec2", "ImportKeyPair"),
    ),
    "json": (
        ("dynamodb", "CreateTable"), ("dynamodb", "TransactWriteItems"), ("ecs", "RegisterTaskDefinition"),
        ("kms", "CreateKey"), ("kms", "Encrypt"), ("secretsmanager", "CreateSecret"), ("ssm", "PutParameter"),
        ("logs", "PutLogEvents"), ("events", "PutRule"), ("stepfunctions", "CreateStateMachine"),
        ("sqs", "SendMessage"),
        ("organizations", "CreateAccount"), ("cognito-idp", "CreateUserPool"), ("wafv2", "CreateRuleGroup"),
    ),
    "smithy-rpc-v2-cbor": (
        ("cloudwatch", "PutMetricAlarm"), ("cloudwatch", "PutMetricData"), ("cloudwatch", "GetMetricData"),
    ),
    "rest-json": (
        ("lambda", "CreateFunction"), ("lambda", "AddPermission"), ("lambda", "Invoke"),
        ("apigateway", "PutIntegration"),
        ("apigateway", "GetRestApis"), ("apigatewayv2", "CreateApi"), ("eks", "CreateCluster"), ("efs", "TagResource"),
        ("backup", "CreateBackupPlan"), ("batch", "RegisterJobDefinition"), ("opensearch", "CreateDomain"),
        ("sesv2", "CreateEmailIdentity"), ("glacier", "InitiateJob"), ("iot", "CreateThing"),
        ("bedrock-agent", "CreateAgent"), ("xray", "PutTraceSegments"),
    ),
    "rest-xml": (
        ("s3", "CreateBucket"), ("s3", "PutObject"), ("s3", "PutBucketLifecycleConfiguration"), ("s3", "DeleteObjects"),
        ("s3", "PutBucketTagging"), ("s3", "PutBucketAcl"), ("s3", "CopyObject"), ("s3", "PutBucketReplication"),
        ("route53", "ChangeResourceRecordSets"), ("route53", "CreateHostedZone"),
        ("cloudfront", "CreateDistribution"), ("s3control", "PutPublicAccessBlock"),
    ),
}  # fmt: skip
CASES = [
    pytest.param(protocol, service, operation, id=f"{protocol}-{service}-{operation}")
    for protocol, operations in OPERATIONS.items()
    for service, operation in operations
]


def parsed(request: Request) -> dict[str, Tree]:
    return dict(parameters_of(identify(request, caller_of(request), catalogue()), request))


@pytest.mark.parametrize(("protocol", "service", "operation"), CASES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(min_value=0, max_value=10**9), everything=st.booleans())
def test_what_botocore_writes_is_read_back(
    protocol: str, service: str, operation: str, seed: int, *, everything: bool
) -> None:
    model = service_model(service).operation_model(operation)
    sent: dict[str, Any] = generated(model.input_shape, Random(seed), everything=everything)
    request = request_for(service, model, sent, protocol=protocol)

    read = parsed(request)

    wanted = {
        name: expected(value, location=model.input_shape.members[name].serialization.get("location", ""))
        for name, value in sent.items()
    }
    unsent = {name for name in read.keys() - wanted.keys() if _comes_along(model, name)}
    assert {name: value for name, value in read.items() if name not in unsent} == wanted


def _comes_along(model: Any, name: str) -> bool:
    """Content-Length and Content-Type are members of some S3 operations, and headers of every request."""
    member = model.input_shape.members.get(name)
    return member is not None and member.serialization.get("name", "").lower() in {"content-length", "content-type"}


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "DeleteTable", {"TableName": "orders"}),
        ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "MemorySize": 128}),
        ("s3", "PutBucketTagging", {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}}),
        ("iam", "DeleteRole", {"RoleName": "r"}),
        ("cloudwatch", "DeleteAlarms", {"AlarmNames": ["a"]}),
    ],
)
def test_a_body_that_was_cut_off_is_said_to_be_unread(service: str, operation: str, parameters: dict[str, Any]) -> None:
    whole = request_for(service, service_model(service).operation_model(operation), parameters)
    cut = Request(
        method=whole.method,
        target=whole.target,
        headers=whole.headers,
        body=whole.body[:-3],
        body_size=5_000_000,
        complete=False,
    )
    assert parsed(cut)[UNREAD_BODY] == "(not read, 5000000 bytes)"


def test_members_that_the_model_lacks_are_kept() -> None:
    model = service_model("dynamodb").operation_model("DeleteTable")
    request = request_for("dynamodb", model, {"TableName": "orders"})
    newer = Request(
        method="POST",
        target="/",
        headers=request.headers,
        body=b'{"TableName": "orders", "Really": {"Yes": [1, true, null]}}',
        body_size=59,
    )
    assert parsed(newer) == {"TableName": "orders", "Really": {"Yes": [1, True, None]}}


def test_the_query_form_of_a_service_whose_model_speaks_json_by_now() -> None:
    body = b"Action=SetQueueAttributes&Version=2012-11-05&QueueUrl=u&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5"
    request = Request(
        method="POST",
        target="/",
        headers={
            "authorization": "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/sqs/aws4_request",
            "content-type": "application/x-www-form-urlencoded",
        },
        body=body,
        body_size=len(body),
    )
    assert parsed(request) == {"QueueUrl": "u", "Attribute": [{"Name": "DelaySeconds", "Value": "5"}]}


def test_a_streamed_body_leaves_only_its_size() -> None:
    model = service_model("s3").operation_model("PutObject")
    request = request_for("s3", model, {"Bucket": "b", "Key": "k", "Body": b"x" * 100})
    assert parsed(request)["Body"] == Undecoded(100)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'{"a": ' * 50_000, b"null", b"3"])
def test_broken_documents_are_said_to_be_unread(body: bytes) -> None:
    request = Request(
        method="POST",
        target="/",
        headers={
            "authorization": "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/dynamodb/aws4_request",
            "x-amz-target": "DynamoDB_20120810.DeleteTable",
        },
        body=body,
        body_size=len(body),
    )
    assert parsed(request) == {UNREAD_BODY: f"(not read, {len(body)} bytes)"}
