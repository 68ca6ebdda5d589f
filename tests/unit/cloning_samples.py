"""States and schemas for the tests of cloning."""

from __future__ import annotations

import json
from typing import Any

from sandbox.cloning.schema import Attribute, Block, NestedBlock, Schemas
from sandbox.cloning.tfstate import Instance, State, parse_state

PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]'
VPC = "vpc-0a1b2c3d4e5f60718"
SUBNET = "subnet-0a1b2c3d4e5f60719"

REQUIRED = Attribute(required=True)
OPTIONAL = Attribute(optional=True)
BOTH = Attribute(optional=True, computed=True)
GENERATED = Attribute(computed=True)


def block(*, blocks: dict[str, NestedBlock] | None = None, **attributes: Attribute) -> Block:
    return Block(attributes={"id": BOTH, "arn": GENERATED, **attributes}, blocks=blocks or {})


SCHEMAS: Schemas = {
    "aws_vpc": block(cidr_block=OPTIONAL, tags=OPTIONAL, tags_all=BOTH, default_group=GENERATED),
    "aws_subnet": block(vpc_id=REQUIRED, cidr_block=OPTIONAL, availability_zone=BOTH, private_ip=BOTH),
    "aws_iam_policy": block(name=BOTH, policy=REQUIRED),
    "aws_lambda_function": block(
        function_name=REQUIRED, filename=OPTIONAL, s3_bucket=OPTIONAL, source_code_hash=BOTH, image_uri=OPTIONAL
    ),
    "aws_db_instance": block(password=OPTIONAL, address=GENERATED, replicas=Attribute(computed=True, is_set=True)),
    "aws_lb": block(
        name=OPTIONAL,
        vpc=GENERATED,
        blocks={
            "access_logs": NestedBlock(block=Block(attributes={"bucket": REQUIRED, "enabled": OPTIONAL})),
            "mapping": NestedBlock(block=Block(attributes={"subnet": REQUIRED, "role": REQUIRED})),
        },
    ),
}


def resource(kind: str, name: str, attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One resource with one instance; what belongs to the instance goes by its name in the format."""
    of_instance = {key: more.pop(key) for key in ("dependencies", "deposed", "index_key", "status") if key in more}
    instance = {"attributes": attributes, "schema_version": 0, "sensitive_attributes": [], **of_instance}
    return {"mode": "managed", "type": kind, "name": name, "provider": PROVIDER, "instances": [instance], **more}


def document(*resources: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "resources": resources, **more}
    ).encode()


def state(*resources: dict[str, Any], **more: Any) -> State:
    return parse_state(document(*resources, **more))


def instance(kind: str, name: str, attributes: dict[str, Any], **more: Any) -> Instance:
    return state(resource(kind, name, attributes, **more)).instances[0]
