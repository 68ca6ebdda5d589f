"""The forwarder: what may leave for a live account, how it is signed, and how patient it is."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from live_account import REAL_KEY, REAL_SECRET, REGION, Account, Arrived, Clock, Reply, account, client, upstream

from sandbox.live.forwarder import REFUSED, Forwarder
from sandbox.live.permitted import Refusal
from sandbox.rehearsal import CallKind


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", REAL_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", REAL_SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-real-token")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@dataclass(frozen=True, kw_only=True)
class Running:
    forwarder: Forwarder
    account: Account
    clock: Clock

    def client(self, service: str, *, region: str = REGION) -> Any:
        return client(service, self.forwarder.endpoint, self.forwarder.access_key_id, region=region)

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, bytes]:
        host = self.forwarder.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(host)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content

    def signed(self, service: str, **headers: str) -> dict[str, str]:
        scope = f"{self.forwarder.access_key_id}/20260101/{REGION}/{service}/aws4_request"
        authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        return {"Authorization": authorization, **{name.replace("_", "-"): value for name, value in headers.items()}}


@contextmanager
def running(answer: Callable[[Arrived], Reply] = lambda _: Reply()) -> Iterator[Running]:
    clock = Clock()
    with account(answer) as found, Forwarder(upstream(found.endpoint, clock)) as forwarder:
        yield Running(forwarder=forwarder, account=found, clock=clock)


def test_a_read_reaches_the_account_with_the_real_signature_and_nothing_of_the_dummy_one() -> None:
    with running(lambda _: Reply(body=b'{"TableNames": ["orders"]}')) as run:
        assert run.client("dynamodb").list_tables()["TableNames"] == ["orders"]
        (arrived,) = run.account.arrived
        assert f"Credential={REAL_KEY}/" in arrived.headers["authorization"]
        assert f"/{REGION}/dynamodb/aws4_request" in arrived.headers["authorization"]
        assert arrived.headers["x-amz-security-token"] == "the-real-token"
        assert run.forwarder.access_key_id not in str(arrived)
        assert "dummy" not in str(arrived)
        (call,) = run.forwarder.calls
        assert (call.service, call.operation, call.kind, call.status) == ("dynamodb", "ListTables", CallKind.READ, 200)
        assert REAL_SECRET not in repr(call)


WRITES: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("sqs", lambda sqs: sqs.create_queue(QueueName="q")),
    ("dynamodb", lambda dynamodb: dynamodb.delete_table(TableName="t")),
    ("s3", lambda s3: s3.delete_bucket(Bucket="b")),
    ("s3", lambda s3: s3.put_object(Bucket="b", Key="k", Body=b"x")),
    ("iam", lambda iam: iam.create_user(UserName="u")),
    ("ec2", lambda ec2: ec2.terminate_instances(InstanceIds=["i-0123456789abcdef0"])),
    ("lambda", lambda fn: fn.invoke(FunctionName="f")),
    ("cloudwatch", lambda cloudwatch: cloudwatch.delete_alarms(AlarmNames=["a"])),
    ("route53", lambda route53: route53.delete_hosted_zone(Id="Z123")),
)
HELD_BACK: tuple[tuple[str, Callable[[Any], object], Refusal], ...] = (
    ("secretsmanager", lambda secrets: secrets.get_secret_value(SecretId="s"), Refusal.SECRET),
    ("s3", lambda s3: s3.get_object(Bucket="b", Key="k"), Refusal.DATA),
    ("s3", lambda s3: s3.list_objects_v2(Bucket="b"), Refusal.DATA),
    ("sqs", lambda sqs: sqs.receive_message(QueueUrl="http://127.0.0.1/1/q"), Refusal.WRITE),
    ("dynamodb", lambda dynamodb: dynamodb.scan(TableName="t"), Refusal.WRITE),
    ("dynamodb", lambda dynamodb: dynamodb.get_item(TableName="t", Key={"id": {"S": "1"}}), Refusal.DATA),
    ("kms", lambda kms: kms.decrypt(CiphertextBlob=b"x"), Refusal.WRITE),
    (
        "sts",
        lambda sts: sts.assume_role(RoleArn="arn:aws:iam::1:role/r" + "x" * 20, RoleSessionName="session"),
        Refusal.WRITE,
    ),
    ("kinesis", lambda kinesis: kinesis.get_records(ShardIterator="x"), Refusal.DATA),
    ("logs", lambda logs: logs.get_log_events(logGroupName="g", logStreamName="s"), Refusal.DATA),
    ("ecr", lambda ecr: ecr.get_authorization_token(), Refusal.SECRET),
    ("ec2", lambda ec2: ec2.get_password_data(InstanceId="i-0123456789abcdef0"), Refusal.SECRET),
)


def test_no_write_leaves() -> None:
    with running() as run:
        for service, write in WRITES:
            with pytest.raises(ClientError) as caught:
                write(run.client(service))
            assert caught.value.response["Error"]["Code"] in {REFUSED, "403"}, service
        assert not run.account.arrived
        assert sum(run.forwarder.refused.values()) == len(WRITES)
        assert {why for why, _, _ in run.forwarder.refused} == {Refusal.WRITE}
        assert [call.refused_by for call in run.forwarder.calls] == ["read-only"] * len(WRITES)


def test_no_data_and_no_secret_is_asked_for() -> None:
    with running() as run:
        for service, read, refusal in HELD_BACK:
            with pytest.raises(ClientError):
                read(run.client(service))
            assert refusal in {why for why, name, _ in run.forwarder.refused if name == service}, service
        assert not run.account.arrived


def test_a_parameter_is_read_without_being_decrypted() -> None:
    with running(lambda _: Reply(body=b'{"Parameter": {"Name": "p", "Value": "sealed"}}')) as run:
        run.client("ssm").get_parameter(Name="p", WithDecryption=True)
        (arrived,) = run.account.arrived
        assert json.loads(arrived.body) == {"Name": "p", "WithDecryption": False}
        assert run.forwarder.changed == 1


def test_an_api_key_is_read_without_its_value() -> None:
    with running() as run:
        run.client("apigateway").get_api_key(apiKey="k", includeValue=True)
        assert [arrived.path for arrived in run.account.arrived] == ["/apikeys/k"]


def test_who_does_not_have_the_key_of_this_run_gets_nothing() -> None:
    with running() as run:
        with pytest.raises(ClientError, match="not an endpoint of yours"):
            client("dynamodb", run.forwarder.endpoint, "AKIASOMEBODYELSE").list_tables()
        assert run.send("GET", "/", {})[0] == 403
        assert run.send("GET", "http://example.com/", run.signed("s3"))[0] == 403
        assert not run.account.arrived


@pytest.mark.parametrize(
    ("method", "path", "service", "headers", "body"),
    [
        ("POST", "/?Action=DescribeVpcs", "ec2", {}, b"Action=DeleteVpc&VpcId=vpc-1&Version=2016-11-15"),
        ("POST", "/", "ec2", {}, b"Action=DescribeVpcs&Action=DeleteVpc&Version=2016-11-15"),
        ("POST", "/?Action=CreateQueue", "sqs", {"X_Amz_Target": "AmazonSQS.ListQueues"}, b"{}"),
        ("GET", "/bucket", "s3", {"X_HTTP_Method_Override": "DELETE"}, None),
        ("POST", "/", "nosuchservice", {"X_Amz_Target": "Nobody.ListThings"}, b"{}"),
        ("POST", "/", "dynamodb", {"X_Amz_Target": "DynamoDB_20120810.listTables"}, b"{}"),
        ("OPTIONS", "/bucket", "s3", {}, None),
        (
            "POST",
            "/",
            "dynamodb",
            {"X_Amz_Target": "DynamoDB_20120810.ListTables", "Content_Length": "99999999"},
            b"{}",
        ),
    ],
)
def test_what_is_ambiguous_or_unknown_does_not_leave(
    method: str, path: str, service: str, headers: dict[str, str], body: bytes | None
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body and b"=" in body else {}
    with running() as run:
        status, _ = run.send(method, path, {**run.signed(service, **headers), **form}, body)
        assert status == 403
        assert not run.account.arrived


def test_a_chunked_body_does_not_leave() -> None:
    with running() as run:
        headers = {
            **run.signed("dynamodb", X_Amz_Target="DynamoDB_20120810.ListTables"),
            "Transfer-Encoding": "chunked",
        }
        status, _ = run.send("POST", "/", headers, b"2\r\n{}\r\n0\r\n\r\n")
        assert status == 403
        assert not run.account.arrived


def test_throttling_is_met_with_patience() -> None:
    answers = iter([Reply(status=400, body=b'{"__type": "ThrottlingException"}')] * 3)
    with running(lambda _: next(answers, Reply(body=b'{"TableNames": []}'))) as run:
        run.client("dynamodb").list_tables()
        assert len(run.account.arrived) == 4
        assert len(run.forwarder.calls) == 1
        pauses = [wait for wait in run.clock.waits if wait >= 0.25]
        assert len(pauses) == 3
        assert pauses[2] > pauses[0]


def test_patience_has_an_end() -> None:
    with running(lambda _: Reply(status=400, body=b'{"__type": "ThrottlingException"}')) as run:
        with pytest.raises(ClientError) as caught:
            run.client("dynamodb").list_tables()
        assert caught.value.response["Error"]["Code"] == "ThrottlingException"
        assert 5 < len(run.account.arrived) < 20


def test_a_refusal_of_the_account_is_passed_on_as_it_is() -> None:
    message = "User: arn:aws:iam::1:user/r is not authorized to perform: dynamodb:ListTables"
    body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()
    with running(lambda _: Reply(status=400, body=body)) as run:
        with pytest.raises(ClientError, match="not authorized to perform: dynamodb:ListTables"):
            run.client("dynamodb").list_tables()
        (call,) = run.forwarder.calls
        assert (call.error_code, call.error_message) == ("AccessDeniedException", message)
        assert len(run.account.arrived) == 1


def test_a_bucket_elsewhere_is_asked_for_where_it_is() -> None:
    def answer(arrived: Arrived) -> Reply:
        there = "/ap-south-1/s3/" in arrived.headers["authorization"]
        xml = {"Content-Type": "application/xml"}
        if there:
            return Reply(
                body=b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", headers=xml
            )
        return Reply(status=301, body=b"<Error/>", headers={**xml, "x-amz-bucket-region": "ap-south-1"})

    with running(answer) as run:
        for _ in range(2):
            assert run.client("s3").get_bucket_versioning(Bucket="b")["Status"] == "Enabled"
        assert len(run.account.arrived) == 3


def test_an_account_that_cannot_be_reached_is_an_error_of_the_call() -> None:
    with Forwarder(upstream("http://127.0.0.1:1")) as forwarder:
        with pytest.raises(ClientError) as caught:
            client("dynamodb", forwarder.endpoint, forwarder.access_key_id).list_tables()
        assert caught.value.response["Error"]["Code"] == "EndpointUnreachable"
