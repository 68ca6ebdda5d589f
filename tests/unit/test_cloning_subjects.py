from __future__ import annotations

from pathlib import Path

import pytest
from cloning_samples import PROVIDER, SCHEMAS, SUBNET, VPC, resource, state

from sandbox.cloning.engine import MachineImage, only_images
from sandbox.cloning.learnt import Learnt
from sandbox.cloning.ledger import Ledger, Standing
from sandbox.cloning.placement import places
from sandbox.cloning.repair import Repair
from sandbox.cloning.subjects import choose
from sandbox.cloning.synthesise import Repairs, Synthesis
from sandbox.place import Place

HOME = Place(account="123456789012", region="us-east-1")
RANDOM = 'provider["registry.terraform.io/hashicorp/random"]'
KUBERNETES = 'provider["registry.terraform.io/hashicorp/kubernetes"]'


def test_everything_is_either_written_or_settled() -> None:
    found = state(
        resource("aws_vpc", "v", {"id": VPC}),
        resource("aws_vpc", "empty", {}),
        resource("aws_unheard_of", "u", {"id": "u"}),
        resource("random_id", "r", {"id": "r"}, provider=RANDOM),
        resource("kubernetes_namespace", "k", {"id": "k"}, provider=KUBERNETES),
        resource("aws_caller_identity", "me", {"id": "1"}, mode="data"),
        resource("aws_subnet", "theirs", {"id": SUBNET, "vpc_id": VPC}, mode="data"),
        resource("aws_vpc", "ours", {"id": VPC}, mode="data"),
        resource("aws_subnets", "list", {"id": "x", "ids": [SUBNET]}, mode="data"),
        resource("aws_ami", "linux", {"id": "ami-1", "name": "linux", "owner_id": "137112412989"}, mode="data"),
    )
    subjects = choose(found, SCHEMAS)

    assert [each.address for each in subjects.written] == ["aws_vpc.v", "data.aws_subnet.theirs"]
    assert {address: entry.standing for address, entry in subjects.settled.items()} == {
        "aws_vpc.empty": Standing.GAP,
        "aws_unheard_of.u": Standing.GAP,
        "random_id.r": Standing.NOT_NEEDED,
        "kubernetes_namespace.k": Standing.GAP,
        "data.aws_caller_identity.me": Standing.NOT_NEEDED,
        "data.aws_vpc.ours": Standing.NOT_NEEDED,
        "data.aws_subnets.list": Standing.GAP,
        "data.aws_ami.linux": Standing.STOOD_IN,
    }
    assert all(entry.reason for entry in subjects.settled.values())


def test_what_two_data_sources_found_is_planted_once() -> None:
    found = state(*(resource("aws_vpc", name, {"id": VPC}, mode="data") for name in "ab"))
    assert [each.address for each in choose(found, SCHEMAS).written] == ["data.aws_vpc.a"]


def test_images_are_those_that_are_run_and_found_but_not_those_of_the_state() -> None:
    found = state(
        resource("aws_instance", "a", {"id": "i-1", "ami": "ami-found"}),
        resource("aws_instance", "b", {"id": "i-2", "ami": "ami-literal"}),
        resource("aws_launch_template", "c", {"id": "lt-1", "image_id": "ami-own"}),
        resource("aws_ami", "own", {"id": "ami-own"}),
        resource("aws_ami", "found", {"id": "ami-found", "name": "linux-7", "owner_id": "1"}, mode="data"),
    )
    assert choose(found, SCHEMAS).images == (
        MachineImage(id="ami-found", name="linux-7", owner="1"),
        MachineImage(id="ami-literal", name="ami-literal"),
    )


def test_no_images_are_no_state() -> None:
    assert only_images([]) == b""


def test_a_provider_configuration_is_where_most_of_its_arns_are() -> None:
    here, there = PROVIDER, f"{PROVIDER}.west"
    found = state(
        resource("aws_vpc", "a", {"id": "1", "arn": "arn:aws:ec2:eu-west-1:222222222222:vpc/1"}, provider=there),
        resource("aws_iam_policy", "b", {"id": "2", "arn": "arn:aws:iam::222222222222:policy/b"}, provider=there),
        resource("aws_vpc", "c", {"id": "3", "cidr_block": "arn:aws:ec2:ap-south-1:333333333333:vpc/1"}, provider=here),
        resource(
            "aws_vpc", "d", {"id": "4", "arn": "arn:aws:ec2:ap-south-1:333333333333:x"}, provider=here, mode="data"
        ),
    ).instances
    by_alias = {reference.alias: place for reference, place in places(found, HOME).items()}
    assert by_alias == {"": HOME, "west": Place(account="222222222222", region="eu-west-1")}


def test_what_says_nothing_is_learnt_and_what_says_something_is_not(tmp_path: Path) -> None:
    made = _synthesis({"id": SUBNET, "vpc_id": VPC, "cidr_block": "", "availability_zone": "us-east-1a"})
    address = "aws_subnet.s"
    done = [Repair(address=address, path=path, reason="") for path in ("cidr_block", "availability_zone", "")]
    Learnt.read(tmp_path, "hashicorp/aws", "5").keep(done, made)

    again = Learnt.read(tmp_path, "hashicorp/aws", "5")
    assert again.rows == {("aws_subnet", "cidr_block")}
    assert Learnt.read(tmp_path, "hashicorp/aws", "6").rows == frozenset()
    repairs = Repairs()
    again.apply(made, repairs)
    assert dict(repairs.dropped) == {address: {"cidr_block"}}
    other = Repairs()
    again.apply(_synthesis({"id": SUBNET, "vpc_id": VPC, "cidr_block": "10.0.0.0/8"}), other)
    assert not other.dropped


@pytest.mark.parametrize("content", [b"", b"[]", b"planted", b'{"aws_vpc": 1}', b"\xff"])
def test_damaged_notes_are_none(tmp_path: Path, content: bytes) -> None:
    kept = Learnt.read(tmp_path, "hashicorp/aws", "5")
    kept.keep([Repair(address="aws_subnet.s", path="cidr_block", reason="")], _synthesis({"id": SUBNET}))
    assert kept.file is not None
    kept.file.write_bytes(content)
    assert Learnt.read(tmp_path, "hashicorp/aws", "5").rows == frozenset()


def test_nothing_is_kept_without_a_place_for_it() -> None:
    kept = Learnt.read(None, "hashicorp/aws", "5")
    kept.keep([Repair(address="aws_subnet.s", path="cidr_block", reason="")], _synthesis({"id": SUBNET}))
    assert kept == Learnt(file=None)


def test_a_ledger_counts() -> None:
    subjects = choose(state(resource("aws_unheard_of", "u", {"id": "u"})), SCHEMAS)
    ledger = Ledger(entries=tuple(subjects.settled.values()))
    assert ledger.counts() == {Standing.GAP: 1}
    assert ledger.gaps == ledger.entries
    assert ledger.unknown == ()


def _synthesis(attributes: dict[str, str]) -> Synthesis:
    found = state(resource("aws_subnet", "s", attributes))
    return Synthesis(found.instances, SCHEMAS, placed=found.instances, default=HOME, source="hashicorp/aws")
