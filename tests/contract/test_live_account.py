"""A live account, played by one engine and read over its API alone, to a clone on another."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import botocore.session
import pytest

from diffing.compare import compare
from diffing.snapshot import Snapshot
from diffing.values import Value
from gate.cli.main import run
from gate.reviewer import ReviewRequest, review
from gate.verdict import Decision
from sandbox.clones.snapshotfile import read_snapshot
from sandbox.cloning.clone import clone_from_state
from sandbox.cloning.tfstate import parse_state
from sandbox.cloning.workbench import Toolchain
from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.scope import Scope
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.live.account import narrowed_target
from sandbox.live.gaps import Missing
from sandbox.live.reading import AccountReading, read_account
from sandbox.ports import SilentProgress
from sandbox.recorder.objections import Asked, Objection
from sandbox.recorder.recorder import Recorder
from sandbox.rehearsal import ApiCall, CallKind
from sandbox.targets.target import LiveTarget

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

ACCOUNT = "123456789012"
REGION = "us-east-1"
PORT = 45_831
SECRET = "planted-secret-value"
VARIABLE = "planted-variable-value"
SERVICES = (
    "dynamodb",
    "ec2",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
)
SAME = {
    "AWS::DynamoDB::Table",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupRule",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::KMS::Alias",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::Route53::HostedZone",
    "AWS::Route53::RecordSet",
    "AWS::S3::Bucket",
    "AWS::SNS::Subscription",
    "AWS::SQS::Queue",
}
"""Types of which everything in the clone is as in the account. Others differ in what no read gives (values of secrets),
and in what an engine gives out by itself (the association of a main route table)."""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_SESSION = botocore.session.Session()


@dataclass(frozen=True, kw_only=True)
class Read:
    """A reading, and what arrived at the account meanwhile."""

    reading: AccountReading
    arrived: tuple[ApiCall, ...]


@dataclass(frozen=True, kw_only=True)
class Production:
    """A running account."""

    endpoint: str
    given: Snapshot
    scratch: Path

    def look(self) -> Snapshot:
        return look(self.endpoint)

    def read(self, *, denied: frozenset[str] = frozenset(), **narrowed: Any) -> Read:
        with Recorder() as recorder:
            recorder.forward_to(self.endpoint)
            if denied:
                recorder.answer_for_aws(MayNotRead(denied))
            reading = read_account(
                narrowed_target(LiveTarget(), regions=[REGION], **({"services": SERVICES} | narrowed)),
                tools=toolchain(),
                scratch=self.scratch / f"reading-{len(list(self.scratch.iterdir()))}",
                progress=SilentProgress(),
                given=self.given,
                endpoint=recorder.endpoint,
            )
            return Read(reading=reading, arrived=recorder.calls)


class MayNotRead:
    """Answers as AWS does to a role that may not read some services."""

    def __init__(self, services: frozenset[str]) -> None:
        self._services = services

    def concerns(self, phase: str, operation: str) -> bool:
        return bool(phase) and bool(operation or self._services)

    def objection(self, asked: Asked) -> Objection | None:
        if asked.service not in self._services:
            return None
        who = f"User: arn:aws:iam::{ACCOUNT}:user/reader"
        message = f"{who} is not authorized to perform: {asked.service}:{asked.operation} on resource: *"
        return Objection(status=403, code="AccessDenied", message=message, by="test")


def toolchain() -> Toolchain:
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    return Toolchain(
        binary=find_terraform(None, environment),
        environment=environment,
        deadline=Deadline.after(600),
        isolation=isolation_named(AUTOMATIC),
    )


def look(endpoint: str) -> Snapshot:
    return take_snapshot(
        endpoint,
        [Scope(service=service, region=REGION, access_key_id=ACCOUNT, account=ACCOUNT) for service in SERVICES],
    )


def client(endpoint: str, service: str) -> Any:
    return _SESSION.create_client(
        service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id=ACCOUNT, aws_secret_access_key="x"
    )


def make_a_network(endpoint: str) -> None:
    ec2 = client(endpoint, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "team", "Value": "a"}])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    groups = [ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("a", "b")]
    for group, other in (groups, reversed(groups)):
        pair = [{"GroupId": other}]
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": pair}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def make_messages_and_functions(endpoint: str) -> None:
    iam, sqs, sns = (client(endpoint, name) for name in ("iam", "sqs", "sns"))
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="fn", PolicyName="inline", PolicyDocument=ALLOW)
    policy = iam.create_policy(PolicyName="send", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="fn", PolicyArn=policy)
    size = {"MaximumMessageSize": "262144"}
    dead = sqs.create_queue(QueueName="jobs-dead", Attributes=size)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    jobs = sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": redrive, **size})["QueueUrl"]
    topic = sns.create_topic(Name="events", Tags=[{"Key": "team", "Value": "b"}])["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    function = client(endpoint, "lambda").create_function(
        FunctionName="worker",
        Role=role,
        Runtime="python3.12",
        Handler="index.handler",
        Code={"ZipFile": b"PK\x05\x06" + b"\0" * 18},
        Environment={"Variables": {"QUEUE": jobs, "TOKEN": VARIABLE}},
    )["FunctionArn"]
    events = client(endpoint, "events")
    rule = events.put_rule(Name="tick", ScheduleExpression="rate(5 minutes)")["RuleArn"]
    events.put_targets(Rule="tick", Targets=[{"Id": "fn", "Arn": function}])
    client(endpoint, "lambda").add_permission(
        FunctionName="worker",
        StatementId="tick",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )


def make_data_and_names(endpoint: str) -> None:
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="sandtable-live")
    s3.put_bucket_versioning(Bucket="sandtable-live", VersioningConfiguration={"Status": "Enabled"})
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket="sandtable-live", PublicAccessBlockConfiguration=blocked)
    s3.put_object(Bucket="sandtable-live", Key="private", Body=SECRET.encode())
    client(endpoint, "dynamodb").create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    ssm = client(endpoint, "ssm")
    ssm.put_parameter(Name="/app/url", Type="String", Value="https://example.com")
    ssm.put_parameter(Name="/app/password", Type="SecureString", Value=SECRET)
    client(endpoint, "secretsmanager").create_secret(Name="app/db", SecretString=SECRET)
    key = client(endpoint, "kms").create_key(Description="app")["KeyMetadata"]["KeyId"]
    client(endpoint, "kms").create_alias(AliasName="alias/app", TargetKeyId=key)
    client(endpoint, "logs").create_log_group(logGroupName="/app/log")
    route53 = client(endpoint, "route53")
    zone = route53.create_hosted_zone(
        Name="example.internal", CallerReference="1", HostedZoneConfig={"Comment": "ours"}
    )["HostedZone"]["Id"]
    record = {"Name": "a.example.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.7.1.4"}]}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    scratch = tmp_path_factory.mktemp("live")
    environment = {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(scratch / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(scratch / "none"),
    }
    with pytest.MonkeyPatch.context() as patch, MiniStackEngine().start(scratch / "a", public_port=PORT) as engine:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        given = look(engine.endpoint)
        make_a_network(engine.endpoint)
        make_messages_and_functions(engine.endpoint)
        make_data_and_names(engine.endpoint)
        yield Production(endpoint=engine.endpoint, given=given, scratch=scratch)


@pytest.fixture(scope="module")
def whole(production: Production) -> Read:
    return production.read()


def test_nothing_but_reads_arrives_at_the_account(whole: Read) -> None:
    kinds = Counter(call.kind for call in whole.arrived)
    assert set(kinds) == {CallKind.READ}
    assert kinds[CallKind.READ] > 100
    assert not {"GetObject", "ListObjectsV2", "GetSecretValue", "Scan"} & {call.operation for call in whole.arrived}
    assert ("s3", "ListObjectsV2") in {(service, operation) for _, service, operation in whole.reading.refused}


def test_the_identity_is_told(whole: Read) -> None:
    assert whole.reading.identity.account == ACCOUNT
    assert whole.reading.identity.arn.startswith(f"arn:aws:iam::{ACCOUNT}:")
    assert whole.reading.regions == (REGION,)


def test_no_secret_is_in_the_state_or_anywhere_else(whole: Read) -> None:
    reading = whole.reading
    assert SECRET.encode() not in reading.state
    assert SECRET not in repr(reading.calls) + repr(reading.gaps) + repr(reading.snapshot.resources)
    unknown = {address.partition(".")[0]: parts for address, parts in reading.unknown.items()}
    assert unknown == {"aws_ssm_parameter": ("value",), "aws_secretsmanager_secret_version": ("secret_string",)}


def test_everything_that_exists_is_in_the_state_or_settled_or_a_gap(whole: Read) -> None:
    reading = whole.reading
    assert not [each for each in reading.gaps if each.kind in {Missing.UNKNOWN_TYPE, Missing.NOT_IMPORTED}]
    assert not [each for each in reading.gaps if each.kind is Missing.DENIED]
    types = Counter(each.type for each in parse_state(reading.state).instances)
    assert types["aws_vpc_security_group_ingress_rule"] == 2
    assert types["aws_sqs_queue"] == 2
    assert types["aws_lambda_permission"] == 1
    assert types["aws_route_table_association"] == 1
    assert types["aws_vpc"] == 1, "the default network is the engine's own"
    assert reading.objects == sum(types.values())


def test_a_clone_of_the_reading_is_the_account_again(production: Production, whole: Read) -> None:
    before = production.look()
    with clone_from_state(
        parse_state(whole.reading.state),
        engine=MiniStackEngine(),
        tools=toolchain(),
        scratch=production.scratch / "clone",
        public_port=PORT,
        progress=SilentProgress(),
        account=ACCOUNT,
        region=REGION,
    ) as clone:
        assert not clone.ledger.gaps
        after = look(clone.engine.endpoint)
    differing = {change.identity.type for change in compare(timeless(before), timeless(after)).changes}
    equal = {identity.type for identity in before.resources} - differing
    assert not SAME - equal


def test_what_the_credentials_may_not_read_is_a_gap_and_nothing_else_is(production: Production, whole: Read) -> None:
    read = production.read(denied=frozenset({"sqs", "sns"}))
    denied = [each for each in read.reading.gaps if each.kind is Missing.DENIED]
    assert {each.service for each in denied} == {"sqs", "sns"}
    assert {"sqs:ListQueues", "sns:ListTopics"} <= {each.action for each in denied}
    assert all(each.as_gap({"sqs", "sns"}).blocking for each in denied)
    others = {each for each in read.reading.gaps if each.service not in {"sqs", "sns"}}
    assert others == {each for each in whole.reading.gaps if each.service not in {"sqs", "sns"}}
    mine = {each.address for each in parse_state(read.reading.state).instances}
    all_of_it = {each.address for each in parse_state(whole.reading.state).instances}
    assert {address.split(".")[0] for address in all_of_it - mine} == {
        "aws_sqs_queue",
        "aws_sns_topic",
        "aws_sns_topic_subscription",
    }
    assert not mine - all_of_it


def test_a_tag_narrows_the_reading_to_what_has_it_and_what_that_needs(production: Production) -> None:
    read = production.read(services=["ec2"], tags=["team=a"])
    assert sorted({each.type for each in parse_state(read.reading.state).instances}) == ["aws_subnet", "aws_vpc"]
    assert {call.service for call in read.arrived} <= {"ec2", "sts", "iam"}
    left_out = {each.subject.partition("/")[0] for each in read.reading.gaps if each.kind is Missing.LEFT_OUT}
    assert {"AWS::EC2::SecurityGroup", "AWS::EC2::RouteTable"} <= left_out


def timeless(snapshot: Snapshot) -> Snapshot:
    """Without what tells when something was made: the clone was made later."""
    return replace(
        snapshot,
        resources=MappingProxyType(
            {
                identity: replace(
                    each,
                    digest="",
                    born=MappingProxyType({}),
                    stakes=MappingProxyType({}),
                    attributes=MappingProxyType(
                        {name: without_times(value) for name, value in each.attributes.items()}
                    ),
                )
                for identity, each in snapshot.resources.items()
            }
        ),
    )


def without_times(value: Value) -> Value:
    match value:
        case str():
            return "(a time)" if _TIME.fullmatch(value) else value
        case Mapping():
            return MappingProxyType({name: without_times(inner) for name, inner in value.items()})
        case tuple():
            return tuple(without_times(inner) for inner in value)
        case _:
            return value


CHANGE = """
terraform {{
  required_providers {{ aws = {{ source = "hashicorp/aws" }} }}
}}
provider "aws" {{ region = "us-east-1" }}
{resource}
"""
TOPIC = 'resource "aws_sns_topic" "new" { name = "new" }'
TABLE = """
resource "aws_dynamodb_table" "new" {
  name         = "new"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
"""


def test_a_change_is_approved_only_where_what_may_not_be_read_does_not_matter(
    production: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Recorder() as recorder:
        recorder.forward_to(production.endpoint)
        recorder.answer_for_aws(MayNotRead(frozenset({"sqs", "sns"})))
        monkeypatch.setenv("AWS_ENDPOINT_URL", recorder.endpoint)
        decisions = {}
        for name, resource in (("topic", TOPIC), ("table", TABLE)):
            change = tmp_path / name
            change.mkdir()
            (change / "main.tf").write_text(CHANGE.format(resource=resource))
            report = review(
                ReviewRequest(
                    change=change,
                    target="aws:",
                    regions=(REGION,),
                    services=("dynamodb", "sns", "sqs"),
                    empty_state=True,
                    environment=toolchain().environment,
                )
            )
            decisions[name] = report.verdict.decision
            services = {gap.subject.partition("(")[2].partition(" ")[0] for gap in report.gaps if gap.blocking}
            assert services == ({"sns"} if name == "topic" else set())
            assert {"ListTopics", "ListQueues"} <= {gap.subject.partition(" ")[0] for gap in report.gaps}
            assert report.target.account == ACCOUNT
        assert {call.kind for call in recorder.calls} == {CallKind.READ}
    assert decisions == {"topic": Decision.REVIEW, "table": Decision.APPROVE}


def test_no_secret_of_the_account_is_in_a_snapshot_of_it(
    production: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", production.endpoint)
    file = tmp_path / "account.snapshot"
    arguments = ["clone", "--target", "aws:", "--region", REGION, "--services", "iam,lambda,ssm", "--out", str(file)]
    assert run([*arguments, "--quiet", "--cold"]) == 0
    image = read_snapshot(file)
    held = image.content + image.state + image.inventory
    assert b"worker" in held
    assert VARIABLE.encode() not in held
    assert SECRET.encode() not in held
