"""Form fields to parameters: the query protocol's ``Tags.member.1.Key=...`` and EC2's ``Tag.1.Key=...``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from sandbox.recorder.documents import scalar
from sandbox.recorder.tree import MAX_DEPTH, Shape, Tree

_Node: TypeAlias = "str | dict[str, _Node]"
_NOT_PARAMETERS = frozenset(
    {"Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp"}
)
_OWN = ""
"""Where a key is both a field and a prefix of others, its own value stands under this name."""


def from_form(form: Mapping[str, str], shape: Shape | None, *, ec2: bool) -> dict[str, Tree]:
    """Read a form along the operation's input shape; without one, along the shape of its keys."""
    root: dict[str, _Node] = {}
    for key, value in form.items():
        if key not in _NOT_PARAMETERS and not key.startswith("X-Amz-"):
            _put(root, key.split(".", MAX_DEPTH), value)
    if shape is None:
        return {name: _plain(node) for name, node in root.items()}
    return _structure(root, shape, ec2=ec2)


def _put(node: dict[str, _Node], parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        below = node.setdefault(part, {})
        if isinstance(below, str):
            below = node[part] = {_OWN: below}
        node = below
    last = node.get(parts[-1])
    if isinstance(last, dict):
        last[_OWN] = value
    else:
        node[parts[-1]] = value


def _structure(node: dict[str, _Node], shape: Shape, *, ec2: bool) -> dict[str, Tree]:
    tree: dict[str, Tree] = {}
    rest = dict(node)
    for name, member in shape.members.items():
        wire = _ec2_name(member, name) if ec2 else _query_name(member, name)
        if wire in rest:
            tree[name] = _value(rest.pop(wire), member, ec2=ec2)
    tree.update({name: _plain(below) for name, below in rest.items()})
    return tree


def _query_name(member: Shape, name: str) -> str:
    wire: str = member.serialization.get("name", name)
    if member.type_name == "list" and member.serialization.get("flattened"):
        # A flattened list's fields are named after its items.
        wire = member.member.serialization.get("name", wire)
    return wire


def _ec2_name(member: Shape, name: str) -> str:
    serialization = member.serialization
    if "queryName" in serialization:
        wire: str = serialization["queryName"]
        return wire
    wire = serialization.get("name", name)
    return wire[:1].upper() + wire[1:]


def _value(node: _Node, shape: Shape, *, ec2: bool) -> Tree:
    match shape.type_name, node:
        case "structure", dict():
            return _structure(node, shape, ec2=ec2)
        case "list", dict():
            return _list(node, shape, ec2=ec2)
        case "list", "":
            return []
        case "map", dict():
            return _map(node, shape, ec2=ec2)
        case _, str():
            return scalar(node, shape)
        case _:
            return _plain(node)


def _list(node: dict[str, _Node], shape: Shape, *, ec2: bool) -> Tree:
    if not ec2 and not shape.serialization.get("flattened"):
        inner = node.get(shape.member.serialization.get("name", "member"), node.get("member", node))
        node = inner if isinstance(inner, dict) else {}
    return [_value(item, shape.member, ec2=ec2) for _, item in _numbered(node)]


def _map(node: dict[str, _Node], shape: Shape, *, ec2: bool) -> Tree:
    if not shape.serialization.get("flattened"):
        inner = node.get("entry", node)
        node = inner if isinstance(inner, dict) else {}
    key_name: str = shape.key.serialization.get("name", "key")
    value_name: str = shape.value.serialization.get("name", "value")
    tree: dict[str, Tree] = {}
    for _, entry in _numbered(node):
        if isinstance(entry, dict) and isinstance(key := entry.get(key_name), str):
            tree[key] = _value(entry.get(value_name, ""), shape.value, ec2=ec2)
    return tree


def _numbered(node: dict[str, _Node]) -> list[tuple[int, _Node]]:
    return sorted(((int(key), item) for key, item in node.items() if _is_number(key)), key=lambda pair: pair[0])


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 10  # noqa: PLR2004 - no list has a billion items


def _plain(node: _Node) -> Tree:
    if isinstance(node, str):
        return node
    if set(node) == {"member"}:
        return _plain(node["member"])
    if all(map(_is_number, node)):
        return [_plain(item) for _, item in _numbered(node)]
    return {name: _plain(below) for name, below in node.items()}
