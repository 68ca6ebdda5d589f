"""Writes the pass that an approved rehearsal earns."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from gate import passes
from gate.passes import COMMAND, LIFETIME, TERRAFORM, Pass, Wanted
from gate.report.model import Report
from gate.reviewer import ReviewRequest
from gate.verdict import Decision
from sandbox.errors import SandtableError
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.configuration import OPENTOFU_SUFFIXES, configuration_files
from sandbox.executors.terraform.fingerprint import Extent, UnfitError, fingerprint
from sandbox.executors.terraform.workspace import extent_of, folder_extent

_STATE = "tfstate:"
_STDIN = "tfstate:-"


def earn(request: ReviewRequest, report: Report) -> str:
    """Write a pass for what was rehearsed, if it was approved as it stands now.

    Returns:
        What to tell the user: that there is a pass, or why there is none; empty where none was to be expected.
    """
    if report.verdict.decision is not Decision.APPROVE or request.stacks is not None or request.sequence is not None:
        return ""
    if request.state is not None or request.empty_state:
        return "No pass for agents' hooks: the rehearsal was with another state than the command would use."
    folder = passes.folder_of(request.environment)
    try:
        key = None if folder is None else passes.make_key(folder)
        if folder is None or key is None:
            return ""
        granted = _granted(request, report, key)
        if granted is None:
            return "No pass for agents' hooks: the files were changed during the rehearsal."
        passes.write(granted, folder, key)
    except (OSError, UnfitError, SandtableError) as error:
        return f"No pass for agents' hooks: {error}"
    return f"Agents' hooks let this very change through once, for {LIFETIME / 60:.0f} minutes."


def _granted(request: ReviewRequest, report: Report, key: bytes) -> Pass | None:
    """The pass; None where what lies there now is not what was rehearsed."""
    extent = _extent(request)
    files = fingerprint(extent)
    digest = files
    if request.command:
        digest = hashlib.sha256("\0".join([*request.command, files]).encode(errors="surrogateescape")).hexdigest()
    if digest != report.proposal.digest:
        return None
    wanted = _wanted(request, extent)
    return Pass(
        kind=wanted.kind,
        program=wanted.program,
        directory=wanted.directory,
        digest=digest,
        files=files,
        extent=extent,
        inputs=passes.inputs_of(wanted, request.environment, key),
        workspace=wanted.workspace,
        watched={str(path): passes.file_digest(str(path)) for path in _watched(request)},
        target=request.target,
        policy=report.verdict.policy_digest,
        expires=time.time() + LIFETIME,
    )


def _wanted(request: ReviewRequest, extent: Extent) -> Wanted:
    directory = str(request.change.resolve())
    if request.command:
        return Wanted(kind=COMMAND, program="", directory=directory, words=request.command, var_files=extent.var_files)
    flavour = find_terraform(request.terraform, request.environment).flavour
    return Wanted(
        kind=TERRAFORM,
        program="tofu" if flavour == "opentofu" else "terraform",
        directory=directory,
        variables=request.variables,
        var_files=extent.var_files,
        workspace=request.workspace,
    )


def _extent(request: ReviewRequest) -> Extent:
    home = request.environment.get("HOME", "")
    protected = (Path(home),) if home else ()
    if not request.command:
        suffixes = find_terraform(request.terraform, request.environment).suffixes
        return extent_of(request.change, var_files=request.var_files, suffixes=suffixes, protected=protected)
    if not configuration_files(request.change, OPENTOFU_SUFFIXES):
        return folder_extent(request.change)
    try:
        suffixes = find_terraform(request.terraform, request.environment).suffixes
    except SandtableError:
        suffixes = OPENTOFU_SUFFIXES
    return extent_of(request.change, var_files=request.var_files, suffixes=suffixes, protected=protected)


def _watched(request: ReviewRequest) -> list[Path]:
    """Files outside the change that the judgement rests on."""
    found = [request.policy, request.seed]
    if request.target.startswith(_STATE) and request.target != _STDIN:
        found.append(Path(request.target.removeprefix(_STATE)))
    return [path.resolve() for path in found if path is not None]
