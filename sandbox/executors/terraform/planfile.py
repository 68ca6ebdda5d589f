"""Parsing what ``terraform show -json PLANFILE`` says.

Source: https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Mapping
from typing import Any

from diffing.change import Action
from diffing.record import dataclass
from diffing.values import Path, Value
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.masking import marked, sensitive_paths
from sandbox.rehearsal import Plan, PlannedChange

_NAMES = ("address", "type", "name", "provider_name", "mode")
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
            raise invalid(f"its format version is {document.get('format_version')!r}, and only 1.x is known")
        if document.get("deferred_changes"):
            raise invalid("it defers changes to a later run, so that nobody can tell what they will be")
        raw_changes = entries(document, "resource_changes")
        changes = tuple(planned_change(raw) for raw in raw_changes)
    except (ValueError, TypeError, RecursionError) as error:
        raise invalid(f"{type(error).__name__}: {error}") from error
    plan = Plan(
        changes=changes,
        terraform_version=str(document.get("terraform_version", "")),
        errored=document.get("errored") is True,
        variables_sensitive=_sensitive_variables(document),
    )
    return ParsedPlan(plan=plan, sensitive=_sensitive(raw_changes))


def entries(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects in a list; none where there is no such list.

    Raises:
        ConfigurationError: it is not a list of objects.
    """
    return [_object(raw, f"an entry of {name}") for raw in _array(holder, name)]


def planned_change(raw: Mapping[str, Any], *, trimmed: bool = False) -> PlannedChange:
    """Parse one entry of ``resource_changes``.

    Args:
        raw: The entry.
        trimmed: Leave out attributes that are the same before and after; a no-op keeps none.

    Raises:
        ConfigurationError: it is not one, or holds something that is not understood.
        TypeError: a value in it is not JSON.
    """
    change = _object(raw.get("change"), "a change")
    actions = tuple(_array(change, "actions"))
    action = _action(actions)
    if action is None:
        raise invalid(f"the actions {list(actions)} of {raw.get('address')} are not known")
    address, kind, name, provider, mode = _texts(raw)
    before, after = (None, None)
    if not trimmed or action is not Action.NO_OP:
        before, after = _before_and_after(_trimmed(change) if trimmed else change)
    return PlannedChange(
        address=address,
        type=kind,
        name=name,
        provider=provider,
        mode=mode,
        action=action,
        before=before,
        after=after,
        replace_paths=tuple(map(_path, _array(change, "replace_paths"))),
        reason=_reason(raw, actions),
        previous_address=str(raw.get("previous_address") or ""),
        deposed=str(raw.get("deposed") or ""),
        importing=change.get("importing") is not None,
        create_before_destroy=actions == ("create", "delete"),
    )


def _action(actions: tuple[Any, ...]) -> Action | None:
    try:
        return _ACTIONS.get(actions)
    except TypeError:
        # Words that are lists or objects.
        return None


def _before_and_after(change: Mapping[str, Any]) -> tuple[Value, Value]:
    before = marked(change.get("before"), change.get("before_sensitive", False))
    return before, marked(change.get("after"), change.get("after_sensitive", False), change.get("after_unknown", False))


def _trimmed(change: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out what stays as it is: value, and whether it is sensitive."""
    before, after, hidden, kept_hidden, unknown = (
        change.get(name) for name in ("before", "after", "before_sensitive", "after_sensitive", "after_unknown")
    )
    if not isinstance(before, dict) or not isinstance(after, dict) or not isinstance(unknown, dict):
        return change
    if not isinstance(hidden, dict) or not isinstance(kept_hidden, dict):
        return change
    marked = unknown.keys() | {
        name for name in hidden.keys() | kept_hidden.keys() if not _identical(hidden.get(name), kept_hidden.get(name))
    }
    same = {
        name
        for name, value in before.items()
        if name in after
        and name not in marked
        and (value == after[name] if type(value) is str else _identical(value, after[name]))
    }
    return {
        "before": {name: value for name, value in before.items() if name not in same},
        "after": {name: value for name, value in after.items() if name not in same},
        "before_sensitive": hidden,
        "after_sensitive": kept_hidden,
        "after_unknown": unknown,
    }


def _identical(a: Any, b: Any) -> bool:
    """Whether two parsed JSON values are the same; to Python, 1 and true would be."""
    if type(a) is not type(b) or a != b:
        return False
    if type(a) is str or a is None or marshal.dumps(a, 2) == marshal.dumps(b, 2):
        # What is written alike is the same; members in another order are written otherwise.
        return True
    if isinstance(a, dict):
        return all(_identical(item, b[name]) for name, item in a.items())
    if isinstance(a, list):
        return all(map(_identical, a, b))
    return True


def _reason(raw: Mapping[str, Any], actions: tuple[str, ...]) -> str:
    told = str(raw.get("action_reason") or "")
    return told or ("replaced_and_forgotten" if len(actions) > 1 and "forget" in actions else "")


def _path(raw: Any) -> Path:
    if not isinstance(raw, list) or not all(isinstance(part, str) or (type(part) is int and part >= 0) for part in raw):
        raise invalid(f"{raw!r} is not a path")
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
        raise invalid(f"{what} is not an object")
    return raw


def _array(holder: Mapping[str, Any], name: str) -> list[Any]:
    raw = holder.get(name)
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise invalid(f"{name} is not a list")
    return raw


def _texts(holder: Mapping[str, Any]) -> list[str]:
    texts: list[str] = []
    for name in _NAMES:
        text = holder.get(name)
        if not isinstance(text, str):
            raise invalid(f"{name} is missing or not a string")
        texts.append(text)
    return texts


def invalid(what: str) -> ConfigurationError:
    """Return the error for a plan that cannot be read."""
    return ConfigurationError(
        f"The plan could not be read: {what}.", hint="A plan comes from: terraform show -json PLANFILE"
    )
