"""`sandtable clone --target T --out FILE`: a clone, put to rest in a file."""

from __future__ import annotations

import argparse
import os

from gate.cli.progress import progress_on_stderr
from gate.wiring import EngineOptions, engine_named
from sandbox.clones.snapshotfile import write_snapshot
from sandbox.errors import MissingToolError, UsageError
from sandbox.executors.terraform.binary import TerraformBinary, find_terraform
from sandbox.isolation.choose import isolation_named
from sandbox.place import Place
from sandbox.preserve import preserve
from sandbox.session import Tools, Variables
from sandbox.targets.target import parse_target


def clone(options: argparse.Namespace) -> int:
    """Clone a target and write the clone to a file, without secrets; or say what reading it takes."""
    if options.print_read_policy:
        return print_read_policy(options)
    if options.out is None:
        raise UsageError("No file was given to write the clone to.", hint="Add --out FILE.")
    tools = Tools(
        engine=engine_named(
            options.engine,
            EngineOptions(
                environment=dict(os.environ),
                named_hosts=tuple(options.engine_host),
                reset=options.reset_endpoint,
                account=options.account,
                region=options.region,
            ),
        ),
        binary=_binary(options),
        environment=dict(os.environ),
        place=Place(account=options.account, region=options.region),
        timeout=options.timeout,
        variables=Variables(values=tuple(options.var), files=tuple(options.var_file), workspace=options.workspace),
        keep_clones=not options.cold,
        isolation=isolation_named(options.isolation),
    )
    target = parse_target(options.target)
    with progress_on_stderr(quiet=options.quiet) as progress:
        image = preserve(target, tools, progress, seed=options.seed, fast_waits=not options.real_time)
        digest = write_snapshot(image, options.out)
    print(f"{options.out} sha256:{digest}")  # noqa: T201 - what the command is asked for
    return 0


def print_read_policy(options: argparse.Namespace) -> int:
    """Print the IAM policy that reading a live account takes (docs/live-accounts.md)."""
    # Only this needs the models of every service.
    from sandbox.live.account import known_services, parse_live_target  # noqa: PLC0415
    from sandbox.live.iam import read_policy  # noqa: PLC0415

    target = parse_live_target(options.target, services=options.services)
    print(read_policy(target.services or known_services()), end="")  # noqa: T201 - what the command is asked for
    return 0


def _binary(options: argparse.Namespace) -> TerraformBinary | None:
    try:
        return find_terraform(options.terraform, os.environ)
    except MissingToolError:
        return None
