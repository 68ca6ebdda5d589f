"""Reads the published document back: parsed JSON goes in, a Report comes out, and nothing else gets through.

The reader accepts what ``schema/report-1.0.schema.json`` accepts. A key that is missing, unknown or of the wrong type
is an error that names its place, never a default: a report read wrongly could show a rejected change as harmless.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from diffing.change import (
    Action,
    AttributeChange,
    Lifespan,
    Proof,
    Replacement,
    ResourceChange,
    Reversibility,
    StateDiff,
    Witness,
)
from diffing.snapshot import Identity
from diffing.values import Marker, Path, Value
from gate.opinion import Disagreement, SecondOpinion, Topic
from gate.report.escape import visible
from gate.report.model import SCHEMA_VERSION, Proposal, Report, Target
from gate.verdict import Decision, Finding, Level, Verdict
from sandbox.errors import ConfigurationError
from sandbox.rehearsal import (
    ApiCall,
    ApplyOutcome,
    CallKind,
    ClonedObject,
    Cloning,
    Diagnostic,
    EngineInfo,
    Gap,
    GapKind,
    SourceLine,
    Step,
    Timing,
)

_Choice = TypeVar("_Choice", bound=Enum)
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class _Node:
    """A piece of parsed JSON and its place in the document."""

    raw: object
    where: str

    def wrong(self, expected: str) -> ConfigurationError:
        """The error for a piece that is not what belongs here."""
        return ConfigurationError(
            f"Not a sandtable report: at {visible(self.where)}, {expected} was expected.",
            hint="Give a report.json as sandtable wrote it; reports of other schema versions need their own sandtable.",
        )

    def record(self, *names: str, optional: tuple[str, ...] = ()) -> dict[str, _Node]:
        """An object with exactly these keys, and perhaps others."""
        entries = self.entries()
        for name in names:
            if name not in entries:
                raise self.wrong(f"the key {name!r}")
        for name, node in entries.items():
            if name not in {*names, *optional}:
                raise node.wrong("no such key")
        return entries

    def entries(self) -> dict[str, _Node]:
        """An object with any keys."""
        if not isinstance(self.raw, dict) or not all(isinstance(key, str) for key in self.raw):
            raise self.wrong("an object")
        return {key: _Node(item, f"{self.where}.{key}") for key, item in self.raw.items()}

    def items(self) -> tuple[_Node, ...]:
        """A list."""
        if not isinstance(self.raw, list):
            raise self.wrong("a list")
        return tuple(_Node(item, f"{self.where}[{index}]") for index, item in enumerate(self.raw))

    def text(self) -> str:
        if not isinstance(self.raw, str):
            raise self.wrong("a string")
        return self.raw

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def flag(self) -> bool:
        if not isinstance(self.raw, bool):
            raise self.wrong("true or false")
        return self.raw

    def integer(self) -> int:
        if not isinstance(self.raw, int) or isinstance(self.raw, bool):
            raise self.wrong("an integer")
        return self.raw

    def count(self) -> int:
        """An integer that is not negative."""
        number = self.integer()
        if number < 0:
            raise self.wrong("a count")
        return number

    def number(self) -> float:
        if not isinstance(self.raw, int | float) or isinstance(self.raw, bool):
            raise self.wrong("a number")
        try:
            number = float(self.raw)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.wrong("a finite number")
        return number

    def choice(self, kind: type[_Choice]) -> _Choice:
        """One of an enumeration's values."""
        for member in kind:
            if member.value == self.raw:
                return member
        raise self.wrong(" or ".join(repr(member.value) for member in kind))


def parse_report(document: object) -> Report:
    """Return the Report that a parsed JSON document describes.

    Raises:
        ConfigurationError: it is not a report of this schema version; the message names the place.
    """
    root = _Node(document, "$")
    version = root.entries().get("schema_version")
    if version is None or version.text() != SCHEMA_VERSION:
        raise _Node(None, "$.schema_version").wrong(repr(SCHEMA_VERSION))
    at = root.record(
        *("schema_version", "tool", "created_at", "verdict", "proposal", "target", "engine", "isolation", "waits"),
        *("clone", "diff", "outcome", "steps", "gaps", "notices", "timings", "calls"),
        optional=("second_opinion", "dependencies", "locations"),
    )
    diff = at["diff"].record("changes", "noise")
    return Report(
        verdict=_verdict(at["verdict"]),
        diff=StateDiff(
            changes=tuple(_change(item) for item in diff["changes"].items()),
            noise=tuple(_change(item) for item in diff["noise"].items()),
        ),
        calls=tuple(_call(item) for item in at["calls"].items()),
        gaps=tuple(_gap(item) for item in at["gaps"].items()),
        outcome=_outcome(at["outcome"]),
        timings=tuple(_timing(item) for item in at["timings"].items()),
        engine=_engine(at["engine"]),
        clone=_clone(at["clone"]),
        steps=tuple(_step(item) for item in at["steps"].items()),
        target=_target(at["target"]),
        proposal=_proposal(at["proposal"]),
        notices=at["notices"].texts(),
        isolation=at["isolation"].text(),
        waits=at["waits"].text(),
        tool_version=_tool_version(at["tool"]),
        created_at=at["created_at"].text(),
        second_opinion=_second_opinion(at["second_opinion"]) if "second_opinion" in at else None,
        dependencies=_by_address(at.get("dependencies"), _Node.texts),
        locations=_by_address(at.get("locations"), _location),
        schema_version=SCHEMA_VERSION,
    )


def _by_address(node: _Node | None, read: Callable[[_Node], _Read]) -> Mapping[str, _Read]:
    return MappingProxyType({} if node is None else {address: read(item) for address, item in node.entries().items()})


def _location(node: _Node) -> SourceLine:
    at = node.record("file", "line")
    return SourceLine(file=at["file"].text(), line=at["line"].count())


def _tool_version(node: _Node) -> str:
    at = node.record("name", "version")
    if at["name"].text() != "sandtable":
        raise at["name"].wrong("'sandtable'")
    return at["version"].text()


def _clone(node: _Node) -> Cloning:
    at = node.record("warm", "objects", "lineage", "serial", "newest_serial")
    return Cloning(
        warm=at["warm"].flag(),
        objects=tuple(_cloned_object(item) for item in at["objects"].items()),
        lineage=at["lineage"].text(),
        serial=at["serial"].integer(),
        newest_serial=at["newest_serial"].integer(),
    )


def _cloned_object(node: _Node) -> ClonedObject:
    at = node.record("address", "type", "standing", "reason", "unknown", "differing", "proof", "real_id", "clone_id")
    return ClonedObject(
        address=at["address"].text(),
        type=at["type"].text(),
        standing=at["standing"].text(),
        reason=at["reason"].text(),
        unknown=at["unknown"].texts(),
        differing=at["differing"].texts(),
        proof=at["proof"].choice(Proof),
        real_id=at["real_id"].text(),
        clone_id=at["clone_id"].text(),
    )


def _step(node: _Node) -> Step:
    at = node.record("text", "exit_code", "stdout", "stderr", "ended", "calls", optional=("effects",))
    return Step(
        text=at["text"].text(),
        exit_code=None if at["exit_code"].raw is None else at["exit_code"].integer(),
        stdout=at["stdout"].text(),
        stderr=at["stderr"].text(),
        ended=at["ended"].text(),
        calls=tuple(item.integer() for item in at["calls"].items()),
        effects=tuple(item.text() for item in at["effects"].items()) if "effects" in at else (),
    )


def _verdict(node: _Node) -> Verdict:
    at = node.record("decision", "policy", "findings")
    policy = at["policy"].record("name", "digest")
    return Verdict(
        decision=at["decision"].choice(Decision),
        findings=tuple(_finding(item) for item in at["findings"].items()),
        policy=policy["name"].text(),
        policy_digest=policy["digest"].text(),
    )


def _finding(node: _Node) -> Finding:
    at = node.record("rule", "level", "address", "message", "remediation", "proof", "causes")
    return Finding(
        rule=at["rule"].text(),
        level=at["level"].choice(Level),
        address=at["address"].text(),
        message=at["message"].text(),
        proof=at["proof"].choice(Proof),
        remediation=at["remediation"].text(),
        causes=at["causes"].texts(),
    )


def _second_opinion(node: _Node) -> SecondOpinion:
    at = node.record("engine", "decision", "problem", "disagreements")
    return SecondOpinion(
        engine=_engine(at["engine"]),
        decision=None if at["decision"].raw is None else at["decision"].choice(Decision),
        problem=at["problem"].text(),
        disagreements=tuple(_disagreement(item) for item in at["disagreements"].items()),
    )


def _disagreement(node: _Node) -> Disagreement:
    at = node.record("address", "topic", "first", "second", "blocking")
    return Disagreement(
        address=at["address"].text(),
        topic=at["topic"].choice(Topic),
        first=at["first"].text(),
        second=at["second"].text(),
        blocking=at["blocking"].flag(),
    )


def _change(node: _Node) -> ResourceChange:
    at = node.record(
        *("address", "type", "action", "reason", "replacement", "replace_paths", "attributes", "resource", "lifespan"),
        *("stakes", "proof", "witnesses", "disagreements", "calls", "causes", "owner", "previous_address", "rename_of"),
        *("effect_kept", "reversibility", "dependents"),
    )
    kind = at["reversibility"]
    stakes = at["stakes"].record("before", "after")
    return ResourceChange(
        address=at["address"].text(),
        type=at["type"].text(),
        action=at["action"].choice(Action),
        proof=at["proof"].choice(Proof),
        lifespan=at["lifespan"].choice(Lifespan),
        identity=None if at["resource"].raw is None else _identity(at["resource"]),
        replacement=at["replacement"].choice(Replacement),
        attributes=tuple(_attribute(item) for item in at["attributes"].items()),
        replace_paths=tuple(_path(item) for item in at["replace_paths"].items()),
        reason=at["reason"].text(),
        causes=at["causes"].texts(),
        witnesses=frozenset(item.choice(Witness) for item in at["witnesses"].items()),
        disagreements=at["disagreements"].texts(),
        stakes_before=_stakes(stakes["before"]),
        stakes_after=_stakes(stakes["after"]),
        calls=tuple(item.integer() for item in at["calls"].items()),
        previous_address=at["previous_address"].text(),
        owner=at["owner"].text(),
        rename_of=at["rename_of"].text(),
        effect_kept=at["effect_kept"].flag(),
        reversibility=None if kind.raw is None else kind.choice(Reversibility),
        dependents=at["dependents"].texts(),
    )


def _identity(node: _Node) -> Identity:
    at = node.record("account", "region", "type", "id")
    return Identity(
        account=at["account"].text(), region=at["region"].text(), type=at["type"].text(), id=at["id"].text()
    )


def _stakes(node: _Node) -> MappingProxyType[str, int]:
    return MappingProxyType({key: item.count() for key, item in node.entries().items()})


def _attribute(node: _Node) -> AttributeChange:
    at = node.record("path", "before", "after", "forces_replacement")
    return AttributeChange(
        path=_path(at["path"]),
        before=_value(at["before"]),
        after=_value(at["after"]),
        forces_replacement=at["forces_replacement"].flag(),
    )


def _path(node: _Node) -> Path:
    return tuple(item.raw if isinstance(item.raw, str) else item.count() for item in node.items())


def _value(node: _Node) -> Value:
    match node.raw:
        case None | bool() | int() | str():
            return node.raw
        case float():
            return node.number()
        case list():
            return tuple(_value(item) for item in node.items())
        case {"marker": "object"}:
            wrapped = node.record("marker", "value")["value"].entries()
            if "marker" not in wrapped:
                raise node.wrong("an object that has the key 'marker', or none of this kind")
            return MappingProxyType({key: _value(item) for key, item in wrapped.items()})
        case {"marker": _}:
            return node.record("marker")["marker"].choice(Marker)
        case _:
            return MappingProxyType({key: _value(item) for key, item in node.entries().items()})


def _call(node: _Node) -> ApiCall:
    at = node.record(
        *("sequence", "phase", "service", "operation", "kind", "account", "region", "access_key_id", "method", "path"),
        *("parameters", "resources", "status", "error_code", "error_message", "unsupported", "at", "latency"),
        *("overhead", "agent", "refused_by"),
    )
    return ApiCall(
        sequence=at["sequence"].integer(),
        phase=at["phase"].text(),
        service=at["service"].text(),
        operation=at["operation"].text(),
        kind=at["kind"].choice(CallKind),
        account=at["account"].text(),
        region=at["region"].text(),
        access_key_id=at["access_key_id"].text(),
        parameters=MappingProxyType({key: _value(item) for key, item in at["parameters"].entries().items()}),
        resources=at["resources"].texts(),
        status=at["status"].integer(),
        error_code=at["error_code"].text(),
        error_message=at["error_message"].text(),
        unsupported=at["unsupported"].flag(),
        refused_by=at["refused_by"].text(),
        at=at["at"].number(),
        latency=at["latency"].number(),
        overhead=at["overhead"].number(),
        method=at["method"].text(),
        path=at["path"].text(),
        agent=at["agent"].text(),
    )


def _gap(node: _Node) -> Gap:
    at = node.record("kind", "subject", "reason", "blocking")
    return Gap(
        kind=at["kind"].choice(GapKind),
        subject=at["subject"].text(),
        reason=at["reason"].text(),
        blocking=at["blocking"].flag(),
    )


def _outcome(node: _Node) -> ApplyOutcome:
    at = node.record("succeeded", "applied", "failed", "diagnostics")
    return ApplyOutcome(
        succeeded=at["succeeded"].flag(),
        diagnostics=tuple(_diagnostic(item) for item in at["diagnostics"].items()),
        applied=at["applied"].texts(),
        failed=at["failed"].texts(),
    )


def _diagnostic(node: _Node) -> Diagnostic:
    at = node.record("severity", "summary", "detail", "address", "filename", "line")
    return Diagnostic(
        severity=at["severity"].text(),
        summary=at["summary"].text(),
        detail=at["detail"].text(),
        address=at["address"].text(),
        filename=at["filename"].text(),
        line=at["line"].integer(),
    )


def _timing(node: _Node) -> Timing:
    at = node.record("phase", "seconds", "own")
    return Timing(phase=at["phase"].text(), seconds=at["seconds"].number(), own=at["own"].number())


def _engine(node: _Node) -> EngineInfo:
    at = node.record("name", "version")
    return EngineInfo(name=at["name"].text(), version=at["version"].text())


def _target(node: _Node) -> Target:
    at = node.record("kind", "source", "account", "region", "resources")
    return Target(
        kind=at["kind"].text(),
        source=at["source"].text(),
        account=at["account"].text(),
        region=at["region"].text(),
        resources=at["resources"].count(),
    )


def _proposal(node: _Node) -> Proposal:
    at = node.record("kind", "source", "digest", "terraform_version")
    return Proposal(
        kind=at["kind"].text(),
        source=at["source"].text(),
        digest=at["digest"].text(),
        terraform_version=at["terraform_version"].text(),
    )
