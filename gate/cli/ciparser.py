"""The grammar of what pipelines call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gate.cli.options import add_rehearsal

CI_EPILOG = """\
examples:
  sandtable ci                                        in a pipeline: its variables say what is compared
  sandtable ci --base origin/main --out report/
  sandtable ci --base origin/main --root 'live/*' --exclude live/legacy --var-file prod.tfvars
  sandtable ci --base main --assembly app=base.out:cdk.out --parameters prod.json

exit codes: 0 all approved, 1 one is rejected, 3 one could not be rehearsed, 2 a person must decide, 64 wrong usage
"""

COMMENT_EPILOG = """\
examples:
  sandtable comment report/summary.md
"""


def add_ci(commands: Any) -> None:
    """Add the gate in a pipeline."""
    parser = commands.add_parser(
        "ci",
        help="rehearse every root that a branch touches, and join the verdicts",
        epilog=CI_EPILOG,
        description=(
            "Find the Terraform root modules, CloudFormation templates and CDK apps that differ from the base branch, "
            "rehearse each, and exit with the worst verdict. The policy is the base branch's."
        ),
    )
    parser.add_argument(
        "--base", default="", metavar="REF", help="the branch to be merged into (default: what the pipeline says)"
    )
    parser.add_argument(
        "--head", default="", metavar="REF", help="the change (default: what the pipeline says, else HEAD)"
    )
    parser.add_argument(
        "--repository", metavar="DIR", type=Path, default=Path(), help="any folder of it (default: the current one)"
    )
    parser.add_argument(
        "--root", action="append", default=[], metavar="GLOB", help="only roots with such a path from the top"
    )
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="no roots with such a path")
    parser.add_argument(
        "--assembly",
        action="append",
        default=[],
        metavar="APP=BEFORE:AFTER",
        help="of a CDK app, what `cdk synth` wrote for the base and for the change",
    )
    parser.add_argument("--parameters", metavar="FILE", type=Path, help="values of parameters for templates")
    parser.add_argument("--seed", metavar="FILE", type=Path, help="API calls that put data into each clone first")
    parser.add_argument("--account", default="123456789012", help="the account's id (default: %(default)s)")
    parser.add_argument("--region", action="append", default=[], help="where nothing else names one")
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="as terraform's -var")
    parser.add_argument(
        "--var-file",
        action="append",
        default=[],
        metavar="FILE",
        type=Path,
        help="as terraform's -var-file, relative to each root module",
    )
    parser.add_argument("--workspace", default="default", help="what terraform.workspace is (default: %(default)s)")
    add_rehearsal(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--out", metavar="DIR", type=Path, help="write summary.json, .md, .sarif, .xml and all reports")
    group.add_argument(
        "--format",
        choices=("terminal", "json", "markdown", "sarif", "junit"),
        default="terminal",
        help="what to print (default: %(default)s)",
    )
    group.add_argument("--quiet", "-q", action="store_true", help="no progress on stderr")
    parser.set_defaults(command="gate.cli.ci:ci", target="empty", services=[], tag=[])


def add_comment(commands: Any) -> None:
    """Add what posts a report to a pull request."""
    parser = commands.add_parser(
        "comment",
        help="post a report to a GitHub pull request, or renew the comment that is there",
        epilog=COMMENT_EPILOG,
        description=(
            "Post a Markdown report as a comment on the pull request of this run of GitHub Actions, or renew the one "
            "that the same author has posted before. The token comes from GITHUB_TOKEN."
        ),
    )
    parser.add_argument("file", metavar="REPORT.md", type=Path, help="what `sandtable ci --out` wrote")
    parser.add_argument(
        "--author",
        default="github-actions[bot]",
        metavar="LOGIN",
        help="whose comment is renewed: the token's owner (default: %(default)s)",
    )
    parser.set_defaults(command="gate.cli.comment:comment")
