"""Every bundled scenario rehearsed twice, with shortened and with ordinary waits: the reports must say the same.

    python benchmarks/sweep_waits.py [SCENARIO…]

Compared are decision, findings, changes with their attributes, gaps, and the writing calls; generated ids are replaced
by their order of appearance, times are left out. Prints one line per scenario and every difference.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import Counter
from typing import Any

from gate.report import jsonfmt
from gate.reviewer import ReviewRequest, review
from gate.scenarios import Scenario, scenario_named, scenarios

GENERATED = re.compile(
    r"\bHostID: [^\s,]+"  # S3's
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"  # UUIDs
    r"|\b[a-z]{2,10}-[0-9a-f]{8,17}\b"  # sg-0123…, subnet-…, fs-…
    r"|\b[A-Z]{4}[A-Z0-9]{12,17}\b"  # AROA…, AIDA…
    r"|(?<=/)[0-9a-z]{16}\b|(?<=-)[0-9a-z]{8}(?=\.[a-z0-9-]+\.elb)"  # parts of load balancers' ARNs and names
    r"|\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)?|\b\d{10}(?:\.\d+)?\b"  # times
    r"|\b[0-9a-f]{32,64}\b|\b[A-Za-z0-9+/]{27,43}=|\b\d{20,26}\b|127\.0\.0\.1:\d+|\b(?:\d{1,3}\.){3}\d{1,3}\b"
)


def rehearse(scenario: Scenario, *, fast: bool) -> tuple[dict[str, Any], float]:
    """Rehearse one scenario and return its report as JSON data, and the seconds it took."""
    start = time.perf_counter()
    report = review(
        ReviewRequest(
            change=scenario.change,
            target=f"config:{scenario.before}",
            seed=scenario.seed,
            fast_waits=fast,
            environment=dict(os.environ),
        )
    )
    return jsonfmt.to_document(report), time.perf_counter() - start


def essence(document: dict[str, Any]) -> dict[str, list[str]]:
    """What two reports of the same change must share, as sorted lines."""
    changes = document["diff"]["changes"]
    return {
        "decision": [document["verdict"]["decision"]],
        "findings": _lines(
            f"{item['level']} {item['rule']} {item['address']}: {item['message']}"
            for item in document["verdict"]["findings"]
        ),
        "changes": _lines(
            f"{item['address']} {item['action']} {item['proof']} {sorted(item['witnesses'])} {item['stakes']}"
            for item in changes
        ),
        "attributes": _lines(
            f"{item['address']} {row['path']} {_canonical(row['before'])} → {_canonical(row['after'])}"
            for item in changes
            for row in item["attributes"]
        ),
        "gaps": _lines(f"{item['kind']} {item['subject']} {item['reason']}" for item in document["gaps"]),
        "noise": _lines(f"{item['address']} {item['action']}" for item in document["diff"]["noise"]),
        "writes": _lines(
            f"{call['phase']} {call['service']}:{call['operation']} {call['error_code']}"
            for call in document["calls"]
            if call["kind"] != "read"
        ),
    }


def _canonical(value: Any) -> Any:
    """JSON text with its keys in order: engines give them back in any."""
    try:
        return json.dumps(json.loads(value), sort_keys=True) if isinstance(value, str) else value
    except ValueError:
        return value


def _lines(texts: Any) -> list[str]:
    return sorted(GENERATED.sub("ID", text) for text in texts)


def main() -> int:
    """Sweep, and return the number of scenarios that differ."""
    chosen = [scenario_named(name) for name in sys.argv[1:]] or list(scenarios())
    differing = 0
    print(f"{'scenario':<28}{'ordinary':>10}{'shortened':>11}{'calls':>12}  result")
    for scenario in chosen:
        ordinary, slow = rehearse(scenario, fast=False)
        shortened, quick = rehearse(scenario, fast=True)
        one, two = essence(ordinary), essence(shortened)
        unequal = [part for part in one if one[part] != two[part]]
        used = "" if shortened["waits"] == "shortened" else f" (waits were {shortened['waits']})"
        calls = f"{len(ordinary['calls'])}/{len(shortened['calls'])}"
        result = f"differ in {', '.join(unequal)}" if unequal else "equal"
        print(f"{scenario.name:<28}{slow:>9.1f}s{quick:>10.1f}s{calls:>12}  {result}{used}", flush=True)
        differing += bool(unequal)
        for part in unequal:
            for line, count in (Counter(one[part]) - Counter(two[part])).items():
                print(f"    - {count}× {part}: {line[:200]}")
            for line, count in (Counter(two[part]) - Counter(one[part])).items():
                print(f"    + {count}× {part}: {line[:200]}")
    return differing


if __name__ == "__main__":
    sys.exit(main())
