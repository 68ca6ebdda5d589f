"""What was read, as a state: names, dependencies, places, secrets; and what cloning makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rehearsal_builders import identity, resource, snapshot

from sandbox.cloning.placement import places
from sandbox.cloning.tfstate import parse_state
from sandbox.live.document import StateObject, addresses, dependencies, write_state
from sandbox.live.importing import with_stand_ins
from sandbox.live.narrowing import narrowed
from sandbox.place import Place

AWS = "registry.terraform.io/hashicorp/aws"


def thing(type_name: str, import_id: str, attributes: Mapping[str, Any] | None = None, **more: Any) -> StateObject:
    fields = {
        "identity": identity(type_name, import_id),
        "region": "eu-west-1",
        "attributes": MappingProxyType({"id": import_id, **(attributes or {})}),
    }
    return StateObject(type=f"aws_{type_name}", import_id=import_id, **{**fields, **more})


def needs(*objects: StateObject) -> dict[str, set[str]]:
    found = dependencies(objects)
    return {
        each.import_id: {objects[other].import_id for other in found[number]} for number, each in enumerate(objects)
    }


def test_a_state_can_be_parsed_and_has_every_object_with_its_provider() -> None:
    home = thing("sns_topic", "arn:aws:sns:eu-west-1:111111111111:t", {"arn": "arn:aws:sns:eu-west-1:111111111111:t"})
    away = thing(
        "sqs_queue",
        "https://sqs.us-east-1.amazonaws.com/111111111111/q",
        {"arn": "arn:aws:sqs:us-east-1:111111111111:q"},
        region="us-east-1",
        schema_version=1,
        private=b"{}",
        sensitive=("policy",),
    )
    state = parse_state(write_state([home, away], home="eu-west-1", source=AWS, lineage="l"))
    assert (state.lineage, state.serial) == ("l", 1)
    first, second = state.instances
    assert first.address == "aws_sns_topic.t"
    assert (second.address, second.schema_version) == ("aws_sqs_queue.sqs_us_east_1_amazonaws_com_111111111111_q", 1)
    assert second.sensitive == (("policy",),)
    assert second.provider.alias == "us_east_1"
    placed = places(state.instances, Place(account="999999999999", region="eu-west-1"))
    assert placed[first.provider] == Place(account="111111111111", region="eu-west-1")
    assert placed[second.provider] == Place(account="111111111111", region="us-east-1")


def test_equal_readings_give_equal_states() -> None:
    objects = [thing("vpc", "vpc-1"), thing("vpc", "vpc-2", {"tags": {"b": "1", "a": "2"}})]
    again = [replace(each, attributes=dict(reversed(list(each.attributes.items())))) for each in objects]
    written = [write_state(each, home="eu-west-1", source=AWS, lineage="l") for each in (objects, again)]
    assert written[0] == written[1]


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=20))
def test_every_object_has_a_name_of_its_own_that_terraform_takes(ids: list[str]) -> None:
    names = addresses([thing("vpc", each) for each in ids])
    assert len({name.lower() for name in names}) == len(ids)
    assert all(name.partition(".")[2].replace("_", "a").isalnum() for name in names)
    assert not any(name.partition(".")[2][0].isdigit() for name in names)


def test_a_part_needs_its_whole_and_whoever_names_another_needs_it() -> None:
    vpc = thing("vpc", "vpc-0123456789abcdef0")
    subnet = thing("subnet", "subnet-1", {"vpc_id": "vpc-0123456789abcdef0"})
    role = thing("iam_role", "fn", {"name": "fn", "arn": "arn:aws:iam::1:role/fn"})
    policy = thing("iam_role_policy", "fn:inline", {"name": "inline", "role": "fn"})
    function = thing("lambda_function", "worker", {"role": "arn:aws:iam::1:role/fn", "function_name": "worker"})
    permission = thing("lambda_permission", "worker/s", is_part=True, identity=function.identity)
    assert needs(vpc, subnet, role, policy, function, permission) == {
        vpc.import_id: set(),
        subnet.import_id: {vpc.import_id},
        "fn": set(),
        "fn:inline": {"fn"},
        "worker": {"fn"},
        "worker/s": {"worker"},
    }


def test_words_that_only_happen_to_be_names_make_no_dependency() -> None:
    queue = thing("sqs_queue", "https://q", {"name": "orders"})
    table = thing("dynamodb_table", "orders", {"name": "orders", "tags": {"of": "https://q"}, "description": "orders"})
    assert needs(queue, table) == {"https://q": set(), "orders": set()}


def test_what_comes_first_by_rule_comes_first() -> None:
    same = {"rest_api_id": "a", "resource_id": "r", "http_method": "GET"}
    method = thing("api_gateway_method", "a/r/GET", same)
    integration = thing("api_gateway_integration", "a/r/GET i", same)
    other = thing("api_gateway_integration", "a/r/PUT i", {**same, "http_method": "PUT"})
    deployment = thing("api_gateway_deployment", "a/d", {"rest_api_id": "a"})
    found = needs(method, integration, other, deployment)
    assert found["a/r/GET i"] == {"a/r/GET"}
    assert found["a/r/PUT i"] == set()
    assert found["a/d"] == {"a/r/GET", "a/r/GET i", "a/r/PUT i"}


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=40))
def test_dependencies_never_go_round(pairs: list[tuple[int, int]]) -> None:
    objects = [
        thing("vpc", f"vpc-{number}", {f"to_{other}": f"vpc-{other}" for one, other in pairs if one == number})
        for number in range(8)
    ]
    found = dependencies(objects)
    done: set[int] = set()
    for _ in objects:
        done |= {number for number, below in enumerate(found) if set(below) <= done}
    assert len(done) == len(objects)


def test_a_tag_keeps_what_has_it_what_lies_in_it_and_what_these_need() -> None:
    vpc = resource("EC2::VPC", "vpc-1")
    zone = resource("Route53::HostedZone", "Z1", tags={"team": "a"})
    record = resource("Route53::RecordSet", "Z1_a", parent=zone)
    fleet = resource("EC2::Subnet", "subnet-1", tags={"team": "a"})
    other = resource("EC2::Subnet", "subnet-2", tags={"team": "b"})
    objects = [
        thing("vpc", "vpc-1", identity=vpc.identity),
        thing("route53_zone", "Z1", identity=zone.identity),
        thing("route53_record", "Z1_a", identity=record.identity),
        thing("subnet", "subnet-1", {"vpc_id": "vpc-1"}, identity=fleet.identity),
        thing("subnet", "subnet-2", {"vpc_id": "vpc-1"}, identity=other.identity),
    ]
    seen = snapshot(vpc, zone, record, fleet, other)
    kept, gone = narrowed(objects, seen, [("team", "a")])
    assert [each.import_id for each in kept] == ["vpc-1", "Z1", "Z1_a", "subnet-1"]
    assert [(each.kind, each.service, each.subject) for each in gone] == [
        ("left-out", "ec2", "AWS::EC2::Subnet/subnet-2")
    ]
    assert narrowed(objects, seen, []) == (objects, ())


def test_stand_ins_are_told_and_differ_from_object_to_object() -> None:
    objects = [thing("db_instance", "a"), thing("db_instance", "b"), thing("vpc", "vpc-1")]
    written, unknown = with_stand_ins(objects, addresses(objects))
    assert unknown == {"aws_db_instance.a": ("password",), "aws_db_instance.b": ("password",)}
    passwords = {json.dumps(each.attributes.get("password")) for each in written}
    assert len(passwords) == 3
