"""Parsing what ``terraform show -json PLANFILE`` says.

Source: https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffing.change import Action
from diffing.values import Path, Value
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.masking import marked, sensitive_paths
from sandbox.rehearsal import Plan, PlannedChange

_ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("no-op",): Action.NO_OP,
    ("read",): Action.NO_OP,
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("forget",): Action.FORGET,
    # The old object stays as it is and is no longer managed; a new one is made beside it.
    ("create", "forget"): Action.FORGET,
    ("forget", "create"): Action.FORGET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPlan:
    """A plan, and what it says about secrets in the state."""

    plan: Plan
    sensitive: Mapping[str, tuple[Path, ...]]
    """By address: the paths of sensitive values, before or after."""


def parse_plan(text: str) -> ParsedPlan:
    """Parse a plan in Terraform's JSON format.

    Raises:
        ConfigurationError: it is not one, or holds something that is not understood.
    """
    try:
        document = _object(json.loads(text), "the document")
        if not str(document.get("format_version", "")).startswith("1."):
            raise _invalid(f"its format version is {document.get('format_version')!r}, and only 1.x is known")
        if document.get("deferred_changes"):
            raise _invalid("it defers changes to a later run, so that nobody can tell what they will be")
        raw_changes = [_object(raw, "an entry of resource_changes") for raw in _array(document, "resource_changes")]
        changes = tuple(_change(raw) for raw in raw_changes)
    except (ValueError, TypeError, RecursionError) as error:
        raise _invalid(f"{type(error).__name__}: {error}") from error
    plan = Plan(
        changes=changes,
        terraform_version=str(document.get("terraform_version", "")),
        errored=document.get("errored") is True,
        variables_sensitive=_sensitive_variables(document),
    )
    return ParsedPlan(plan=plan, sensitive=_sensitive(raw_changes))


def _change(raw: Mapping[str, Any]) -> PlannedChange:
    change = _object(raw.get("change"), "a change")
    actions = tuple(_array(change, "actions"))
    if actions not in _ACTIONS:
        raise _invalid(f"the actions {list(actions)} of {raw.get('address')} are not known")
    return PlannedChange(
        address=_text(raw, "address"),
        type=_text(raw, "type"),
        name=_text(raw, "name"),
        provider=_text(raw, "provider_name"),
        mode=_text(raw, "mode"),
        action=_ACTIONS[actions],
        before=_before(change),
        after=_after(change),
        replace_paths=tuple(_path(path) for path in _array(change, "replace_paths")),
        reason=_reason(raw, actions),
        previous_address=str(raw.get("previous_address") or ""),
        deposed=str(raw.get("deposed") or ""),
        importing=change.get("importing") is not None,
        create_before_destroy=actions == ("create", "delete"),
    )


def _before(change: Mapping[str, Any]) -> Value:
    return marked(change.get("before"), change.get("before_sensitive", False))


def _after(change: Mapping[str, Any]) -> Value:
    return marked(change.get("after"), change.get("after_sensitive", False), change.get("after_unknown", False))


def _reason(raw: Mapping[str, Any], actions: tuple[str, ...]) -> str:
    told = str(raw.get("action_reason") or "")
    return told or ("replaced_and_forgotten" if len(actions) > 1 and "forget" in actions else "")


def _path(raw: Any) -> Path:
    if not isinstance(raw, list) or not all(isinstance(part, str | int) for part in raw):
        raise _invalid(f"{raw!r} is not a path")
    return tuple(raw)


def _sensitive(changes: list[Mapping[str, Any]]) -> dict[str, tuple[Path, ...]]:
    paths: dict[str, set[Path]] = {}
    for raw in changes:
        change = raw["change"]
        for side in ("before_sensitive", "after_sensitive"):
            paths.setdefault(raw["address"], set()).update(sensitive_paths(change.get(side, False)))
    return {address: tuple(sorted(found, key=str)) for address, found in paths.items() if found}


def _sensitive_variables(document: Mapping[str, Any]) -> frozenset[str]:
    declared: Any = document
    for name in ("configuration", "root_module", "variables"):
        declared = declared.get(name) if isinstance(declared, dict) else None
    if not isinstance(declared, dict):
        return frozenset()
    return frozenset(
        name for name, variable in declared.items() if isinstance(variable, dict) and variable.get("sensitive") is True
    )


def _object(raw: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise _invalid(f"{what} is not an object")
    return raw


def _array(holder: Mapping[str, Any], name: str) -> list[Any]:
    raw = holder.get(name)
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise _invalid(f"{name} is not a list")
    return raw


def _text(holder: Mapping[str, Any], name: str) -> str:
    raw = holder.get(name)
    if not isinstance(raw, str):
        raise _invalid(f"{name} is missing or not a string")
    return raw


def _invalid(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The plan could not be read: {what}.", hint="A plan comes from: terraform show -json PLANFILE"
    )
