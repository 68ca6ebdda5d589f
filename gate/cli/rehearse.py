"""`sandtable rehearse terraform DIR --target T`: the main job."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from gate.cli.arguments import Parser, add_output, add_rehearsal
from gate.cli.output import show, write
from gate.cli.progress import progress_on_stderr
from gate.report import jsonfmt
from gate.reviewer import ReviewRequest, review
from gate.verdict import Decision

EPILOG = """\
examples:
  sandtable rehearse terraform infra --target git:main
  sandtable rehearse terraform change/ --target config:before/ --out report/
  sandtable rehearse terraform infra --target git:origin/main:infra --var-file prod.tfvars --engine moto
  sandtable rehearse terraform infra --target empty --format json | jq .verdict.decision
"""


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("rehearse", help="rehearse a change in a clone of the target")
    kinds = parser.add_subparsers(title="kinds of change", metavar="KIND", required=True, parser_class=Parser)
    terraform = kinds.add_parser(
        "terraform", help="a Terraform or OpenTofu root module", epilog=EPILOG, description=_terraform.__doc__
    )
    terraform.add_argument("directory", metavar="DIR", type=Path, help="the root module as it would be applied")
    terraform.add_argument(
        "--target", required=True, metavar="TARGET", help="the environment before: config:DIR, git:REF[:DIR] or empty"
    )
    terraform.add_argument("--seed", metavar="FILE", type=Path, help="API calls that put data into the clone first")
    terraform.add_argument("--account", default="123456789012", help="the target's account id (default: %(default)s)")
    terraform.add_argument(
        "--region", default="us-east-1", help="where the provider block names none (default: %(default)s)"
    )
    terraform.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="as terraform's -var")
    terraform.add_argument(
        "--var-file", action="append", default=[], metavar="FILE", type=Path, help="as terraform's -var-file"
    )
    terraform.add_argument("--workspace", default="default", help="what terraform.workspace is (default: %(default)s)")
    add_rehearsal(terraform)
    add_output(terraform)
    terraform.set_defaults(command=_terraform)


def _terraform(options: argparse.Namespace) -> int:
    """Rehearse a Terraform change in a clone of the target, judge it, and exit with the verdict."""
    request = ReviewRequest(
        change=options.directory,
        target=options.target,
        engine=options.engine,
        policy=options.policy,
        seed=options.seed,
        terraform=options.terraform,
        account=options.account,
        region=options.region,
        variables=tuple(options.var),
        var_files=tuple(options.var_file),
        workspace=options.workspace,
        timeout=options.timeout,
        environment=dict(os.environ),
    )
    return carry_out(request, options)


def carry_out(request: ReviewRequest, options: argparse.Namespace) -> int:
    """Rehearse, show, write, and return the verdict's exit code."""
    with progress_on_stderr(quiet=options.quiet) as progress:
        report = review(request, progress)
    document = jsonfmt.to_document(report)
    page = write(document, options.out) if options.out else None
    show(document, options.format)
    if page is not None and options.format == "terminal":
        print(f"Full report: {page}")  # noqa: T201 - part of what the terminal form shows
    return Decision(report.verdict.decision).exit_code
