"""`sandtable demo [SCENARIO]`: list the bundled scenarios, or rehearse one."""

from __future__ import annotations

import argparse
import os
from typing import Any

from gate.cli.arguments import add_output, add_rehearsal
from gate.cli.rehearse import carry_out
from gate.reviewer import ReviewRequest
from gate.scenarios import scenario_named, scenarios

EPILOG = """\
examples:
  sandtable demo                        list the scenarios
  sandtable demo kiro --out report/     a "small fix" that recreates production
  sandtable demo kiro-near-miss         the same fix, made safely
"""


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "demo",
        help="rehearse a bundled incident; no account, no Docker",
        epilog=EPILOG,
        description="List the bundled scenarios, or rehearse one and exit with its verdict.",
    )
    parser.add_argument("scenario", nargs="?", metavar="SCENARIO", help="which one (default: list them)")
    add_rehearsal(parser)
    add_output(parser)
    parser.set_defaults(command=_demo)


def _demo(options: argparse.Namespace) -> int:
    if options.scenario is None:
        return _list()
    scenario = scenario_named(options.scenario)
    request = ReviewRequest(
        change=scenario.change,
        target=f"config:{scenario.before}",
        engine=options.engine,
        policy=options.policy,
        seed=scenario.seed,
        terraform=options.terraform,
        timeout=options.timeout,
        environment=dict(os.environ),
    )
    return carry_out(request, options)


def _list() -> int:
    from rich.console import Console  # noqa: PLC0415 - loaded only where it shows something
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table("scenario", "verdict", "what happens", box=None, header_style="bold", padding=(0, 2, 0, 0))
    colours = {"reject": "red", "review": "yellow", "approve": "green"}
    for item in scenarios():
        colour = colours.get(item.expect.decision, "default")
        table.add_row(item.name, f"[{colour}]{item.expect.decision}[/]", item.summary)
    Console().print(table)
    return 0
