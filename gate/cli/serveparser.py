"""The grammar of what serves other systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gate.cli.policyparser import add_environment, add_rego

RUN_TASK_EPILOG = """\
examples:
  sandtable serve run-task --hmac-key-file key.txt --policy sandtable.yaml
  sandtable serve run-task --hmac-key-file key.txt --hcp https://tfe.example.com --out reports/
"""


def add_serve(commands: Any) -> None:
    """Add the servers."""
    parser = commands.add_parser(
        "serve", help="serve other systems that ask for a judgement", epilog="examples:\n  sandtable serve run-task\n"
    )
    kinds = parser.add_subparsers(title="commands", metavar="WHAT", required=True, prog=parser.prog)
    task = kinds.add_parser(
        "run-task",
        help="a run task of HCP Terraform or Terraform Enterprise",
        epilog=RUN_TASK_EPILOG,
        description=(
            "Judge the plan of each run, as `sandtable review` does, and let only an approved one pass. Requests count "
            "that are signed with the key; it comes from a file, or from SANDTABLE_HMAC_KEY."
        ),
    )
    task.add_argument("--hmac-key-file", metavar="FILE", type=Path, help="the key that is set for the run task")
    task.add_argument(
        "--hcp",
        metavar="URL",
        default="https://app.terraform.io",
        help="the only Terraform that is served (default: %(default)s)",
    )
    task.add_argument(
        "--host", default="127.0.0.1", help="where to listen; TLS is for a proxy before it (default: %(default)s)"
    )
    task.add_argument("--port", metavar="PORT", type=int, default=8080, help="0 for any (default: %(default)s)")
    task.add_argument("--policy", metavar="FILE", type=Path, help="sandtable.yaml (default: strict)")
    add_environment(task)
    add_rego(task)
    for name, what in (("account", "account id"), ("region", "region")):
        task.add_argument(f"--{name}", default="", help=f"the {what} that plans are for, where the policy asks for it")
    task.add_argument("--out", metavar="DIR", type=Path, help="keep the reports there, one folder for each run")
    task.set_defaults(command="gate.cli.serve:run_task")
