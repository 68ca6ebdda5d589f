"""Which objects of a state the clone needs, and which stand in for what data sources have found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from sandbox.cloning.engine import MachineImage
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloning.rules import COMPUTED_DATA, NO_REMOTE_SIDE, NOT_STOOD_IN
from sandbox.cloning.schema import Schemas
from sandbox.cloning.tfstate import Instance, Json, State

AWS = "hashicorp/aws"
_IMAGE_TYPES = frozenset({"aws_ami", "aws_ami_copy", "aws_ami_from_instance"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """What is written into the configuration, and what became of everything else."""

    written: tuple[Instance, ...]
    settled: Mapping[str, Entry]
    """By address: what needs no writing, or cannot be written."""
    images: tuple[MachineImage, ...] = ()
    """What instances run, and data sources found."""

    def ledger(self) -> Ledger:
        """What became of a state in which nothing is written."""
        return Ledger(entries=tuple(self.settled.values()))


def aws_types(state: State) -> frozenset[str]:
    """The resource types that may be written."""
    return frozenset(instance.type for instance in state.instances if is_aws(instance))


def is_aws(instance: Instance) -> bool:
    """Whether an object is of the AWS provider, whatever the registry's host."""
    return instance.provider.address.endswith(AWS)


def choose(state: State, schemas: Schemas) -> Subjects:
    """Decide about every object of a state."""
    managed_ids = {(each.type, each.text("id")) for each in state.instances if each.managed}
    written: list[Instance] = []
    settled: dict[str, Entry] = {}
    for instance in state.instances:
        verdict = _without_writing(instance, schemas, managed_ids)
        if verdict is not None:
            settled[instance.address] = verdict
        elif instance.managed:
            written.append(instance)
        else:
            managed_ids.add((instance.type, instance.text("id")))
            written.append(_stand_in(instance))
    return Subjects(written=tuple(written), settled=MappingProxyType(settled), images=_images(state))


def _images(state: State) -> tuple[MachineImage, ...]:
    """By data sources first: they know more of an image than its id."""
    own = {each.text("id") for each in state.instances if each.managed and each.type in _IMAGE_TYPES}
    found: dict[str, MachineImage] = {}
    for instance in sorted(state.instances, key=lambda each: each.managed):
        if instance.type == "aws_ami" and not instance.managed:
            found[instance.text("id")] = _image(instance)
        elif instance.managed:
            for image in (instance.text(name) for name in ("ami", "image_id")):
                if image.startswith("ami-"):
                    found.setdefault(image, MachineImage(id=image, name=image))
    return tuple(image for image in found.values() if image.id and image.id not in own)


def _image(instance: Instance) -> MachineImage:
    return MachineImage(
        id=instance.text("id"),
        name=instance.text("name"),
        description=instance.text("description"),
        platform=instance.text("platform"),
        root_device=instance.text("root_device_name") or "/dev/xvda",
        owner=instance.text("owner_id"),
        owner_alias=instance.text("image_owner_alias") or None,
    )


def _without_writing(instance: Instance, schemas: Schemas, known: Iterable[tuple[str, str]]) -> Entry | None:
    for provider, reason in NO_REMOTE_SIDE.items():
        if instance.provider.address.endswith(provider):
            return _entry(instance, Standing.NOT_NEEDED, reason)
    if not is_aws(instance):
        return _entry(instance, Standing.GAP, f"the provider {instance.provider.address} speaks to something else")
    if not instance.attributes:
        return _entry(instance, Standing.GAP, "the state has no attributes of it in the present format")
    if instance.managed:
        if instance.type in schemas:
            return None
        return _entry(instance, Standing.GAP, "the installed version of the provider does not know this type")
    return _data_without_writing(instance, schemas, known)


def _data_without_writing(instance: Instance, schemas: Schemas, known: Iterable[tuple[str, str]]) -> Entry | None:
    if instance.type == "aws_ami" and instance.text("id"):
        return _entry(instance, Standing.STOOD_IN, "an image of this id, name and owner, with nothing in it")
    if instance.type in COMPUTED_DATA:
        return _entry(instance, Standing.NOT_NEEDED, COMPUTED_DATA[instance.type])
    if (instance.type, instance.text("id")) in known:
        return _entry(instance, Standing.NOT_NEEDED, "what it found is in this state")
    if instance.type in NOT_STOOD_IN:
        return _entry(instance, Standing.GAP, NOT_STOOD_IN[instance.type])
    if instance.type not in schemas:
        return _entry(instance, Standing.GAP, "there is no resource type that could stand in for it")
    return None


def _entry(instance: Instance, standing: Standing, reason: str) -> Entry:
    return Entry(address=instance.address, type=instance.type, mode=instance.mode, standing=standing, reason=reason)


def _stand_in(instance: Instance) -> Instance:
    """A data source as the resource that it found: most arguments go by the same names."""
    attributes: dict[str, Json] = dict(instance.attributes)
    for old, new in _RENAMED.get(instance.type, {}).items():
        if old in attributes:
            attributes.setdefault(new, attributes[old])
    for name, value in _DEFAULTS.get(instance.type, {}).items():
        attributes.setdefault(name, value)
    return replace(instance, attributes=MappingProxyType(attributes))


_RENAMED: Mapping[str, Mapping[str, str]] = {
    "aws_acm_certificate": {"domain": "domain_name"},
    "aws_db_instance": {"db_instance_identifier": "identifier"},
    "aws_ecr_repository": {"repository_name": "name"},
    "aws_ecs_cluster": {"cluster_name": "name"},
    "aws_lb": {"load_balancer_name": "name"},
    "aws_iam_instance_profile": {"role_name": "role"},
}
"""Where a data source calls something otherwise than the resource does."""
_DEFAULTS: Mapping[str, Mapping[str, Json]] = {
    "aws_acm_certificate": {"validation_method": "DNS"},
    "aws_ssm_parameter": {"type": "String"},
}
"""Arguments that the resource needs and the data source does not have."""
