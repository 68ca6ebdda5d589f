from __future__ import annotations

import json
from typing import Any

import pytest

from diffing.values import Marker
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.statefile import parse_state

PROVIDER = 'module.a.provider["registry.terraform.io/hashicorp/aws"].west'


def state(*resources: dict[str, Any]) -> str:
    return json.dumps({"version": 4, "terraform_version": "1.11.4", "resources": resources})


def resource(*instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": "aws_db", "name": "d", "provider": PROVIDER, "instances": instances, **more}


def test_addresses_are_written_as_terraform_writes_them() -> None:
    found = parse_state(
        state(
            resource({"attributes": {}}),
            resource({"index_key": 1}, {"index_key": 'a"${b}'}, module='module.m["x"]'),
            resource({}, mode="data"),
            resource({"deposed": "0000abcd"}),
        )
    )
    assert [instance.address for instance in found] == [
        "aws_db.d",
        'module.m["x"].aws_db.d[1]',
        'module.m["x"].aws_db.d["a\\"$${b}"]',
        "data.aws_db.d",
        "aws_db.d (deposed object 0000abcd)",
    ]
    assert {instance.provider for instance in found} == {"registry.terraform.io/hashicorp/aws"}


def test_secrets_are_masked_and_ids_stay() -> None:
    attributes = {
        "id": "db-1",
        "arn": "arn:aws:rds:x",
        "opaque": "hush-1",
        "nested": [{"deep": "hush-2", "open": 1}],
        "master_password": "hush-3",
        "from_plan": "hush-4",
        "password": None,
        "manage_master_user_password": True,
    }
    steps = [
        [{"type": "get_attr", "value": "opaque"}],
        [
            {"type": "get_attr", "value": "nested"},
            {"type": "index", "value": {"value": 0, "type": "number"}},
            {"type": "get_attr", "value": "deep"},
        ],
        [{"type": "get_attr", "value": "id"}],
    ]
    [found] = parse_state(
        state(resource({"attributes": attributes, "sensitive_attributes": steps, "dependencies": ["aws_vpc.v"]})),
        {"aws_db.d": (("from_plan",), ("password",))},
    )
    assert "hush" not in repr(found)
    assert found.attributes["id"] == "db-1"
    assert found.attributes["arn"] == "arn:aws:rds:x"
    assert found.attributes["opaque"] is Marker.SENSITIVE
    assert found.attributes["nested"] == ({"deep": Marker.SENSITIVE, "open": 1},)
    assert found.attributes["password"] is None
    assert found.attributes["manage_master_user_password"] is True
    assert found.dependencies == ("aws_vpc.v",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 3}',
        '{"version": 4, "resources": [1]}',
        '{"version": 4, "resources": [{"instances": [{}]}]}',
        '{"version": 4, "resources": 7}',
    ],
)
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="state could not be read"):
        parse_state(text)
