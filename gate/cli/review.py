"""`sandtable review PLAN`: judge a saved plan as it stands.

In a terminal the report looks as after a rehearsal. In a log or a hook it is a few plain lines, which take none of the
libraries that paint: what is loaded here decides how long the command takes.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gate.planreview import PlanRequest, review_plan
from gate.policy.settings import Whereabouts
from gate.report.model import Report
from sandbox.errors import ConfigurationError, UsageError
from sandbox.executors.terraform.plantext import ZIP

if TYPE_CHECKING:
    import argparse

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "command": "gate.cli.review:review",
        "version": None,
        "dir": None,
        "policy": None,
        "environment": "",
        "rego": None,
        "account": "",
        "region": "",
        "workspace": "",
        "terraform": None,
        "out": None,
        "format": "terminal",
    }
)
"""What the grammar makes of a plan alone (held to it by a test)."""
MOST_BYTES = 2_000_000_000
PAINTED = 2_000
"""Changes up to which the large page is painted in a terminal: it takes a second for each thousand."""
SHOW_TIMEOUT = 300.0


def review(options: argparse.Namespace) -> int:
    """Judge a saved plan, and return the verdict's exit code."""
    with _no_collection():
        content = _read(options.plan)
        if content.startswith(ZIP) and options.dir is not None:
            content = _shown(content, options)
        report = review_plan(
            PlanRequest(
                content=content,
                source=_source(options.plan),
                folder=options.dir or os.path.dirname(options.plan) or os.curdir,
                policy=options.policy,
                policy_environment=options.environment,
                rego=options.rego,
                place=Whereabouts(account=options.account, region=options.region, workspace=options.workspace),
                identified=bool(options.out) or options.format != "terminal" or sys.stdout.isatty(),
            )
        )
        _tell(report, options)
    return report.verdict.decision.exit_code


@contextmanager
def _no_collection() -> Iterator[None]:
    """Do without the search for cycles: it would go through millions of objects, none of them garbage, many times."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # Nor is there anything to find at the end.
            gc.freeze()
            gc.enable()


def _source(name: str) -> str:
    return "standard input" if name == "-" else name


def _read(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with open(name, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise UsageError(f"There is no plan {name}.", hint="Name a plan, or - for standard input.") from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The plan {name} cannot be read: {error}.", hint="Name a readable file.") from error


def _shown(content: bytes, options: argparse.Namespace) -> bytes:
    """Let Terraform turn a binary plan into JSON; it needs the providers of the root module for that."""
    from sandbox.executors.terraform.binary import find_terraform  # noqa: PLC0415 - binary plans only
    from sandbox.showplan import plan_as_json  # noqa: PLC0415 - as above

    environment = dict(os.environ)
    text = plan_as_json(
        content,
        name=_source(options.plan),
        directory=options.dir,
        binary=find_terraform(options.terraform, environment),
        environment=environment,
        timeout=SHOW_TIMEOUT,
    )
    return text.encode(errors="surrogatepass")


def _tell(report: Report, options: argparse.Namespace) -> None:
    plain = options.format == "terminal" and (not sys.stdout.isatty() or len(report.diff.changes) > PAINTED)
    if plain and not options.out:
        _print(report)
        return
    from gate.cli.output import show, write  # noqa: PLC0415 - the large pages
    from gate.report import jsonfmt  # noqa: PLC0415 - as above

    document = jsonfmt.to_document(report)
    page = write(document, options.out) if options.out else None
    if plain:
        _print(report)
    else:
        show(document, options.format)
    if page is not None and options.format == "terminal":
        print(f"Full report: {page}")  # noqa: T201 - part of what the terminal form shows


def _print(report: Report) -> None:
    from gate.report import brief  # noqa: PLC0415 - one of several forms

    text = brief.render(report)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()
