"""An engine's whole state, out of one engine and into another."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.cloning.engine import MachineImage, only_images
from sandbox.engines.ministack import MiniStackEngine
from sandbox.engines.moto import MotoEngine
from sandbox.engines.process import ChildEngine
from sandbox.errors import EngineError

pytestmark = pytest.mark.engine

PORT = 45_801
ACCOUNT = "123456789012"


def client(engine: ChildEngine, service: str, *, account: str = ACCOUNT, region: str = "us-east-1") -> Any:
    return boto3.client(
        service,
        endpoint_url=engine.endpoint,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@pytest.fixture
def first(tmp_path: Path) -> Iterator[ChildEngine]:
    with MiniStackEngine().start(tmp_path / "first", public_port=PORT) as engine:
        yield engine


def test_another_engine_has_the_same_and_any_id_that_was_put_into_it(first: ChildEngine, tmp_path: Path) -> None:
    vpc = client(first, "ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    client(first, "sns", account="222222222222", region="eu-west-1").create_topic(Name="there")
    state = first.export_state().replace(vpc.encode(), b"vpc-0a1b2c3d4e5f60718")

    with MiniStackEngine().start(tmp_path / "second", public_port=PORT, state=state) as second:
        vpcs = client(second, "ec2").describe_vpcs(VpcIds=["vpc-0a1b2c3d4e5f60718"])["Vpcs"]
        topics = client(second, "sns", account="222222222222", region="eu-west-1").list_topics()["Topics"]

        assert [each["CidrBlock"] for each in vpcs] == ["10.9.0.0/16"]
        assert topics == [{"TopicArn": "arn:aws:sns:eu-west-1:222222222222:there"}]
        assert not client(second, "sns").list_topics()["Topics"]


def test_objects_come_along_with_their_versions_and_tags(first: ChildEngine, tmp_path: Path) -> None:
    s3 = client(first, "s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket="bucket", Key="k", Body=b"\xff\x00one")["VersionId"]
    s3.put_object(Bucket="bucket", Key="k", Body=b"two", Tagging="a=b")

    with MiniStackEngine().start(tmp_path / "second", public_port=PORT, state=first.export_state()) as second:
        copy = client(second, "s3")
        assert copy.get_object(Bucket="bucket", Key="k")["Body"].read() == b"two"
        assert copy.get_object(Bucket="bucket", Key="k", VersionId=old)["Body"].read() == b"\xff\x00one"
        assert copy.get_object_tagging(Bucket="bucket", Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_a_clone_of_a_clone_is_the_same_and_they_do_not_share_anything(first: ChildEngine, tmp_path: Path) -> None:
    client(first, "sqs").create_queue(QueueName="q")
    with MiniStackEngine().start(tmp_path / "second", public_port=PORT, state=first.export_state()) as second:
        again = second.export_state()
        client(second, "sqs").delete_queue(QueueUrl=client(second, "sqs").list_queues()["QueueUrls"][0])
        with MiniStackEngine().start(tmp_path / "third", public_port=PORT, state=again) as third:
            assert len(client(third, "sqs").list_queues()["QueueUrls"]) == 1
            assert len(client(first, "sqs").list_queues()["QueueUrls"]) == 1
            assert not client(second, "sqs").list_queues().get("QueueUrls")


def test_machine_images_can_be_planted_and_run(tmp_path: Path) -> None:
    image = MachineImage(id="ami-0fee0fee0fee0fee0", name="golden-7", owner="333333333333")
    with MiniStackEngine().start(tmp_path / "e", public_port=PORT, state=only_images([image])) as engine:
        ec2 = client(engine, "ec2")
        found = ec2.describe_images(Owners=["333333333333"], Filters=[{"Name": "name", "Values": ["golden-*"]}])
        run = ec2.run_instances(ImageId=image.id, MinCount=1, MaxCount=1)["Instances"]

        assert [each["ImageId"] for each in found["Images"]] == [image.id]
        assert [each["ImageId"] for each in run] == [image.id]


def test_nothing_persists_after_the_start_and_no_secret_lies_in_a_file(first: ChildEngine, tmp_path: Path) -> None:
    secret = "planted-secret-value"
    client(first, "secretsmanager").create_secret(Name="s", SecretString=secret)
    with MiniStackEngine().start(tmp_path / "second", public_port=PORT, state=first.export_state()) as second:
        client(second, "secretsmanager").create_secret(Name="t", SecretString=secret)
        assert client(second, "secretsmanager").get_secret_value(SecretId="s")["SecretString"] == secret

    assert not [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.mark.parametrize("path", ["/_ministack/export", "/_ministack/state", "/_ministack/save", "/_localstack/state"])
def test_the_state_cannot_be_had_over_http(first: ChildEngine, path: str) -> None:
    client(first, "secretsmanager").create_secret(Name="s", SecretString="planted-secret-value")
    for method in ("GET", "POST"):
        connection = http.client.HTTPConnection(first.endpoint.removeprefix("http://"), timeout=5)
        connection.request(method, path)
        assert b"planted" not in connection.getresponse().read()


@pytest.mark.parametrize("state", [b"{}", b"[]", b"planted", b'{"format": 2, "services": {}}'])
def test_what_is_no_state_does_not_start(tmp_path: Path, state: bytes) -> None:
    with (
        pytest.raises(EngineError, match="ended with status 1"),
        MiniStackEngine().start(tmp_path / "e", public_port=PORT, state=state),
    ):
        pytest.fail("it started")


def test_a_service_whose_state_does_not_fit_stops_the_start(first: ChildEngine, tmp_path: Path) -> None:
    client(first, "sns").create_topic(Name="t")
    document = json.loads(first.export_state())
    document["services"]["sns"] = ["planted"]
    with (
        pytest.raises(EngineError),
        MiniStackEngine().start(tmp_path / "e", public_port=PORT, state=json.dumps(document).encode()),
    ):
        pytest.fail("it started")


def test_an_engine_that_died_does_not_hand_out_its_state(first: ChildEngine) -> None:
    first.process.kill()
    first.process.wait()
    with pytest.raises(EngineError, match="did not hand out its state"):
        first.export_state()


def test_an_engine_without_the_line_says_so(tmp_path: Path) -> None:
    with MotoEngine().start(tmp_path, public_port=PORT) as engine, pytest.raises(EngineError, match="cannot hand out"):
        engine.export_state()  # type: ignore[attr-defined] - the port knows nothing of it
