"""Review every plan below a folder of real ones, and compare the verdicts with what each plan says in plain words.

Run ``python benchmarks/review_corpus.py FOLDER`` from the top of the repository. A plan is a file that holds
``resource_changes``, ``planned_values`` or ``configuration`` beside a format version. Of each:

* there is a report or one clear error, never a traceback;
* a plan that deletes or replaces anything is rejected, or a row of the bookkeeping list speaks for all of it;
* a plan that does no more than create is not rejected, unless it lets what exists already expire.

Prints a table, and exits with 1 when one of these does not hold. The plans themselves are nobody's to commit.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gate.planreview import PlanRequest, review_plan
from gate.policy.bookkeeping import lookup
from gate.report import brief, jsonfmt, markdown
from gate.verdict import Decision
from sandbox.errors import ConfigurationError

MARKS = ("resource_changes", "planned_values", "configuration")

EXPIRY = {
    "aws_ecr_lifecycle_policy": ("repository", "aws_ecr_repository"),
    "aws_s3_bucket_lifecycle_configuration": ("bucket", "aws_s3_bucket"),
}
"""Types that let things expire: the attribute that names where, and the type of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One plan and what became of it."""

    path: Path
    kind: str
    """``destroys``, ``excused``, ``changes``, ``expires``, ``creates`` or ``nothing``."""
    decision: str
    problem: str = ""


def main() -> int:
    """Review all plans of a folder."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    rows = [row for path in sorted(folder.rglob("*")) if path.is_file() for row in _reviewed(path)]
    table = Counter((row.kind, row.decision) for row in rows)
    print(f"{'what the plan does':<20}{'verdict':<10}{'plans':>6}")
    for (kind, decision), number in sorted(table.items()):
        print(f"{kind:<20}{decision:<10}{number:>6}")
    print(f"{'in all':<30}{len(rows):>6}")
    wrong = [row for row in rows if row.problem]
    for row in wrong:
        print(f"WRONG {row.path.relative_to(folder)}: {row.problem}")
    return 1 if wrong else 0


def _reviewed(path: Path) -> Iterator[Row]:
    content = path.read_bytes()
    if path.suffix != ".json" or not any(f'"{mark}"'.encode() in content for mark in MARKS):
        return
    try:
        document = json.loads(content)
    except ValueError:
        return
    if not isinstance(document, dict) or not _is_plan(document):
        return
    kind = _kind(document)
    try:
        report = review_plan(PlanRequest(content=content, source=str(path), folder=path.parent))
        told = jsonfmt.to_document(report)
        if jsonfmt.to_document(jsonfmt.from_document(told)) != told:
            yield Row(path=path, kind=kind, decision="report", problem="the report does not survive being read")
        brief.render(report)
        markdown.render(told)
    except ConfigurationError as error:
        yield Row(path=path, kind=kind, decision="error", problem=error.message)
        return
    except Exception as error:  # noqa: BLE001 - that there is none is what is measured
        yield Row(path=path, kind=kind, decision="traceback", problem=repr(error))
        return
    decision = report.verdict.decision
    yield Row(path=path, kind=kind, decision=decision.value, problem=_problem(kind, decision))


def _is_plan(document: dict[str, Any]) -> bool:
    versioned = "format_version" in document or "plan_format_version" in document
    return versioned and any(mark in document for mark in MARKS)


def _kind(document: dict[str, Any]) -> str:
    """Say what a plan does, read as naively as can be."""
    changes = [item for item in document.get("resource_changes") or [] if item.get("mode") != "data"]
    actions = {action for item in changes for action in item["change"]["actions"]}
    destroyed = [item["type"] for item in changes if "delete" in item["change"]["actions"]]
    if destroyed:
        return "excused" if all(lookup(type_, {}) for type_ in destroyed) else "destroys"
    if actions - {"no-op", "read", "create"}:
        return "changes"
    if any(_expires(item, changes) for item in changes):
        return "expires"
    return "creates" if "create" in actions else "nothing"


def _expires(item: dict[str, Any], changes: list[dict[str, Any]]) -> bool:
    """Whether it makes a rule that deletes what is in something which the plan does not make."""
    about, of = EXPIRY.get(item["type"], ("", ""))
    name = (item["change"].get("after") or {}).get(about)
    made = {
        value
        for other in changes
        if other["type"] == of
        for value in (other["change"]["after"] or {}).values()
        if isinstance(value, str)
    }
    return name is not None and name not in made


def _problem(kind: str, decision: Decision) -> str:
    if kind == "destroys" and decision is not Decision.REJECT:
        return f"it destroys, and is not rejected ({decision.value})"
    if kind in {"creates", "nothing"} and decision is Decision.REJECT:
        return "it destroys nothing, and is rejected"
    return ""


if __name__ == "__main__":
    sys.exit(main())
