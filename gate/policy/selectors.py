"""Tags that something selects on: a backup plan, a resource group, a maintenance window, a policy's condition.

A tag is bookkeeping until something chooses by it. Then to take it off is to take the resource out of the backup, or
to take away who may use it. Sources: AWS provider documentation of the types in `_selected`; IAM User Guide,
"Controlling access to AWS resources using tags"; Amazon EKS User Guide, "VPC and subnet requirements".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from diffing.attributes import below
from diffing.change import ResourceChange
from diffing.record import dataclass
from diffing.values import Marker, Value

ANY = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Selector:
    """One tag that something selects on."""

    key: str
    value: str
    """`ANY` where the key alone counts."""
    by: str
    """Who selects: a Terraform address, or a convention."""

    def selects(self, value: Value) -> bool:
        """Whether a resource with this value of the tag is selected."""
        return isinstance(value, str) and self.value in {ANY, value}


CONVENTIONS = (
    Selector(key="kubernetes.io/role/elb", value=ANY, by="the load balancer controller of Kubernetes"),
    Selector(key="kubernetes.io/role/internal-elb", value=ANY, by="the load balancer controller of Kubernetes"),
)

# Compiled by the first that asks: most changes have nobody ask.
_CONDITION = r"(?i)(?:aws:ResourceTag|aws:PrincipalTag|[a-z0-9]+:ResourceTag)/(.+)"


def selectors_in(address: str, type_: str, attributes: Mapping[str, Value]) -> Iterator[Selector]:
    """Yield the tags that a resource selects on, by what its attributes say."""
    for key, value in _selected(type_, attributes):
        yield Selector(key=key, value=value, by=address)


def by_key(selectors: Iterable[Selector]) -> Mapping[str, Sequence[Selector]]:
    """Return the selectors and the conventions by the tag that they select on."""
    found: dict[str, list[Selector]] = {}
    for selector in (*selectors, *CONVENTIONS):
        found.setdefault(selector.key, []).append(selector)
    return found


def deselected(change: ResourceChange, selectors: Mapping[str, Sequence[Selector]]) -> Iterator[str]:
    """Yield a text for every tag of a resource that something selects it by before the change and not after it.

    Args:
        change: Any change.
        selectors: By the tag that they select on (`by_key`).
    """
    for item in below(change.attributes, "tags"):
        if len(item.path) != 2 or item.after is Marker.UNKNOWN:  # noqa: PLR2004 - tags.KEY
            continue
        for selector in selectors.get(str(item.path[1]), ()):
            if selector.by != change.address and selector.selects(item.before) and not selector.selects(item.after):
                yield f"the tag {item.path[1]} is taken off, by which {selector.by} selects it"


def _selected(type_: str, attributes: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    match type_:
        case "aws_backup_selection":
            yield from _pairs(attributes.get("selection_tag"))
            for condition in _blocks(attributes.get("condition")):
                yield from _pairs(condition.get("string_equals"))
        case "aws_dlm_lifecycle_policy":
            for details in _blocks(attributes.get("policy_details")):
                yield from _tags(details.get("target_tags"))
        case "aws_resourcegroups_group":
            for query in _blocks(attributes.get("resource_query")):
                yield from _filters(query.get("query"))
        case "aws_ssm_association" | "aws_ssm_maintenance_window_target":
            yield from _targets(attributes.get("targets"))
        case "aws_codedeploy_deployment_group":
            yield from _pairs(attributes.get("ec2_tag_filter"))
        case _ if type_.startswith("aws_iam_"):
            yield from _conditions(attributes.get("policy"))


def _tags(tags: Value) -> Iterator[tuple[str, str]]:
    if isinstance(tags, Mapping):
        yield from ((key, str(value)) for key, value in tags.items())


def _targets(targets: Value) -> Iterator[tuple[str, str]]:
    for target in _blocks(targets):
        key, values = target.get("key"), target.get("values")
        if isinstance(key, str) and key.startswith("tag:") and isinstance(values, tuple):
            yield from ((key.removeprefix("tag:"), str(value)) for value in values)


def _blocks(value: Value) -> Iterator[Mapping[str, Value]]:
    items = value if isinstance(value, tuple) else ()
    return (item for item in items if isinstance(item, Mapping))


def _pairs(value: Value) -> Iterator[tuple[str, str]]:
    for block in _blocks(value):
        name, wanted = block.get("key"), block.get("value")
        if isinstance(name, str) and name:
            yield name.removeprefix("aws:ResourceTag/"), wanted if isinstance(wanted, str) else ANY


def _parsed(text: Value) -> Any:
    if not isinstance(text, str):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _filters(text: Value) -> Iterator[tuple[str, str]]:
    """``TagFilters`` of a resource query (AWS Resource Groups User Guide, "Resource group queries")."""
    query = _parsed(text)
    filters = query.get("TagFilters") if isinstance(query, dict) else None
    for item in filters if isinstance(filters, list) else ():
        if isinstance(item, dict) and isinstance(item.get("Key"), str):
            values = item.get("Values")
            yield from (
                (item["Key"], str(value)) for value in (values if isinstance(values, list) and values else [ANY])
            )


def _conditions(text: Value) -> Iterator[tuple[str, str]]:
    document = _parsed(text) if isinstance(text, str) and "Tag/" in text else None
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        condition = statement.get("Condition") if isinstance(statement, dict) else None
        for keys in condition.values() if isinstance(condition, dict) else ():
            for key, values in keys.items() if isinstance(keys, dict) else ():
                match = re.fullmatch(_CONDITION, key)
                if match:
                    listed = values if isinstance(values, list) else [values]
                    yield from ((match[1], value if isinstance(value, str) else ANY) for value in listed)
