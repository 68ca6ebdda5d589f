"""The command line's grammar: one parser class, and the options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from gate.wiring import DEFAULT_ENGINE, ENGINES
from sandbox.errors import UsageError

FORMATS = ("terminal", "json", "markdown")


class Parser(argparse.ArgumentParser):
    """argparse, except that wrong usage is an error of ours (exit code 64) and examples keep their lines."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)  # type: ignore[arg-type]  # argparse takes just these

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting."""
        raise UsageError(f"{message}.", hint=f"See `{self.prog} --help`.")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where and how the report comes out."""
    group = parser.add_argument_group("output")
    group.add_argument("--out", metavar="DIR", type=Path, help="write report.json, report.md and report.html there")
    group.add_argument("--format", choices=FORMATS, default="terminal", help="what to print (default: %(default)s)")
    group.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


def add_rehearsal(parser: argparse.ArgumentParser) -> None:
    """Add what every rehearsal can be told."""
    group = parser.add_argument_group("rehearsal")
    group.add_argument(
        "--engine", default=DEFAULT_ENGINE, metavar="NAME", help=f"{' or '.join(ENGINES)} (default: %(default)s)"
    )
    group.add_argument(
        "--policy", metavar="FILE", type=Path, help="sandtable.yaml (default: beside the change, else strict)"
    )
    group.add_argument("--terraform", metavar="PATH", type=Path, help="terraform or tofu (default: from PATH)")
    group.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=1800.0, help="for all of Terraform (default: 1800)"
    )
