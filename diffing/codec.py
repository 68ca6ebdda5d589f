"""Snapshots as JSON, with a version and a digest, and back again.

A document is ``{"format", "version", "digest", "snapshot"}``; the digest is SHA-256 over the snapshot in canonical
form (sorted names, no spaces), so that a snapshot that was cut off or edited is not taken for what was observed.
Markers are written ``{"$marker": "unknown"}``; a name that itself begins with ``$`` gets another ``$`` in front.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from diffing.snapshot import Identity, ReadFailure, Resource, Snapshot
from diffing.values import Marker, Value

FORMAT = "sandtable.snapshot"
VERSION = 1

_MARKER = "$marker"


def to_json(snapshot: Snapshot) -> str:
    """Write a snapshot; equal snapshots give equal text.

    Raises:
        ValueError: it holds a number that JSON has no word for (infinite, or not a number).
    """
    body = _snapshot_to_raw(snapshot)
    document = {"format": FORMAT, "version": VERSION, "digest": _digest(body), "snapshot": body}
    return _canonical(document)


def from_json(text: str) -> Snapshot:
    """Read a snapshot that `to_json` wrote.

    Raises:
        ValueError: the text is not such a document, its version is unknown, or its digest does not fit.
    """
    try:
        document = _object(json.loads(text), "the document")
        if document.get("format") != FORMAT:
            raise ValueError(f"not a snapshot: expected the format {FORMAT!r}")
        version = document.get("version")
        if version != VERSION or isinstance(version, bool):
            raise ValueError(f"unknown snapshot version {version!r}: this release reads version {VERSION}")
        body = _object(_field(document, "snapshot", "the document"), "the snapshot")
        if document.get("digest") != _digest(body):
            raise ValueError("the snapshot does not fit its digest: it was changed or cut off after it was written")
        return _snapshot_from_raw(body)
    except json.JSONDecodeError as error:
        raise ValueError(f"not a snapshot: no valid JSON ({error})") from error
    except RecursionError:
        raise ValueError("not a snapshot: nested too deeply") from None


def snapshot_digest(snapshot: Snapshot) -> str:
    """Return SHA-256 over everything that a snapshot holds; equal snapshots have equal digests."""
    return _digest(_snapshot_to_raw(snapshot))


def resource_digest(
    identity: Identity,
    *,
    attributes: Mapping[str, Value],
    tags: Mapping[str, str],
    stakes: Mapping[str, int],
    born: Mapping[str, Value],
) -> str:
    """Return the digest that `Resource.digest` promises, over exactly these parts."""
    return _digest([_identity_to_raw(identity), *map(_value_to_raw, (attributes, tags, stakes, born))])


def _canonical(raw: Any) -> str:
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(raw: Any) -> str:
    return hashlib.sha256(_canonical(raw).encode("ascii")).hexdigest()


def _snapshot_to_raw(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "resources": [_resource_to_raw(snapshot.resources[identity]) for identity in sorted(snapshot.resources)],
        "failures": [{name: getattr(failure, name) for name in ReadFailure.__slots__} for failure in snapshot.failures],
        "services": sorted(snapshot.services),
    }


def _resource_to_raw(resource: Resource) -> dict[str, Any]:
    return {
        "identity": _identity_to_raw(resource.identity),
        "attributes": _value_to_raw(resource.attributes),
        "digest": resource.digest,
        "service": resource.service,
        "aliases": sorted(resource.aliases),
        "tags": dict(resource.tags),
        "stakes": dict(resource.stakes),
        "born": _value_to_raw(resource.born),
        "parent": _identity_to_raw(resource.parent) if resource.parent else None,
    }


def _identity_to_raw(identity: Identity) -> dict[str, str]:
    return {"account": identity.account, "region": identity.region, "type": identity.type, "id": identity.id}


def _value_to_raw(value: Value) -> Any:
    match value:
        case Marker():
            return {_MARKER: value.value}
        case Mapping():
            return {f"${name}" if name.startswith("$") else name: _value_to_raw(item) for name, item in value.items()}
        case tuple():
            return [_value_to_raw(item) for item in value]
        case _:
            return value


def _snapshot_from_raw(body: Mapping[str, Any]) -> Snapshot:
    resources: dict[Identity, Resource] = {}
    for number, raw in enumerate(_list(body, "resources", "the snapshot")):
        resource = _resource_from_raw(raw, f"resource {number}")
        if resource.identity in resources:
            raise ValueError(f"not a snapshot: {resource.identity} occurs twice")
        resources[resource.identity] = resource
    failures = _list(body, "failures", "the snapshot")
    return Snapshot(
        resources=MappingProxyType(resources),
        failures=tuple(_failure_from_raw(raw, f"failure {number}") for number, raw in enumerate(failures)),
        services=frozenset(_texts(body, "services", "the snapshot")),
    )


def _resource_from_raw(raw: Any, where: str) -> Resource:
    fields = _object(raw, where)
    parent = _field(fields, "parent", where)
    return Resource(
        identity=_identity_from_raw(_field(fields, "identity", where), f"the identity of {where}"),
        attributes=_values(fields, "attributes", where),
        digest=_text(fields, "digest", where),
        service=_text(fields, "service", where),
        aliases=frozenset(_texts(fields, "aliases", where)),
        tags=_tags(fields, where),
        stakes=_stakes(fields, where),
        born=_values(fields, "born", where),
        parent=None if parent is None else _identity_from_raw(parent, f"the parent of {where}"),
    )


def _failure_from_raw(raw: Any, where: str) -> ReadFailure:
    fields = _object(raw, where)
    return ReadFailure(**{name: _text(fields, name, where) for name in ReadFailure.__slots__})


def _identity_from_raw(raw: Any, where: str) -> Identity:
    fields = _object(raw, where)
    return Identity(**{name: _text(fields, name, where) for name in Identity.__slots__})


def _values(fields: Mapping[str, Any], name: str, where: str) -> Mapping[str, Value]:
    value = _value_from_raw(_object(_field(fields, name, where), f"{name} of {where}"), where)
    if not isinstance(value, Mapping):
        raise ValueError(f"not a snapshot: {name} of {where} should be an object")  # noqa: TRY004 - as in _object
    return value


def _value_from_raw(raw: Any, where: str) -> Value:
    match raw:
        case {"$marker": str() as name, **others} if not others:
            return _marker(name, where)
        case dict():
            return MappingProxyType(
                {_unescaped(name, where): _value_from_raw(item, where) for name, item in raw.items()}
            )
        case list():
            return tuple(_value_from_raw(item, where) for item in raw)
        case None | bool() | int() | float() | str():
            return raw
        case _:
            raise ValueError(f"not a snapshot: {where} holds a {type(raw).__name__}")


def _marker(name: str, where: str) -> Marker:
    try:
        return Marker(name)
    except ValueError:
        raise ValueError(f"not a snapshot: {where} holds the unknown marker {name!r}") from None


def _unescaped(name: str, where: str) -> str:
    if name.startswith("$") and not name.startswith("$$"):
        raise ValueError(f"not a snapshot: {where} holds the unknown name {name!r}")
    return name[1:] if name.startswith("$$") else name


def _tags(fields: Mapping[str, Any], where: str) -> Mapping[str, str]:
    tags = _object(_field(fields, "tags", where), f"tags of {where}")
    return MappingProxyType({name: _text(tags, name, f"tags of {where}") for name in tags})


def _stakes(fields: Mapping[str, Any], where: str) -> Mapping[str, int]:
    stakes = _object(_field(fields, "stakes", where), f"stakes of {where}")
    for name, count in stakes.items():
        if not isinstance(count, int) or isinstance(count, bool):
            raise ValueError(f"not a snapshot: {name!r} in stakes of {where} is no count")  # noqa: TRY004 - as in _object
    return MappingProxyType(dict(stakes))


def _object(raw: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"not a snapshot: {where} should be an object")  # noqa: TRY004 - one error for all of from_json
    return raw


def _field(fields: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in fields:
        raise ValueError(f"not a snapshot: {where} lacks {name!r}")
    return fields[name]


def _list(fields: Mapping[str, Any], name: str, where: str) -> list[Any]:
    items = _field(fields, name, where)
    if not isinstance(items, list):
        raise ValueError(f"not a snapshot: {name!r} of {where} should be a list")  # noqa: TRY004 - as in _object
    return items


def _text(fields: Mapping[str, Any], name: str, where: str) -> str:
    text = _field(fields, name, where)
    if not isinstance(text, str):
        raise ValueError(f"not a snapshot: {name!r} of {where} should be text")  # noqa: TRY004 - as in _object
    return text


def _texts(fields: Mapping[str, Any], name: str, where: str) -> list[str]:
    items = _list(fields, name, where)
    if not all(isinstance(item, str) for item in items):
        raise ValueError(f"not a snapshot: {name!r} of {where} should hold texts only")
    return items
