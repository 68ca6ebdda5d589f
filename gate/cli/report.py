"""`sandtable report REPORT.json`: render a saved report."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gate.cli.output import show
from gate.report import jsonfmt
from gate.report.markdown import is_link
from gate.report.model import Report
from sandbox.errors import ConfigurationError, UsageError


def report(options: argparse.Namespace) -> int:
    """Render a saved report, and return its exit code."""
    if options.link and not is_link(options.link):
        raise UsageError("--link is not a web address.", hint="Write it as https://host/path, without blanks.")
    parsed = read_report(options.file)
    show(jsonfmt.to_document(parsed), options.format, link=options.link)
    return parsed.verdict.decision.exit_code


def read_report(name: str) -> Report:
    """Read a saved report.

    Raises:
        ConfigurationError: it cannot be read, or is none.
    """
    return jsonfmt.from_document(_read(name))


def _read(name: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} cannot be read as a report: {error}.", hint="Name a report.json.") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{name} is not a report: it is not a JSON object.", hint="Name a report.json.")
    return document
