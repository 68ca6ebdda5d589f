"""Where reports go: stdout in the form that was asked for, and files under ``--out``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gate.report import agent, html, junit, markdown, sarif, workflow
from sandbox.errors import SandtableError

Document = dict[str, Any]


def show(document: Document, form: str, *, link: str = "") -> None:
    """Print a report to stdout; nothing else ever goes there.

    Args:
        document: The report.
        form: One of `RENDERERS`, or ``terminal``.
        link: Where the full report is, for Markdown; what the environment tells where it is empty.
    """
    if form == "terminal":
        from rich.console import Console  # noqa: PLC0415 - loaded only where it shows something

        from gate.report import terminal  # noqa: PLC0415 - as above

        terminal.render(document, Console(file=sys.stdout, soft_wrap=False))
    else:
        text = _rendered(document, form, link)
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def write(document: Document, folder: Path) -> Path:
    """Write the report's files and return the page for people.

    Raises:
        SandtableError: the folder cannot be written.
    """
    files = {"report.json": "json", "report.md": "markdown", "report.html": "html", "report.sarif": "sarif"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, form in files.items():
            (folder / name).write_text(_rendered(document, form), encoding="utf-8")
    except OSError as error:
        raise SandtableError(
            f"The report could not be written to {folder}: {error}.",
            hint="Name a folder that can be written with --out.",
        ) from error
    return folder / "report.html"


def _rendered(document: Document, form: str, link: str = "") -> str:
    if form == "markdown":
        return markdown.render(document, link=link or run_page(os.environ))
    return RENDERERS[form](document)


def run_page(environment: Mapping[str, str]) -> str:
    """Return where the artifacts of this job are found; empty where this is no job of GitHub Actions or GitLab CI."""
    server, repository, run = (environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    page = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
    page = page or environment.get("CI_JOB_URL", "")
    return page if markdown.is_link(page) else ""


def _json(document: Document) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


RENDERERS: Mapping[str, Callable[[Document], str]] = {
    "json": _json,
    "markdown": markdown.render,
    "html": html.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "annotations": workflow.render,
    "summary": markdown.render_summary,
    "agent": agent.render,
}
