"""Running the command line as a user would, for the contract tests."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

import forked

PROVIDER = """terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "eu-west-1"
}
"""
PARAMETER = 'resource "aws_ssm_parameter" "limit" {\n  name  = "/shop/limit"\n  type  = "String"\n  value = "%s"\n}\n'
TOPIC = 'resource "aws_sns_topic" "orders" {\n  name = "%s"\n}\n'


def write(folder: Path, text: str, name: str = "main.tf") -> Path:
    """Make a root module of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder


def command(*arguments: str) -> list[str]:
    """Return the command line of this checkout."""
    return [sys.executable, "-m", "gate.cli.main", *arguments]


def surroundings(tmp_path: Path, **extra: str) -> dict[str, str]:
    """Return the test's own environment with temporary files in a folder that can be looked at afterwards."""
    return {**os.environ, "TMPDIR": str(scratch_of(tmp_path)), **extra}


def scratch_of(tmp_path: Path) -> Path:
    """Return the folder for temporary files of one test: short, since sockets are made below it."""
    number = hashlib.sha256(str(tmp_path).encode()).hexdigest()[:8]
    scratch = Path(tempfile.gettempdir()) / f"stt-{number}"
    scratch.mkdir(exist_ok=True)
    return scratch


def run(tmp_path: Path, *arguments: str, timeout: float = 300, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in a forked process; `run_anew` is for what depends on how a process begins."""
    return forked.run(arguments, surroundings(tmp_path, **extra), timeout=timeout)


def run_anew(tmp_path: Path, *arguments: str, timeout: float = 300, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in a new interpreter."""
    return subprocess.run(
        command(*arguments),
        env=surroundings(tmp_path, **extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def leftovers(tmp_path: Path) -> list[str]:
    """Name the scratch folders that are still there."""
    return sorted(path.name for path in scratch_of(tmp_path).glob("sandtable-*"))


def processes_below(folder: Path) -> list[str]:
    """Name the processes whose working folder, environment or command line lies in a folder."""
    import psutil  # noqa: PLC0415 - tests that need it, load it

    found = []
    for process in psutil.process_iter():
        try:
            text = " ".join([*process.cmdline(), process.cwd(), *process.environ().values()])
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if str(folder) in text and process.pid != os.getpid():
            found.append(f"{process.pid} {' '.join(process.cmdline())[:80]}")
    return found
