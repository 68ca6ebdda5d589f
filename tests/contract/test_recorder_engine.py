"""The recorder between real clients and a real engine."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from diffing.values import Marker
from sandbox.engines.ministack import MiniStackEngine
from sandbox.recorder.recorder import Recorder, Scope
from sandbox.rehearsal import ApiCall, CallKind

pytestmark = pytest.mark.engine

ACCOUNT = "123456789012"
MEBIBYTE = 1_048_576


@pytest.fixture(scope="module")
def engine_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with MiniStackEngine().start(tmp_path_factory.mktemp("engine"), public_port=45_679) as engine:
        yield engine.endpoint


@pytest.fixture
def recorder(engine_endpoint: str) -> Iterator[Recorder]:
    with Recorder() as recorder:
        recorder.forward_to(engine_endpoint)
        yield recorder


def client(service: str, endpoint: str, **settings: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="x",
        config=Config(**{"retries": {"total_max_attempts": 1}, "read_timeout": 60, **settings}),
    )


def last(recorder: Recorder) -> ApiCall:
    return recorder.calls[-1]


TRUST = '{"Version": "2012-10-17", "Statement": []}'
ALARM = {
    "AlarmName": "rec", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "m",
    "Namespace": "n", "Period": 60, "Statistic": "Sum", "Threshold": 1.0,
}  # fmt: skip
WRITES: list[tuple[str, str, dict[str, Any], str]] = [
    ("acm", "RequestCertificate", {"DomainName": "rec.example.com"}, "rec.example.com"),
    ("apigateway", "CreateRestApi", {"name": "rec"}, "rec"),
    ("apigatewayv2", "CreateApi", {"Name": "rec", "ProtocolType": "HTTP"}, "rec"),
    ("cloudwatch", "PutMetricAlarm", ALARM, "rec"),
    ("cognito-idp", "CreateUserPool", {"PoolName": "rec"}, "rec"),
    ("ec2", "CreateSecurityGroup", {"GroupName": "rec", "Description": "d"}, "rec"),
    ("ecs", "CreateCluster", {"clusterName": "rec"}, "rec"),
    ("events", "PutRule", {"Name": "rec", "ScheduleExpression": "rate(1 hour)"}, "rec"),
    ("iam", "CreateRole", {"RoleName": "rec", "AssumeRolePolicyDocument": TRUST}, "rec"),
    ("kinesis", "CreateStream", {"StreamName": "rec", "ShardCount": 1}, "rec"),
    ("logs", "CreateLogGroup", {"logGroupName": "rec"}, "rec"),
    ("route53", "CreateHostedZone", {"Name": "rec.example.", "CallerReference": "1"}, "rec.example."),
    ("s3", "CreateBucket", {"Bucket": "rec", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}, "rec"),
    ("secretsmanager", "CreateSecret", {"Name": "rec", "SecretString": "hunter2hunter2"}, "rec"),
    ("sns", "CreateTopic", {"Name": "rec"}, "rec"),
    ("sqs", "CreateQueue", {"QueueName": "rec"}, "rec"),
    ("ssm", "PutParameter", {"Name": "/rec", "Value": "hunter2hunter2", "Type": "SecureString"}, "/rec"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "name"), WRITES)
def test_boto3s_writes_are_recorded_under_their_own_names(
    recorder: Recorder, service: str, operation: str, parameters: dict[str, Any], name: str
) -> None:
    boto = client(service, recorder.endpoint)
    boto._make_api_call(operation, parameters)  # noqa: SLF001 - any operation by its API name
    call = last(recorder)
    assert (call.service, call.operation, call.kind) == (service, operation, CallKind.WRITE)
    assert (call.account, call.region, call.access_key_id) == (ACCOUNT, "eu-west-1", ACCOUNT)
    assert call.resources[0] == name
    assert call.succeeded
    assert call.agent == "boto3"
    assert "hunter2" not in repr(call)
    assert Scope(service=service, region=call.region, access_key_id=ACCOUNT) in recorder.scopes()


def test_creations_name_what_the_engine_made(recorder: Recorder) -> None:
    ec2 = client("ec2", recorder.endpoint)
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    assert last(recorder).resources == (vpc,)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]
    assert {vpc, subnet["SubnetId"]} <= set(last(recorder).resources)
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    assert (last(recorder).operation, last(recorder).resources) == ("DeleteSubnet", (subnet["SubnetId"],))
    queue = client("sqs", recorder.endpoint).create_queue(QueueName="made")["QueueUrl"]
    assert queue in last(recorder).resources


def test_items_and_messages_stay_private(recorder: Recorder) -> None:
    dynamodb = client("dynamodb", recorder.endpoint)
    dynamodb.create_table(
        TableName="private",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="private", Item={"id": {"S": "hunter2"}, "n": {"N": "1"}})
    assert last(recorder).parameters == {"TableName": "private", "Item": "(2 attributes)"}
    dynamodb.batch_write_item(RequestItems={"private": [{"DeleteRequest": {"Key": {"id": {"S": "hunter2"}}}}]})
    assert last(recorder).resources == ("private",)
    assert "hunter2" not in repr(recorder.calls)


def test_reads_and_refusals(recorder: Recorder) -> None:
    client("sts", recorder.endpoint).get_caller_identity()
    assert (last(recorder).kind, last(recorder).succeeded) == (CallKind.READ, True)
    for service, operation, parameters, code in (
        ("dynamodb", "describe_table", {"TableName": "absent"}, "ResourceNotFoundException"),
        ("s3", "get_object", {"Bucket": "absent-bucket", "Key": "k"}, "NoSuchBucket"),
        ("iam", "get_role", {"RoleName": "absent"}, "NoSuchEntity"),
        ("ec2", "delete_vpc", {"VpcId": "vpc-00000000000000000"}, "InvalidVpcID.NotFound"),
        ("lambda", "get_function", {"FunctionName": "absent"}, "ResourceNotFoundException"),
    ):
        with pytest.raises(ClientError) as raised:
            getattr(client(service, recorder.endpoint), operation)(**parameters)
        assert raised.value.response["Error"]["Code"] == code
        assert (last(recorder).error_code, last(recorder).unsupported) == (code, False)
        assert last(recorder).error_message


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("iam", "CreateServiceSpecificCredential", {"UserName": "u", "ServiceName": "x"}),
        ("kms", "ConnectCustomKeyStore", {"CustomKeyStoreId": "x"}),
        ("eks", "UpdateNodegroupConfig", {"clusterName": "a", "nodegroupName": "b"}),
        ("route53", "CreateTrafficPolicy", {"Name": "a", "Document": "{}"}),
        ("glacier", "CreateVault", {"vaultName": "v"}),
    ],
)
def test_what_the_engine_lacks_is_marked(
    recorder: Recorder, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError):
        client(service, recorder.endpoint)._make_api_call(operation, parameters)  # noqa: SLF001 - by its API name
    assert (last(recorder).service, last(recorder).operation) == (service, operation)
    assert last(recorder).unsupported


def test_listing_versions_of_s3_calls_on_the_wire(recorder: Recorder) -> None:
    s3 = client("s3", recorder.endpoint)
    s3.create_bucket(Bucket="wire", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.head_bucket(Bucket="wire")
    s3.put_object(Bucket="wire", Key="deep/er/k y", Body=b"1")
    s3.copy_object(Bucket="wire", Key="copy", CopySource="wire/deep/er/k y")
    s3.list_objects(Bucket="wire")
    s3.list_objects_v2(Bucket="wire")
    s3.head_object(Bucket="wire", Key="copy")
    s3.get_bucket_location(Bucket="wire")
    s3.delete_objects(Bucket="wire", Delete={"Objects": [{"Key": "copy"}]})
    with pytest.raises(ClientError):
        s3.get_bucket_policy(Bucket="wire")
    assert [call.operation for call in recorder.calls] == [
        "CreateBucket", "HeadBucket", "PutObject", "CopyObject", "ListObjects", "ListObjectsV2", "HeadObject",
        "GetBucketLocation", "DeleteObjects", "GetBucketPolicy",
    ]  # fmt: skip
    assert recorder.calls[2].resources == ("wire", "wire/deep/er/k y")
    assert recorder.calls[8].resources == ("wire", "wire/copy")


def test_a_presigned_url_and_an_unsigned_call_are_recognised(recorder: Recorder) -> None:
    url = client("s3", recorder.endpoint).generate_presigned_url("put_object", Params={"Bucket": "b", "Key": "k"})
    subprocess.run([sys.executable, "-c", _PUT, url], check=True)
    assert (last(recorder).service, last(recorder).operation, last(recorder).account) == ("s3", "PutObject", ACCOUNT)
    sts = client("sts", recorder.endpoint, signature_version=UNSIGNED)
    with contextlib.suppress(ClientError):
        sts.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="session", WebIdentityToken="hunter2hunter2"
        )
    assert (last(recorder).service, last(recorder).operation) == ("sts", "AssumeRoleWithWebIdentity")
    assert last(recorder).parameters["WebIdentityToken"] is Marker.SENSITIVE


_PUT = """
import sys, urllib.request, urllib.error
try:
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], data=b"x", method="PUT"))
except urllib.error.HTTPError:
    pass
"""


def test_fifty_mebibytes_pass_through_without_being_held(recorder: Recorder) -> None:
    """The client runs in a process of its own, so that this one's memory is the recorder's."""
    s3 = client("s3", recorder.endpoint)
    s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    process = psutil.Process()
    transfer = subprocess.Popen([sys.executable, "-c", _TRANSFER, recorder.endpoint])
    before = peak = process.memory_info().rss
    while transfer.poll() is None:
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.005)
    assert transfer.returncode == 0
    assert peak - before < 20 * MEBIBYTE
    put, get = recorder.calls[-2:]
    assert (put.operation, put.parameters["Body"]) == ("PutObject", f"(blob, {50 * MEBIBYTE} bytes)")
    assert (get.operation, get.status) == ("GetObject", 200)


_TRANSFER = f"""
import boto3, sys
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="eu-west-1", aws_access_key_id="{ACCOUNT}",
    aws_secret_access_key="x",
    config=Config(retries={{"total_max_attempts": 1}}, request_checksum_calculation="when_required"))
body = b"0123456789abcdef" * 65536 * 50
s3.put_object(Bucket="large", Key="k", Body=body)
assert s3.get_object(Bucket="large", Key="k")["Body"].read() == body
"""


def test_uploads_in_parts_and_in_parallel_arrive_whole(recorder: Recorder) -> None:
    s3 = client("s3", recorder.endpoint)
    s3.create_bucket(Bucket="parts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    data = os.urandom(12 * MEBIBYTE)
    s3.upload_fileobj(io.BytesIO(data), "parts", "k")
    assert s3.get_object(Bucket="parts", Key="k")["Body"].read() == data
    assert {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "GetObject"} <= {
        call.operation for call in recorder.calls
    }


def test_parallel_clients_of_two_phases_are_told_apart(recorder: Recorder) -> None:
    recorder.phase("apply")
    endpoints = {
        "noise": recorder.endpoint_for("noise"),
        "plan": recorder.endpoint_for("plan"),
        "apply": recorder.endpoint,
    }

    def work(phase: str) -> None:
        ssm = client("ssm", endpoints[phase])
        for number in range(20):
            ssm.put_parameter(Name=f"/{phase}/{number}", Value="x", Type="String")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, endpoints))
    assert len(recorder.calls) == 60
    assert all(call.resources[0].startswith(f"/{call.phase}/") for call in recorder.calls)
    assert [call.sequence for call in recorder.calls] == list(range(60))


def test_the_engines_admin_routes_are_out_of_reach(recorder: Recorder) -> None:
    client("ssm", recorder.endpoint).put_parameter(Name="/kept", Value="x", Type="String")
    reset = subprocess.run(
        [sys.executable, "-c", _RESET, recorder.endpoint], check=True, capture_output=True, text=True
    )
    assert reset.stdout.strip() == "403"
    assert (last(recorder).error_code, last(recorder).status) == ("AdminRouteRefused", 403)
    assert client("ssm", recorder.endpoint).get_parameter(Name="/kept")["Parameter"]["Value"] == "x"


_RESET = """
import sys, urllib.request, urllib.error
try:
    reset = urllib.request.Request(sys.argv[1] + "/_ministack/reset", data=b"", method="POST")
    print(urllib.request.urlopen(reset).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


def test_an_engine_that_is_ended_in_the_middle_leaves_a_record(tmp_path: Path) -> None:
    with ExitStack() as stack:
        recorder = stack.enter_context(Recorder())
        engine = MiniStackEngine().start(tmp_path, public_port=recorder.port)
        recorder.forward_to(stack.enter_context(engine).endpoint)
        sqs = client("sqs", recorder.endpoint)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
            time.sleep(1.0)  # the call is on its way, and the engine holds it
            _end_newest_child()
            with pytest.raises((ClientError, BotoCoreError)):
                waiting.result(timeout=30)
        with pytest.raises((ClientError, BotoCoreError)):
            sqs.delete_queue(QueueUrl=queue)
        received, deleted = recorder.calls[-2:]
        assert (received.operation, received.status, received.error_code) == ("ReceiveMessage", 0, "EngineUnavailable")
        assert (deleted.operation, deleted.status, deleted.error_code) == ("DeleteQueue", 0, "EngineUnavailable")


def _end_newest_child() -> None:
    """End the engine that this test has just started."""
    newest = max(psutil.Process().children(), key=lambda child: child.create_time())
    newest.kill()
    newest.wait(10)
