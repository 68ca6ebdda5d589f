"""A request's parameters as boto3 would name them, whatever the protocol, read along the operation's input shape."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping

from botocore.model import OperationModel

from sandbox.recorder import cbor
from sandbox.recorder.documents import from_document, from_xml, parse_json, parse_xml, plain_xml, scalar
from sandbox.recorder.exchange import Request
from sandbox.recorder.forms import from_form
from sandbox.recorder.identify import Identification, Protocol
from sandbox.recorder.tree import Shape, Tree, Undecoded, plain

UNREAD_BODY = "(body)"
"""The parameter that stands for a body which could not be read."""


def parameters_of(identification: Identification, request: Request) -> Mapping[str, Tree]:
    """Read a request's parameters.

    A body that is cut off or broken gives one parameter ``(body)`` in its place: it is said, not dropped.
    """
    model = identification.model
    shape = model.input_shape if model else None
    match identification.protocol:
        case Protocol.QUERY | Protocol.EC2:
            return _form(request, shape, ec2=identification.protocol is Protocol.EC2)
        case Protocol.JSON | Protocol.CBOR:
            return _document(request, shape, identification.protocol)
        case Protocol.REST_JSON | Protocol.REST_XML if model and shape:
            return _rest(identification, request, model, shape)
        case _:
            return {UNREAD_BODY: str(Undecoded(request.body_size))} if request.body_size else {}


def read_document(data: bytes, shape: Shape | None, protocol: Protocol) -> Tree:
    """Read a whole JSON, CBOR or XML document.

    Raises:
        ValueError: it does not parse.
    """
    if protocol is Protocol.REST_XML:
        root = parse_xml(data)
        return from_xml(root, shape) if shape else plain_xml(root)
    value = cbor.loads(data) if protocol is Protocol.CBOR else parse_json(data.decode("utf-8", "replace"))
    return from_document(value, shape) if shape else plain(value)


def _unread(request: Request) -> dict[str, Tree]:
    return {UNREAD_BODY: f"(not read, {request.body_size} bytes)"}


def _form(request: Request, shape: Shape | None, *, ec2: bool) -> Mapping[str, Tree]:
    tree = from_form(request.form, shape, ec2=ec2)
    return tree if request.complete else {**tree, **_unread(request)}


def _document(request: Request, shape: Shape | None, protocol: Protocol) -> Mapping[str, Tree]:
    if not request.body_size:
        return {}
    try:
        tree = read_document(request.content, shape, protocol) if request.complete else None
    except ValueError:
        tree = None
    return tree if isinstance(tree, Mapping) else _unread(request)


def _rest(identification: Identification, request: Request, model: OperationModel, shape: Shape) -> Mapping[str, Tree]:
    tree: dict[str, Tree] = {}
    for name, member in shape.members.items():
        for value in _outside_body(member, name, identification, request):
            tree[name] = value
    tree.update(_query_map(shape, request))
    tree.update(_rest_body(request, model, shape, identification.protocol))
    return tree


def _outside_body(member: Shape, name: str, identification: Identification, request: Request) -> Iterator[Tree]:
    """The member's value in path, query or headers: one or none."""
    wire: str = member.serialization.get("name", name)
    match member.serialization.get("location"):
        case "uri" if wire in identification.labels:
            yield scalar(identification.labels[wire], member)
        case "querystring" if member.type_name != "map":
            yield from _query_member(member, wire, request)
        case "header" if wire.lower() in request.headers:
            yield _header(request.headers[wire.lower()], member)
        case "headers":
            prefix = wire.lower()
            found = {key[len(prefix) :]: value for key, value in request.headers.items() if key.startswith(prefix)}
            if found:
                yield found
        case _:
            return


def _query_member(member: Shape, wire: str, request: Request) -> Iterator[Tree]:
    values = [value for key, value in request.query_items if key == wire]
    if values:
        is_list = member.type_name == "list"
        yield [scalar(value, member.member) for value in values] if is_list else scalar(values[-1], member)


def _query_map(shape: Shape, request: Request) -> dict[str, Tree]:
    """A map in the query string takes every parameter that no other member claims."""
    queried = {
        name: member for name, member in shape.members.items() if member.serialization.get("location") == "querystring"
    }
    maps = {name: member for name, member in queried.items() if member.type_name == "map"}
    claimed = {member.serialization.get("name", name) for name, member in queried.items() if name not in maps}
    tree: dict[str, Tree] = {}
    for name, member in maps.items():
        rest = [
            (key, value) for key, value in request.query_items if key not in claimed and not key.startswith("X-Amz-")
        ]
        if rest and member.value.type_name == "list":
            tree[name] = {key: [value for other, value in rest if other == key] for key, _ in rest}
        elif rest:
            tree[name] = dict(rest)
    return tree


def _header(text: str, member: Shape) -> Tree:
    if member.type_name == "list":
        return [scalar(item.strip().strip('"'), member.member) for item in text.split(",")]
    if member.serialization.get("jsonvalue"):
        try:
            return plain(parse_json(base64.b64decode(text, validate=True).decode("utf-8", "replace")))
        except (ValueError, binascii.Error):
            return text
    return scalar(text, member)


def _rest_body(request: Request, model: OperationModel, shape: Shape, protocol: Protocol) -> Mapping[str, Tree]:
    payload: str | None = shape.serialization.get("payload")
    if payload is None:
        if not any("location" not in member.serialization for member in shape.members.values()):
            return {}
        return _document(request, shape, protocol)
    member = shape.members[payload]
    if member.type_name == "blob" or model.has_event_stream_input:
        return {payload: Undecoded(request.body_size)} if request.body_size else {}
    if member.type_name == "string":
        return {payload: request.text} if request.body_size else {}
    body = _document(request, member, protocol)
    if UNREAD_BODY in body:
        return body
    return {payload: body} if body else {}
