"""Which reads an item gets: those that its row in the catalogue names, and those that its names can fill.

A read can be filled if every member that it requires is a name of the item or of what contains it, or takes an ARN; at
least one must be the item's own. This is planned once per kind of resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sandbox.inventory.catalogue.questions import NOT_ASPECTS, PARAMETERS
from sandbox.inventory.expression import parse_read
from sandbox.inventory.inference import kinds_of
from sandbox.inventory.kinds import Kind, normal, stem
from sandbox.inventory.operations import ReadOperation, load_service

_ARN_MEMBERS = frozenset({"resourcearn", "arn", "resource", "resourcename", "resourcearns", "resourcearnlist"})
_NOT_TELLING = frozenset(
    {"nexttoken", "marker", "nextmarker", "istruncated", "truncated", "revisionid", "failures", "requestcharged"}
)
_GENERIC_MEMBERS = frozenset({"id", "name", "arn", "identifier", "key", "resource"})


@dataclass(frozen=True, slots=True)
class Read:
    """One read of an item, ready to be filled in."""

    operation: ReadOperation
    keys: tuple[tuple[str, str], ...]
    """Request member and expression over the item's names."""
    by_arn: str = ""
    """The member that takes the ARN, for reads that ask by it."""
    main: bool = False
    """Whether the answer describes the item itself, not an aspect of it."""
    label: str = ""
    """The attribute that holds an aspect."""
    only: str = ""
    """The one member of the answer that says anything, where the model has just one."""


@cache
def reads_of(kind: Kind) -> tuple[Read, ...]:
    """The reads of an item of this kind: the catalogue's, then those that its names can fill."""
    service = load_service(kind.service)
    if service is None:
        return ()
    reads: list[Read] = []
    for text in kind.reads:
        name, keys = parse_read(text)
        if name in service.operations:
            constant = next((e[1:-1] for _, e in keys if e.startswith("'")), "")
            reads.append(_planned(kind, service.operations[name], keys, label=constant))
    listings = {k.listing for k in kinds_of(kind.service)}
    avoided = (
        kind.skip
        | NOT_ASPECTS.get(kind.service, frozenset())
        | listings
        | {read.operation.name for read in reads}
        | {"Scan"}
    )
    if kind.automatic:
        candidates = (o for name, o in service.operations.items() if name not in avoided)
        reads += [read for operation in candidates if (read := _suggested(kind, operation))]
    return tuple(sorted(reads, key=lambda r: not r.main))


def _suggested(kind: Kind, operation: ReadOperation) -> Read | None:
    if not operation.required:
        return None
    own = dict(kind.keys)
    around = {member for ancestor in _ancestors(kind) for member, _ in ancestor.keys}
    keys: list[tuple[str, str]] = []
    by_arn = ""
    names_it = False
    about_it = any(noun in normal(operation.name) for noun in kind.nouns)
    for member in operation.required:
        generic = normal(member) in _GENERIC_MEMBERS
        if member in own and (about_it or not generic):
            keys.append((member, own[member] if own[member].startswith("'") else member))
            names_it = names_it or not own[member].startswith("'")
        elif normal(member) in _ARN_MEMBERS and (about_it or not generic or "Tag" in operation.name) and not by_arn:
            by_arn = member
        elif member in around or member in PARAMETERS.get((kind.service, operation.name), {}):
            keys.append((member, member))
        else:
            return None
    return _planned(kind, operation, tuple(keys), by_arn=by_arn) if names_it or by_arn else None


def _planned(
    kind: Kind, operation: ReadOperation, keys: tuple[tuple[str, str], ...], *, by_arn: str = "", label: str = ""
) -> Read:
    what = stem(operation.name)
    main = not label and any(normal(what) in {noun, noun + "s", noun + "summary"} for noun in kind.nouns)
    shorter = what
    for noun in sorted(kind.nouns, key=len, reverse=True):
        if what.lower().startswith(noun) and len(what) > len(noun):
            shorter = what[len(noun) :]
            break
    return Read(
        operation=operation,
        keys=keys,
        by_arn=by_arn,
        main=main,
        label=label or shorter,
        only=_only(operation, label),
    )


def _only(operation: ReadOperation, label: str) -> str:
    """The member that says something: the one asked for by a constant, or the only one that does not just echo."""
    if label:
        return next((name for name in operation.answer if normal(name).startswith(normal(label))), "")
    telling = [n for n in operation.answer if n not in operation.members and normal(n) not in _NOT_TELLING]
    return telling[0] if len(telling) == 1 else ""


def _ancestors(kind: Kind) -> Iterator[Kind]:
    for candidate in kinds_of(kind.service):
        if candidate.type == kind.parent:
            yield candidate
            yield from _ancestors(candidate)
