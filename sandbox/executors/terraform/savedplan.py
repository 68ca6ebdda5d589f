"""A plan that somebody else made and saved: what it announces, and all that it says about its own limits.

Formats 0.1 to 1.x of Terraform and OpenTofu, and what HCP Terraform serves of a run. Source:
https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diffing.change import Action
from diffing.record import dataclass
from sandbox.executors.terraform.planfile import entries, invalid, planned_change
from sandbox.executors.terraform.plantext import decode_plan
from sandbox.rehearsal import Plan

_FAILED = frozenset({"fail", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A place in the configuration that runs a program."""

    address: str
    """Without instance keys."""
    what: str
    """``a local-exec provisioner``, ``the program of external data``."""
    provisioner: bool
    """Runs when the resource is made or destroyed; otherwise whenever the data are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What a saved plan says."""

    plan: Plan
    existing: int
    """How many managed resources there were before, as far as the plan names them."""
    complete: bool
    """Nothing was left out with ``-target`` and nothing is left to a later run."""
    deferred: tuple[tuple[str, str], ...]
    """Address and reason of what is left to a later run."""
    drifted: tuple[str, ...]
    """Addresses of what changed outside Terraform since its last run."""
    failed_checks: tuple[tuple[str, str], ...]
    """Address and problem of conditions that do not hold."""
    invoked: tuple[str, ...]
    """Addresses of ``action`` blocks that the apply invokes."""
    code: tuple[Code, ...] | None
    """What runs programs; None where the plan comes without its configuration."""


def read_saved_plan(content: bytes, *, name: str) -> SavedPlan:
    """Parse a saved plan.

    Args:
        content: ``terraform show -json``, in any of Unicode's encodings.
        name: What to call it in messages.

    Raises:
        ConfigurationError: it is not a plan, or holds something that is not understood.
    """
    document = decode_plan(content, name=name)
    try:
        return _saved_plan(document)
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise invalid(f"{type(error).__name__}: {error}") from error


def _saved_plan(document: Mapping[str, Any]) -> SavedPlan:
    changes = tuple(planned_change(raw, trimmed=True) for raw in entries(document, "resource_changes"))
    return SavedPlan(
        plan=Plan(
            changes=changes,
            terraform_version=_text(document.get("terraform_version")),
            # Whatever is neither true nor false says that something is wrong.
            errored=document.get("errored") not in (None, False),
        ),
        existing=sum(change.mode == "managed" and change.action is not Action.CREATE for change in changes),
        complete=document.get("complete") in (None, True),
        deferred=tuple(_deferred(document)),
        drifted=tuple(_drifted(document)),
        failed_checks=tuple(_failed_checks(document)),
        invoked=tuple(_invoked(document)),
        code=_code(document.get("configuration")),
    )


def _drifted(document: Mapping[str, Any]) -> Iterator[str]:
    """Only told, never judged: what is not understood of it hides nothing."""
    for raw in entries(document, "resource_drift"):
        change = raw.get("change")
        if not isinstance(change, dict) or change.get("actions") != ["no-op"]:
            yield _text(raw.get("address")) or f"{_text(raw.get('type'))}.{_text(raw.get('name'))}"


def _deferred(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for raw in entries(document, "deferred_changes"):
        change = raw.get("resource_change")
        address = _text(change.get("address")) if isinstance(change, dict) else ""
        yield address, _text(raw.get("reason")) or "unknown"
    for raw in entries(document, "deferred_action_invocations"):
        action = raw.get("action_invocation")
        yield _text(action.get("address")) if isinstance(action, dict) else "", _text(raw.get("reason")) or "unknown"


def _invoked(document: Mapping[str, Any]) -> Iterator[str]:
    return (_text(raw.get("address")) for raw in entries(document, "action_invocations"))


def _failed_checks(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for raw in entries(document, "checks"):
        instances = entries(raw, "instances")
        failed = [item for item in instances if item.get("status") in _FAILED]
        for item in failed:
            problems = (_text(problem.get("message")) for problem in entries(item, "problems"))
            yield _shown(item, raw), " ".join(filter(None, problems)) or "its condition does not hold"
        if raw.get("status") in _FAILED and not failed:
            yield _shown(raw, raw), "its condition does not hold"


def _shown(item: Mapping[str, Any], check: Mapping[str, Any]) -> str:
    for holder in (item, check):
        address = holder.get("address")
        if isinstance(address, dict) and isinstance(address.get("to_display"), str):
            return str(address["to_display"])
    return "a check"


def _code(configuration: Any) -> tuple[Code, ...] | None:
    if not isinstance(configuration, dict) or not isinstance(configuration.get("root_module"), dict):
        return None
    return tuple(_code_of(configuration["root_module"], ""))


def _code_of(module: Mapping[str, Any], prefix: str) -> Iterator[Code]:
    for resource in entries(module, "resources"):
        address = f"{prefix}{_text(resource.get('address'))}"
        for provisioner in entries(resource, "provisioners"):
            kind = _text(provisioner.get("type")) or "unnamed"
            yield Code(address=address, what=f"a {kind} provisioner", provisioner=True)
        if resource.get("mode") == "data" and resource.get("type") == "external":
            yield Code(address=address, what="the program of external data", provisioner=False)
    calls = module.get("module_calls")
    for name, call in calls.items() if isinstance(calls, dict) else ():
        if isinstance(call, dict) and isinstance(call.get("module"), dict):
            yield from _code_of(call["module"], f"{prefix}module.{name}.")


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""
