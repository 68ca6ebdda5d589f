"""What a block of an instance announces of its volume is told there, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest
from rehearsal_builders import call, instance, judged, planned, rehearsal, resource, rules, told

from diffing.change import Action
from diffing.snapshot import Resource
from gate.verdict import Decision
from sandbox.rehearsal import PlannedChange, StateInstance

ADDRESS = "aws_instance.web"
VOLUME = "AWS::EC2::Volume/vol-1"
WEB = resource("EC2::Instance", "i-1", {"InstanceId": "i-1"})


def block(size: int, **fields: Any) -> dict[str, Any]:
    return {"volume_id": "vol-1", "volume_size": size, **fields}


def web(size: int = 8) -> StateInstance:
    return instance(ADDRESS, {"id": "i-1", "root_block_device": [block(size)]})


def volume(**attributes: Any) -> Resource:
    return resource("EC2::Volume", "vol-1", {"VolumeId": "vol-1", "Size": 8, "Encrypted": True, **attributes})


def grown(before: int = 8, after: int = 10) -> PlannedChange:
    return planned(
        ADDRESS,
        Action.UPDATE,
        {"id": "i-1", "root_block_device": [block(before)]},
        {"id": "i-1", "root_block_device": [block(after)]},
    )


def test_a_volume_that_grows_as_its_block_says_is_told_there() -> None:
    made = rehearsal(
        [WEB, volume()],
        [WEB, volume(Size=10)],
        plan=[grown()],
        state=[web()],
        state_after=[web(10)],
        calls=[call("ec2:ModifyVolume", "vol-1")],
    )
    observed, verdict = judged(made)

    assert told(observed) == {ADDRESS: "update"}
    assert verdict.decision is Decision.APPROVE


def test_a_volume_that_the_engines_noise_grows_is_not_told() -> None:
    made = rehearsal(
        [WEB, volume()],
        [WEB, volume(Size=10)],
        plan=[grown()],
        noise=[grown()],
        state=[web()],
        calls=[call("ec2:ModifyVolume", "vol-1")],
    )
    observed, verdict = judged(made)

    assert told(observed) == {}
    assert verdict.decision is Decision.APPROVE


@pytest.mark.parametrize(
    ("after", "agent"),
    [
        ({"Size": 10, "Encrypted": False}, "terraform-provider-aws"),
        ({"Size": 10, "Attachments": [{"InstanceId": "i-2"}]}, "terraform-provider-aws"),
        ({"Size": 10}, "aws-cli"),
    ],
)
def test_what_the_block_does_not_say_is_told(after: dict[str, Any], agent: str) -> None:
    made = rehearsal(
        [WEB, volume()],
        [WEB, volume(**after)],
        plan=[grown()],
        state=[web()],
        calls=[call("ec2:ModifyVolume", "vol-1", agent=agent)],
    )
    observed, verdict = judged(made)

    assert told(observed)[VOLUME] == "update"
    assert rules(verdict, VOLUME)


def test_a_volume_that_goes_is_never_explained_by_a_block() -> None:
    made = rehearsal([WEB, volume()], [WEB], plan=[grown()], state=[web()], calls=[call("ec2:DeleteVolume", "vol-1")])
    observed, verdict = judged(made)

    assert told(observed)[VOLUME] == "delete"
    assert verdict.decision is Decision.REJECT


def test_tags_of_all_volumes_are_told_at_the_instance() -> None:
    tagging = planned(ADDRESS, Action.UPDATE, {"id": "i-1"}, {"id": "i-1", "volume_tags": {"team": "a"}})
    after = resource("EC2::Volume", "vol-1", {"VolumeId": "vol-1", "Size": 8, "Encrypted": True}, tags={"team": "a"})
    made = rehearsal(
        [WEB, volume()], [WEB, after], plan=[tagging], state=[web()], calls=[call("ec2:CreateTags", "vol-1")]
    )
    observed, _ = judged(made)

    assert told(observed) == {ADDRESS: "update"}


def test_another_version_is_what_any_noise_leaves_that_was_carried_out() -> None:
    address = "aws_kinesis_firehose_delivery_stream.s"
    state = instance(address, {"id": "arn:s", "arn": "arn:s", "name": "s"})
    noise = planned(
        address,
        Action.UPDATE,
        {"name": "s", "extended_s3_configuration": [{"custom_time_zone": ""}]},
        {"name": "s", "extended_s3_configuration": [{"custom_time_zone": "UTC"}]},
    )
    before, after = (
        resource("KinesisFirehose::DeliveryStream", "s", {"VersionId": version}, aliases=["arn:s"])
        for version in ("1", "2")
    )
    made = rehearsal(
        [before], [after], plan=[noise], noise=[noise], state=[state], calls=[call("firehose:UpdateDestination", "s")]
    )

    assert told(judged(made)[0]) == {}
