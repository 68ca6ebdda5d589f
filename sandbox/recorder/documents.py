"""Bodies to parameters: JSON and CBOR documents, and XML, each read along the model's shape.

The wire names are the model's ``locationName``s; what comes out carries the member names that boto3 users know. Members
that the model does not have (a client newer than botocore) are kept under the name they came with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.recorder.tree import MAX_DEPTH, Shape, Tree, Undecoded, base64_size, number, plain, time_text


def parse_json(text: str) -> Any:
    """Parse JSON; NaN and the infinities come out as texts.

    Raises:
        ValueError: it is not JSON, or nested absurdly deep.
    """
    try:
        return json.loads(text, parse_constant=str)
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error


def parse_xml(text: bytes) -> ET.Element:
    """Parse XML without a document type, which AWS never sends and entity bombs need.

    Raises:
        ValueError: it is not such XML.
    """
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("XML with a document type")
    try:
        return ET.fromstring(text)  # noqa: S314 - entities cannot be declared without a document type
    except ET.ParseError as error:
        raise ValueError("not XML") from error


def from_document(value: Any, shape: Shape, depth: int = 0) -> Tree:  # noqa: PLR0911 - one per type
    """Read parsed JSON or CBOR along a shape."""
    if depth > MAX_DEPTH:
        return "(nested)"
    match shape.type_name, value:
        case "structure", Mapping() if not shape.is_document_type:
            names = {_wire_name(member, name): (name, member) for name, member in shape.members.items()}
            tree: dict[str, Tree] = {}
            for key, item in value.items():
                name, member = names.get(key, (str(key), None))
                tree[name] = plain(item, depth + 1) if member is None else from_document(item, member, depth + 1)
            return tree
        case "list", list():
            return [from_document(item, shape.member, depth + 1) for item in value]
        case "map", Mapping():
            return {str(key): from_document(item, shape.value, depth + 1) for key, item in value.items()}
        case "blob", str():
            return Undecoded(base64_size(value))
        case "timestamp", _:
            return time_text(plain(value, depth))
        case _:
            return plain(value, depth)


def from_xml(element: ET.Element, shape: Shape, depth: int = 0) -> Tree:
    """Read an XML element along a shape."""
    if depth > MAX_DEPTH:
        return "(nested)"
    match shape.type_name:
        case "structure":
            return _xml_structure(element, shape, depth)
        case "list":
            return [from_xml(child, shape.member, depth + 1) for child in element]
        case "map":
            return _xml_map(list(element), shape, depth)
        case _:
            return scalar(element.text or "", shape)


def plain_xml(element: ET.Element, depth: int = 0) -> Tree:
    """Read an XML element of which no shape is known."""
    children = list(element)
    if not children or depth > MAX_DEPTH:
        return element.text or ""
    tree: dict[str, Tree] = {}
    for child in children:
        tree.setdefault(local(child.tag), plain_xml(child, depth + 1))
    return tree


def scalar(text: str, shape: Shape) -> Tree:  # noqa: PLR0911 - one per type
    """Read a text along a scalar shape; one that does not fit stays text."""
    try:
        match shape.type_name:
            case "boolean":
                return {"true": True, "false": False}.get(text.lower(), text)
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return number(float(text))
            case "timestamp":
                return time_text(text)
            case "blob":
                return Undecoded(base64_size(text))
            case _:
                return text
    except ValueError:
        return text


def local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def _wire_name(member: Shape, name: str) -> str:
    found: str = member.serialization.get("name", name)
    return found


def _xml_structure(element: ET.Element, shape: Shape, depth: int) -> Tree:
    children: dict[str, list[ET.Element]] = {}
    for child in element:
        children.setdefault(local(child.tag), []).append(child)
    tree: dict[str, Tree] = {}
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute"):
            wire = _wire_name(member, name).rpartition(":")[2]
            attributes = {local(key): value for key, value in element.attrib.items()}
            if wire in attributes:
                tree[name] = attributes[wire]
            continue
        found = children.pop(_xml_name(member, name), None)
        if found:
            tree[name] = _xml_member(found, member, depth)
    for tag, rest in children.items():
        tree[tag] = plain_xml(rest[0], depth + 1)
    return tree


def _xml_name(member: Shape, name: str) -> str:
    if member.type_name == "list" and member.serialization.get("flattened"):
        return _wire_name(member.member, _wire_name(member, name))
    return _wire_name(member, name)


def _xml_member(found: Sequence[ET.Element], member: Shape, depth: int) -> Tree:
    if member.serialization.get("flattened"):
        if member.type_name == "list":
            return [from_xml(item, member.member, depth + 1) for item in found]
        if member.type_name == "map":
            return _xml_map(found, member, depth)
    return from_xml(found[0], member, depth + 1)


def _xml_map(entries: Sequence[ET.Element], shape: Shape, depth: int) -> Tree:
    key_name, value_name = _wire_name(shape.key, "key"), _wire_name(shape.value, "value")
    tree: dict[str, Tree] = {}
    for entry in entries:
        parts = {local(child.tag): child for child in entry}
        if key_name in parts:
            value = parts.get(value_name)
            tree[parts[key_name].text or ""] = None if value is None else from_xml(value, shape.value, depth + 1)
    return tree
