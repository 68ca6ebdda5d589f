"""Clones from a state, with the real Terraform, the real AWS provider and a real engine.

The acceptance test of a clone: the original configuration with the original state plans against it what it plans
against untouched production, and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from diffing.change import Action
from sandbox.cloning.clone import ClonedState, clone_from_state
from sandbox.cloning.ledger import Standing
from sandbox.cloning.tfstate import State, parse_state
from sandbox.cloning.workbench import Toolchain
from sandbox.engines.ministack import MiniStackEngine
from sandbox.engines.process import ChildEngine
from sandbox.errors import EngineError, TimeoutExpiredError
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.workspace import Workspace
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.ports import SilentProgress
from sandbox.rehearsal import Plan

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

ACCOUNT = "123456789012"
AUDIT = "222222222222"
SECRET = "planted-secret-value"

MAIN = """
provider "aws" {
  region = "eu-west-1"
  default_tags { tags = { Owner = "platform" } }
}
provider "aws" {
  alias               = "audit"
  region              = "us-east-1"
  allowed_account_ids = ["222222222222"]
}
variable "password" {
  type      = string
  sensitive = true
}
variable "display" { default = "one" }
data "aws_caller_identity" "me" {}
data "aws_vpc" "shared" { tags = { Name = "shared" } }
data "aws_ssm_parameter" "domain" { name = "/shared/domain" }
data "aws_iam_role" "deploy" { name = "deploy" }
data "aws_ami" "golden" {
  owners      = ["amazon"]
  most_recent = true
  filter {
    name   = "name"
    values = ["al2023-*"]
  }
}
module "zone" {
  source   = "./zone"
  for_each = { a = "10.7.1.0/24", b = "10.7.2.0/24" }
  vpc      = aws_vpc.main.id
  name     = each.key
  cidr     = each.value
}
resource "aws_vpc" "main" {
  cidr_block = "10.7.0.0/16"
  tags       = { Name = "main", Empty = "" }
}
resource "aws_subnet" "guest" {
  vpc_id     = data.aws_vpc.shared.id
  cidr_block = "10.8.1.0/24"
}
resource "aws_instance" "host" {
  ami                    = data.aws_ami.golden.id
  instance_type          = "t3.micro"
  subnet_id              = module.zone["a"].subnet
  vpc_security_group_ids = [module.zone["a"].group]
  user_data              = "#!/bin/sh\\n# ${aws_vpc.main.id} ${var.password}\\n"
}
resource "aws_iam_role" "fn" {
  name_prefix        = "fn-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
resource "aws_iam_role_policy" "fn" {
  role   = aws_iam_role.fn.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.audit.arn }]
  })
}
resource "aws_lambda_function" "fn" {
  function_name    = "fn"
  role             = aws_iam_role.fn.arn
  handler          = "index.handler"
  runtime          = "python3.12"
  filename         = "${path.module}/fn.zip"
  source_code_hash = filebase64sha256("${path.module}/fn.zip")
  environment { variables = { EMPTY = "", PASSWORD = var.password, QUEUE = aws_sqs_queue.audit.url } }
}
resource "aws_sqs_queue" "audit" {
  provider = aws.audit
  name     = "audit"
}
resource "aws_dynamodb_table" "orders" {
  name         = "orders-${data.aws_caller_identity.me.account_id}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_s3_bucket" "logs" {
  count  = 2
  bucket = "sandtable-logs-${count.index}"
}
resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs[0].id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_object" "readme" {
  bucket  = aws_s3_bucket.logs[0].id
  key     = "readme"
  content = "hello"
}
resource "aws_secretsmanager_secret" "db" { name = "db" }
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = var.password
}
resource "aws_ssm_parameter" "password" {
  name  = "/app/password"
  type  = "SecureString"
  value = "${var.password}-${data.aws_ssm_parameter.domain.value}"
}
resource "aws_sns_topic" "alerts" {
  name         = "alerts"
  display_name = var.display
}
resource "aws_kms_key" "k" {}
resource "aws_kms_alias" "k" {
  name          = "alias/k"
  target_key_id = aws_kms_key.k.key_id
}
resource "terraform_data" "note" { input = aws_vpc.main.id }
"""
ZONE = """
variable "vpc" {}
variable "name" {}
variable "cidr" {}
resource "aws_subnet" "this" {
  vpc_id     = var.vpc
  cidr_block = var.cidr
}
resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  vpc_id      = var.vpc
}
resource "aws_vpc_security_group_ingress_rule" "this" {
  security_group_id = aws_security_group.this.id
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  cidr_ipv4         = "10.0.0.0/8"
}
resource "aws_vpc_security_group_egress_rule" "this" {
  security_group_id = aws_security_group.this.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
output "subnet" { value = aws_subnet.this.id }
output "group" { value = aws_security_group.this.id }
"""


@dataclass(frozen=True, kw_only=True)
class Production:
    """An applied configuration, and what its engine shows for it untouched."""

    terraform: TerraformExecutor
    workspace: Workspace
    state: State
    baseline: Mapping[str, Any]
    scratch: Path


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    return {**kept, **more}


def client(endpoint: str, service: str, *, account: str = ACCOUNT, region: str = "eu-west-1") -> Any:
    return boto3.client(
        service, endpoint_url=endpoint, region_name=region, aws_access_key_id=account, aws_secret_access_key="x"
    )


def plant_other_teams_resources(endpoint: str) -> None:
    ec2 = client(endpoint, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "shared"}])
    client(endpoint, "ssm").put_parameter(Name="/shared/domain", Type="String", Value="example.com")
    trust = {"Version": "2012-10-17", "Statement": []}
    client(endpoint, "iam").create_role(RoleName="deploy", AssumeRolePolicyDocument=json.dumps(trust))


def changes(plan: Plan) -> dict[str, Any]:
    return {
        each.address: (each.action, each.before, each.after)
        for each in plan.changes
        if each.mode == "managed" and each.action is not Action.NO_OP
    }


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    source = tmp_path_factory.mktemp("source")
    (source / "main.tf").write_text(MAIN)
    (source / "zone").mkdir()
    (source / "zone" / "main.tf").write_text(ZONE)
    with zipfile.ZipFile(source / "fn.zip", "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 'the real code'\n")
    scratch = tmp_path_factory.mktemp("p")
    with MiniStackEngine().start(scratch / "engine", public_port=45_811) as engine:
        plant_other_teams_resources(engine.endpoint)
        terraform = TerraformExecutor(
            binary=find_terraform(None, environment()),
            endpoint=engine.endpoint,
            account=ACCOUNT,
            region="eu-west-1",
            scratch=scratch / "t",
            environment=environment(),
            progress=SilentProgress(),
            deadline=Deadline.after(600),
            variables=(f"password={SECRET}",),
            shorten_waits=True,
        )
        workspace = terraform.prepare("production", source)
        terraform.init(workspace)
        outcome = terraform.apply_all(workspace)
        assert outcome.succeeded, outcome.diagnostics
        yield Production(
            terraform=terraform,
            workspace=workspace,
            state=parse_state((workspace.root / "terraform.tfstate").read_bytes()),
            baseline=changes(terraform.plan(workspace)),
            scratch=scratch,
        )


@contextmanager
def cloned(
    state: State, scratch: Path, engine: MiniStackEngine | None = None, *, seconds: float = 600
) -> Iterator[ClonedState]:
    tools = Toolchain(
        binary=find_terraform(None, environment()),
        # A variable and a workspace of the user's must not reach the written configuration.
        environment=environment(TF_VAR_password="x", TF_WORKSPACE="other"),
        deadline=Deadline.after(seconds),
        isolation=isolation_named(AUTOMATIC),
    )
    with clone_from_state(
        state,
        engine=engine or MiniStackEngine(),
        tools=tools,
        scratch=scratch,
        public_port=45_812,
        progress=SilentProgress(),
        account=ACCOUNT,
        region="us-east-1",
    ) as clone:
        yield clone


@pytest.fixture(scope="module")
def clone(production: Production, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClonedState]:
    with cloned(production.state, tmp_path_factory.mktemp("c")) as made:
        yield made


def test_every_object_is_in_the_ledger_and_none_is_a_gap(production: Production, clone: ClonedState) -> None:
    assert [entry.address for entry in clone.ledger.entries] == [each.address for each in production.state.instances]
    assert clone.ledger.gaps == ()
    assert clone.ledger.shared == ()


def test_every_object_was_read_back_wherever_it_is(production: Production, clone: ClonedState) -> None:
    assert clone.ledger.unchecked == ""
    read = {entry.address for entry in clone.ledger.entries if entry.read_back}
    assert read == {
        each.address for each in production.state.instances if each.managed and each.type.startswith("aws_")
    }
    assert len({each.provider for each in production.state.instances if each.type.startswith("aws_")}) > 1


def test_the_original_finds_in_the_clone_what_it_finds_in_production(
    production: Production, clone: ClonedState
) -> None:
    found = production.terraform.plan(production.workspace, endpoint=clone.engine.endpoint)
    assert changes(found) == production.baseline


def test_ids_are_the_real_ones_in_every_account_and_region(production: Production, clone: ClonedState) -> None:
    by_address = {each.address: each for each in production.state.instances}
    endpoint = clone.engine.endpoint
    vpc = by_address["aws_vpc.main"].text("id")
    assert client(endpoint, "ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"] == "10.7.0.0/16"
    groups = client(endpoint, "ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    names = {by_address[f'module.zone["{key}"].aws_security_group.this'].text("name") for key in "ab"}
    assert names <= {group["GroupName"] for group in groups["SecurityGroups"]}
    assert not client(endpoint, "sqs").list_queues().get("QueueUrls")
    assert len(client(endpoint, "sqs", account=AUDIT, region="us-east-1").list_queues()["QueueUrls"]) == 1


def test_what_other_teams_own_is_there_under_its_real_ids(production: Production, clone: ClonedState) -> None:
    shared = next(each for each in production.state.instances if each.address == "data.aws_vpc.shared")
    standings = {entry.address: entry.standing for entry in clone.ledger.entries if entry.mode == "data"}
    assert standings == {
        "data.aws_ami.golden": Standing.STOOD_IN,
        "data.aws_caller_identity.me": Standing.NOT_NEEDED,
        "data.aws_iam_role.deploy": Standing.STOOD_IN,
        "data.aws_ssm_parameter.domain": Standing.STOOD_IN,
        "data.aws_vpc.shared": Standing.STOOD_IN,
    }
    vpcs = client(clone.engine.endpoint, "ec2").describe_vpcs(VpcIds=[shared.text("id")])["Vpcs"]
    assert {"Key": "Name", "Value": "shared"} in vpcs[0]["Tags"]


def test_what_no_state_holds_is_marked_as_unknown(clone: ClonedState) -> None:
    assert {entry.address: entry.unknown for entry in clone.ledger.unknown} == {
        "aws_instance.host": ("user_data",),
        "aws_lambda_function.fn": ("code",),
    }


def test_secrets_are_in_the_clone_and_in_no_file_of_it(clone: ClonedState, tmp_path_factory: Any) -> None:
    value = client(clone.engine.endpoint, "secretsmanager").get_secret_value(SecretId="db")["SecretString"]
    assert value == SECRET
    folders = [path for path in tmp_path_factory.getbasetemp().glob("c*") if path.is_dir()]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
    assert SECRET not in repr(clone)


def test_another_display_name_is_an_update_in_the_clone_as_in_production(
    production: Production, clone: ClonedState
) -> None:
    source = production.workspace.root / "zz_override.tf"
    source.write_text('variable "display" { default = "two" }\n')
    try:
        found = changes(production.terraform.plan(production.workspace, endpoint=clone.engine.endpoint))
    finally:
        source.unlink()
    assert {address: found[address][0] for address in found.keys() - production.baseline.keys()} == {
        "aws_sns_topic.alerts": Action.UPDATE
    }


def test_a_state_as_aws_leaves_it_comes_up_whole(tmp_path: Path) -> None:
    """Written after states of real accounts: attributes that no engine stores, ids in AWS's forms, urls with hosts."""
    content = Path(__file__).with_name("test_cloning_aws_shaped.tfstate.json").read_bytes()
    where = {"account": "999988887777", "region": "eu-central-1"}
    with cloned(parse_state(content), tmp_path) as clone:
        endpoint = clone.engine.endpoint
        instance = client(endpoint, "ec2", **where).describe_instances(InstanceIds=["i-0c1d2e3f4a5b6c7d8"])
        database = client(endpoint, "rds", **where).describe_db_instances()["DBInstances"][0]
        balancer = client(endpoint, "elbv2", **where).describe_load_balancers()["LoadBalancers"][0]
        queues = client(endpoint, "sqs", **where).list_queues()["QueueUrls"]
        code = client(endpoint, "lambda", **where).get_function(FunctionName="f")["Configuration"]["CodeSha256"]

    assert clone.ledger.gaps == ()
    assert clone.repairs == ()
    found = instance["Reservations"][0]["Instances"][0]
    assert (found["VpcId"], found["SubnetId"]) == ("vpc-0f3b8c1d2e4a5b6c7", "subnet-0a9b8c7d6e5f4a3b2")
    assert (found["PrivateIpAddress"], found["PublicIpAddress"]) == ("172.20.0.10", "3.120.1.2")
    assert [group["GroupId"] for group in found["SecurityGroups"]] == ["sg-0123abcd4567ef890"]
    assert database["Endpoint"]["Address"] == "prod.cabcdefghijk.eu-central-1.rds.amazonaws.com"
    assert balancer["VpcId"] == "vpc-0f3b8c1d2e4a5b6c7"
    assert balancer["LoadBalancerArn"].endswith(":999988887777:loadbalancer/app/prod/50dc6c495c0c9188")
    assert queues == ["https://sqs.eu-central-1.amazonaws.com/999988887777/q"]
    assert code == "8XKHlZ6Q2l0F3bZQyFG9E4y7tYvBf5D9d3Bf0W2s8mA="


def test_what_cannot_come_up_is_a_gap_with_its_reason_and_the_rest_comes_up(tmp_path: Path) -> None:
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'

    def resource(kind: str, attributes: dict[str, Any], provider: str = provider) -> dict[str, Any]:
        return {
            "mode": "managed",
            "type": kind,
            "name": "x",
            "provider": provider,
            "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
        }

    document = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "l",
        "resources": [
            resource("aws_sns_topic", {"id": "arn:aws:sns:us-east-1:123456789012:t", "name": "t"}),
            resource("aws_of_the_future", {"id": "f"}),
            resource("aws_rds_cluster", {"id": "c", "engine": "no-such-engine", "master_password": SECRET}),
            resource("kubernetes_namespace", {"id": "n"}, 'provider["registry.terraform.io/hashicorp/kubernetes"]'),
            resource("random_id", {"id": "r"}, 'provider["registry.terraform.io/hashicorp/random"]'),
        ],
    }
    with cloned(parse_state(json.dumps(document).encode()), tmp_path) as clone:
        topics = client(clone.engine.endpoint, "sns", region="us-east-1").list_topics()["Topics"]
        standings = {entry.type: entry for entry in clone.ledger.entries}

    assert topics == [{"TopicArn": "arn:aws:sns:us-east-1:123456789012:t"}]
    assert {kind: entry.standing for kind, entry in standings.items()} == {
        "aws_sns_topic": Standing.CLONED,
        "aws_of_the_future": Standing.GAP,
        "aws_rds_cluster": Standing.GAP,
        "kubernetes_namespace": Standing.GAP,
        "random_id": Standing.NOT_NEEDED,
    }
    assert re.search("does not know this type", standings["aws_of_the_future"].reason)
    assert re.search("engine", standings["aws_rds_cluster"].reason)
    assert SECRET not in repr(clone)


class DyingEngine(MiniStackEngine):
    """Dies as soon as it has come up."""

    @contextmanager
    def start(self, scratch: Path, *, public_port: int, state: bytes = b"") -> Iterator[ChildEngine]:
        with super().start(scratch, public_port=public_port, state=state) as engine:
            engine.process.kill()
            engine.process.wait()
            yield engine


def test_an_engine_that_dies_while_the_clone_is_made_is_said(production: Production, tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError, match="died while the clone was made") as caught,
        cloned(production.state, tmp_path, DyingEngine()),
    ):
        pytest.fail("there is no clone")
    assert SECRET not in caught.value.message
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_deadline_is_kept_and_nothing_is_left(production: Production, tmp_path: Path) -> None:
    with pytest.raises(TimeoutExpiredError), cloned(production.state, tmp_path, seconds=4):
        pytest.fail("there is no clone")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_state_with_nothing_in_it_is_an_empty_clone(tmp_path: Path) -> None:
    empty = parse_state(b'{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l"}')
    with cloned(empty, tmp_path) as clone:
        assert clone.engine.alive()
        assert clone.ledger.entries == ()
