"""`sandtable rehearse terraform DIR --target T`: the main job."""

from __future__ import annotations

import argparse
import os

from gate.cli.output import show, write
from gate.cli.progress import progress_on_stderr
from gate.report import jsonfmt
from gate.reviewer import ReviewRequest, review


def rehearse_terraform(options: argparse.Namespace) -> int:
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
        fast_waits=not options.real_time,
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
    return report.verdict.decision.exit_code
