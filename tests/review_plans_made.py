"""Plans as `terraform show -json` writes them, made by hand for the tests of `sandtable review`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gate.planreview import PlanRequest, review_plan
from gate.report.model import Report
from gate.verdict import Level

AWS = "registry.terraform.io/hashicorp/aws"


def change(
    address: str = "aws_instance.web",
    actions: str = "update",
    before: Any = None,
    after: Any = None,
    *,
    inside: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Make one entry; `actions` separated by blanks."""
    kind, _, name = address.split("[", maxsplit=1)[0].rpartition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind.rpartition(".")[2],
        "name": name,
        "provider_name": AWS,
        "change": {
            "actions": actions.split(),
            "before": before,
            "after": after,
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
            **(inside or {}),
        },
        **more,
    }


def plan(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make a plan."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
        "resource_changes": list(changes),
        "configuration": {"root_module": {}},
        **more,
    }


def text(*changes: dict[str, Any], **more: Any) -> bytes:
    """Make a plan's text."""
    return json.dumps(plan(*changes, **more)).encode()


def reviewed(content: bytes, *, folder: Path = Path("/nonexistent"), policy: Path | None = None) -> Report:
    """Review a plan's text."""
    return review_plan(PlanRequest(content=content, source="plan.json", folder=folder, policy=policy))


def verdict(*changes: dict[str, Any], **more: Any) -> str:
    """Return the decision on a plan."""
    return reviewed(text(*changes, **more)).verdict.decision.value


def objections(*changes: dict[str, Any], **more: Any) -> set[tuple[str, str]]:
    """Return rule and address of what is more than a note."""
    findings = reviewed(text(*changes, **more)).verdict.findings
    return {(item.rule, item.address) for item in findings if item.level is not Level.NOTE}
