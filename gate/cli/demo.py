"""`sandtable demo [SCENARIO]`: list the bundled scenarios, or rehearse one."""

from __future__ import annotations

import argparse
import os
import sys

from gate.cli.rehearse import carry_out
from gate.reviewer import DEFAULT_ACCOUNT, DEFAULT_REGION, ReviewRequest
from gate.scenarios import NO_STATE, scenario_named, scenarios
from sandbox.errors import MissingToolError
from sandbox.isolation.choose import isolation_named
from sandbox.isolation.none import NONE
from sandbox.proposal import CloudFormationProposal

STACK = "shop"
"""What the stacks of the scenarios are called."""


def demo(options: argparse.Namespace) -> int:
    """List the bundled scenarios, or rehearse one."""
    if options.scenario is None:
        return _list()
    scenario = scenario_named(options.scenario)
    stacks = scenario.kind == "cloudformation"
    own_state = scenario.state not in {"", NO_STATE}
    request = ReviewRequest(
        change=scenario.change,
        target=scenario.target,
        state=scenario.folder / scenario.state if own_state else None,
        empty_state=scenario.state == NO_STATE,
        account=scenario.place.get("account", DEFAULT_ACCOUNT),
        region=scenario.place.get("region", DEFAULT_REGION),
        workspace=scenario.place.get("workspace", "default"),
        stacks=CloudFormationProposal(template=scenario.template, stack=STACK, delete=scenario.delete_first)
        if stacks
        else None,
        command=scenario.command,
        engine=options.engine,
        engine_hosts=tuple(options.engine_host),
        reset_endpoint=options.reset_endpoint,
        second_opinion=options.second_opinion,
        policy=options.policy,
        policy_environment=options.environment or scenario.environment,
        rego=options.rego,
        # What a bundled scenario does is no part of anybody's history.
        history=False,
        seed=scenario.seed,
        terraform=options.terraform,
        timeout=options.timeout,
        fast_waits=not options.real_time,
        isolation=_isolation(options.isolation),
        keep_clones=not options.cold,
        environment=dict(os.environ),
    )
    return carry_out(request, options)


def _isolation(wanted: str) -> str:
    """Bundled scenarios are this tool's own code: where nothing contains them, they are rehearsed all the same."""
    try:
        return isolation_named(wanted).name
    except MissingToolError as error:
        print(f"{error.message} A bundled scenario is trusted: it is rehearsed uncontained.", file=sys.stderr)  # noqa: T201 - a notice
        return NONE


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
