"""Terraform plans of any size, as `terraform show -json` writes them; for the benchmark of `sandtable review`.

Every change carries what it does in a real plan: the values before and after, the three trees of marks, its place in
`planned_values`, `prior_state` and `configuration`. Some 4.5 KB of JSON for each.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

AWS = "registry.terraform.io/hashicorp/aws"
ACTIONS = (
    *[["update"]] * 45,
    *[["create"]] * 30,
    *[["no-op"]] * 19,
    *[["delete"]] * 3,
    *[["delete", "create"]] * 3,
)


def write_plan(path: Path, changes: int) -> None:
    """Write a plan of so many changes."""
    path.write_text(json.dumps(plan(changes), separators=(",", ":")), encoding="utf-8")


def write_slim_plan(path: Path, changes: int) -> None:
    """Write a plan of so many changes that have few attributes, one of them a long text."""
    chance = random.Random(changes)
    entries = [_entry(number, chance.choice(ACTIONS), kind="aws_instance", make=_slim) for number in range(changes)]
    path.write_text(json.dumps(_document(entries), separators=(",", ":")), encoding="utf-8")


def plan(changes: int) -> dict[str, Any]:
    """Make a plan of so many changes, the same in every run."""
    chance = random.Random(changes)
    entries = [
        _entry(number, chance.choice(ACTIONS), kind=KINDS[number % len(KINDS)][0], make=KINDS[number % len(KINDS)][1])
        for number in range(changes)
    ]
    return _document(entries)


def _document(entries: list[dict[str, Any]]) -> dict[str, Any]:
    prior = [_resource(entry, entry["change"]["before"]) for entry in entries if entry["change"]["before"]]
    planned = [_resource(entry, entry["change"]["after"]) for entry in entries if entry["change"]["after"]]
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": entries,
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": "1.11.4",
            "values": {"root_module": {"resources": prior}},
        },
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": AWS}},
            "root_module": {"resources": [_configured(entry) for entry in entries]},
        },
        "timestamp": "2026-01-01T00:00:00Z",
        "applyable": True,
        "complete": True,
        "errored": False,
    }


def _entry(number: int, actions: list[str], *, kind: str, make: Callable[[int, str], dict[str, Any]]) -> dict[str, Any]:
    before, after = make(number, "a"), make(number, "a" if actions == ["no-op"] else "b")
    unknown: dict[str, Any] = {}
    if actions in (["create"], ["delete", "create"]):
        for name in ("id", "arn", "owner_id"):
            after.pop(name, None)
            unknown[name] = True
    return {
        "address": f"module.part_{number % 40}.{kind}.item_{number}",
        "module_address": f"module.part_{number % 40}",
        "mode": "managed",
        "type": kind,
        "name": f"item_{number}",
        "provider_name": AWS,
        "change": {
            "actions": actions,
            "before": None if actions == ["create"] else before,
            "after": None if actions == ["delete"] else after,
            "after_unknown": unknown,
            "before_sensitive": {} if actions != ["create"] else False,
            "after_sensitive": {"tags": {}} if actions != ["delete"] else False,
            **({"replace_paths": [["name"]]} if len(actions) > 1 else {}),
        },
        **({"action_reason": "replace_because_cannot_update"} if len(actions) > 1 else {}),
    }


def _resource(entry: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    known = {name: entry[name] for name in ("address", "mode", "type", "name", "provider_name")}
    return {**known, "schema_version": 0, "values": values, "sensitive_values": {"tags": {}}}


def _configured(entry: dict[str, Any]) -> dict[str, Any]:
    values = entry["change"]["after"] or entry["change"]["before"]
    return {
        "address": f"{entry['type']}.{entry['name']}",
        "mode": "managed",
        "type": entry["type"],
        "name": entry["name"],
        "provider_config_key": "aws",
        "expressions": {name: {"constant_value": value} for name, value in values.items() if name in {"name", "tags"}},
        "schema_version": 0,
    }


def _slim(number: int, version: str) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:ec2:eu-west-1:123456789012:instance/i-{number:017x}",
        "id": f"i-{number:017x}",
        "instance_type": "m6i.large" if version == "a" else "m6i.xlarge",
        "name": f"item-{number}",
        "tags": {"Name": f"item-{number}"},
        "user_data": f"{number:040x}" * 20,
    }


def _instance(number: int, version: str) -> dict[str, Any]:
    return {
        "ami": f"ami-{number:017x}",
        "arn": f"arn:aws:ec2:eu-west-1:123456789012:instance/i-{number:017x}",
        "associate_public_ip_address": False,
        "availability_zone": "eu-west-1a",
        "cpu_core_count": 2,
        "credit_specification": [{"cpu_credits": "unlimited"}],
        "disable_api_termination": True,
        "ebs_block_device": [
            {"device_name": f"/dev/sd{letter}", "encrypted": True, "volume_size": 100, "volume_type": "gp3"}
            for letter in "fgh"
        ],
        "ebs_optimized": True,
        "id": f"i-{number:017x}",
        "instance_type": "m6i.large" if version == "a" else "m6i.xlarge",
        "metadata_options": [{"http_endpoint": "enabled", "http_put_response_hop_limit": 1, "http_tokens": "required"}],
        "monitoring": True,
        "private_ip": f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}",
        "root_block_device": [{"delete_on_termination": True, "encrypted": True, "iops": 3000, "volume_size": 40}],
        "subnet_id": "subnet-0123456789abcdef0",
        "timeouts": None,
        "vpc_security_group_ids": ["sg-0123456789abcdef0", "sg-0123456789abcdef1"],
        **_tags(number, version),
    }


def _bucket(number: int, version: str) -> dict[str, Any]:
    return {
        "acceleration_status": "",
        "arn": f"arn:aws:s3:::data-{number}",
        "bucket": f"data-{number}",
        "bucket_domain_name": f"data-{number}.s3.amazonaws.com",
        "cors_rule": [],
        "force_destroy": False,
        "grant": [{"id": f"{number:064x}", "permissions": ["FULL_CONTROL"], "type": "CanonicalUser", "uri": ""}],
        "id": f"data-{number}",
        "lifecycle_rule": [],
        "logging": [{"target_bucket": "logs", "target_prefix": f"data-{number}/"}],
        "object_lock_enabled": False,
        "policy": _policy(f"arn:aws:s3:::data-{number}"),
        "server_side_encryption_configuration": [
            {"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}]}
        ],
        "versioning": [{"enabled": True, "mfa_delete": False}],
        "website": [],
        **_tags(number, version),
    }


def _function(number: int, version: str) -> dict[str, Any]:
    return {
        "architectures": ["arm64"],
        "arn": f"arn:aws:lambda:eu-west-1:123456789012:function:job-{number}",
        "dead_letter_config": [],
        "environment": [{"variables": {"STAGE": "prod", "TABLE": f"jobs-{number}", "VERSION": version}}],
        "ephemeral_storage": [{"size": 512}],
        "function_name": f"job-{number}",
        "handler": "main.handler",
        "id": f"job-{number}",
        "layers": [f"arn:aws:lambda:eu-west-1:123456789012:layer:base:{index}" for index in range(3)],
        "memory_size": 256 if version == "a" else 512,
        "name": f"job-{number}",
        "reserved_concurrent_executions": -1,
        "role": "arn:aws:iam::123456789012:role/job",
        "runtime": "python3.12",
        "source_code_hash": f"{number:044x}",
        "timeout": 30,
        "tracing_config": [{"mode": "Active"}],
        "vpc_config": [{"security_group_ids": ["sg-1"], "subnet_ids": ["subnet-1", "subnet-2", "subnet-3"]}],
        **_tags(number, version),
    }


def _group(number: int, version: str) -> dict[str, Any]:
    ports = (443, 8443) if version == "a" else (443, 9443)
    return {
        "arn": f"arn:aws:ec2:eu-west-1:123456789012:security-group/sg-{number:017x}",
        "description": "Managed by Terraform",
        "egress": [_rule(0, "0.0.0.0/0")],
        "id": f"sg-{number:017x}",
        "ingress": [_rule(port, "10.0.0.0/16") for port in ports],
        "name": f"group-{number}",
        "owner_id": "123456789012",
        "revoke_rules_on_delete": False,
        "vpc_id": "vpc-0123456789abcdef0",
        **_tags(number, version),
    }


def _rule(port: int, network: str) -> dict[str, Any]:
    return {
        "cidr_blocks": [network],
        "description": "",
        "from_port": port,
        "ipv6_cidr_blocks": [],
        "prefix_list_ids": [],
        "protocol": "tcp" if port else "-1",
        "security_groups": [],
        "self": False,
        "to_port": port,
    }


def _table(number: int, version: str) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:dynamodb:eu-west-1:123456789012:table/orders-{number}",
        "attribute": [{"name": name, "type": "S"} for name in ("id", "at", "owner", "state")],
        "billing_mode": "PROVISIONED",
        "deletion_protection_enabled": True,
        "global_secondary_index": [
            {"hash_key": key, "name": f"by_{key}", "projection_type": "ALL", "read_capacity": 5, "write_capacity": 5}
            for key in ("owner", "state")
        ],
        "hash_key": "id",
        "id": f"orders-{number}",
        "name": f"orders-{number}",
        "point_in_time_recovery": [{"enabled": True}],
        "range_key": "at",
        "read_capacity": 5 if version == "a" else 10,
        "server_side_encryption": [{"enabled": True, "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/k"}],
        "stream_enabled": False,
        "ttl": [{"attribute_name": "expires", "enabled": True}],
        "write_capacity": 5,
        **_tags(number, version),
    }


def _tags(number: int, version: str) -> dict[str, Any]:
    tags = {"Name": f"item-{number}", "Owner": "platform", "Stage": "prod", "Version": version, "CostCentre": "4711"}
    return {"tags": tags, "tags_all": {**tags, "ManagedBy": "terraform", "Repository": "infra/live"}}


def _policy(arn: str) -> str:
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


KINDS = (
    ("aws_instance", _instance),
    ("aws_s3_bucket", _bucket),
    ("aws_lambda_function", _function),
    ("aws_security_group", _group),
    ("aws_dynamodb_table", _table),
)
