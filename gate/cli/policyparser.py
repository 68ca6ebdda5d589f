"""The grammar of what is about policies and the history."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

POLICY_EPILOG = """\
examples:
  sandtable policy init --preset tiered > sandtable.yaml
  sandtable policy check infra/sandtable.yaml
  sandtable policy explain aws_dynamodb_table.orders report/report.json
  sandtable policy schema > sandtable.schema.json
"""

HISTORY_EPILOG = """\
examples:
  sandtable history
  sandtable history git:main --format json
"""


def add_environment(parser: argparse._ActionsContainer) -> None:
    """Add which section of a policy is to be taken."""
    parser.add_argument(
        "--environment",
        default="",
        metavar="NAME",
        help="the policy's section to take (default: by place)",
    )


def add_rego(parser: argparse._ActionsContainer) -> None:
    """Add where policies in Rego are."""
    parser.add_argument(
        "--rego", default=None, metavar="DIR", type=Path, help="Rego policies that judge as well (docs/policy.md)"
    )


def add_policy(commands: Any) -> None:
    """Add `policy`."""
    parser = commands.add_parser("policy", help="write, check and explain a policy file", epilog=POLICY_EPILOG)
    kinds = parser.add_subparsers(title="commands", metavar="WHAT", required=True, prog=parser.prog)
    init = kinds.add_parser(
        "init", help="print a policy to start from", description="Print a policy to start from; nothing is written."
    )
    init.add_argument("--preset", choices=("strict", "tiered"), default="strict", help="default: %(default)s")
    check = kinds.add_parser(
        "check",
        help="say whether a policy file is valid",
        description="Read a policy file, and say what it amounts to; exits with 3 where it is not valid.",
    )
    check.add_argument(
        "file", nargs="?", metavar="FILE", type=Path, default=Path("sandtable.yaml"), help="default: %(default)s"
    )
    explain = kinds.add_parser(
        "explain",
        help="say why a report has the findings that it has",
        description="Say of one address in a report what was found, and how each finding came to its level.",
    )
    explain.add_argument("address", metavar="ADDRESS", help="the address, as the report has it")
    explain.add_argument("report", metavar="REPORT", help="a report.json; - reads standard input")
    explain.add_argument(
        "--policy", metavar="FILE", type=Path, help="judge by this (default: sandtable.yaml here, else strict)"
    )
    add_environment(explain)
    schema = kinds.add_parser(
        "schema",
        help="print the JSON Schema of the file",
        description="Print the JSON Schema of the policy file, with which editors complete it.",
    )
    for each, name in ((init, "init"), (check, "check"), (explain, "explain"), (schema, "schema")):
        each.set_defaults(command=f"gate.cli.policy:{name}")


def add_history(commands: Any) -> None:
    """Add `history`."""
    parser = commands.add_parser(
        "history",
        help="what earlier rehearsals are remembered for",
        epilog=HISTORY_EPILOG,
        description=(
            "List the rehearsals of the last 90 days, the last first, and what each of them saw that prepares a later "
            "loss: protection switched off, retention cut, backups removed."
        ),
    )
    parser.add_argument("target", nargs="?", default="", metavar="TARGET", help="of this target only, as it was given")
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal", help="default: %(default)s")
    parser.set_defaults(command="gate.cli.history:history")
