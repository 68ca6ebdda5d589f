"""The published document: a Report as JSON, and back.

This is the contract with everything that reads reports: other programs, and this project's own pages. The file
``schema/report-1.0.schema.json`` describes it (JSON Schema 2020-12) and is as strict as the reader. Three decisions:

* A value that is not there, not known yet or secret is an object that says so: ``{"marker": "absent"}``,
  ``{"marker": "unknown"}``, ``{"marker": "sensitive"}``. A real object that happens to have a key of that name is
  wrapped: ``{"marker": "object", "value": {...}}``. So no value can pass for a marker, nor a marker for a value.
* Paths are lists of steps, as Terraform writes ``replace_paths``: names of attributes and indices.
* The text is pure ASCII, so that no character in a name can act on the terminal it is printed to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from typing import Any

from diffing.change import AttributeChange, ResourceChange
from diffing.values import Marker, Path, Value
from gate.opinion import SecondOpinion
from gate.report.jsonread import parse_report
from gate.report.model import Report
from gate.verdict import Finding, Verdict
from sandbox.errors import ConfigurationError
from sandbox.rehearsal import ApiCall, ApplyOutcome, Cloning, Step

_HINT = "Give a report.json that this version of sandtable wrote with --out or --format json."


def to_document(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON data (``schema/report-1.0.schema.json``)."""
    document = {
        "schema_version": report.schema_version,
        "tool": {"name": "sandtable", "version": report.tool_version},
        "created_at": report.created_at,
        "verdict": _verdict(report.verdict),
        "proposal": asdict(report.proposal),
        "target": asdict(report.target),
        "engine": asdict(report.engine),
        "clone": _clone(report.clone),
        "isolation": report.isolation,
        "waits": report.waits,
        "diff": {
            "changes": [_change(change) for change in report.diff.changes],
            "noise": [_change(change) for change in report.diff.noise],
        },
        "outcome": _outcome(report.outcome),
        "steps": [_step(step) for step in report.steps],
        "gaps": [asdict(gap) | {"kind": gap.kind.value} for gap in report.gaps],
        "notices": list(report.notices),
        "timings": [asdict(timing) for timing in report.timings],
        "calls": [_call(call) for call in report.calls],
    }
    if report.second_opinion is not None:
        document["second_opinion"] = _second_opinion(report.second_opinion)
    if report.dependencies:
        document["dependencies"] = {address: list(needed) for address, needed in report.dependencies.items()}
    if report.locations:
        document["locations"] = {address: asdict(place) for address, place in report.locations.items()}
    return document


def dumps(report: Report) -> str:
    """Return the report as JSON text, indented, in ASCII, with a final line break."""
    return json.dumps(to_document(report), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def from_document(document: object) -> Report:
    """Return the Report that a document describes.

    Raises:
        ConfigurationError: the document is not what ``to_document`` writes; the message names the place.
    """
    try:
        return parse_report(document)
    except RecursionError:
        raise ConfigurationError("Not a sandtable report: it is nested too deeply.", hint=_HINT) from None


def loads(text: str | bytes) -> Report:
    """Return the Report in a JSON text.

    Raises:
        ConfigurationError: the text is not JSON, or not a report.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"Not a sandtable report: not JSON ({error}).", hint=_HINT) from None
    except RecursionError:
        raise ConfigurationError("Not a sandtable report: it is nested too deeply.", hint=_HINT) from None
    return from_document(document)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    text = resources.files("gate.report").joinpath("schema/report-1.0.schema.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def encode_value(value: Value) -> Any:
    """Return a Value as JSON data in which markers cannot be confused with values."""
    match value:
        case Marker():
            return {"marker": value.value}
        case Mapping():
            entries = {key: encode_value(item) for key, item in value.items()}
            return {"marker": "object", "value": entries} if "marker" in entries else entries
        case tuple():
            return [encode_value(item) for item in value]
        case float() if not math.isfinite(value):
            return str(value)  # JSON has no word for these
        case _:
            return value


def _step(step: Step) -> dict[str, Any]:
    document = asdict(step) | {"calls": list(step.calls), "effects": list(step.effects)}
    if not step.effects:
        # Only the steps of a sequence have some of their own.
        del document["effects"]
    return document


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "decision": verdict.decision.value,
        "policy": {"name": verdict.policy, "digest": verdict.policy_digest},
        "findings": [_finding(finding) for finding in verdict.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "address": finding.address,
        "message": finding.message,
        "remediation": finding.remediation,
        "proof": finding.proof.value,
        "causes": list(finding.causes),
    }


def _second_opinion(opinion: SecondOpinion) -> dict[str, Any]:
    return {
        "engine": asdict(opinion.engine),
        "decision": None if opinion.decision is None else opinion.decision.value,
        "problem": opinion.problem,
        "disagreements": [asdict(item) | {"topic": item.topic.value} for item in opinion.disagreements],
    }


def _change(change: ResourceChange) -> dict[str, Any]:
    return {
        "address": change.address,
        "type": change.type,
        "action": change.action.value,
        "reason": change.reason,
        "replacement": change.replacement.value,
        "replace_paths": [_path(path) for path in change.replace_paths],
        "attributes": [_attribute(attribute) for attribute in change.attributes],
        "resource": None if change.identity is None else asdict(change.identity),
        "lifespan": change.lifespan.value,
        "stakes": {"before": dict(change.stakes_before), "after": dict(change.stakes_after)},
        "proof": change.proof.value,
        "witnesses": sorted(witness.value for witness in change.witnesses),
        "disagreements": list(change.disagreements),
        "calls": list(change.calls),
        "causes": list(change.causes),
        "owner": change.owner,
        "previous_address": change.previous_address,
        "rename_of": change.rename_of,
        "effect_kept": change.effect_kept,
        "reversibility": None if change.reversibility is None else change.reversibility.value,
        "dependents": list(change.dependents),
    }


def _attribute(attribute: AttributeChange) -> dict[str, Any]:
    return {
        "path": _path(attribute.path),
        "before": encode_value(attribute.before),
        "after": encode_value(attribute.after),
        "forces_replacement": attribute.forces_replacement,
    }


def _path(path: Path) -> list[str | int]:
    return list(path)


def _clone(clone: Cloning) -> dict[str, Any]:
    objects = [
        asdict(each) | {"unknown": list(each.unknown), "differing": list(each.differing), "proof": each.proof.value}
        for each in clone.objects
    ]
    return asdict(clone) | {"objects": objects}


def _outcome(outcome: ApplyOutcome) -> dict[str, Any]:
    return {
        "succeeded": outcome.succeeded,
        "applied": list(outcome.applied),
        "failed": list(outcome.failed),
        "diagnostics": [asdict(diagnostic) for diagnostic in outcome.diagnostics],
    }


def _call(call: ApiCall) -> dict[str, Any]:
    return {
        "sequence": call.sequence,
        "phase": call.phase,
        "service": call.service,
        "operation": call.operation,
        "kind": call.kind.value,
        "account": call.account,
        "region": call.region,
        "access_key_id": call.access_key_id,
        "method": call.method,
        "path": call.path,
        "agent": call.agent,
        "parameters": {key: encode_value(item) for key, item in call.parameters.items()},
        "resources": list(call.resources),
        "status": call.status,
        "error_code": call.error_code,
        "error_message": call.error_message,
        "unsupported": call.unsupported,
        "refused_by": call.refused_by,
        "at": call.at,
        "latency": call.latency,
        "overhead": call.overhead,
    }
