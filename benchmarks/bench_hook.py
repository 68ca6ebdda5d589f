"""How long an agent waits for its hook: each command of the tests' corpus, each in a process of its own.

Compiled once, as an installed package is: Python's own bytecode is kept in a folder of the benchmark's.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

CORPUS = Path(__file__).parents[1] / "tests" / "unit" / "hook_corpus.yaml"
HOOK = (sys.executable, "-m", "gate.cli.entry", "hook", "claude-code")
EMPTY = (sys.executable, "-c", "pass")


def main() -> None:
    """Measure and print."""
    corpus = yaml.safe_load(CORPUS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for name, content in corpus["files"].items():
            Path(folder, name).write_text(content, encoding="utf-8")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))
        commands = [command for kind in ("harmless", "destructive", "evasive") for command in corpus[kind]]
        for command in commands:
            ask(command, folder)
        figures = [(*ask(command, folder), command) for command in commands]
        empty = [run(EMPTY, b"") for _ in range(50)]
    wall, cpu = sorted(row[0] for row in figures), sorted(row[1] for row in figures)
    print(f"{len(commands)} commands, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    most = wall[len(wall) * 95 // 100]
    print(f"hook, wall:  median {statistics.median(wall):.1f} ms, 95 % {most:.1f}, worst {wall[-1]:.1f}")
    print(f"hook, cpu:   median {statistics.median(cpu):.1f} ms, worst {cpu[-1]:.1f}")
    print(f"empty, wall: median {statistics.median(row[0] for row in empty):.1f} ms")
    print(f"empty, cpu:  median {statistics.median(row[1] for row in empty):.1f} ms")
    print(f"worst: {max(figures)[2]!r}")


def ask(command: str, folder: str) -> tuple[float, float]:
    """Milliseconds of the clock and of the processor for one answer."""
    event = {"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}, "cwd": folder}
    return run(HOOK, json.dumps(event).encode())


def run(command: tuple[str, ...], text: bytes) -> tuple[float, float]:
    """Milliseconds of the clock and of the processor for one process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, input=text, capture_output=True, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return wall * 1000, cpu * 1000


if __name__ == "__main__":
    main()
