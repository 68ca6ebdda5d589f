"""Types that took another one's place: a delete of the old and a create of the new are one thing under two types.

Sources: the documentation of the old types, which names the new ones, and of the new ones' ``import``
(https://registry.terraform.io/providers/hashicorp/aws/latest/docs).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from diffing.change import Action, AttributeChange, ResourceChange
from diffing.record import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """What a type became."""

    type: str
    names: tuple[str, ...]
    """Attributes that both types have, and that tell one resource from another."""
    import_id: tuple[str, ...]
    """Attributes of the old one that make up the id to import by, joined with a slash."""


_LB = ("name",)

SUCCESSORS: Mapping[str, Successor] = MappingProxyType(
    {
        "aws_alb": Successor(type="aws_lb", names=_LB, import_id=("arn",)),
        "aws_alb_listener": Successor(type="aws_lb_listener", names=("load_balancer_arn", "port"), import_id=("arn",)),
        "aws_alb_target_group": Successor(type="aws_lb_target_group", names=_LB, import_id=("arn",)),
        "aws_elasticsearch_domain": Successor(
            type="aws_opensearch_domain", names=("domain_name",), import_id=("domain_name",)
        ),
        "aws_s3_bucket_object": Successor(type="aws_s3_object", names=("bucket", "key"), import_id=("bucket", "key")),
    }
)


Made: TypeAlias = Mapping[tuple[object, ...], str]
"""Type and telling names of what a change creates → its address."""

_OLD_TYPES: Mapping[str, Successor] = MappingProxyType({row.type: row for row in SUCCESSORS.values()})
"""By the new type: the row that leads to it."""


def made_anew(changes: Iterable[ResourceChange]) -> Made:
    """Collect what a change creates of the types that took another one's place."""
    made: dict[tuple[object, ...], str] = {}
    for change in changes:
        row = _OLD_TYPES.get(change.type)
        if row is not None and change.action is Action.CREATE:
            made.setdefault(_key(row, _values(change.attributes, "after")), change.address)
    return made


def handed_over(change: ResourceChange, made: Made) -> tuple[str, str] | None:
    """Return the address that a deleted resource becomes under its new type, and the id to import it by."""
    row = SUCCESSORS.get(change.type)
    if row is None:
        return None
    old = _values(change.attributes, "before")
    address = made.get(_key(row, old)) if all(old.get(name) for name in row.names) else None
    parts = [old.get(name) for name in row.import_id]
    return (address, "/".join(str(part) for part in parts)) if address is not None and all(parts) else None


def _key(row: Successor, values: Mapping[str, object]) -> tuple[object, ...]:
    return (row.type, *(values.get(name) for name in row.names))


def _values(attributes: Iterable[AttributeChange], side: str) -> dict[str, object]:
    found = ((str(item.path[0]), getattr(item, side)) for item in attributes if len(item.path) == 1)
    return {name: value for name, value in found if isinstance(value, str | int | float)}
