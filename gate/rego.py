"""Policies in Rego beside the policy file, as conftest runs them: ``deny``, ``violation`` and ``warn`` of package main.

Their input is what conftest gets of a Terraform plan (``resource_changes``), made from the plan as it was read here, so
without secrets; under ``sandtable`` it has the whole report. They can add findings, and take none away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from diffing.change import Action, Proof
from diffing.values import Marker, Value
from gate.policy.evaluate import ranked
from gate.report import jsonfmt
from gate.report.model import Report
from gate.verdict import Finding, Level, decide
from sandbox.errors import ConfigurationError, MissingToolError
from sandbox.rehearsal import PlannedChange

REGO = "rego"
"""The name of the findings; no rule of a policy file, and not for one to change."""
LEVELS: Mapping[str, Level] = {"deny": Level.REJECT, "violation": Level.REJECT, "warn": Level.NOTE}
"""As conftest: what is denied fails, what is warned of does not."""
PACKAGE = "main"
SECRET = "(sensitive value)"  # noqa: S105 - what stands in the place of one

_ACTIONS: Mapping[Action, tuple[str, ...]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.DELETE: ("delete",),
    Action.REPLACE: ("delete", "create"),
    Action.FORGET: ("forget",),
    Action.NO_OP: ("no-op",),
}


def with_rego(report: Report, planned: Iterable[PlannedChange], policies: Path) -> Report:
    """Add to a report what Rego policies find.

    Args:
        report: The report, already judged.
        planned: Every change of the plan.
        policies: A folder with ``.rego`` files, at any depth, or one such file.

    Raises:
        MissingToolError: the extra that runs Rego is not installed.
        ConfigurationError: there are no such files, they cannot be read, or they fail.
    """
    given = {**plan_document(planned), "sandtable": jsonfmt.to_document(report)}
    findings = ranked((*report.verdict.findings, *_findings(_files(policies), given)))
    return replace(report, verdict=replace(report.verdict, decision=decide(findings), findings=findings))


def plan_document(planned: Iterable[PlannedChange]) -> dict[str, Any]:
    """What ``terraform show -json`` says of the changes, as far as conftest policies use it."""
    return {"format_version": "1.2", "resource_changes": [_entry(change) for change in planned]}


def _entry(change: PlannedChange) -> dict[str, Any]:
    actions = list(_ACTIONS[change.action])
    return {
        "address": change.address,
        "type": change.type,
        "name": change.name,
        "mode": change.mode,
        "provider_name": change.provider,
        "change": {
            "actions": actions[::-1] if change.create_before_destroy else actions,
            "before": _known(change.before),
            "after": _known(change.after),
            "after_unknown": _unknown(change.after) or {},
            "replace_paths": [list(path) for path in change.replace_paths],
        },
    }


def _known(value: Value) -> Any:
    match value:
        case Marker.SENSITIVE:
            return SECRET
        case Marker():
            return None
        case Mapping():
            return {key: _known(item) for key, item in value.items() if not _is_left_out(item)}
        case tuple():
            return [_known(item) for item in value]
        case _:
            return value


def _is_left_out(value: Value) -> bool:
    return value is Marker.UNKNOWN or value is Marker.ABSENT


def _unknown(value: Value) -> Any:
    """Where a value is known only after apply: ``true`` there, and only what holds such."""
    match value:
        case Marker.UNKNOWN:
            return True
        case Mapping():
            return {key: found for key, item in value.items() if (found := _unknown(item))}
        case tuple():
            found = [_unknown(item) or False for item in value]
            return found if any(found) else False
        case _:
            return False


def _files(policies: Path) -> dict[str, str]:
    paths = [policies] if policies.is_file() else sorted(policies.rglob("*.rego"))
    try:
        found = {str(path): path.read_text(encoding="utf-8") for path in paths if not path.name.endswith("_test.rego")}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The Rego policies in {policies} cannot be read: {error}.", hint=_HINT) from error
    if not found:
        raise ConfigurationError(f"There are no Rego policies in {policies}.", hint=_HINT)
    return found


_HINT = "Name a folder with .rego files, of package main, with --rego."


def _findings(files: Mapping[str, str], given: Mapping[str, Any]) -> Iterator[Finding]:
    interpreter, error_type = _interpreter()
    try:
        for name, text in files.items():
            interpreter.add_module(name, text)
        interpreter.set_input(dict(given))
        answers = {rule: str(interpreter.query(f"data.{PACKAGE}.{rule}")) for rule in LEVELS}
    except (error_type, ValueError) as error:
        # What it cannot compile, it may answer with something that is not even JSON.
        raise _failed(str(error)) from error
    for rule, answer in answers.items():
        for message in _messages(answer):
            yield Finding(
                rule=REGO,
                level=LEVELS[rule],
                address="",
                message=message,
                proof=Proof.COMPUTED,
                remediation=f"The team's own Rego policies say so ({rule}).",
            )


def _interpreter() -> tuple[Any, type[Exception]]:
    try:
        from regopy import Interpreter, RegoError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingToolError(
            "Rego policies need the extra that runs them.", hint="pip install 'sandtable[rego]'"
        ) from error
    interpreter = Interpreter()
    # A call that fails, or that there is none of (http.send), would otherwise be no reason to deny anything.
    interpreter.strict_built_in_errors = True
    return interpreter, RegoError


def _messages(answer: str) -> Iterator[str]:
    """Read what a query answers: ``undefined``, or a JSON object whose one expression is a set."""
    if answer == "undefined":
        return
    try:
        [found] = json.loads(answer)["expressions"]
    except (ValueError, KeyError, TypeError) as error:
        raise _failed(answer) from error
    if isinstance(found, dict):
        # A set in the older spelling, ``deny[text] { … }``: its members are keys. So is an error inside an evaluation.
        if any(key.startswith("(error") for key in found):
            raise _failed(answer)
        found = [key for key, there in found.items() if there is not False]
    for each in found if isinstance(found, list) else [found] * (found is not False):
        text = each.get("msg", each) if isinstance(each, dict) else each
        yield text if isinstance(text, str) else json.dumps(text, sort_keys=True)


def _failed(problem: str) -> ConfigurationError:
    lines = " ".join(problem.split())
    return ConfigurationError(f"The Rego policies cannot be evaluated: {lines[:300]}.", hint=_HINT)
