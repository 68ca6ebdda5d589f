from __future__ import annotations

import base64
import json
from typing import Any

from cloning_samples import SCHEMAS, SUBNET, VPC, instance

from sandbox.cloning.idmap import IdMap, learn
from sandbox.cloning.rewrite import rewrite
from sandbox.cloning.tfstate import Instance

NEW_VPC = "vpc-ffffffff000000001"
NEW_SUBNET = "subnet-ffffffff000000002"
OTHER_VPC = "vpc-0e0e0e0e0e0e0e0e0"


def twins(kind: str, name: str, real: dict[str, Any], new: dict[str, Any]) -> tuple[Instance, Instance]:
    return instance(kind, name, real), instance(kind, "r0000_" + name, new)


def ids(tokens: dict[str, str] | None = None, wholes: dict[str, str] | None = None) -> IdMap:
    return IdMap(tokens=tokens or {}, wholes=wholes or {}, locals={}, diverged={}, misreported={})


def rewritten(content: Any, found: IdMap, *real: Instance) -> Any:
    return rewrite(content, found, real).content


def test_learns_ids_also_inside_other_texts() -> None:
    found = learn(
        [
            twins("aws_vpc", "v", {"id": VPC}, {"id": NEW_VPC}),
            twins(
                "aws_iam_policy",
                "p",
                {"id": "p", "policy": json.dumps({"Resource": f"x/{SUBNET}/y"})},
                {"id": "p", "policy": json.dumps({"Resource": f"x/{NEW_SUBNET}/y"})},
            ),
        ],
        SCHEMAS,
    )
    assert dict(found.tokens) == {NEW_VPC: VPC, NEW_SUBNET: SUBNET}
    assert not found.diverged


def test_an_own_id_of_digits_alone_is_learnt_and_an_account_is_not() -> None:
    found = learn(
        [
            twins(
                "aws_vpc", "v", {"id": "abcdef01", "arn": "a:123456789012"}, {"id": "12345678", "arn": "a:222222222222"}
            )
        ],
        SCHEMAS,
    )
    assert dict(found.tokens) == {"12345678": "abcdef01"}


def test_two_new_ids_for_one_real_one_are_a_divergence_and_the_own_id_wins() -> None:
    default = "vpc-00000001"
    found = learn(
        [
            twins("aws_vpc", "v", {"id": VPC}, {"id": NEW_VPC}),
            twins("aws_subnet", "s", {"id": SUBNET, "vpc_id": VPC}, {"id": NEW_SUBNET, "vpc_id": default}),
        ],
        SCHEMAS,
    )
    assert dict(found.tokens) == {NEW_VPC: VPC, NEW_SUBNET: SUBNET}
    assert list(found.diverged) == ["aws_subnet.s"]
    assert "vpc_id" in found.diverged["aws_subnet.s"]
    assert VPC not in found.diverged["aws_subnet.s"]


def test_a_reference_to_another_one_than_it_should_be_is_a_divergence() -> None:
    found = learn(
        [
            twins("aws_vpc", "v", {"id": VPC}, {"id": NEW_VPC}),
            twins("aws_vpc", "w", {"id": OTHER_VPC}, {"id": "vpc-ffffffff000000009"}),
            twins("aws_subnet", "s", {"id": SUBNET, "vpc_id": OTHER_VPC}, {"id": NEW_SUBNET, "vpc_id": NEW_VPC}),
        ],
        SCHEMAS,
    )
    assert list(found.diverged) == ["aws_subnet.s"]
    assert found.tokens[NEW_VPC] == VPC


def test_what_an_engine_reports_wrongly_of_the_right_object_is_a_remark() -> None:
    found = learn(
        [
            twins("aws_vpc", "v", {"id": VPC}, {"id": NEW_VPC}),
            twins("aws_lb", "l", {"id": "lb", "vpc": VPC}, {"id": "lb", "vpc": "vpc-00000001"}),
        ],
        SCHEMAS,
    )
    assert dict(found.tokens) == {NEW_VPC: VPC}
    assert not found.diverged
    assert dict(found.misreported) == {"aws_lb.l": "the engine reports another vpc"}


def test_the_map_is_injective() -> None:
    same = [twins("aws_vpc", f"v{n}", {"id": VPC}, {"id": f"vpc-ffffffff00000000{n}"}) for n in range(3)]
    found = learn(same, SCHEMAS)
    assert len(set(found.tokens.values())) == len(found.tokens)
    assert set(found.diverged) == {"aws_vpc.v0", "aws_vpc.v1", "aws_vpc.v2"}


def test_sets_of_several_are_not_compared_place_by_place() -> None:
    found = learn(
        [
            twins(
                "aws_db_instance",
                "d",
                {"replicas": ["db-000001", "db-000002"]},
                {"replicas": ["db-000004", "db-000003"]},
            )
        ],
        SCHEMAS,
    )
    assert not found.tokens


def test_one_host_of_the_engines_is_replaced_in_the_records_of_its_object_only() -> None:
    databases = [
        twins(
            "aws_db_instance",
            name,
            {"id": name, "address": f"{name}.rds.example"},
            {"id": name, "address": "127.0.0.1"},
        )
        for name in ("first", "second")
    ]
    found = learn(databases, SCHEMAS)
    content = {name: {"Id": name, "Endpoint": {"Address": "127.0.0.1"}} for name in ("first", "second", "third")}

    assert rewritten(content, found, *(real for real, _ in databases)) == {
        "first": {"Id": "first", "Endpoint": {"Address": "first.rds.example"}},
        "second": {"Id": "second", "Endpoint": {"Address": "second.rds.example"}},
        "third": {"Id": "third", "Endpoint": {"Address": "127.0.0.1"}},
    }


def test_times_are_replaced_in_the_form_that_the_engine_keeps() -> None:
    pair = twins(
        "aws_iam_policy",
        "p",
        {"id": "policy-one", "name": "2020-02-03T04:05:06Z"},
        {"id": "policy-one", "name": "2026-11-21T04:00:00Z"},
    )
    content = {
        "Id": "policy-one",
        "A": 1795233600.25,
        "B": 1795233600250,
        "C": "2026-11-21T04:00:00.123Z",
        "D": 1700000000,
    }
    assert rewritten(content, learn([pair], SCHEMAS), pair[0]) == {
        "Id": "policy-one",
        "A": 1580702706.0,
        "B": 1580702706000,
        "C": "2020-02-03T04:05:06.000Z",
        "D": 1700000000,
    }


def test_keys_are_rewritten_and_escapes_do_not_hide_an_id() -> None:
    content = {f"123456789012\0us-east-1\0'{NEW_VPC}'": json.dumps({"text": f"one\n{NEW_VPC}\t{NEW_VPC}"})}
    assert rewritten(content, ids({NEW_VPC: VPC})) == {
        f"123456789012\0us-east-1\0'{VPC}'": json.dumps({"text": f"one\n{VPC}\t{VPC}"})
    }


def test_ids_within_ids_are_replaced_longest_first_and_only_between_separators() -> None:
    found = ids({"abc123": "REAL", "abc123-def456": "BOTH"})
    assert (
        rewritten("agi-abc123-def456-GET agi-abc123-x xabc123 abc1234", found)
        == "agi-BOTH-GET agi-REAL-x xabc123 abc1234"
    )


def test_network_addresses_are_replaced_whole() -> None:
    found = ids(wholes={"10.0.1.4": "10.0.1.9"})
    text = "10.0.1.4 10.0.1.41 110.0.1.4 10.0.1.4.5 10.0.1.4:80 10.0.1.4."
    assert rewritten(text, found) == "10.0.1.9 10.0.1.41 110.0.1.4 10.0.1.4.5 10.0.1.9:80 10.0.1.9."


def test_bytes_that_are_text_are_rewritten_and_others_are_left() -> None:
    text, archive = base64.b64encode(NEW_VPC.encode()).decode(), base64.b64encode(b"PK\xff\xfe").decode()
    assert rewritten([{"__bytes__": text}, {"__bytes__": archive}], ids({NEW_VPC: VPC})) == [
        {"__bytes__": base64.b64encode(VPC.encode()).decode()},
        {"__bytes__": archive},
    ]


def test_two_records_that_would_share_a_key_are_told() -> None:
    found = rewrite({NEW_VPC: 1, VPC: 2}, ids({NEW_VPC: VPC}), ())
    assert found.clashes == (VPC,)


def test_no_repr_shows_what_is_mapped() -> None:
    found = learn([twins("aws_db_instance", "d", {"password": "planted-1"}, {"password": "planted-2"})], SCHEMAS)
    assert "planted" not in repr(found)
