"""How long it takes to compare two snapshots, and how much memory.

Run ``python benchmarks/bench_compare.py [RESOURCES [CHANGED]]`` from the top of the repository. The time includes
importing the package, and deepdiff with it; building the snapshots is not counted.
"""

from __future__ import annotations

import resource
import sys
import time
import tracemalloc
from pathlib import Path
from types import MappingProxyType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from diffing.snapshot import Identity, Resource, Snapshot


def table(number: int, *, mode: str) -> Resource:
    """Make a resource with about 40 leaves, as the API describes a table."""
    name = f"table-{number:05}"
    attributes: dict[str, Any] = {
        "DescribeTable": MappingProxyType(
            {
                "TableName": name,
                "BillingMode": mode,
                "KeySchema": tuple(
                    MappingProxyType({"AttributeName": key, "KeyType": kind})
                    for key, kind in (("id", "HASH"), ("at", "RANGE"))
                ),
                "GlobalSecondaryIndexes": tuple(
                    MappingProxyType({"IndexName": f"by_{index}", "Projection": "ALL", "ReadCapacityUnits": index})
                    for index in range(8)
                ),
            }
        ),
        "DescribeTimeToLive": MappingProxyType({"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"}),
        "Zones": ("a", "b", "c"),
    }
    return Resource(
        identity=Identity(account="123456789012", region="eu-west-1", type="AWS::DynamoDB::Table", id=name),
        attributes=MappingProxyType(attributes),
        digest=f"{name}/{mode}",
        service="dynamodb",
        stakes=MappingProxyType({"items": number}),
        born=MappingProxyType({"CreationDateTime": "2024-01-01T00:00:00Z"}),
    )


def snapshot(size: int, changed: int) -> Snapshot:
    """Make a snapshot in which the first ``changed`` resources are unlike those of one made with 0."""
    tables = (table(number, mode="PROVISIONED" if number < changed else "PAY_PER_REQUEST") for number in range(size))
    return Snapshot(resources={each.identity: each for each in tables}, services=frozenset({"dynamodb"}))


def main() -> None:
    """Measure and print."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    changed = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    before, after = snapshot(size, 0), snapshot(size, changed)
    started = time.perf_counter()
    from diffing.compare import compare  # noqa: PLC0415 - its import is part of what is measured

    imported = time.perf_counter()
    changes = compare(before, after).changes
    done = time.perf_counter()
    if len(changes) != changed:
        raise SystemExit(f"expected {changed} changes, found {len(changes)}")
    tracemalloc.start()
    compare(before, after)
    peak = tracemalloc.get_traced_memory()[1]
    print(f"resources      {size} on each side, {changed} changed")
    print(f"import         {(imported - started) * 1000:8.1f} ms (with deepdiff)")
    print(f"compare        {(done - imported) * 1000:8.1f} ms")
    print(f"together       {(done - started) * 1000:8.1f} ms")
    print(f"peak memory    {peak / 1e6:8.1f} MB for the comparison alone")
    print(f"process        {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.1f} MB with both snapshots")


if __name__ == "__main__":
    main()
