"""Terraform's machine-readable output (``-json``), parsed line by line into a closed union.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui. Messages that nobody here needs are
dropped; a line that is no message at all is kept as text, because a crash speaks in such lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.rehearsal import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """A resource of the state was read again."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A change is planned."""

    address: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Work on a resource began."""

    address: str
    action: str
    """``create``, ``update``, ``delete``, ``read``, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """Work on a resource ended well."""

    address: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Errored:
    """Work on a resource ended in an error."""

    address: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many changes are planned or were made."""

    operation: str
    """``plan``, ``apply`` or ``destroy``."""
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Terraform reports an error or a warning."""

    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line that is no message."""

    line: str


Event: TypeAlias = Refreshed | Planned | Started | Completed | Errored | Summary | Reported | Text


def parse_event(line: str) -> Event | None:
    """Parse one line; None for a message of no interest or an empty line."""
    try:
        message = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict):
        return _event(message)
    return Text(line=line) if line.strip() else None


def parse_diagnostic(raw: Mapping[str, Any]) -> Diagnostic:
    """Parse a diagnostic; the excerpt of the source that comes with it is left out."""
    position = _mapping(raw.get("range"))
    line = _mapping(position.get("start")).get("line")
    return Diagnostic(
        severity=_text(raw.get("severity")) or "error",
        summary=_text(raw.get("summary")),
        detail=_text(raw.get("detail")),
        address=_text(raw.get("address")),
        filename=_text(position.get("filename")),
        line=line if isinstance(line, int) else 0,
    )


def _event(message: Mapping[str, Any]) -> Event | None:
    match message.get("type"):
        case "refresh_complete":
            return Refreshed(address=_address(message.get("hook")))
        case "planned_change":
            change = _mapping(message.get("change"))
            return Planned(address=_address(change), action=_text(change.get("action")))
        case "apply_start" | "apply_complete" | "apply_errored":
            return _progress(str(message["type"]), _mapping(message.get("hook")))
        case "change_summary":
            return _summary(_mapping(message.get("changes")))
        case "diagnostic":
            return Reported(diagnostic=parse_diagnostic(_mapping(message.get("diagnostic"))))
        case _:
            return None


def _progress(kind: str, hook: Mapping[str, Any]) -> Event:
    address, action = _address(hook), _text(hook.get("action"))
    match kind:
        case "apply_start":
            return Started(address=address, action=action)
        case "apply_complete":
            return Completed(address=address, action=action)
        case _:
            return Errored(address=address, action=action)


def _summary(changes: Mapping[str, Any]) -> Summary:
    counts = (changes.get(name) for name in ("add", "change", "remove"))
    return Summary(
        operation=_text(changes.get("operation")), total=sum(count for count in counts if isinstance(count, int))
    )


def _address(holder: Any) -> str:
    return _text(_mapping(_mapping(holder).get("resource")).get("addr"))


def _mapping(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, dict) else {}


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""
