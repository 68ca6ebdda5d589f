"""`sandtable rehearse KIND … --target T`: the main job."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from gate.cli.output import show, write
from gate.cli.progress import progress_on_stderr
from gate.earning import earn
from gate.report import jsonfmt
from gate.reviewer import DEFAULT_REGION, ReviewRequest, review
from gate.stepsfile import read_steps
from sandbox.errors import UsageError
from sandbox.proposal import Budget, CloudFormationProposal

NO_STATE = "none"


def rehearse_terraform(options: argparse.Namespace) -> int:
    """Rehearse a Terraform change in a clone of the target, judge it, and exit with the verdict."""
    no_state = options.state == NO_STATE
    request = replace(
        request_of(options, options.directory),
        state=None if no_state or options.state is None else Path(options.state),
        empty_state=no_state,
    )
    return carry_out(request, options, earns=True)


def rehearse_command(options: argparse.Namespace) -> int:
    """Rehearse a program that speaks the AWS API, judge what it does, and exit with the verdict."""
    command = tuple(options.program[1:] if options.program[:1] == ["--"] else options.program)
    if not command:
        raise UsageError(
            "No command was given.", hint="Write it after --: sandtable rehearse command --target T -- aws s3 ls"
        )
    budget = Budget(writes=options.max_writes, failures=options.max_failures)
    return carry_out(replace(request_of(options, options.dir), command=command, budget=budget), options, earns=True)


def rehearse_steps(options: argparse.Namespace) -> int:
    """Rehearse several changes one after the other, judge what they do together, and exit with the verdict."""
    budget = Budget(writes=options.max_writes, failures=options.max_failures)
    sequence = read_steps(options.file, budget=budget, stack=options.stack)
    request = replace(
        request_of(options, sequence.directory), sequence=sequence, target_parameters=options.target_parameters
    )
    return carry_out(request, options)


def rehearse_cloudformation(options: argparse.Namespace) -> int:
    """Rehearse what becomes of stacks, judge it, and exit with the verdict."""
    proposal = CloudFormationProposal(
        template=options.template,
        stack=options.stack,
        parameters=options.parameters,
        delete=options.delete,
        stack_policy=options.stack_policy,
    )
    request = replace(
        request_of(options, proposal.directory),
        stacks=proposal,
        target_parameters=options.target_parameters,
    )
    return carry_out(request, options)


def request_of(options: argparse.Namespace, change: Path) -> ReviewRequest:
    """What every command that rehearses is told, about one change."""
    return ReviewRequest(
        change=change,
        target=options.target,
        engine=options.engine,
        engine_hosts=tuple(options.engine_host),
        reset_endpoint=options.reset_endpoint,
        second_opinion=options.second_opinion,
        policy=options.policy,
        policy_environment=options.environment,
        rego=options.rego,
        seed=options.seed,
        terraform=options.terraform,
        account=options.account,
        region=options.region[0] if options.region else DEFAULT_REGION,
        regions=tuple(options.region),
        services=tuple(options.services),
        tags=tuple(options.tag),
        variables=tuple(options.var),
        var_files=tuple(options.var_file),
        workspace=options.workspace,
        timeout=options.timeout,
        fast_waits=not options.real_time,
        isolation=options.isolation,
        keep_clones=not options.cold,
        environment=dict(os.environ),
    )


def carry_out(request: ReviewRequest, options: argparse.Namespace, *, earns: bool = False) -> int:
    """Rehearse, show, write, and return the verdict's exit code.

    Args:
        request: What to rehearse.
        options: Where the report goes.
        earns: An approved rehearsal leaves a pass for agents' hooks.
    """
    with progress_on_stderr(quiet=options.quiet) as progress:
        report = review(request, progress)
    document = jsonfmt.to_document(report)
    page = write(document, options.out) if options.out else None
    show(document, options.format)
    if earns and (word := earn(request, report)) and not options.quiet:
        print(word, file=sys.stderr)  # noqa: T201 - as progress
    if page is not None and options.format == "terminal":
        print(f"Full report: {page}")  # noqa: T201 - part of what the terminal form shows
    return report.verdict.decision.exit_code
