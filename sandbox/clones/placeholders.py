"""Secrets that a snapshot does not have, taken to be what the change says they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.clones.redaction import holds_placeholder
from sandbox.cloning.tfstate import Instance, parse_state


def filled(state: bytes, plan: str) -> bytes:
    """Write into a state, for each placeholder, what a plan would put in its place.

    What the plan does not know yet stays a placeholder, and is then seen as a change.

    Args:
        state: With placeholders.
        plan: Terraform's JSON plan of a change against it.

    Returns:
        The state; empty where there was nothing to put in.
    """
    if not state or not plan:
        return b""
    planned = {
        str(raw.get("address", "")): raw["change"]["after"]
        for raw in json.loads(plan).get("resource_changes") or ()
        if isinstance(raw.get("change"), dict) and isinstance(raw["change"].get("after"), dict)
    }
    content = json.loads(state)
    instances: Any = iter(parse_state(state).instances)
    done = False
    for resource in content.get("resources") or ():
        for raw in resource.get("instances") or ():
            instance: Instance = next(instances)
            attributes = raw.get("attributes")
            if isinstance(attributes, dict) and (after := planned.get(instance.address)) is not None:
                done |= _fill(attributes, after)
    return json.dumps(content, separators=(",", ":")).encode() if done else b""


def _fill(value: Any, planned: Any) -> bool:
    """Replace what holds a placeholder in a value; tell whether there was any."""
    done = False
    for key, item in _members(value):
        if not holds_placeholder(item):
            continue
        there = _at(planned, key)
        if isinstance(item, str) and isinstance(there, str):
            value[key] = there
            done = True
        elif not isinstance(item, str) and there is not None:
            done |= _fill(item, there)
    return done


def _members(value: Any) -> list[tuple[Any, Any]]:
    match value:
        case dict():
            return list(value.items())
        case list():
            return list(enumerate(value))
        case _:
            return []


def _at(value: Any, key: Any) -> Any:
    match value, key:
        case Mapping(), str():
            return value.get(key)
        case list(), int() if key < len(value):
            return value[key]
        case _:
            return None
