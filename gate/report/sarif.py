"""SARIF 2.1.0, for code-scanning dashboards: one result per finding.

Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Findings name resources, not lines, so
each result has a logical location; the physical one is the change's root module.
"""

from __future__ import annotations

import json
from typing import Any

from gate.report.escape import visible, visible_lines

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"reject": "error", "review": "warning", "note": "note"}


def render(document: dict[str, Any]) -> str:
    """Return the report's findings as a SARIF log, in ASCII."""
    findings = document["verdict"]["findings"]
    rules = sorted({finding["rule"] for finding in findings})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": document["tool"]["name"],
                        "version": document["tool"]["version"],
                        "rules": [{"id": rule} for rule in rules],
                    }
                },
                "automationDetails": {"id": f"sandtable/{document['proposal']['source']}"},
                "properties": {"decision": document["verdict"]["decision"]},
                "results": [_result(finding, rules, document["proposal"]["source"]) for finding in findings],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _result(finding: dict[str, Any], rules: list[str], source: str) -> dict[str, Any]:
    # Viewers show these texts as they are: what would act on the reader's screen is written out.
    subject = visible(finding["address"] or "the change")
    remedy = f" {finding['remediation']}" if finding["remediation"] else ""
    return {
        "ruleId": finding["rule"],
        "ruleIndex": rules.index(finding["rule"]),
        "level": _LEVELS[finding["level"]],
        "message": {"text": visible_lines(f"{subject} {finding['message']}.{remedy}")},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": source}},
                "logicalLocations": [{"fullyQualifiedName": subject, "kind": "resource"}],
            }
        ],
        "properties": {"proof": finding["proof"], "level": finding["level"]},
    }
