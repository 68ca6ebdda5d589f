"""`sandtable ci`: rehearse every root that a branch touches, and join the verdicts."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from gate.ci import render
from gate.ci.joined import Joined
from gate.ci.pipeline import CiRequest, rehearse_changes
from gate.ci.selection import Choice
from gate.ci.workflow import tell_workflow
from gate.cli.output import write as write_report
from gate.cli.progress import progress_on_stderr
from gate.cli.rehearse import request_of
from gate.report import jsonfmt
from sandbox.errors import SandtableError, UsageError


def ci(options: argparse.Namespace) -> int:
    """Rehearse what a branch changes, and exit with the worst verdict."""
    request = CiRequest(
        repository=options.repository,
        each=request_of(options, Path()),
        base=options.base,
        head=options.head,
        choice=Choice(
            only=tuple(options.root),
            excluded=tuple(options.exclude),
            var_files=tuple(str(path) for path in options.var_file),
        ),
        assemblies=dict(_assembly(text) for text in options.assembly),
        parameters=options.parameters,
        environment=dict(os.environ),
    )
    with progress_on_stderr(quiet=options.quiet) as progress:
        joined = rehearse_changes(request, progress)
    if options.out:
        _write(joined, options.out)
    tell_workflow(joined, options.out, os.environ)
    sys.stdout.write(render.FORMS[options.format](joined))
    sys.stdout.flush()
    return joined.outcome.exit_code


def _assembly(text: str) -> tuple[str, tuple[Path, Path]]:
    app, _, pair = text.partition("=")
    before, _, after = pair.partition(":")
    if not app or not before or not after:
        raise UsageError(f"{text!r} names no assemblies.", hint="Write --assembly APP=BEFORE:AFTER.")
    return app, (Path(before).resolve(), Path(after).resolve())


def _write(joined: Joined, out: Path) -> None:
    try:
        render.write(joined, out)
    except OSError as error:
        raise SandtableError(
            f"The reports could not be written to {out}: {error}.", hint="Name a folder that can be written with --out."
        ) from error
    folders = render.folders_of(joined)
    for result in joined.results:
        if result.report is not None:
            write_report(jsonfmt.to_document(result.report), out / folders[result.root.path])
