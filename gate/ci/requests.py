"""From a root that a change touches to the rehearsal of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from gate.ci.selection import ChangedRoot, Fate, Trees
from gate.ci.tree import APP, ASSEMBLY, OTHERS, Kind, is_within
from gate.reviewer import ReviewRequest
from sandbox.cloudformation.assembly import is_assembly
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.binary import find_terraform
from sandbox.proposal import CloudFormationProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Files with values of parameters for templates, in the base and in the change."""

    before: Path | None = None
    after: Path | None = None


Assemblies = Mapping[str, tuple[Path, Path]]
"""CDK app, from the top → the cloud assembly that its base makes, and the one that the change makes."""
EMPTY = "empty"


def request_for(
    root: ChangedRoot, each: ReviewRequest, trees: Trees, assemblies: Assemblies, parameters: Parameters
) -> ReviewRequest:
    """Say how a root is rehearsed.

    Args:
        root: The root.
        each: What holds for all of them.
        trees: What is compared.
        assemblies: Where CDK apps have been synthesised.
        parameters: Values of parameters for templates.

    Raises:
        ConfigurationError: it cannot be rehearsed.
    """
    match root.kind:
        case Kind.TERRAFORM:
            return _terraform(root, each, trees)
        case Kind.TEMPLATE:
            before, after = trees.before / root.before, trees.after / root.path
            return _stacks(root, _no_terraform(each), before, after, parameters)
        case Kind.APP:
            before, after = _assemblies(root, trees, assemblies)
            return _stacks(root, _no_terraform(each), before, after, Parameters())
        case Kind.OTHER:
            raise ConfigurationError(
                f"{root.path} is read by {OTHERS[Path(root.path).name]}, which is not rehearsed here.",
                hint="Rehearse what it makes of it, by `sandtable rehearse`, and leave it out here: --exclude.",
            )
        case _:
            assert_never(root.kind)


def _terraform(root: ChangedRoot, each: ReviewRequest, trees: Trees) -> ReviewRequest:
    before, after = trees.before / root.before, trees.after / root.path
    if root.fate is Fate.NEW:
        return replace(each, change=after, target=EMPTY)
    if root.fate is not Fate.REMOVED:
        return replace(each, change=after, target=f"config:{before}")
    program = find_terraform(each.terraform, each.environment)
    files = (f"-var-file={path}" for path in each.var_files)
    destroy = (*program.arguments, "destroy", "-auto-approve", "-input=false", *files)
    # Values may be secret, and a command line is part of the report.
    values = {f"TF_VAR_{name}": value for name, _, value in (given.partition("=") for given in each.variables)}
    return replace(
        each,
        change=before,
        target=f"config:{before}",
        command=(str(program.path), *destroy),
        environment={**each.environment, **values},
    )


def _no_terraform(each: ReviewRequest) -> ReviewRequest:
    """Stacks are given parameters."""
    return replace(each, variables=(), var_files=(), workspace="default")


def _stacks(root: ChangedRoot, each: ReviewRequest, before: Path, after: Path, parameters: Parameters) -> ReviewRequest:
    gone, new = root.fate is Fate.REMOVED, root.fate is Fate.NEW
    given = parameters.before if gone else parameters.after
    proposal = CloudFormationProposal(template=None if gone else after, parameters=given, delete=gone)
    return replace(
        each,
        change=before.parent if gone else proposal.directory,
        target=EMPTY if new else f"cloudformation:{before}",
        stacks=proposal,
        target_parameters=parameters.before,
    )


def _assemblies(root: ChangedRoot, trees: Trees, assemblies: Assemblies) -> tuple[Path, Path]:
    """Where the app's assemblies are: where the user says, else committed beside the app."""
    if root.path in assemblies:
        return assemblies[root.path]
    before, after = trees.before / (root.before or root.path) / ASSEMBLY, trees.after / root.path / ASSEMBLY
    place = ASSEMBLY if root.path == "." else f"{root.path}/{ASSEMBLY}"
    fresh = root.fate is Fate.REMOVED or any(is_within(path, place) for path in trees.paths)
    there = (root.fate is Fate.NEW or is_assembly(before)) and (root.fate is Fate.REMOVED or is_assembly(after))
    if not there or not fresh:
        what = "its cloud assembly was not made anew" if there else "there is no cloud assembly of it"
        raise ConfigurationError(
            f"The CDK app {root.path} ({APP}) changes, and {what}; a CDK app is not run here.",
            hint=f"Run `cdk synth` for both commits and name the results: --assembly {root.path}=BEFORE:AFTER.",
        )
    return before, after
