"""What a run of GitHub Actions is told: its summary, its outputs, and the comment on its pull request.

Sources: GitHub, "Workflow commands for GitHub Actions" (GITHUB_OUTPUT, GITHUB_STEP_SUMMARY), "REST API endpoints for
issue comments".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gate.ci.joined import Joined
from gate.ci.render import to_markdown
from sandbox.errors import SandtableError

LONGEST_SUMMARY = 250_000
"""Characters. A step may write 1 MiB; no character takes more than four bytes."""


def tell_workflow(joined: Joined, out: Path | None, environment: Mapping[str, str]) -> None:
    """Append to the files that GitHub Actions names; nothing where it names none.

    Raises:
        SandtableError: they cannot be written.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    report = "" if out is None else str(out / "summary.md")
    outputs = f"decision={joined.outcome.value}\nexit-code={joined.outcome.exit_code}\n"
    if report.isprintable():
        outputs += f"report={report}\n"
    _append(environment.get("GITHUB_STEP_SUMMARY"), to_markdown(joined, LONGEST_SUMMARY))
    _append(environment.get("GITHUB_OUTPUT"), outputs)


def _append(name: str | None, text: str) -> None:
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SandtableError(
            f"The workflow cannot be told: {error}.", hint="GitHub names these files itself."
        ) from error
