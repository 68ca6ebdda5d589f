"""`sandtable clone --target T --out FILE`: a clone, put to rest in a file."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

from gate.cli.progress import progress_on_stderr
from gate.reviewer import DEFAULT_REGION
from gate.wiring import EngineOptions, engine_named
from sandbox.clones.snapshotfile import write_snapshot
from sandbox.errors import MissingToolError, UsageError
from sandbox.executors.terraform.binary import TerraformBinary, find_terraform
from sandbox.isolation.choose import isolation_named
from sandbox.live.account import known_services, narrowed_target, place_of, stack_in
from sandbox.place import Place
from sandbox.preserve import preserve
from sandbox.session import Tools, Variables
from sandbox.targets.target import LiveStackTarget, LiveTarget, StackTarget, Target, parse_target


def clone(options: argparse.Namespace) -> int:
    """Clone a target and write the clone to a file, without secrets; or say what reading it takes."""
    if options.print_read_policy:
        return print_read_policy(options)
    if options.out is None:
        raise UsageError("No file was given to write the clone to.", hint="Add --out FILE.")
    target, place = _where(options)
    tools = Tools(
        engine=engine_named(
            options.engine,
            EngineOptions(
                environment=dict(os.environ),
                named_hosts=tuple(options.engine_host),
                reset=options.reset_endpoint,
                account=place.account,
                region=place.region,
            ),
        ),
        binary=_binary(options),
        environment=dict(os.environ),
        place=place,
        timeout=options.timeout,
        variables=Variables(values=tuple(options.var), files=tuple(options.var_file), workspace=options.workspace),
        keep_clones=not options.cold,
        isolation=isolation_named(options.isolation),
    )
    with progress_on_stderr(quiet=options.quiet) as progress:
        image = preserve(target, tools, progress, seed=options.seed, fast_waits=not options.real_time)
        digest = write_snapshot(image, options.out)
    print(f"{options.out} sha256:{digest}")  # noqa: T201 - what the command is asked for
    return 0


def print_read_policy(options: argparse.Namespace) -> int:
    """Print the IAM policy that reading a live account takes (docs/live-accounts.md)."""
    # Only this needs the models of every service.
    from sandbox.live.iam import read_policy, stack_read_policy  # noqa: PLC0415

    target = parse_target(options.target)
    if isinstance(target, LiveStackTarget):
        print(stack_read_policy(), end="")  # noqa: T201 - what the command is asked for
        return 0
    if not isinstance(target, LiveTarget):
        raise UsageError(
            f"{options.target} is read without permissions.",
            hint="Write --target aws:PROFILE or --target cloudformation-stack:NAME.",
        )
    target = narrowed_target(target, services=options.services)
    print(read_policy(target.services or known_services()), end="")  # noqa: T201 - what the command is asked for
    return 0


def _where(options: argparse.Namespace) -> tuple[Target, Place]:
    """The target, and the account and region where nothing else tells."""
    target = parse_target(options.target)
    if isinstance(target, LiveTarget) and options.stack:
        target = LiveStackTarget(stack=options.stack, profile=target.profile)
    if isinstance(target, LiveTarget):
        target = narrowed_target(target, regions=options.region, services=options.services, tags=options.tag)
        return target, place_of(target)
    if isinstance(target, LiveStackTarget) and not (options.services or options.tag):
        target = replace(stack_in(target, options.region), parameters=options.target_parameters)
        return target, place_of(target)
    if options.services or options.tag or len(options.region) > 1:
        raise UsageError(
            "Several regions, services and tags narrow a live account only.", hint="Write --target aws:PROFILE."
        )
    if isinstance(target, StackTarget):
        target = replace(target, stack=options.stack, parameters=options.target_parameters)
    elif options.stack or options.target_parameters is not None:
        raise UsageError(
            "--stack and --target-parameters are about stacks.",
            hint="Write --target cloudformation:TEMPLATE or --target cloudformation-stack:NAME.",
        )
    return target, Place(account=options.account, region=options.region[0] if options.region else DEFAULT_REGION)


def _binary(options: argparse.Namespace) -> TerraformBinary | None:
    try:
        return find_terraform(options.terraform, os.environ)
    except MissingToolError:
        return None
