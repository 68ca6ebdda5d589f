"""What is said of objects after the provider has read them back from the clone."""

from __future__ import annotations

import json
from typing import Any

from cloning_samples import PROVIDER, SCHEMAS, resource, state

from diffing.change import Action, Proof
from diffing.values import freeze
from sandbox.clones.doubts import cloning_gaps
from sandbox.cloning.fidelity import NOT_FOUND, questions, with_findings
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloning.synthesise import Synthesis
from sandbox.place import Place
from sandbox.rehearsal import PlannedChange

HOME = Place(account="123456789012", region="eu-west-1")
GROUP = "aws_vpc.main"


def found(before: dict[str, Any], after: dict[str, Any] | None, *, asked: bool = True, unread: str = "") -> Entry:
    change = PlannedChange(
        address=GROUP,
        type="aws_vpc",
        name="main",
        provider="registry.terraform.io/hashicorp/aws",
        mode="managed",
        action=Action.UPDATE if after is not None else Action.DELETE,
        before=freeze(before),
        after=freeze(after),
    )
    ledger = Ledger(entries=(Entry(address=GROUP, type="aws_vpc", mode="managed", standing=Standing.CLONED),))
    checked = with_findings(
        ledger,
        [change] if before != after else [],
        asked={GROUP} if asked else (),
        unread={GROUP: unread} if unread else {},
        schemas=SCHEMAS,
    )
    return checked.entries[0]


def test_what_reads_back_as_recorded_is_proved() -> None:
    entry = found({"cidr_block": "10.0.0.0/16"}, {"cidr_block": "10.0.0.0/16"})
    assert entry.proof(measured=False) is Proof.PROVED


def test_what_reads_back_otherwise_is_named_and_not_proved() -> None:
    entry = found({"cidr_block": "10.0.0.0/16"}, {"cidr_block": "10.1.0.0/16"})
    assert entry.differing == ("cidr_block",)
    assert entry.proof(measured=True) is Proof.COMPUTED


def test_what_is_not_found_or_cannot_be_read_is_a_gap() -> None:
    missing, unreadable = found({"id": "vpc-1"}, None), found({}, {}, unread="it answers with 500")
    assert (missing.standing, missing.reason) == (Standing.GAP, NOT_FOUND)
    assert "500" in unreadable.reason
    assert {missing.proof(measured=True), unreadable.proof(measured=True)} == {Proof.UNKNOWN}


def test_what_nobody_read_back_is_known_from_the_engines_ledger_at_best() -> None:
    entry = found({"id": "vpc-1"}, {"id": "vpc-1"}, asked=False)
    assert entry.proof(measured=True) is Proof.COMPUTED
    assert entry.proof(measured=False) is Proof.UNKNOWN


def test_computed_attributes_that_had_nothing_to_say_came_later_and_others_differ() -> None:
    assert found({"default_group": ""}, {"default_group": "sg-1"}).differing == ()
    assert found({"default_group": "sg-2"}, {"default_group": "sg-1"}).differing == ("default_group",)
    assert found({"cidr_block": None}, {"cidr_block": "10.0.0.0/16"}).differing == ("cidr_block",)


def test_null_and_an_empty_list_are_one() -> None:
    assert found({"cidr_block": None}, {"cidr_block": []}).differing == ()


def test_tags_of_the_provider_are_not_a_difference_and_lost_ones_are() -> None:
    everything = {"Team": "shop", "Name": "main"}
    kept = found({"tags": {"Name": "main"}, "tags_all": everything}, {"tags": everything, "tags_all": everything})
    assert kept.differing == ()
    lost = found({"tags": {}, "tags_all": everything}, {"tags": {}, "tags_all": {"Name": "main"}})
    assert lost.differing == ("tags_all.Team",)


def test_every_object_is_asked_about_with_the_provider_configuration_of_the_clone() -> None:
    original = state(
        _vpc("home", "eu-west-1:123456789012"),
        _vpc("west", "us-west-2:123456789012", provider=f"{PROVIDER}.west"),
        _vpc("inner", "us-west-2:210987654321", provider=f"module.inner.{PROVIDER}"),
        _vpc("out", "eu-west-1:123456789012"),
    )
    synthesis = Synthesis(original.instances, SCHEMAS, placed=original.instances, default=HOME, source="hashicorp/aws")
    asked = questions(original, synthesis, left_out=["aws_vpc.out"])
    resources = json.loads(asked.state)["resources"]
    assert [(each["name"], each["provider"]) for each in resources] == [
        ("home", PROVIDER),
        ("west", f"{PROVIDER}.in_123456789012_us_west_2"),
        ("inner", f"{PROVIDER}.in_210987654321_us_west_2"),
    ]
    assert asked.asked == {"aws_vpc.home", "aws_vpc.west", "aws_vpc.inner"}
    blocks = asked.configuration["provider"]
    assert isinstance(blocks, dict)
    assert [block.get("alias", "") for block in blocks["aws"]] == [
        "",
        "in_123456789012_us_west_2",
        "in_210987654321_us_west_2",
    ]


def test_a_clone_that_could_not_be_read_back_is_doubted_as_a_whole() -> None:
    entry = Entry(address=GROUP, type="aws_vpc", mode="managed", standing=Standing.CLONED)
    gaps = tuple(cloning_gaps(Ledger(entries=(entry,), unchecked="no provider"), None, (), others_wrote=False))
    assert [(gap.subject, gap.blocking) for gap in gaps] == [("clone", True)]
    assert "no provider" in gaps[0].reason


def _vpc(name: str, place: str, **more: Any) -> dict[str, Any]:
    return resource("aws_vpc", name, {"id": f"vpc-{name}", "arn": f"arn:aws:ec2:{place}:vpc/vpc-{name}"}, **more)
