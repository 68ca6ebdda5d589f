"""Which resource of a snapshot a Terraform instance, or a resource of a stack, is, or is a part of.

Names are not unique: a queue, a topic and a role may all be called ``orders``. A join therefore asks for one type, or
at least for one service, and gives nothing where more than one resource answers to a name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from diffing.snapshot import Resource, Snapshot
from sandbox.inventory.expression import fill_template
from sandbox.inventory.stack_services import services_of
from sandbox.inventory.stack_types import STACK_OWN, STACK_PARTS, filled, own_names
from sandbox.inventory.terraform_services import service_of
from sandbox.inventory.terraform_types import BUCKET_PART_PREFIX, OWN, OWN_NAMES, PART
from sandbox.rehearsal import StateInstance

_BUCKET = "AWS::S3::Bucket"
_DEFAULTS = {"event_bus_name": "default", "group_name": "default"}
"""What an instance leaves out where it means the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A Terraform instance's place in a snapshot."""

    resource: Resource
    exact: bool
    """True: the instance is that resource. False: it is a part of it."""


class SnapshotIndex:
    """A snapshot's resources by every name they have; built once, asked often."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._by_name: defaultdict[str, list[Resource]] = defaultdict(list)
        for resource in snapshot.resources.values():
            for name in resource.aliases | {resource.identity.id}:
                self._by_name[name].append(resource)

    def locate(self, names: Iterable[str], *, type_name: str = "", service: str = "") -> Resource | None:
        """The one resource that answers to the first name that any answers to.

        Args:
            names: What it may be called, the surest first.
            type_name: Only of this type: ``AWS::SQS::Queue``.
            service: Only of this botocore service.
        """
        for name in names:
            found = [
                resource
                for resource in self._by_name.get(name, ())
                if type_name in {"", resource.identity.type} and service in {"", resource.service}
            ]
            if len(found) == 1:
                return found[0]
            if found:
                return None
        return None

    def join(self, instance: StateInstance) -> Join | None:
        """The resource that the instance is, or is a part of; None where that cannot be said."""
        if instance.mode == "managed" and instance.type.startswith("AWS::"):
            return self._join_of_stack(instance)
        if instance.mode != "managed" or not instance.type.startswith("aws_"):
            return None
        if row := OWN.get(instance.type):
            return self._join(instance, row[0], row[1] or OWN_NAMES, exact=True)
        if row := PART.get(instance.type):
            return self._join(instance, row[0], row[1], exact=False)
        if instance.type.startswith(BUCKET_PART_PREFIX):
            return self._join(instance, _BUCKET, ("{bucket}", "{id}"), exact=False)
        found = self.locate(_names(instance, OWN_NAMES), service=service_of(instance.type))
        return None if found is None else Join(resource=found, exact=True)

    def _join_of_stack(self, instance: StateInstance) -> Join | None:
        if row := STACK_PARTS.get(instance.type):
            carrier = self.locate(filled(row[1], instance.attributes), type_name=row[0])
            return None if carrier is None else Join(resource=carrier, exact=False)
        if row := STACK_OWN.get(instance.type):
            own = self.locate(filled(row[1], instance.attributes), type_name=row[0])
            if own is not None:
                return Join(resource=own, exact=True)
        names = list(own_names(instance.attributes))
        found = self.locate(names, type_name=instance.type)
        for service in services_of(instance.type) if found is None else ():
            found = found or self.locate(names, service=service)
        return None if found is None else Join(resource=found, exact=True)

    def _join(self, instance: StateInstance, type_name: str, templates: Iterable[str], *, exact: bool) -> Join | None:
        found = self.locate(_names(instance, templates), type_name=type_name)
        return None if found is None else Join(resource=found, exact=exact)


def join(instance: StateInstance, snapshot: Snapshot) -> Join | None:
    """As ``SnapshotIndex.join``, for a single question."""
    return SnapshotIndex(snapshot).join(instance)


def locate(snapshot: Snapshot, names: Iterable[str], *, type_name: str = "", service: str = "") -> Resource | None:
    """As ``SnapshotIndex.locate``, for a single question."""
    return SnapshotIndex(snapshot).locate(names, type_name=type_name, service=service)


def _names(instance: StateInstance, templates: Iterable[str]) -> list[str]:
    sources: tuple[Any, ...] = (instance.attributes, _DEFAULTS)
    names = [name for template in templates if (name := fill_template(template, sources))]
    return names + [name.replace("*", "\\052") for name in names if "*" in name]  # as Route 53 writes a wildcard
