"""Reads one scope: every listing, and for every item the reads that its names can fill.

What the catalogue and the models suggest is planned once per kind; a crawl only fills it in. One thread walks a scope
in a fixed order, so that two crawls of an untouched environment ask, and answer, the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from diffing.snapshot import Identity, ReadFailure
from sandbox.inventory.catalogue.questions import DROPPED, PARAMETERS
from sandbox.inventory.expression import dig, evaluate, fill_template, pick
from sandbox.inventory.inference import kinds_of, listing_parameters
from sandbox.inventory.kinds import Kind, normal
from sandbox.inventory.operations import ReadOperation
from sandbox.inventory.reads import Read, reads_of
from sandbox.inventory.transport import Connection, RefusedError

_GONE = frozenset(
    {
        "terminated",
        "deleted",
        "inactive",
        "delete_complete",
        "deregistered",
        "cancelled",
        "terminated_with_errors",
        "released",
        "released-permanent-failure",
        "expired",
        "closed",
    }
)
_NOT_CONFIGURED = ("nosuch", "notfound", "nonexist", "doesnotexist", "notconfigured")
_UNSUPPORTED = frozenset({"InvalidAction", "UnknownOperationException", "NotImplemented", "501"})
_NOT_FOUND_STATUS = 404


@dataclass(slots=True)
class Found:
    """One item, as it is being read."""

    kind: Kind
    item: Any
    identity: Identity
    own: dict[str, Any]
    """Its own names by request member."""
    inherited: dict[str, Any]
    """Names of what contains it, and how the listing was asked."""
    parent: Found | None = None
    arn: str = ""
    main: dict[str, Any] = field(default_factory=dict)
    """What describes it: the listing's item and the main reads, merged."""
    aspects: dict[str, Any] = field(default_factory=dict)
    tag_answers: list[Any] = field(default_factory=list)
    contained: Counter[str] = field(default_factory=Counter)
    """How many items of which type it contains; absent where their listing failed."""

    @property
    def sources(self) -> tuple[Any, ...]:
        """Where expressions look, in this order."""
        place = {"account": self.identity.account, "region": self.identity.region}
        return (self.item, self.main, self.own, self.inherited, self.aspects, place)


@dataclass(slots=True)
class Crawl:
    """The reading of one scope."""

    connection: Connection
    found: list[Found] = field(default_factory=list)
    failures: set[ReadFailure] = field(default_factory=set)
    _unsupported: dict[str, RefusedError] = field(default_factory=dict)
    _listed: dict[tuple[str, str], dict[str, Any] | RefusedError] = field(default_factory=dict)

    def run(self) -> None:
        """Read everything there is in the scope."""
        for kind in kinds_of(self.connection.service.name):
            if not kind.parent:
                self._list(kind, None)

    def read(self, operation: ReadOperation, parameters: Mapping[str, Any], subject: str) -> dict[str, Any] | None:
        """One answer; None where there is none, and if that leaves something unknown it is put on record."""
        try:
            return self._ask(operation, parameters)
        except RefusedError as error:
            if not _is_not_configured(error):
                self.fail(operation.name, subject, error.code)
            return None

    def fail(self, operation: str, subject: str, code: str) -> None:
        """Put on record that a read gave no answer."""
        scope = self.connection.scope
        self.failures.add(
            ReadFailure(
                service=scope.service,
                operation=operation,
                subject=subject,
                code=code,
                region=scope.region,
                account=scope.account,
            )
        )

    def _list(self, kind: Kind, parent: Found | None) -> None:
        operation = self.connection.service.operations.get(kind.listing)
        if operation is None:
            return
        for parameters in _questions(kind, operation, parent):
            answer = self._listing(operation, parameters, parent, required=bool(kind.items))
            if answer is not None:
                self._take(kind, operation, answer, parameters, parent)

    def _listing(
        self, operation: ReadOperation, parameters: Mapping[str, Any], parent: Found | None, *, required: bool
    ) -> dict[str, Any] | None:
        """A listing's answer; several kinds may share one."""
        key = (operation.name, json.dumps(parameters, sort_keys=True))
        if key not in self._listed:
            try:
                self._listed[key] = self._ask(operation, parameters)
            except RefusedError as error:
                self._listed[key] = error
        answer = self._listed[key]
        if isinstance(answer, RefusedError):
            if required or not _is_not_configured(answer):
                self.fail(operation.name, str(parent.identity) if parent else "*", answer.code)
            return None
        return answer

    def _take(
        self,
        kind: Kind,
        operation: ReadOperation,
        answer: dict[str, Any],
        parameters: Mapping[str, Any],
        parent: Found | None,
    ) -> None:
        seen: Counter[str] = Counter()
        count = 0
        for item in pick(answer, kind.items) if kind.items else [answer]:
            found = self._identify(kind, item, parameters, parent, seen)
            if found is None:
                continue
            count += 1
            if kind.limit and count > kind.limit:
                continue
            if isinstance(item, Mapping):
                found.main.update(_without(item, DROPPED.get((kind.service, operation.name))))
            self._describe(found)
            if kind.state and str(dig(found.main, kind.state) or "").lower() in _GONE:
                count -= 1
                continue
            self.found.append(found)
            for child in _children(kind):
                self._list(child, found)
        if parent is not None:
            parent.contained[kind.type] += count

    def _identify(
        self, kind: Kind, item: Any, parameters: Mapping[str, Any], parent: Found | None, seen: Counter[str]
    ) -> Found | None:
        if kind.unless and str(evaluate(kind.unless[0], (item,))).startswith(kind.unless[1]):
            return None
        scope = self.connection.scope
        inherited = {**(parent.inherited | parent.own if parent else {}), **parameters}
        place = {"account": scope.account, "region": scope.region}
        own = {}
        for member, expression in kind.keys:
            if (value := evaluate(expression, (item,))) is not None:
                own[member] = value
        identifier = fill_template(kind.id, (item, own, inherited, place))
        if not identifier:
            return None
        seen[identifier] += 1
        if seen[identifier] > 1:
            identifier = f"{identifier}#{seen[identifier]}"
        identity = Identity(account=scope.account, region=scope.region, type=kind.type, id=identifier)
        arn = identifier if item == identifier and identifier.startswith("arn:") else ""
        return Found(kind=kind, item=item, identity=identity, own=own, inherited=inherited, parent=parent, arn=arn)

    def _describe(self, found: Found) -> None:
        """Make the item's reads; those that ask by ARN last, when the others may have told it."""
        reads = reads_of(found.kind)
        for read in reads:
            if not read.by_arn:
                self._answer(found, read, {})
        found.arn = found.arn or own_arn(found)
        if found.arn:
            for read in reads:
                if read.by_arn:
                    self._answer(found, read, {read.by_arn: found.arn})

    def _answer(self, found: Found, read: Read, arn: Mapping[str, str]) -> None:
        parameters = dict(PARAMETERS.get((found.kind.service, read.operation.name), {}))
        for member, value in arn.items():
            parameters[member] = _shaped(read.operation, member, value)
        for member, expression in read.keys:
            filled = evaluate(expression, (found.own, found.inherited, found.item, found.main))
            if filled is None:
                return
            parameters[member] = _shaped(read.operation, member, filled)
        answer = self._read_aspect(found, read, parameters)
        if not answer:
            return
        answer = _without(answer, DROPPED.get((found.kind.service, read.operation.name)))
        if "Tag" in read.operation.name:
            found.tag_answers.append(answer)
        elif read.main:
            _merge_main(found, answer)
        elif isinstance(attributes := _attribute_map(answer), Mapping):
            found.main.update(attributes)
        else:
            found.aspects[read.label] = answer.get(read.only, answer) if read.only else answer

    def _read_aspect(self, found: Found, read: Read, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            return self._ask(read.operation, parameters)
        except RefusedError as error:
            if read.main or not _is_not_configured(error):
                self.fail(read.operation.name, str(found.identity), error.code)
            return None

    def _ask(self, operation: ReadOperation, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Ask, unless the engine has already said that it does not know the operation."""
        if operation.name in self._unsupported:
            raise self._unsupported[operation.name]
        try:
            return self.connection.read(operation, parameters)
        except RefusedError as error:
            if error.code in _UNSUPPORTED:
                self._unsupported[operation.name] = error
            raise


def own_arn(found: Found) -> str:
    """The item's own ARN, among all those that a description may hold."""
    if found.kind.arn:
        return fill_template(found.kind.arn, found.sources) or ""
    wanted = {"arn", "resourcearn"} | {noun + "arn" for noun in found.kind.nouns}
    for name, value in found.main.items():
        if isinstance(value, str) and value.startswith("arn:") and normal(name) in wanted:
            return value
    return ""


@cache
def _children(kind: Kind) -> tuple[Kind, ...]:
    return tuple(candidate for candidate in kinds_of(kind.service) if candidate.parent == kind.type)


def _questions(kind: Kind, operation: ReadOperation, parent: Found | None) -> Sequence[dict[str, Any]]:
    if parent is None:
        return listing_parameters(kind.service, operation)
    names = parent.inherited | parent.own
    if parent.arn:
        its_arn = {noun + "arn" for noun in parent.kind.nouns}
        names |= {member: parent.arn for member in operation.members if normal(member) in its_arn}
    parameters = dict(PARAMETERS.get((kind.service, operation.name), {}))
    parameters |= {m: _shaped(operation, m, names[m]) for m in operation.members if m in names}
    return [parameters] if parameters.keys() >= set(operation.required) else []


def _shaped(operation: ReadOperation, member: str, value: Any) -> Any:
    wants_list = operation.members[member].type_name == "list"
    return [value] if wants_list and not isinstance(value, list) else value


def _merge_main(found: Found, answer: Mapping[str, Any]) -> None:
    """Put what describes the item itself at the top: the one structure, or the one element, about it."""
    for name, value in answer.items():
        only = value[0] if isinstance(value, list) and len(value) == 1 else value
        about_it = normal(name).removesuffix("s") in _describing_names(found.kind) or len(answer) == 1
        if isinstance(only, Mapping) and about_it:
            found.main.update(only)
        elif value not in ([], None):
            found.main.setdefault(name, value)


@cache
def _describing_names(kind: Kind) -> frozenset[str]:
    suffixes = ("", "description", "detail", "metadata", "info", "configuration", "summary", "list", "status")
    nouns = kind.nouns
    return frozenset(noun + suffix for noun in nouns for suffix in suffixes) | {"descriptionsummary", "configuration"}


def _is_not_configured(error: RefusedError) -> bool:
    """Whether the answer says that there is no such thing, which is an answer."""
    code = normal(error.code)
    return any(word in code for word in _NOT_CONFIGURED) or error.status == _NOT_FOUND_STATUS


def _attribute_map(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The attributes of services that keep them as a map, or as a list of pairs, under ``Attributes``."""
    attributes = answer.get("Attributes")
    if isinstance(attributes, list) and all(isinstance(a, Mapping) and set(a) == {"Key", "Value"} for a in attributes):
        return {"Attributes": {a["Key"]: a["Value"] for a in attributes}}
    return attributes if isinstance(attributes, Mapping) else None


def _without(value: Any, names: frozenset[str] | None) -> Any:
    if not names:
        return value
    if isinstance(value, Mapping):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
