"""Kinds for everything the catalogue does not know, read from the shapes of a service model.

A read without required members is a listing; the lists in its answer are collections; a member of an item is an
identifier if its name says so. What the items of an inferred kind contain stays among their attributes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from sandbox.inventory.catalogue import CATALOGUE
from sandbox.inventory.catalogue.questions import NOT_LISTINGS, PARAMETERS
from sandbox.inventory.kinds import Kind, normal, singular, stem
from sandbox.inventory.operations import ReadOperation, Service, load_service

_SMALL_ENUM = 4
_PAGE_SIZES = frozenset({"limit", "max", "maxitems", "maxrecords", "maxresults", "pagesize", "maxkeys"})
_PAGE_SIZE = 60
_NO_COLLECTION = re.compile(r"(?i)(failure|error|warning|unprocessed|metadata|tag)")
_WRAPPER_MEMBERS = 3
"""An answer with at most so many members may hold its list one structure down, as CloudFront's do."""
_PLAIN = frozenset({"item", "items", "value", "summary", "entry", "resource", "record", "result"})


@cache
def kinds_of(service_name: str) -> tuple[Kind, ...]:
    """Every kind of the service: the catalogue's rows, then what its model says beyond them."""
    service = load_service(service_name)
    if service is None:
        return ()
    rows = tuple(replace(row, service=service_name) for row in CATALOGUE.get(service_name, ()))
    known = {kind.listing for kind in rows} | {read.partition("(")[0] for kind in rows for read in kind.reads}
    return rows + tuple(_inferred(service, known))


def listing_parameters(service: str, operation: ReadOperation) -> tuple[dict[str, Any], ...]:
    """Every way to ask a listing: page sizes filled in, and each value of a small enumeration that it requires."""
    fixed = dict(PARAMETERS.get((service, operation.name), {}))
    choices: list[list[tuple[str, Any]]] = []
    for member in operation.required:
        if member in fixed:
            continue
        shape = operation.members[member]
        if shape.type_name == "integer" and normal(member) in _PAGE_SIZES:
            choices.append([(member, min(int(shape.metadata.get("max", _PAGE_SIZE)), _PAGE_SIZE))])
        elif 0 < len(getattr(shape, "enum", ())) <= _SMALL_ENUM:
            choices.append([(member, value) for value in shape.enum])
        else:
            return ()
    return tuple({**fixed, **dict(choice)} for choice in itertools.product(*choices))


def _inferred(service: Service, known: set[str]) -> Iterator[Kind]:
    not_listings = NOT_LISTINGS.get(service.name)
    for operation in service.operations.values():
        if operation.name in known or (not_listings and not_listings.match(operation.name)):
            continue
        if not listing_parameters(service.name, operation) or operation.name == "Scan":
            continue
        found = [k for path, shape in _collections(operation) if (k := _kind(service, operation, path, shape))]
        if found:
            yield from found
        elif not operation.name.startswith("List") and not _has_list(operation):
            yield _setting(service, operation)


def _has_list(operation: ReadOperation) -> bool:
    return any(shape.type_name == "list" for shape in operation.answer.values())


def _setting(service: Service, operation: ReadOperation) -> Kind:
    """A fact about the account that is no list: the whole answer is one item."""
    return Kind(
        service=service.name,
        type=f"AWS::{service.cfn_name}::{stem(operation.name)}",
        listing=operation.name,
        items="",
        keys=(),
        id="{account}",
        automatic=False,
        inferred=True,
    )


def _collections(operation: ReadOperation) -> Iterator[tuple[str, Any]]:
    members = operation.answer
    for name, shape in members.items():
        if _NO_COLLECTION.match(name):
            continue
        if shape.type_name == "list":
            yield name, shape.member
        elif shape.type_name == "structure" and len(members) <= _WRAPPER_MEMBERS and operation.name.startswith("List"):
            for inner, inner_shape in shape.members.items():
                if inner_shape.type_name == "list" and not _NO_COLLECTION.match(inner):
                    yield f"{name}.{inner}", inner_shape.member


def _kind(service: Service, operation: ReadOperation, path: str, shape: Any) -> Kind | None:
    last = path.rsplit(".", 1)[-1]
    if shape.type_name == "string":
        word = re.sub(r"(Arn|ARN|Id|ID|Name|Url|URL|Identifier)$", "", singular(last)) or singular(last)
        identifier = "@"
        keys: tuple[tuple[str, str], ...] = ((singular(last), "@"),)
    elif shape.type_name == "structure":
        word = singular(last)
        if normal(word) in _PLAIN or normal(word).endswith("summary"):
            word = shape.name
        word = re.sub(r"(Summary|ListEntry|ListItem|Entry|Description|Details?|Info|Metadata)$", "", word) or word
        found = _identifier(shape, normal(word))
        if found is None:
            return None
        identifier = found
        keys = tuple((name, name) for name in _key_members(service, shape, identifier))
    else:
        return None
    return Kind(
        service=service.name,
        type=f"AWS::{service.cfn_name}::{word[:1].upper()}{word[1:]}",
        listing=operation.name,
        items=path,
        keys=keys,
        id=f"{{{identifier}}}",
        inferred=True,
    )


def _identifier(shape: Any, noun: str) -> str | None:
    """The member that names an item: an ARN, else an id, else a name; its own before those of what it refers to."""
    strings: dict[str, str] = {normal(n): n for n, s in shape.members.items() if s.type_name == "string"}
    for suffix in ("arn", "id", "name", "identifier", "", "url"):
        for candidate in (noun + suffix, suffix):
            if candidate in strings:
                return strings[candidate]
    own = [
        name
        for key, name in strings.items()
        if (match := re.fullmatch(r"(.+?)(arn|id|name|identifier|key)", key)) and noun.endswith(match[1])
    ]
    return own[0] if own else None


def _key_members(service: Service, shape: Any, identifier: str) -> list[str]:
    """The identifier, and every other string member that some read of the service requires by that very name."""
    required = {member for operation in service.operations.values() for member in operation.required}
    others = [n for n, s in shape.members.items() if s.type_name == "string" and n in required and n != identifier]
    return [identifier, *others]
