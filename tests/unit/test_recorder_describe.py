"""From exchange to call: what a call is about, and that nothing anybody sends can break the description."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from recorder_requests import call, call_for, head, request_for, service_model

from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.cbor import loads
from sandbox.recorder.describe import describe
from sandbox.recorder.exchange import Exchange, Request
from sandbox.rehearsal import CallKind

SG = "sg-0123456789abcdef0"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "first", "all_"),
    [
        ("ec2", "DeleteSecurityGroup", {"GroupId": SG}, SG, {SG}),
        ("ec2", "TerminateInstances", {"InstanceIds": ["i-1", "i-2"]}, "i-1", {"i-1", "i-2"}),
        (
            "ec2",
            "CreateTags",
            {"Resources": ["i-1", "vol-1"], "Tags": [{"Key": "k", "Value": "v"}]},
            "i-1",
            {"i-1", "vol-1"},
        ),
        ("ec2", "CreateSubnet", {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24"}, "vpc-1", {"vpc-1"}),
        ("ec2", "AttachVolume", {"Device": "x", "InstanceId": "i-1", "VolumeId": "vol-1"}, "vol-1", {"vol-1", "i-1"}),
        (
            "rds",
            "DeleteDBInstance",
            {"DBInstanceIdentifier": "db", "FinalDBSnapshotIdentifier": "s"},
            "db",
            {"db", "s"},
        ),
        ("ecs", "DeleteService", {"cluster": "c", "service": "web"}, "web", {"web"}),
        ("ecs", "StopTask", {"cluster": "c", "task": "t-1"}, "t-1", {"t-1"}),
        ("s3", "DeleteObject", {"Bucket": "b", "Key": "k/l"}, "b", {"b", "b/k/l"}),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "x"}, {"Key": "y"}]}},
            "b",
            {"b", "b/x", "b/y"},
        ),
        ("dynamodb", "BatchWriteItem", {"RequestItems": {"t": [], "u": []}}, "t", {"t", "u"}),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}, {"Delete": {"TableName": "u", "Key": {}}}]},
            "t",
            {"t", "u"},
        ),
        (
            "sqs",
            "PurgeQueue",
            {"QueueUrl": "http://127.0.0.1:1/1/q"},
            "http://127.0.0.1:1/1/q",
            {"http://127.0.0.1:1/1/q"},
        ),
        ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:p"}, "r", {"r", "arn:p"}),
        ("lambda", "DeleteFunction", {"FunctionName": "f"}, "f", {"f"}),
        ("kms", "ScheduleKeyDeletion", {"KeyId": "k"}, "k", {"k"}),
        ("secretsmanager", "DeleteSecret", {"SecretId": "s"}, "s", {"s"}),
        (
            "elbv2",
            "DeregisterTargets",
            {"TargetGroupArn": "arn:tg", "Targets": [{"Id": "i-1"}]},
            "arn:tg",
            {"arn:tg", "i-1"},
        ),
        (
            "route53",
            "ChangeResourceRecordSets",
            {
                "HostedZoneId": "Z1",
                "ChangeBatch": {"Changes": [{"Action": "DELETE", "ResourceRecordSet": {"Name": "a.b.", "Type": "A"}}]},
            },
            "Z1",
            {"Z1", "a.b."},
        ),
        ("autoscaling", "DeleteTags", {"Tags": [{"ResourceId": "asg", "Key": "k"}]}, "asg", {"asg"}),
    ],
)
def test_resources_named_in_a_request(
    service: str, operation: str, parameters: dict[str, Any], first: str, all_: set[str]
) -> None:
    recorded = call(service, operation, parameters)
    assert set(recorded.resources) == all_
    assert recorded.resources[0] == first or operation == "AttachRolePolicy"


MADE = [
    (
        "kms",
        "CreateKey",
        {},
        "application/x-amz-json-1.1",
        '{"KeyMetadata": {"KeyId": "k", "Arn": "arn:k", "AWSAccountId": "1", "CustomKeyStoreId": "store"}}',
        {"k", "arn:k"},
    ),
    (
        "ec2",
        "RunInstances",
        {"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1"},
        "text/xml",
        (
            "<RunInstancesResponse><reservationId>r-1</reservationId><instancesSet><item><instanceId>i-1</instanceId>"
            "<imageId>ami-9</imageId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><iamInstanceProfile><arn>arn:p</arn>"
            "<id>AIPA</id></iamInstanceProfile></item></instancesSet></RunInstancesResponse>"
        ),
        {"ami-1", "r-1", "i-1"},
    ),
    (
        "ec2",
        "CreateSubnet",
        {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24"},
        "text/xml",
        (
            "<CreateSubnetResponse><subnet><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><ownerId>1</ownerId>"
            "<subnetArn>arn:s</subnetArn></subnet></CreateSubnetResponse>"
        ),
        {"vpc-1", "subnet-1", "arn:s"},
    ),
    (
        "ec2",
        "CreateSecurityGroup",
        {"GroupName": "g", "Description": "d"},
        "text/xml",
        f"<CreateSecurityGroupResponse><groupId>{SG}</groupId></CreateSecurityGroupResponse>",
        {"g", SG},
    ),
    (
        "rds",
        "CreateDBInstance",
        {"DBInstanceIdentifier": "db"},
        "text/xml",
        (
            "<CreateDBInstanceResponse><CreateDBInstanceResult><DBInstance><DBInstanceIdentifier>db</DBInstanceIdentifier>"
            "<DBInstanceArn>arn:db</DBInstanceArn><KmsKeyId>key</KmsKeyId></DBInstance></CreateDBInstanceResult>"
            "</CreateDBInstanceResponse>"
        ),
        {"db", "arn:db"},
    ),
    (
        "iam",
        "CreateAccessKey",
        {"UserName": "u"},
        "text/xml",
        (
            "<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>u</UserName><AccessKeyId>AKIA1</AccessKeyId>"
            "<SecretAccessKey>verysecret</SecretAccessKey></AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>"
        ),
        {"u", "AKIA1"},
    ),
    (
        "sqs",
        "CreateQueue",
        {"QueueName": "q"},
        "application/x-amz-json-1.0",
        '{"QueueUrl": "http://h/1/q"}',
        {"q", "http://h/1/q"},
    ),
    (
        "cognito-idp",
        "CreateUserPool",
        {"PoolName": "p"},
        "application/x-amz-json-1.1",
        '{"UserPool": {"Id": "us_1", "Name": "p", "Arn": "arn:p", "LambdaConfig": {"PreSignUp": "arn:l"}}}',
        {"p", "us_1", "arn:p"},
    ),
    (
        "apigateway",
        "CreateRestApi",
        {"name": "n"},
        "application/json",
        '{"id": "abc", "name": "n", "createdDate": 1.0}',
        {"n", "abc"},
    ),
    (
        "cloudfront",
        "CreateDistribution",
        {
            "DistributionConfig": {
                "CallerReference": "r",
                "Origins": {"Quantity": 0, "Items": []},
                "Comment": "",
                "Enabled": True,
                "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
            }
        },
        "text/xml",
        "<Distribution><Id>E1</Id><ARN>arn:d</ARN><DomainName>d.cloudfront.net</DomainName></Distribution>",
        {"E1", "arn:d"},
    ),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "content_type", "answer", "named"), MADE)
def test_resources_named_in_the_answer_to_a_creation(  # noqa: PLR0917 - pytest passes them by name
    service: str, operation: str, parameters: dict[str, Any], content_type: str, answer: str, named: set[str]
) -> None:
    request = request_for(service, service_model(service).operation_model(operation), parameters)
    recorded = call_for(request, answer=answer.encode(), content_type=content_type)
    assert set(recorded.resources) == named
    assert "verysecret" not in repr(recorded)


def test_the_answer_to_a_read_names_nothing() -> None:
    request = request_for("sqs", service_model("sqs").operation_model("ListQueues"), {})
    assert call_for(request, answer=b'{"QueueUrls": ["http://h/1/q"]}').resources == ()


def test_a_failed_creation_made_nothing() -> None:
    request = request_for("sqs", service_model("sqs").operation_model("CreateQueue"), {"QueueName": "q"})
    recorded = call_for(request, answer=b'{"__type": "QueueNameExists", "QueueUrl": "u"}', status=400)
    assert (recorded.resources, recorded.error_code) == (("q",), "QueueNameExists")


@pytest.mark.parametrize(
    ("user_agent", "agent"),
    [
        (
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.100.0 "
                "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 api/sqs#1.38.5"
            ),
            "terraform-provider-aws",
        ),
        ("aws-cli/1.44.1 md/Botocore#1.43.0 ua/2.1 os/linux", "aws-cli"),
        ("Boto3/1.43.0 md/Botocore#1.43.0 ua/2.1", "boto3"),
        ("curl/8.5.0", "curl"),
        ("", ""),
    ],
)
def test_the_program_that_made_the_call(user_agent: str, agent: str) -> None:
    operation = service_model("sqs").operation_model("ListQueues")
    assert call_for(request_for("sqs", operation, {}, user_agent=user_agent)).agent == agent


def test_a_call_that_left_the_clone_is_recorded_by_its_host() -> None:
    exchange = Exchange(
        sequence=3,
        phase="apply",
        at=1.0,
        method="CONNECT",
        target="sts.amazonaws.com:443",
        headers=(),
        request_body=head(b""),
        response_body=head(b""),
        status=403,
        error_code="OutsideClone",
        refused_host="sts.amazonaws.com:443",
    )
    recorded = describe(exchange, catalogue())
    assert (recorded.service, recorded.operation, recorded.kind) == ("", "", CallKind.UNKNOWN)
    assert (recorded.error_code, recorded.resources) == ("OutsideClone", ("sts.amazonaws.com:443",))


def test_a_path_is_shown_without_its_query() -> None:
    request = Request(method="GET", target="/b/k?X-Amz-Signature=abc&X-Amz-Security-Token=def", headers={})
    recorded = call_for(request)
    assert recorded.path == "/b/k"
    assert "def" not in repr(recorded)


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "authorization": st.sampled_from(
            [
                f"AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/{name}/aws4_request, Signature=0"
                for name in ("s3", "ec2", "dynamodb", "lambda", "monitoring", "apigateway", "route53", "nonsense", "")
            ]
        )
        | st.text(max_size=40),
        "x-amz-target": st.sampled_from(["DynamoDB_20120810.PutItem", "Nothing.Here", ".", "AmazonSQS.SendMessage"])
        | st.text(max_size=30),
        "content-type": st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/xml"]),
        "content-encoding": st.sampled_from(["gzip", "aws-chunked"]),
        "smithy-protocol": st.just("rpc-v2-cbor"),
        "user-agent": st.text(max_size=30),
        "host": st.text(max_size=20),
    },
)
TARGETS = st.sampled_from(
    [
        "/",
        "/b/k",
        "/b?delete",
        "/2015-03-31/functions/f",
        "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        "/2013-04-01/hostedzone/Z/rrset",
        "/?Action=RunInstances&Version=2016-11-15",
        "http://[::1",
        "*",
        "",
    ]
) | st.text(max_size=60).map("/{}".format)
BODIES = (
    st.binary(max_size=200)
    | st.sampled_from(
        [b"<a>" * 3000, b"[" * 100_000, b"\xbf" * 5000, b"\x9f" * 5000, b'{"Item": {"a": 3}, "TableName": [1]}']
    )
    | st.text(max_size=100).map(
        lambda text: f"Action=RunInstances&Version=2016-11-15&{text}=1&A.1.B=2&A=3&A.1=4".encode()
    )
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"]),
    target=TARGETS,
    headers=HEADERS,
    body=BODIES,
    status=st.sampled_from([0, 200, 204, 400, 404, 500, 501]),
    answer=st.binary(max_size=100) | BODIES,
)
@example("POST", "/", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b'{"Item": 3, "TableName": {"a": 1}}', 200, b"{}")
def test_nothing_that_anybody_sends_breaks_the_description(  # noqa: PLR0917 - hypothesis passes them by name
    method: str, target: str, headers: dict[str, str], body: bytes, status: int, answer: bytes
) -> None:
    request = Request(method=method, target=target, headers=headers, body=body, body_size=len(body))
    recorded = call_for(request, answer=answer, status=status)
    assert recorded.status == status
    assert recorded.operation or recorded.kind is CallKind.UNKNOWN


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_bytes_are_cbor_or_a_value_error(data: bytes) -> None:
    try:
        loads(data)
    except ValueError:
        return


@pytest.mark.parametrize(
    "data", [b"\x9f" * 10_000, b"\xbf", b"\x5f\x41", b"\x1c", b"\xff", b"", b"\xc1\xfb\x7f\xf0" + b"\0" * 6]
)
def test_broken_cbor_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is the contract
        loads(data)
