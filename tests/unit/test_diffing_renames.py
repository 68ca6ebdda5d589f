from __future__ import annotations

from typing import Any

import pytest

from diffing.renames import THRESHOLD, Instance, Rename, find_renames, moved_block
from diffing.values import Marker, freeze

UNKNOWN = Marker.UNKNOWN


def instance(address: str, **attributes: Any) -> Instance:
    kind = address.split("[", maxsplit=1)[0].split(".")[-2]
    return address, kind, {name: freeze(value) for name, value in attributes.items()}


def table(address: str, name: str, key: str, *, existing: bool, **more: Any) -> Instance:
    return instance(
        address,
        id=name if existing else UNKNOWN,
        arn=f"arn:aws:dynamodb:::table/{name}" if existing else UNKNOWN,
        name=name,
        billing_mode="PAY_PER_REQUEST",
        hash_key=key,
        attribute=[{"name": key, "type": "S"}],
        deletion_protection_enabled=False,
        table_class="STANDARD",
        **more,
    )


def worker(address: str, name: str, *, existing: bool, **more: Any) -> Instance:
    known = {"id": f"i-{name}", "private_ip": "10.0.0.7"} if existing else {"id": UNKNOWN, "private_ip": UNKNOWN}
    return instance(address, ami="ami-1", instance_type="t3.micro", tags={"Name": name}, **known, **more)


def pairs(deletes: list[Instance], creates: list[Instance]) -> list[tuple[str, str]]:
    return [(rename.from_address, rename.to_address) for rename in find_renames(deletes, creates)]


def test_another_name_in_the_configuration() -> None:
    deletes = [table("aws_dynamodb_table.orders", "orders", "id", existing=True)]
    creates = [table("aws_dynamodb_table.purchases", "orders", "id", existing=False)]
    assert find_renames(deletes, creates) == (
        Rename(from_address="aws_dynamodb_table.orders", to_address="aws_dynamodb_table.purchases", similarity=1.0),
    )


def test_module_extraction() -> None:
    deletes = [table("aws_dynamodb_table.orders", "orders", "id", existing=True)]
    creates = [table("module.shop.aws_dynamodb_table.orders", "orders", "id", existing=False)]
    assert pairs(deletes, creates) == [("aws_dynamodb_table.orders", "module.shop.aws_dynamodb_table.orders")]


def test_count_to_for_each_with_names_that_follow_the_key() -> None:
    deletes = [worker(f"aws_instance.w[{index}]", f"worker-{index}", existing=True) for index in range(2)]
    creates = [worker(f'aws_instance.w["{key}"]', f"worker-{key}", existing=False) for key in ("blue", "green")]
    assert pairs(deletes, creates) == [
        ("aws_instance.w[0]", 'aws_instance.w["blue"]'),
        ("aws_instance.w[1]", 'aws_instance.w["green"]'),
    ]


def test_count_to_for_each_follows_the_names_rather_than_the_order() -> None:
    deletes = [worker(f"aws_instance.w[{index}]", name, existing=True) for index, name in enumerate(("x", "y", "z"))]
    creates = [worker(f'aws_instance.w["{name}"]', name, existing=False) for name in ("z", "x", "y")]
    assert pairs(deletes, creates) == [
        ("aws_instance.w[0]", 'aws_instance.w["x"]'),
        ("aws_instance.w[1]", 'aws_instance.w["y"]'),
        ("aws_instance.w[2]", 'aws_instance.w["z"]'),
    ]


def test_equal_instances_are_paired_in_numeric_order() -> None:
    deletes = [instance(f"aws_eip.ip[{index}]", domain="vpc") for index in range(11)]
    creates = [instance(f"module.m.aws_eip.ip[{index}]", domain="vpc") for index in range(11)]
    assert pairs(deletes, creates) == [(f"aws_eip.ip[{n}]", f"module.m.aws_eip.ip[{n}]") for n in range(11)]
    assert pairs(deletes[::-1], creates[::-1]) == pairs(deletes, creates)


def test_the_address_alone_speaks_for_what_cannot_be_compared() -> None:
    deletes = [instance("aws_route_table_association.a", subnet_id="subnet-1", route_table_id="rtb-1")]
    creates = [instance("module.net.aws_route_table_association.a", subnet_id=UNKNOWN, route_table_id=UNKNOWN)]
    (rename,) = find_renames(deletes, creates)
    assert rename.similarity == THRESHOLD
    elsewhere = [instance("aws_route_table_association.b", subnet_id=UNKNOWN, route_table_id=UNKNOWN)]
    assert find_renames(deletes, elsewhere) == ()


def test_a_small_edit_on_the_way_is_still_a_rename() -> None:
    deletes = [table("aws_dynamodb_table.orders", "orders", "id", existing=True, tags={"team": "a"})]
    creates = [table("aws_dynamodb_table.purchases", "orders", "id", existing=False, tags={"team": "b"})]
    (rename,) = find_renames(deletes, creates)
    assert THRESHOLD <= rename.similarity < 1


def test_policies_are_compared_by_what_they_say() -> None:
    deletes = [instance("aws_iam_policy.a", name="p", policy='{"Statement":[{"Action":["a","b"],"Effect":"Allow"}]}')]
    creates = [instance("aws_iam_policy.b", name="p", policy='{"Statement":{"Effect":"Allow","Action":["b","a"]}}')]
    assert find_renames(deletes, creates)[0].similarity == 1.0


@pytest.mark.parametrize(
    ("deletes", "creates"),
    [
        pytest.param(
            [table("aws_dynamodb_table.orders", "orders", "order_id", existing=True)],
            [table("aws_dynamodb_table.users", "users", "user_id", existing=False)],
            id="two tables",
        ),
        pytest.param(
            [table('aws_dynamodb_table.t["orders"]', "orders", "id", existing=True)],
            [table('aws_dynamodb_table.t["users"]', "users", "id", existing=False)],
            id="two keys of one for_each",
        ),
        pytest.param(
            [instance("aws_sqs_queue.a", name="terraform-1", delay_seconds=0, message_retention_seconds=345600)],
            [instance("aws_sqs_queue.b", name=UNKNOWN, delay_seconds=0, message_retention_seconds=345600)],
            id="defaults alone",
        ),
        pytest.param(
            [instance("aws_eip.a", domain="vpc")],
            [instance("aws_eip.b", domain="vpc")],
            id="too little to tell",
        ),
        pytest.param(
            [instance("aws_s3_object.a", bucket="photos", key="cat.jpg", storage_class="STANDARD")],
            [instance("aws_s3_object.b", bucket="photos", key=UNKNOWN, storage_class="STANDARD")],
            id="two objects in one bucket",
        ),
        pytest.param(
            [instance("module.a.aws_eip.this", domain="vpc")],
            [instance("module.b.aws_eip.this", domain="vpc")],
            id="two modules side by side",
        ),
        pytest.param(
            [instance("aws_sqs_queue.a", name="same")],
            [instance("aws_sns_topic.a", name="same")],
            id="two types",
        ),
        pytest.param(
            [instance("aws_subnet.a", cidr_block="10.0.1.0/24", vpc_id="vpc-1", availability_zone="a")],
            [instance("aws_subnet.b", cidr_block="10.0.2.0/24", vpc_id="vpc-1", availability_zone="a")],
            id="two subnets",
        ),
        pytest.param(
            [worker("aws_instance.web", "web", existing=True)],
            [worker("aws_instance.db", "db", existing=False)],
            id="two instances that tags tell apart",
        ),
        pytest.param(
            [instance("aws_sqs_queue.a", name="a", fifo_queue=True)],
            [instance("aws_sqs_queue.a", name="a", fifo_queue=True)],
            id="one address is no move",
        ),
    ],
)
def test_different_things_are_not_paired(deletes: list[Instance], creates: list[Instance]) -> None:
    assert find_renames(deletes, creates) == ()


def test_each_is_used_once_and_the_best_pair_first() -> None:
    deletes = [table("aws_dynamodb_table.a", "orders", "id", existing=True, tags={"x": "1"})]
    creates = [
        table("aws_dynamodb_table.b", "orders", "id", existing=False, tags={"x": "2"}),
        table("aws_dynamodb_table.c", "orders", "id", existing=False, tags={"x": "1"}),
    ]
    assert pairs(deletes, creates) == [("aws_dynamodb_table.a", "aws_dynamodb_table.c")]


def moved(source: str, target: str) -> str:
    return moved_block(Rename(from_address=source, to_address=target, similarity=1.0))


def test_the_moved_block_names_modules_and_keys() -> None:
    assert moved("aws_x.a[0]", 'module.m["eu-1"].aws_x.a["k.v"]') == (
        'moved {\n  from = aws_x.a[0]\n  to   = module.m["eu-1"].aws_x.a["k.v"]\n}\n'
    )


def test_the_moved_block_escapes_templates_once() -> None:
    assert '["$${a}"]' in moved("aws_x.a", 'aws_x.a["${a}"]')
    assert '["$${a}%%{b}"]' in moved("aws_x.a", 'aws_x.a["$${a}%%{b}"]')
    assert r'["say \"hi\""]' in moved("aws_x.a", r'aws_x.a["say \"hi\""]')


@pytest.mark.parametrize(
    "address", ["", "aws_x", "data.aws_x.a", "module.m", 'aws_x.a["x\n"]', "aws_x.a\n}", "aws_x.a[k]", 'aws_x.a["k"']
)
def test_no_moved_block_is_written_for_anything_else(address: str) -> None:
    with pytest.raises(ValueError, match="not the address"):
        moved("aws_x.a", address)
