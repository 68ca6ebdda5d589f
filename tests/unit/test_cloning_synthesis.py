from __future__ import annotations

import json
from typing import Any

import pytest
from cloning_samples import PROVIDER, SCHEMAS, SUBNET, VPC, resource, state

from sandbox.cloning.subjects import choose
from sandbox.cloning.synthesise import Repairs, Synthesis, Written
from sandbox.place import Place

HOME = Place(account="123456789012", region="us-east-1")


def synthesis(*resources: dict[str, Any]) -> Synthesis:
    found = state(*resources)
    subjects = choose(found, SCHEMAS).written
    return Synthesis(subjects, SCHEMAS, placed=found.instances, default=HOME, source="registry.terraform.io/h/aws")


def written(*resources: dict[str, Any], repairs: Repairs | None = None) -> Written:
    return synthesis(*resources).write(repairs or Repairs())


def bodies(*resources: dict[str, Any], repairs: Repairs | None = None) -> dict[str, Any]:
    """The written resource blocks, by the name of the resource in the state."""
    content = json.loads(written(*resources, repairs=repairs).document.text)
    return {name.split("_", 1)[1]: body for kind in content.get("resource", {}).values() for name, body in kind.items()}


def test_an_id_of_a_dependency_becomes_a_reference() -> None:
    found = bodies(
        resource("aws_vpc", "v", {"id": VPC, "cidr_block": "10.0.0.0/16"}),
        resource("aws_subnet", "s", {"id": SUBNET, "vpc_id": VPC}, dependencies=["aws_vpc.v"]),
    )
    assert found["s"]["vpc_id"] == "${aws_vpc.r0000_v.id}"
    assert found["v"] == {"cidr_block": "10.0.0.0/16"}


def test_an_unmistakable_id_becomes_a_reference_without_a_listed_dependency() -> None:
    found = bodies(resource("aws_subnet", "s", {"id": SUBNET, "vpc_id": VPC}), resource("aws_vpc", "v", {"id": VPC}))
    assert found["s"]["vpc_id"] == "${aws_vpc.r0001_v.id}"
    assert found["s"]["depends_on"] == ["aws_vpc.r0001_v"]


def test_two_that_name_each_other_do_not_become_a_cycle() -> None:
    found = bodies(
        resource(
            "aws_iam_policy", "a", {"id": "arn:aws:iam::1:policy/aaaaaa", "policy": "arn:aws:iam::1:policy/bbbbbb"}
        ),
        resource(
            "aws_iam_policy", "b", {"id": "arn:aws:iam::1:policy/bbbbbb", "policy": "arn:aws:iam::1:policy/aaaaaa"}
        ),
    )
    references = [name for name, body in found.items() if "${" in body["policy"]]
    assert references == ["a"]
    assert found["b"]["policy"] == "arn:aws:iam::1:policy/aaaaaa"


def test_a_plain_text_that_happens_to_be_somebodys_name_stays() -> None:
    found = bodies(
        resource("aws_iam_policy", "a", {"id": "deploy", "policy": "x"}),
        resource("aws_iam_policy", "b", {"id": "other-policy", "policy": "deploy"}),
    )
    assert found["b"]["policy"] == "deploy"


def test_ids_inside_a_document_become_references_and_templates_in_it_do_not() -> None:
    policy = json.dumps({"Resource": f"arn:x/{VPC}/*", "Condition": "${aws:username} %{if}"})
    found = bodies(
        resource("aws_vpc", "v", {"id": VPC}),
        resource("aws_iam_policy", "p", {"id": "p", "policy": policy}, dependencies=["aws_vpc.v"]),
    )
    assert found["p"]["policy"] == json.dumps(
        {"Resource": "arn:x/${aws_vpc.r0000_v.id}/*", "Condition": "$${aws:username} %%{if}"}
    )


def test_tags_include_those_that_default_tags_add() -> None:
    found = bodies(resource("aws_vpc", "v", {"id": VPC, "tags": {"A": ""}, "tags_all": {"A": "", "Owner": "${o}"}}))
    assert found["v"]["tags"] == {"A": "", "Owner": "$${o}"}
    assert "tags_all" not in found["v"]


def test_computed_values_that_say_nothing_are_not_written() -> None:
    attributes = {"id": SUBNET, "vpc_id": "vpc-1", "availability_zone": "", "private_ip": "eni-0a1b2c3d4e5f60718"}
    assert bodies(resource("aws_subnet", "s", attributes))["s"] == {"vpc_id": "vpc-1"}


def test_a_block_that_nobody_wrote_is_not_written() -> None:
    empty = resource("aws_lb", "a", {"id": "a", "name": "a", "access_logs": [{"bucket": "", "enabled": False}]})
    full = resource("aws_lb", "b", {"id": "b", "name": "b", "access_logs": [{"bucket": "logs", "enabled": True}]})
    found = bodies(empty, full)
    assert found["a"] == {"name": "a"}
    assert found["b"]["access_logs"] == [{"bucket": "logs", "enabled": True}]


def test_code_is_a_placeholder_of_each_functions_own_and_unknown() -> None:
    functions = [
        resource(
            "aws_lambda_function", name, {"id": name, "function_name": name, "s3_bucket": "b", "filename": "/x.zip"}
        )
        for name in ("f", "g")
    ]
    found = written(*functions)
    contents = list(found.files.values())
    assert found.unknown == {"aws_lambda_function.f": ("code",), "aws_lambda_function.g": ("code",)}
    assert len(set(contents)) == 2
    assert "s3_bucket" not in found.document.text
    assert "/x.zip" not in found.document.text


def test_a_function_from_an_image_needs_no_placeholder() -> None:
    found = written(resource("aws_lambda_function", "f", {"id": "f", "function_name": "f", "image_uri": "i"}))
    assert not found.files
    assert not found.unknown


def test_what_is_dropped_or_left_out_is_not_written() -> None:
    repairs = Repairs()
    repairs.dropped["aws_vpc.v"].add("cidr_block")
    repairs.left_out["aws_subnet.s"] = "because"
    found = bodies(
        resource("aws_vpc", "v", {"id": VPC, "cidr_block": "10.0.0.0/16"}),
        resource("aws_subnet", "s", {"id": SUBNET, "vpc_id": VPC}),
        repairs=repairs,
    )
    assert found == {"v": {}}


def test_every_account_and_region_has_its_provider() -> None:
    content = json.loads(
        written(
            resource("aws_iam_policy", "here", {"id": "p", "arn": "arn:aws:iam::123456789012:policy/p", "policy": "x"}),
            resource(
                "aws_iam_policy",
                "there",
                {"id": "q", "arn": "arn:aws:sns:eu-west-1:222222222222:q", "policy": "x"},
                provider=f"{PROVIDER}.audit",
            ),
        ).document.text
    )
    assert content["provider"]["aws"] == [
        {"region": "us-east-1"},
        {"alias": "in_222222222222_eu_west_1", "region": "eu-west-1", "allowed_account_ids": ["222222222222"]},
    ]
    there = content["resource"]["aws_iam_policy"]["r0001_there"]
    assert there["provider"] == "aws.in_222222222222_eu_west_1"
    assert "provider" not in content["resource"]["aws_iam_policy"]["r0000_here"]


def test_each_line_of_the_document_tells_what_it_is_about() -> None:
    found = written(resource("aws_lb", "b", {"id": "b", "access_logs": [{"bucket": "logs", "enabled": True}]}))
    lines = found.document.text.splitlines()
    number = next(index for index, line in enumerate(lines, 1) if "enabled" in line)
    assert found.document.path_at(number) == ("resource", "aws_lb", "r0000_b", "access_logs", 0, "enabled")
    assert len(lines) == len(found.document.lines)
    assert found.document.path_at(0) == ()
    assert found.document.path_at(len(lines) + 1) == ()


@pytest.mark.parametrize("count", [0, 3])
def test_a_document_is_the_json_that_it_was_written_from(count: int) -> None:
    vpcs = [resource("aws_vpc", f"v{n}", {"id": f"vpc-{n}", "cidr_block": "10.0.0.0/8"}) for n in range(count)]
    content = json.loads(written(*vpcs).document.text)
    assert len(content.get("resource", {}).get("aws_vpc", {})) == count
