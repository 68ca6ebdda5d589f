"""All measurements, one after the other; each prints its own figures."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

REVIEWERS = Path(tempfile.gettempdir()) / "sandtable-reviewers"
BENCHMARKS = (
    f"bench_review.py --beside {REVIEWERS} --runs 3",
    "bench_compare.py",
    "bench_cloudformation.py",
    "bench_inventory.py",
    "bench_recorder.py",
    "bench_overhead.py",
    "bench_hook.py",
    "bench_reports.py",
)


def _command(folder: Path, line: str) -> list[str]:
    name, *arguments = line.split()
    return [sys.executable, str(folder / name), *arguments]


def main() -> int:
    """Run every benchmark, and fail when one fails."""
    folder = Path(__file__).parent
    failed = [
        name
        for name in BENCHMARKS
        if print(f"\n== {name}", flush=True) or subprocess.run(_command(folder, name), check=False).returncode
    ]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
