"""What HCP Terraform is answered.

Source: HashiCorp, "Run Tasks Integration API" (run task callback, outcomes).
"""

from __future__ import annotations

from typing import Any

from gate.report import jsonfmt, markdown
from gate.report.model import Report
from gate.report.view import build_view
from gate.verdict import Decision

MEDIA_TYPE = "application/vnd.api+json"
LONGEST_MESSAGE = 500
PASSED, FAILED = "passed", "failed"
_LEVELS = {Decision.APPROVE: "none", Decision.REVIEW: "warning", Decision.REJECT: "error"}


def judged(report: Report, *, with_outcomes: bool) -> dict[str, Any]:
    """The result of a plan that was judged: only an approved one has passed."""
    decision = report.verdict.decision
    document = jsonfmt.to_document(report)
    view = build_view(document)
    answer = _result(PASSED if decision is Decision.APPROVE else FAILED, f"{view.decided}: {view.headline}")
    if with_outcomes:
        outcome = {
            "type": "task-result-outcomes",
            "attributes": {
                "outcome-id": "sandtable",
                "description": _short(f"{view.decided}: {view.headline}"),
                "body": markdown.render(document),
                "tags": {"decision": [{"label": decision.value, "level": _LEVELS[decision]}]},
            },
        }
        answer["data"]["relationships"] = {"outcomes": {"data": [outcome]}}
    return answer


def not_judged(problem: str) -> dict[str, Any]:
    """The result where nothing was judged, which is no pass."""
    return _result(FAILED, f"Nothing was judged: {problem}")


def _result(status: str, message: str) -> dict[str, Any]:
    return {"data": {"type": "task-results", "attributes": {"status": status, "message": _short(message)}}}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"
