"""The command line's grammar. Imports nothing heavy: what a command needs is loaded when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from gate.cli.policyparser import add_environment, add_history, add_policy, add_rego
from gate.wiring import DEFAULT_ENGINE, ENGINE_FORMS, tool_version
from sandbox.errors import UsageError

PRINTED = ("terminal", "json", "markdown", "agent")
RENDERED = ("terminal", "json", "markdown", "html", "sarif", "junit", "agent")

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

TERRAFORM_EPILOG = """\
examples:
  sandtable rehearse terraform infra --target git:main
  sandtable rehearse terraform change/ --target config:before/ --out report/
  sandtable rehearse terraform infra --target git:origin/main:infra --var-file prod.tfvars --engine moto
  sandtable rehearse terraform infra --target git:main --engine container:ministack
  sandtable rehearse terraform infra --target git:main --second-opinion moto
  sandtable rehearse terraform infra --target empty --format json | jq .verdict.decision
  terraform state pull | sandtable rehearse terraform . --target tfstate:-
  sandtable rehearse terraform . --target tfstate:prod.tfstate --state old.tfstate
"""

CLOUDFORMATION_EPILOG = """\
examples:
  sandtable rehearse cloudformation new.yaml --target cloudformation:old.yaml
  sandtable rehearse cloudformation app.yaml --parameters prod.json --target cloudformation:deployed.yaml --stack app
  sandtable rehearse cloudformation cdk.out --target cloudformation:main/cdk.out --out report/
  sandtable rehearse cloudformation --delete --target cloudformation:app.yaml
"""

COMMAND_EPILOG = """\
examples:
  sandtable rehearse command --target tfstate:prod.tfstate -- aws dynamodb delete-table --table-name orders
  sandtable rehearse command --target config:infra --dir scripts -- ./clean-up.sh
  sandtable rehearse command --target git:main --dir infra -- terraform destroy -auto-approve
  terraform state pull | sandtable rehearse command --target tfstate:- -- python3 migrate.py
"""

CLONE_EPILOG = """\
examples:
  sandtable clone --target tfstate:prod.tfstate --out prod.snapshot
  sandtable clone --target git:main --seed data.yaml --out main.snapshot
  sandtable clone --target aws: --services ec2,rds --print-read-policy
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

MCP_EPILOG = """\
examples:
  claude mcp add sandtable -- sandtable mcp
  sandtable mcp --http --port 8765
"""

HOOK_EPILOG = """\
examples:
  sandtable hook install claude-code                  show what would be written, ask, write
  sandtable hook install cursor --user --yes --target tfstate:prod.tfstate
  echo '{"tool_input": {"command": "terraform apply"}}' | sandtable hook claude-code
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
    _add_rehearsal(parser)
    _add_output(parser)
    parser.set_defaults(command="gate.cli.demo:demo")


def _add_rehearse(commands: Any) -> None:
    parser = commands.add_parser("rehearse", help="rehearse a change in a clone of the target")
    kinds = parser.add_subparsers(title="kinds of change", metavar="KIND", required=True, prog=parser.prog)
    terraform = kinds.add_parser(
        "terraform",
        help="a Terraform or OpenTofu root module",
        epilog=TERRAFORM_EPILOG,
        description="Rehearse a Terraform change in a clone of the target, judge it, and exit with the verdict.",
    )
    terraform.add_argument("directory", metavar="DIR", type=Path, help="the root module as it would be applied")
    _add_target(terraform)
    terraform.add_argument(
        "--state", metavar="FILE", help="the state it would be applied with, or none (default: the target's own)"
    )
    _add_rehearsal(terraform)
    _add_output(terraform)
    terraform.set_defaults(command="gate.cli.rehearse:rehearse_terraform")
    _add_rehearse_command(kinds)
    _add_rehearse_cloudformation(kinds)


def _add_rehearse_command(kinds: Any) -> None:
    command = kinds.add_parser(
        "command",
        help="any program that speaks the AWS API",
        epilog=COMMAND_EPILOG,
        description="Run a program in a copy of its folder, against a clone of the target; judge what it does.",
    )
    command.add_argument("program", metavar="-- CMD", nargs=argparse.REMAINDER, help="the program and its arguments")
    command.add_argument(
        "--dir", metavar="DIR", type=Path, default=Path(), help="where it would be run (default: the current folder)"
    )
    _add_target(command)
    command.add_argument(
        "--max-writes", metavar="N", type=int, default=500, help="end it after so many writes (default: %(default)s)"
    )
    command.add_argument(
        "--max-failures",
        metavar="N",
        type=int,
        default=30,
        help="end it after so many failures of one call (default: %(default)s)",
    )
    _add_rehearsal(command)
    _add_output(command)
    command.set_defaults(command="gate.cli.rehearse:rehearse_command")


def _add_rehearse_cloudformation(kinds: Any) -> None:
    stacks = kinds.add_parser(
        "cloudformation",
        help="a CloudFormation template, or the stacks of a CDK cloud assembly",
        epilog=CLOUDFORMATION_EPILOG,
        description=(
            "Compare stacks with those of the target by AWS's resource schemas, deploy them in a clone, judge what "
            "happens, and exit with the verdict."
        ),
    )
    stacks.add_argument(
        "template", metavar="TEMPLATE", nargs="?", type=Path, help="a template, or the folder that `cdk synth` wrote"
    )
    stacks.add_argument(
        "--target", required=True, metavar="TARGET", help="the environment before: cloudformation:TEMPLATE, or another"
    )
    stacks.add_argument("--stack", default="", metavar="NAME", help="the stack that is meant (default: all; stack)")
    stacks.add_argument(
        "--parameters", metavar="FILE", type=Path, help="values of parameters, in any form that AWS's tools take"
    )
    stacks.add_argument(
        "--target-parameters", metavar="FILE", type=Path, help="those of the target (default: those of --parameters)"
    )
    stacks.add_argument("--delete", action="store_true", help="delete the target's stacks first, or only that")
    stacks.add_argument("--stack-policy", metavar="FILE", type=Path, help="the stack policy that holds meanwhile")
    _add_place(stacks)
    _add_rehearsal(stacks)
    _add_output(stacks)
    # Terraform's own; a stack is given parameters.
    stacks.set_defaults(var=[], var_file=[], workspace="default", services=[], tag=[])
    stacks.set_defaults(command="gate.cli.rehearse:rehearse_cloudformation")


def _add_place(parser: argparse.ArgumentParser) -> None:
    """Add where it is, and what is in it."""
    parser.add_argument("--seed", metavar="FILE", type=Path, help="API calls that put data into the clone first")
    parser.add_argument("--account", default="123456789012", help="the target's account id (default: %(default)s)")
    parser.add_argument(
        "--region",
        action="append",
        default=[],
        help="where nothing else names one (default: us-east-1); of a live account, repeatable",
    )


def _add_target(parser: argparse.ArgumentParser) -> None:
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
    _add_target(parser)
    _add_running(parser.add_argument_group("cloning"))
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


def _add_hook(commands: Any) -> None:
    from gate.hook.agents import AGENTS  # noqa: PLC0415 - only for this

    parser = commands.add_parser(
        "hook", help="hold back an agent's commands until they were rehearsed", epilog=HOOK_EPILOG
    )
    kinds = parser.add_subparsers(title="commands", metavar="AGENT", required=True, prog=parser.prog)
    for agent in AGENTS:
        answering = kinds.add_parser(
            agent,
            help=f"answer a hook of {agent}",
            epilog=f"examples:\n  sandtable hook {agent} --target git:main\n",
            description="Read the agent's event from standard input, and answer in its language (docs/hooks.md).",
        )
        _add_hook_target(answering)
        answering.set_defaults(command="gate.cli.hook:answer", agent=agent)
    install = kinds.add_parser(
        "install",
        help="write the hook into an agent's configuration",
        description="Show what would be written into an agent's configuration, ask, and write it.",
    )
    install.add_argument("agent", choices=AGENTS, help="whose configuration")
    install.add_argument("--user", action="store_true", help="for all of the user's projects (default: this folder's)")
    install.add_argument("--yes", action="store_true", help="do not ask")
    _add_hook_target(install)
    install.set_defaults(command="gate.cli.hook:install")


def _add_mcp(commands: Any) -> None:
    parser = commands.add_parser(
        "mcp",
        help="serve agents over the Model Context Protocol",
        epilog=MCP_EPILOG,
        description="Serve tools to an agent, over standard input and output or HTTP on this machine (docs/mcp.md).",
    )
    parser.add_argument("--http", action="store_true", help="streamable HTTP on 127.0.0.1, at /mcp (default: stdio)")
    parser.add_argument("--port", metavar="PORT", type=int, default=8765, help="for --http (default: %(default)s)")
    parser.set_defaults(command="gate.cli.mcp:mcp")


def _add_hook_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target",
        metavar="TARGET",
        default="",
        dest="hook_target",
        help="what the suggested rehearsals are against (default: the state that is found)",
    )


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report",
        help="render a saved report.json",
        epilog=REPORT_EPILOG,
        description="Render a saved report; exits with its verdict.",
    )
    parser.add_argument("file", metavar="REPORT.json", help="a report that this tool wrote; - reads standard input")
    parser.add_argument("--format", choices=RENDERED, default="terminal", help="default: %(default)s")
    parser.set_defaults(command="gate.cli.report:report")


def _add_doctor(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor",
        help="what is installed, what is missing, what to do",
        description="Check this machine; exits with 0 when a rehearsal can run here, otherwise with 3.",
    )
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal", help="default: %(default)s")
    parser.set_defaults(command="gate.cli.doctor:doctor")


def _add_rehearsal(parser: argparse.ArgumentParser) -> None:
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
    _add_running(group)


def _add_running(group: argparse._ArgumentGroup) -> None:
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


def _add_output(parser: argparse.ArgumentParser) -> None:
    """Add where and how the report comes out."""
    group = parser.add_argument_group("output")
    group.add_argument("--out", metavar="DIR", type=Path, help="write report.json, .md, .html and .sarif there")
    group.add_argument("--format", choices=PRINTED, default="terminal", help="what to print (default: %(default)s)")
    group.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")


COMMANDS: Mapping[str, Callable[[Any], None]] = MappingProxyType(
    {
        "demo": _add_demo,
        "rehearse": _add_rehearse,
        "clone": _add_clone,
        "snapshot": _add_snapshot,
        "cache": _add_cache,
        "review": _add_review,
        "report": _add_report,
        "hook": _add_hook,
        "mcp": _add_mcp,
        "policy": add_policy,
        "history": add_history,
        "doctor": _add_doctor,
    }
)
"""The commands, in the order in which help lists them."""
