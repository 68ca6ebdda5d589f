"""What several commands can be told: the target, how a rehearsal runs, where its report goes."""

from __future__ import annotations

import argparse
from pathlib import Path

from gate.cli.policyparser import add_environment, add_rego
from gate.wiring import DEFAULT_ENGINE, ENGINE_FORMS

PRINTED = ("terminal", "json", "markdown", "agent")
RENDERED = ("terminal", "json", "markdown", "html", "sarif", "junit", "annotations", "summary", "agent")


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add where it is, and what is in it."""
    parser.add_argument("--seed", metavar="FILE", type=Path, help="API calls that put data into the clone first")
    parser.add_argument("--account", default="123456789012", help="the target's account id (default: %(default)s)")
    parser.add_argument(
        "--region",
        action="append",
        default=[],
        help="where nothing else names one (default: us-east-1); of a live account, repeatable",
    )


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add what the environment before is, and what its configuration is given."""
    from sandbox.targets.target import FORMS  # noqa: PLC0415 - not needed to review a plan

    parser.add_argument("--target", required=True, metavar="TARGET", help=f"the environment before: {FORMS}")
    parser.add_argument("--seed", metavar="FILE", type=Path, help="API calls that put data into the clone first")
    parser.add_argument("--account", default="123456789012", help="the target's account id (default: %(default)s)")
    parser.add_argument(
        "--region",
        action="append",
        default=[],
        help="where the provider block names none (default: us-east-1); of a live account each region to read",
    )
    parser.add_argument(
        "--services", action="append", default=[], metavar="NAMES", help="of a live account only these, e.g. ec2,rds"
    )
    parser.add_argument(
        "--tag", action="append", default=[], metavar="KEY=VALUE", help="of a live account only what has it"
    )
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="as terraform's -var")
    parser.add_argument(
        "--var-file", action="append", default=[], metavar="FILE", type=Path, help="as terraform's -var-file"
    )
    parser.add_argument("--workspace", default="default", help="what terraform.workspace is (default: %(default)s)")


def add_rehearsal(parser: argparse.ArgumentParser) -> None:
    """Add what every rehearsal can be told."""
    group = parser.add_argument_group("rehearsal")
    group.add_argument(
        "--policy", metavar="FILE", type=Path, help="sandtable.yaml (default: beside the change, else strict)"
    )
    add_environment(group)
    add_rego(group)
    group.add_argument(
        "--second-opinion",
        default="",
        metavar="ENGINE",
        help="rehearse on this engine as well, and tell where the two disagree",
    )
    add_running(group)


def add_running(group: argparse._ArgumentGroup) -> None:
    """Add which programs make a clone, and how."""
    group.add_argument(
        "--engine",
        default=DEFAULT_ENGINE,
        metavar="ENGINE",
        help=f"{', '.join(ENGINE_FORMS[:-1])} or {ENGINE_FORMS[-1]} (default: %(default)s; docs/engines.md)",
    )
    group.add_argument(
        "--engine-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a host, other than this machine, whose emulator may be written to",
    )
    group.add_argument(
        "--reset-endpoint", action="store_true", help="empty the engine at endpoint:URL first; what is in it is lost"
    )
    group.add_argument("--terraform", metavar="PATH", type=Path, help="terraform or tofu (default: from PATH)")
    group.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=1800.0, help="for all that is run (default: 1800)"
    )
    group.add_argument(
        "--real-time",
        action="store_true",
        help="do not shorten the provider's waits between status reads (docs/fast-waits.md)",
    )
    group.add_argument(
        "--isolation", default="auto", metavar="NAME", help="what contains what is replayed (default: what works here)"
    )
    group.add_argument(
        "--no-isolation",
        dest="isolation",
        action="store_const",
        const="none",
        help="let what is replayed reach this machine and its network; review at best (docs/threat-model.md)",
    )
    group.add_argument(
        "--cold", action="store_true", help="make the clone anew: neither use a kept one nor keep this one"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where and how the report comes out."""
    group = parser.add_argument_group("output")
    group.add_argument("--out", metavar="DIR", type=Path, help="write report.json, .md, .html and .sarif there")
    group.add_argument("--format", choices=PRINTED, default="terminal", help="what to print (default: %(default)s)")
    group.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
