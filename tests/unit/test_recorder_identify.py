from __future__ import annotations

from random import Random

import pytest
from recorder_requests import generated, protocols_of, request_for, service_model

from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.exchange import Request
from sandbox.recorder.identify import Identification, identify
from sandbox.recorder.signature import caller_of

SERVICES = (
    "acm", "apigateway", "apigatewayv2", "autoscaling", "backup", "cloudformation", "cloudfront", "cloudwatch",
    "cognito-idp", "dynamodb", "ec2", "ecr", "ecs", "efs", "eks", "elasticache", "elb", "elbv2", "es", "events",
    "firehose", "glue", "iam", "kinesis", "kms", "lambda", "logs", "opensearch", "organizations", "rds", "redshift",
    "route53", "s3", "s3control", "secretsmanager", "ses", "sesv2", "sns", "sqs", "ssm", "stepfunctions", "sts",
    "wafv2",
)  # fmt: skip

TWINS = {
    # An operation whose request is byte for byte that of another one. Left: sent; right: recognised.
    ("s3", "GetBucketLifecycle"): "GetBucketLifecycleConfiguration",
    ("s3", "PutBucketLifecycle"): "PutBucketLifecycleConfiguration",
    ("s3", "GetBucketNotification"): "GetBucketNotificationConfiguration",
    ("s3", "PutBucketNotification"): "PutBucketNotificationConfiguration",
    ("s3", "ListDirectoryBuckets"): "ListBuckets",
}


def identified(request: Request) -> Identification:
    return identify(request, caller_of(request), catalogue())


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_recognised_from_what_botocore_sends(service: str) -> None:
    wrong: list[str] = []
    model = service_model(service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        for protocol in protocols_of(service):
            for seed in range(3):
                parameters = generated(operation.input_shape, Random(f"{name}{seed}")) if operation.input_shape else {}
                request = request_for(service, operation, parameters, protocol=protocol)
                found = identified(request)
                if (found.service, found.operation) != (service, TWINS.get((service, name), name)):
                    wrong.append(f"{name} ({protocol}): {found.service}:{found.operation} {request.target}")
    assert wrong == []


@pytest.mark.parametrize("service", ["docdb", "neptune"])
def test_the_sdks_own_name_tells_twins_of_rds_apart(service: str) -> None:
    model = service_model(service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        request = request_for(service, operation, {}, user_agent=f"aws-sdk-go-v2/1.30 os/linux api/{service}#1.36.0")
        assert (identified(request).service, identified(request).operation) == (service, name)


def test_without_the_sdks_name_a_twin_is_taken_for_its_elder() -> None:
    operation = service_model("neptune").operation_model("DeleteDBCluster")
    request = request_for("neptune", operation, {"DBClusterIdentifier": "x"})
    assert (identified(request).service, identified(request).operation) == ("rds", "DeleteDBCluster")


def signed(method: str, target: str, service: str, body: bytes = b"", **headers: str) -> Request:
    scope = f"AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/{service}/aws4_request, Signature=0"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(
        method=method,
        target=target,
        headers={"host": "127.0.0.1:4566", "authorization": scope, **named},
        body=body,
        body_size=len(body),
    )


FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("request_", "service", "operation"),
    [
        (signed("GET", "/bucket?list-type=2&prefix=a%2F", "s3"), "s3", "ListObjectsV2"),
        (signed("GET", "/bucket/", "s3"), "s3", "ListObjects"),
        (signed("GET", "/bucket?prefix=a", "s3"), "s3", "ListObjects"),
        (signed("HEAD", "/bucket", "s3"), "s3", "HeadBucket"),
        (signed("HEAD", "/bucket/folder/", "s3"), "s3", "HeadObject"),
        (signed("PUT", "/bucket/a//b/", "s3"), "s3", "PutObject"),
        (signed("PUT", "/bucket/a/b?partNumber=1&uploadId=u", "s3"), "s3", "UploadPart"),
        (
            signed("PUT", "/bucket/a/b?partNumber=1&uploadId=u", "s3", x_amz_copy_source="/b/k"),
            "s3",
            "UploadPartCopy",
        ),
        (signed("PUT", "/bucket/a", "s3", x_amz_copy_source="/b/k"), "s3", "CopyObject"),
        (signed("POST", "/bucket/a?uploads", "s3"), "s3", "CreateMultipartUpload"),
        (signed("POST", "/bucket?delete=", "s3"), "s3", "DeleteObjects"),
        (signed("DELETE", "/bucket/a?uploadId=u", "s3"), "s3", "AbortMultipartUpload"),
        (signed("GET", "/bucket/a?x-id=GetObject", "s3"), "s3", "GetObject"),
        (signed("GET", "/?x-id=ListDirectoryBuckets", "s3express"), "s3", "ListDirectoryBuckets"),
        (signed("GET", "/key/with/slashes", "s3", host="bucket.s3.us-east-1.amazonaws.com"), "s3", "GetObject"),
        (
            signed("PUT", "/v20180820/configuration/publicAccessBlock", "s3", x_amz_account_id="123456789012"),
            "s3control",
            "PutPublicAccessBlock",
        ),
        (
            signed("DELETE", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af%3A3", "lambda"),
            "lambda",
            "DeleteFunction",
        ),
        (signed("GET", "/2015-03-31/functions/", "lambda"), "lambda", "ListFunctions"),
        (signed("GET", "/restapis/abc", "apigateway"), "apigateway", "GetRestApi"),
        (signed("GET", "/v2/apis/abc", "apigateway"), "apigatewayv2", "GetApi"),
        (signed("DELETE", "/2015-01-01/es/domain/d", "es"), "es", "DeleteElasticsearchDomain"),
        (signed("DELETE", "/2021-01-01/opensearch/domain/d", "es"), "opensearch", "DeleteDomain"),
        (
            signed(
                "POST", "/", "elasticloadbalancing", b"Action=DeleteLoadBalancer&Version=2012-06-01", content_type=FORM
            ),
            "elb",
            "DeleteLoadBalancer",
        ),
        (
            signed(
                "POST", "/", "elasticloadbalancing", b"Action=DeleteLoadBalancer&Version=2015-12-01", content_type=FORM
            ),
            "elbv2",
            "DeleteLoadBalancer",
        ),
        (signed("GET", "/?Action=DescribeVpcs&Version=2016-11-15", "ec2"), "ec2", "DescribeVpcs"),
        (
            signed("POST", "/123456789012/q", "sqs", b"Action=PurgeQueue&Version=2012-11-05", content_type=FORM),
            "sqs",
            "PurgeQueue",
        ),
        (
            signed("POST", "/", "monitoring", b"Action=PutMetricAlarm&Version=2010-08-01", content_type=FORM),
            "cloudwatch",
            "PutMetricAlarm",
        ),
        (signed("POST", "/", "dynamodb", x_amz_target="DynamoDB_20120810.PutItem"), "dynamodb", "PutItem"),
        (
            signed("POST", "/", "dynamodb", x_amz_target="DynamoDBStreams_20120810.ListStreams"),
            "dynamodbstreams",
            "ListStreams",
        ),
    ],
)
def test_traps(request_: Request, service: str, operation: str) -> None:
    found = identified(request_)
    assert (found.service, found.operation) == (service, operation)


def test_unsigned_calls_are_recognised_by_api_version_or_target() -> None:
    body = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&WebIdentityToken=t"
    web_identity = Request(method="POST", target="/", headers={"content-type": FORM}, body=body, body_size=len(body))
    sign_in = Request(
        method="POST", target="/", headers={"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    )
    assert (identified(web_identity).service, identified(web_identity).operation) == (
        "sts",
        "AssumeRoleWithWebIdentity",
    )
    assert (identified(sign_in).service, identified(sign_in).operation) == ("cognito-idp", "InitiateAuth")


def test_a_presigned_url_is_recognised() -> None:
    scope = "123456789012%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    request = Request(method="PUT", target=f"/b/k?X-Amz-Credential={scope}&X-Amz-Signature=0", headers={})
    assert (identified(request).service, identified(request).operation) == ("s3", "PutObject")


def test_an_operation_newer_than_the_models_keeps_its_name() -> None:
    target = signed("POST", "/", "dynamodb", x_amz_target="DynamoDB_20120810.DeleteEverything")
    query = signed("POST", "/", "ec2", b"Action=DeleteEverything&Version=2016-11-15", content_type=FORM)
    for request, service in ((target, "dynamodb"), (query, "ec2")):
        found = identified(request)
        assert (found.service, found.operation, found.model) == (service, "DeleteEverything", None)


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="GET", target="/", headers={}),
        Request(method="POST", target="/bucket/key", headers={"content-type": "text/plain"}, body=b"x", body_size=1),
        Request(method="OPTIONS", target="/bucket", headers={"origin": "http://example.com"}),
        Request(method="GET", target="/%zz%", headers={"authorization": "AWS4-HMAC-SHA256 Credential=///"}),
    ],
)
def test_what_says_nothing_of_itself_is_not_identified(request_: Request) -> None:
    assert (identified(request_).service, identified(request_).operation) == ("", "")


def test_a_service_unknown_to_the_models_keeps_its_signing_name() -> None:
    found = identified(signed("DELETE", "/things/1", "brand-new-service"))
    assert (found.service, found.operation) == ("brand-new-service", "")


def test_greedy_labels_keep_their_slashes() -> None:
    found = identified(signed("GET", "/bucket/a/b%20c//d.txt", "s3"))
    assert found.labels == {"Bucket": "bucket", "Key": "a/b c//d.txt"}
