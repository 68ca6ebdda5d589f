"""The grammar of `sandtable rehearse`: one sub-command for each kind of change."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gate.cli.options import add_output, add_place, add_rehearsal, add_target

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
  sandtable rehearse cloudformation new.yaml --target cloudformation-stack:shop --region eu-west-1
  sandtable rehearse cloudformation new.yaml --target cloudformation-stack:PROFILE:shop
  sandtable rehearse cloudformation --delete --target cloudformation:app.yaml
"""

COMMAND_EPILOG = """\
examples:
  sandtable rehearse command --target tfstate:prod.tfstate -- aws dynamodb delete-table --table-name orders
  sandtable rehearse command --target config:infra --dir scripts -- ./clean-up.sh
  sandtable rehearse command --target git:main --dir infra -- terraform destroy -auto-approve
  terraform state pull | sandtable rehearse command --target tfstate:- -- python3 migrate.py
"""

STEPS_EPILOG = """\
examples:
  sandtable rehearse steps release.yaml --target git:main
  sandtable rehearse steps release.yaml --target tfstate:prod.tfstate --out report/

release.yaml, with folders relative to it:
  steps:
    - command: [python3, migrate.py]
      dir: scripts
    - terraform: infra
    - cloudformation: app.yaml
      stack: app
"""


def add_rehearse(commands: Any) -> None:
    """Add the command with its kinds of change."""
    parser = commands.add_parser("rehearse", help="rehearse a change in a clone of the target")
    kinds = parser.add_subparsers(title="kinds of change", metavar="KIND", required=True, prog=parser.prog)
    terraform = kinds.add_parser(
        "terraform",
        help="a Terraform or OpenTofu root module",
        epilog=TERRAFORM_EPILOG,
        description="Rehearse a Terraform change in a clone of the target, judge it, and exit with the verdict.",
    )
    terraform.add_argument("directory", metavar="DIR", type=Path, help="the root module as it would be applied")
    add_target(terraform)
    terraform.add_argument(
        "--state", metavar="FILE", help="the state it would be applied with, or none (default: the target's own)"
    )
    add_rehearsal(terraform)
    add_output(terraform)
    terraform.set_defaults(command="gate.cli.rehearse:rehearse_terraform")
    _add_rehearse_command(kinds)
    _add_rehearse_steps(kinds)
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
    add_target(command)
    _add_budget(command)
    add_rehearsal(command)
    add_output(command)
    command.set_defaults(command="gate.cli.rehearse:rehearse_command")


def _add_budget(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-writes", metavar="N", type=int, default=500, help="end it after so many writes (default: %(default)s)"
    )
    parser.add_argument(
        "--max-failures",
        metavar="N",
        type=int,
        default=30,
        help="end it after so many failures of one call (default: %(default)s)",
    )


def _add_rehearse_steps(kinds: Any) -> None:
    steps = kinds.add_parser(
        "steps",
        help="several changes, one after the other",
        epilog=STEPS_EPILOG,
        description=(
            "Rehearse programs, Terraform configurations and stacks one after the other, each on what the one before "
            "has left; judge what they do together. The first that fails ends it."
        ),
    )
    steps.add_argument("file", metavar="FILE", type=Path, help="a YAML file that lists them")
    add_target(steps)
    steps.add_argument(
        "--stack",
        default="",
        metavar="NAME",
        help="what the stack of the target's template is called (default: as the steps call theirs)",
    )
    steps.add_argument(
        "--target-parameters",
        metavar="FILE",
        type=Path,
        help="values of parameters of the target's template (default: as of the first step that deploys a stack)",
    )
    _add_budget(steps)
    add_rehearsal(steps)
    add_output(steps)
    steps.set_defaults(command="gate.cli.rehearse:rehearse_steps")


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
        "--target",
        required=True,
        metavar="TARGET",
        help="the environment before: cloudformation:TEMPLATE, cloudformation-stack:[PROFILE:]NAME, or another",
    )
    stacks.add_argument(
        "--stack", default="", metavar="NAME", help="the stack that is meant (default: the deployed one)"
    )
    stacks.add_argument(
        "--parameters", metavar="FILE", type=Path, help="values of parameters, in any form that AWS's tools take"
    )
    stacks.add_argument(
        "--target-parameters", metavar="FILE", type=Path, help="those of the target (default: as --parameters)"
    )
    stacks.add_argument("--delete", action="store_true", help="delete the target's stacks first, or only that")
    stacks.add_argument("--stack-policy", metavar="FILE", type=Path, help="the stack policy that holds meanwhile")
    add_place(stacks)
    add_rehearsal(stacks)
    add_output(stacks)
    # Terraform's own; a stack is given parameters.
    stacks.set_defaults(var=[], var_file=[], workspace="default", services=[], tag=[])
    stacks.set_defaults(command="gate.cli.rehearse:rehearse_cloudformation")
