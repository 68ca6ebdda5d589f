"""The command line's grammar. Imports nothing heavy: what a command needs is loaded when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from gate.cli.agentparser import add_hook, add_mcp
from gate.cli.ciparser import add_ci, add_comment
from gate.cli.options import RENDERED, add_output, add_rehearsal, add_running, add_target
from gate.cli.policyparser import add_environment, add_history, add_policy, add_rego
from gate.cli.rehearseparser import add_rehearse
from gate.cli.serveparser import add_serve
from gate.wiring import tool_version
from sandbox.errors import UsageError

EPILOG = """\
examples:
  sandtable demo kiro                                      rehearse a bundled incident
  sandtable rehearse terraform infra --target git:main     what would this branch do to what main describes?
  sandtable rehearse terraform new --target config:old --out report/
  terraform state pull | sandtable rehearse terraform infra --target tfstate:-
  sandtable rehearse command --target tfstate:prod.tfstate -- ./clean-up.sh
  sandtable review plan.json                               judge a plan as it stands, in no time
  sandtable report report/report.json --format markdown
  sandtable doctor                                         what is installed, what is missing

exit codes: 0 approve, 1 reject, 2 review (a person must decide), 3 the tool failed, 64 wrong usage
"""

DEMO_EPILOG = """\
examples:
  sandtable demo                        list the scenarios
  sandtable demo kiro --out report/     a "small fix" that recreates production
  sandtable demo kiro-near-miss         the same fix, made safely
"""

CLONE_EPILOG = """\
examples:
  sandtable clone --target tfstate:prod.tfstate --out prod.snapshot
  sandtable clone --target git:main --seed data.yaml --out main.snapshot
  sandtable clone --target aws: --services ec2,rds --print-read-policy
  sandtable clone --target cloudformation-stack:shop --region eu-west-1 --out shop.snapshot
  sandtable rehearse terraform infra --target snapshot:prod.snapshot
"""

CACHE_EPILOG = """\
examples:
  sandtable cache ls
  sandtable cache prune --keep 200      leave the last used 200 MB
"""

SNAPSHOT_EPILOG = """\
examples:
  sandtable snapshot show prod.snapshot
  sandtable snapshot diff monday.snapshot tuesday.snapshot
"""

REVIEW_EPILOG = """\
examples:
  terraform plan -out=tfplan && terraform show -json tfplan | sandtable review -
  sandtable review plan.json --format markdown
  sandtable review tfplan --dir infra --out report/
"""

REPORT_EPILOG = """\
examples:
  sandtable report report/report.json
  sandtable report report/report.json --format html > page.html
  sandtable rehearse terraform infra --target git:main --format json | sandtable report - --format markdown
"""


class Parser(argparse.ArgumentParser):
    """argparse, except that wrong usage is an error of ours (exit code 64) and examples keep their lines."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting."""
        raise UsageError(f"{message}.", hint=f"See `{self.prog} --help`.")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        parser.exit(message=f"sandtable {tool_version()}\n")


def build_parser(command: str = "") -> Parser:
    """Return the grammar; each command's options carry ``command``, the place of its code.

    Args:
        command: The one command whose grammar is needed; all of them where it is none. What is asked for often should
            not lay out the pages of the others.
    """
    parser = Parser(
        prog="sandtable",
        description="Rehearse an infrastructure change in a clone, and judge what really happened.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    commands = parser.add_subparsers(
        title="commands",
        metavar="COMMAND",
        required=True,
        # argparse would lay out a page to find this out.
        prog=parser.prog,
    )
    wanted = COMMANDS.keys() & {command} or COMMANDS.keys()
    for name, add in COMMANDS.items():
        if name in wanted:
            add(commands)
    return parser


def _add_demo(commands: Any) -> None:
    parser = commands.add_parser(
        "demo",
        help="rehearse a bundled incident; no account, no Docker",
        epilog=DEMO_EPILOG,
        description="List the bundled scenarios, or rehearse one and exit with its verdict.",
    )
    parser.add_argument("scenario", nargs="?", metavar="SCENARIO", help="which one (default: list them)")
    add_rehearsal(parser)
    add_output(parser)
    parser.set_defaults(command="gate.cli.demo:demo")


def _add_clone(commands: Any) -> None:
    parser = commands.add_parser(
        "clone",
        help="clone a target into a file, to rehearse in later",
        epilog=CLONE_EPILOG,
        description="Clone a target once, and write the clone to a file, without secrets; it comes up in a second.",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="the snapshot to write")
    parser.add_argument(
        "--print-read-policy",
        action="store_true",
        help="print the IAM policy that reading a live account takes, and do nothing else",
    )
    add_target(parser)
    parser.add_argument("--stack", default="", metavar="NAME", help="of stacks and accounts, the one that is meant")
    parser.add_argument(
        "--target-parameters", metavar="FILE", type=Path, help="values of parameters of its stacks' templates"
    )
    add_running(parser.add_argument_group("cloning"))
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.set_defaults(command="gate.cli.clone:clone")


def _add_snapshot(commands: Any) -> None:
    parser = commands.add_parser(
        "snapshot", help="what is in a snapshot, and what differs between two", epilog=SNAPSHOT_EPILOG
    )
    kinds = parser.add_subparsers(title="commands", metavar="WHAT", required=True, prog=parser.prog)
    show = kinds.add_parser(
        "show", help="list what is in a snapshot", description="List the resources in a snapshot, by type and place."
    )
    show.add_argument("file", metavar="FILE", type=Path, help="what `sandtable clone` wrote")
    diff = kinds.add_parser(
        "diff",
        help="compare two snapshots; exits with 1 where they differ",
        description="Compare what two snapshots hold; of two days of one environment, that is its drift.",
    )
    diff.add_argument("before", metavar="A", type=Path, help="the older snapshot")
    diff.add_argument("after", metavar="B", type=Path, help="the newer one")
    for each, name in ((show, "show"), (diff, "diff")):
        each.add_argument("--format", choices=("terminal", "json"), default="terminal", help="default: %(default)s")
        each.set_defaults(command=f"gate.cli.snapshot:{name}")


def _add_cache(commands: Any) -> None:
    parser = commands.add_parser("cache", help="the clones that are kept between rehearsals", epilog=CACHE_EPILOG)
    kinds = parser.add_subparsers(title="commands", metavar="WHAT", required=True, prog=parser.prog)
    listing = kinds.add_parser(
        "ls", help="list them", description="List the kept clones, the last used first, with their sizes."
    )
    listing.set_defaults(command="gate.cli.cache:ls")
    prune = kinds.add_parser(
        "prune",
        help="remove them, what has not been used for longest first",
        description="Remove kept clones until what is left fits.",
    )
    prune.add_argument("--keep", metavar="MB", type=float, default=0.0, help="leave so much (default: nothing)")
    prune.set_defaults(command="gate.cli.cache:prune")


def _add_review(commands: Any) -> None:
    parser = commands.add_parser(
        "review",
        help="judge a saved Terraform plan as it stands, without a clone",
        epilog=REVIEW_EPILOG,
        description=(
            "Judge a plan by the same rules, in a fraction of a second, and exit with the verdict. "
            "Nothing is rehearsed: what a plan cannot tell goes to a person."
        ),
    )
    parser.add_argument(
        "plan", metavar="PLAN", help="what `terraform show -json` wrote, or a binary plan; - reads stdin"
    )
    parser.add_argument(
        "--dir", metavar="DIR", type=Path, help="the initialised root module that a binary plan was made in"
    )
    parser.add_argument(
        "--policy", metavar="FILE", type=Path, help="sandtable.yaml (default: beside the plan, else strict)"
    )
    add_environment(parser)
    add_rego(parser)
    for name, what in (("account", "account id"), ("region", "region"), ("workspace", "workspace")):
        parser.add_argument(f"--{name}", default="", help=f"the {what} it is for, where the policy asks for it")
    parser.add_argument("--terraform", metavar="PATH", type=Path, help="for a binary plan (default: from PATH)")
    group = parser.add_argument_group("output")
    group.add_argument("--out", metavar="DIR", type=Path, help="write report.json, .md, .html and .sarif there")
    group.add_argument("--format", choices=RENDERED, default="terminal", help="what to print (default: %(default)s)")
    parser.set_defaults(command="gate.cli.review:review")


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report",
        help="render a saved report.json",
        epilog=REPORT_EPILOG,
        description="Render a saved report; exits with its verdict.",
    )
    parser.add_argument("file", metavar="REPORT.json", help="a report that this tool wrote; - reads standard input")
    parser.add_argument("--format", choices=RENDERED, default="terminal", help="default: %(default)s")
    parser.add_argument(
        "--link",
        metavar="URL",
        default="",
        help="where the full report is, for Markdown (default: the page of the run, in GitHub Actions and GitLab CI)",
    )
    parser.set_defaults(command="gate.cli.report:report")


def _add_doctor(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor",
        help="what is installed, what is missing, what to do",
        description="Check this machine; exits with 0 when a rehearsal can run here, otherwise with 3.",
    )
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal", help="default: %(default)s")
    parser.set_defaults(command="gate.cli.doctor:doctor")


COMMANDS: Mapping[str, Callable[[Any], None]] = MappingProxyType(
    {
        "demo": _add_demo,
        "rehearse": add_rehearse,
        "ci": add_ci,
        "comment": add_comment,
        "clone": _add_clone,
        "snapshot": _add_snapshot,
        "cache": _add_cache,
        "review": _add_review,
        "report": _add_report,
        "hook": add_hook,
        "mcp": add_mcp,
        "serve": add_serve,
        "policy": add_policy,
        "history": add_history,
        "doctor": _add_doctor,
    }
)
"""The commands, in the order in which help lists them."""
