"""All measurements, one after the other; each prints its own figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    "bench_compare.py",
    "bench_cloudformation.py",
    "bench_inventory.py",
    "bench_recorder.py",
    "bench_overhead.py",
    "bench_hook.py",
    "bench_reports.py",
)


def main() -> int:
    """Run every benchmark, and fail when one fails."""
    folder = Path(__file__).parent
    failed = [
        name
        for name in BENCHMARKS
        if print(f"\n== {name}", flush=True) or subprocess.run([sys.executable, folder / name], check=False).returncode
    ]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
