"""Types that took another one's place: a delete of the old and a create of the new are one thing under two types.

Sources: the documentation of the old types, which names the new ones, and of the new ones' ``import``
(https://registry.terraform.io/providers/hashicorp/aws/latest/docs).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from diffing.change import Action, AttributeChange, ResourceChange


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


def handed_over(change: ResourceChange, changes: Iterable[ResourceChange]) -> tuple[str, str] | None:
    """Return the address that a deleted resource becomes under its new type, and the id to import it by."""
    row = SUCCESSORS.get(change.type)
    if row is None:
        return None
    old = _values(change.attributes, "before")
    parts = [old.get(name) for name in row.import_id]
    for other in changes:
        if other.type == row.type and other.action is Action.CREATE:
            new = _values(other.attributes, "after")
            if all(old.get(name) and old.get(name) == new.get(name) for name in row.names) and all(parts):
                return other.address, "/".join(str(part) for part in parts)
    return None


def _values(attributes: Iterable[AttributeChange], side: str) -> dict[str, object]:
    return {str(item.path[0]): getattr(item, side) for item in attributes if len(item.path) == 1}
