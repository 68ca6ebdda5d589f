"""What a resource makes beside itself and describes in its own blocks: the volumes of an instance.

They are resources of their own in AWS, and no address in Terraform manages them; the provider changes them by
``ModifyVolume`` and ``CreateTags`` where a block of the instance says so. Source: the AWS provider's documentation of
``aws_instance`` (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/instance#ebs-ephemeral-and-root-block-devices).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diffing.snapshot import Identity
from diffing.values import Path, Value
from sandbox.rehearsal import StateInstance
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.ownership import Side

_TYPE, _VOLUME, _ID = "aws_instance", "AWS::EC2::Volume", "volume_id"
_BLOCKS = ("root_block_device", "ebs_block_device")
_TAGS: Path = ("volume_tags",)
"""Tags of every volume of the instance."""


def described(item: Announced, before: Side, after: Side) -> Iterator[tuple[Identity, Path]]:
    """Each resource that an announcement describes in a block, with the path of the block.

    What is managed by an address of its own is described by that alone.
    """
    if item.planned.type != _TYPE:
        return
    places = ((before, item.planned.previous_address or item.address), (after, item.address))
    volumes = {
        (identity, path)
        for side, address in places
        if (instance := side.instances.get(address)) is not None
        for name, block in _volumes(instance)
        if (identity := _unmanaged(side, name)) is not None
        for path in (block, _TAGS)
    }
    yield from sorted(volumes, key=str)


def _volumes(instance: StateInstance) -> Iterator[tuple[Value, Path]]:
    for name in _BLOCKS:
        blocks = instance.attributes.get(name)
        for index, block in enumerate(blocks if isinstance(blocks, tuple | list) else ()):
            if isinstance(block, Mapping):
                yield block.get(_ID), (name, index)


def _unmanaged(side: Side, volume: Value) -> Identity | None:
    found = (
        identity
        for identity in side.snapshot.resources
        if identity.type == _VOLUME and identity.id == volume and identity not in side.exact
    )
    return next(found, None)
