"""SARIF 2.1.0, for code-scanning dashboards: one result per finding, on the line that declares the resource.

Where that is not known (a resource that the change no longer declares, something that Terraform does not manage), the
result stands at the change itself; its logical location names the resource either way.

Sources: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub, "SARIF support for code
scanning" (at most 25,000 results in a run are taken, and names of files are relative to the repository).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from gate.report.escape import visible, visible_lines

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST = 25_000
"""Results; the worst are kept."""
_LEVELS = {"reject": "error", "review": "warning", "note": "note"}
_WORST_FIRST = tuple(_LEVELS)
_LINK = re.compile(r"\[(?=[^\]]*\]\()")
"""Where a viewer would read a link (3.11.6 of the specification): names and values are to be none."""


def render(document: Mapping[str, Any]) -> str:
    """Return the report's findings as a SARIF log, in ASCII."""
    findings = sorted(document["verdict"]["findings"], key=lambda finding: _WORST_FIRST.index(finding["level"]))[:MOST]
    rules = sorted({finding["rule"] for finding in findings})
    source = document["proposal"]["source"]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": document["tool"]["name"],
                        "version": document["tool"]["version"],
                        "rules": [_rule(rule, findings) for rule in rules],
                    }
                },
                "automationDetails": {"id": f"sandtable/{source}"},
                "columnKind": "unicodeCodePoints",
                "properties": {"decision": document["verdict"]["decision"]},
                "results": [_result(finding, rules, document) for finding in findings],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def uri_of(path: str) -> str:
    """Return a path as a URI reference: relative as it is, a full path as a file's (RFC 3986, RFC 8089)."""
    escaped = quote(path, safe="/", errors="replace")
    return f"file://{escaped}" if path.startswith("/") else escaped


def _rule(rule: str, findings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A rule, with the worst level that it spoke on."""
    levels = {finding["level"] for finding in findings if finding["rule"] == rule}
    worst = next(level for level in _WORST_FIRST if level in levels)
    return {
        "id": rule,
        "shortDescription": {"text": rule.replace("-", " ")},
        "defaultConfiguration": {"level": _LEVELS[worst]},
    }


def _result(finding: Mapping[str, Any], rules: list[str], document: Mapping[str, Any]) -> dict[str, Any]:
    # Viewers show these texts as they are: what would act on the reader's screen is written out.
    subject = visible(finding["address"] or "the change")
    remedy = f" {finding['remediation']}" if finding["remediation"] else ""
    return {
        "ruleId": finding["rule"],
        "ruleIndex": rules.index(finding["rule"]),
        "level": _LEVELS[finding["level"]],
        "message": {"text": _LINK.sub(r"\[", visible_lines(f"{subject} {finding['message']}.{remedy}"))},
        "locations": [
            {
                "physicalLocation": _place(finding["address"], document),
                "logicalLocations": [{"fullyQualifiedName": subject, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"ruleAndResource/v1": _fingerprint(finding)},
        "properties": {"proof": finding["proof"], "level": finding["level"]},
    }


def _place(address: str, document: Mapping[str, Any]) -> dict[str, Any]:
    declared = document.get("locations", {}).get(address)
    if declared is None:
        return {"artifactLocation": {"uri": uri_of(document["proposal"]["source"])}}
    return {"artifactLocation": {"uri": uri_of(declared["file"])}, "region": {"startLine": max(1, declared["line"])}}


def _fingerprint(finding: Mapping[str, Any]) -> str:
    """The same for the same rule about the same resource, wherever its line has moved."""
    return hashlib.sha256(f"{finding['rule']}\0{finding['address']}".encode(errors="replace")).hexdigest()[:32]
