"""`sandtable report REPORT.json`: render a saved report."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gate.cli.output import RENDERERS, show
from gate.report import jsonfmt
from gate.verdict import Decision
from sandbox.errors import ConfigurationError

EPILOG = """\
examples:
  sandtable report report/report.json
  sandtable report report/report.json --format html > page.html
  sandtable rehearse terraform infra --target git:main --format json | sandtable report - --format markdown
"""


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "report",
        help="render a saved report.json",
        epilog=EPILOG,
        description="Render a saved report; exits with its verdict.",
    )
    parser.add_argument("file", metavar="REPORT.json", help="a report that this tool wrote; - reads standard input")
    parser.add_argument("--format", choices=("terminal", *RENDERERS), default="terminal", help="default: %(default)s")
    parser.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    document = _read(options.file)
    report = jsonfmt.from_document(document)
    show(jsonfmt.to_document(report), options.format)
    return Decision(report.verdict.decision).exit_code


def _read(name: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} cannot be read as a report: {error}.", hint="Name a report.json.") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{name} is not a report: it is not a JSON object.", hint="Name a report.json.")
    return document
