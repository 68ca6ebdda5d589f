"""`sandtable mcp`: serve agents over the Model Context Protocol."""

from __future__ import annotations

import argparse
import importlib.util

from sandbox.errors import MissingToolError


def mcp(options: argparse.Namespace) -> int:
    """Serve until the client leaves."""
    if importlib.util.find_spec("mcp") is None:
        raise MissingToolError("The package mcp is not installed.", hint="pip install 'sandtable[mcp]'")
    from gate.agentserver.server import serve_http, serve_stdio  # noqa: PLC0415 - an optional package

    if options.http:
        serve_http(options.port)
    else:
        serve_stdio()
    return 0
