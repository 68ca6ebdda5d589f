"""The grammar of what agents speak to: hooks, and the MCP server."""

from __future__ import annotations

import argparse
from typing import Any

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


def add_hook(commands: Any) -> None:
    """Add what agents' hooks call, and what installs them."""
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


def add_mcp(commands: Any) -> None:
    """Add the server of the Model Context Protocol."""
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
