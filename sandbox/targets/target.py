"""What the clone is made from: the text of ``--target``, parsed into a closed union."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sandbox.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigTarget:
    """``config:DIR``: what the configuration in a folder describes, applied to an empty clone."""

    directory: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GitTarget:
    """``git:REF`` or ``git:REF:DIR``: as ``config``, from a commit of the repository that the change is in."""

    ref: str
    directory: str = ""
    """Relative to the top of the repository; empty for the folder that the change is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyTarget:
    """``empty``: nothing exists yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTarget:
    """``tfstate:FILE``: what a Terraform state of format 4 says is there, under its real ids."""

    source: str
    """A file's name; ``-`` for standard input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTarget:
    """``snapshot:FILE``: a clone that `sandtable clone` has written."""

    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StackTarget:
    """``cloudformation:TEMPLATE``: the stacks that a template or a CDK cloud assembly describes."""

    template: Path
    stack: str = ""
    """What the template's stack is called; of an assembly, the one stack that is meant."""
    parameters: Path | None = None
    """A file with values of parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTarget:
    """``aws:PROFILE``: a live account, read and never written."""

    profile: str = ""
    """Of the AWS configuration; empty for the default chain of credentials."""
    regions: tuple[str, ...] = ()
    """None for the profile's own."""
    services: tuple[str, ...] = ()
    """botocore's names; none for all that are known."""
    tags: tuple[tuple[str, str], ...] = ()
    """Only what has one of these tags, what belongs to it and what it refers to; none for everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStackTarget:
    """``cloudformation-stack:[PROFILE:]NAME``: a stack that is deployed in a live account, read and never written."""

    stack: str
    """Its name."""
    arn: str = ""
    """Its ARN (stack id), where that was given."""
    profile: str = ""
    """Of the AWS configuration; empty for the default chain of credentials."""
    region: str = ""
    """Empty for the profile's own."""
    parameters: Path | None = None
    """A file with values of ``NoEcho`` parameters, which no account tells."""


Target: TypeAlias = (
    ConfigTarget | GitTarget | EmptyTarget | StateTarget | SnapshotTarget | StackTarget | LiveTarget | LiveStackTarget
)

FORMS = (
    "config:DIR, git:REF, git:REF:DIR, tfstate:FILE, snapshot:FILE, cloudformation:TEMPLATE, "
    "cloudformation-stack:[PROFILE:]NAME, aws:PROFILE or empty"
)
_STACK = re.compile(
    r"(?:(?P<profile>.+):)?"
    r"(?:(?P<name>[A-Za-z][-A-Za-z0-9]{0,127})"
    r"|(?P<arn>arn:aws[a-z-]*:cloudformation:(?P<region>[a-z0-9-]+):\d{12}:stack/(?P<named>[A-Za-z][-A-Za-z0-9]{0,127})/[-\w]+))"
)
"""Source: StackName of CreateStack in the CloudFormation API reference."""


def parse_target(text: str) -> Target:
    """Parse the text of ``--target``.

    Raises:
        UsageError: it is not a target.
    """
    kind, colon, rest = text.partition(":")
    found: Target | None = None
    match kind:
        case "empty" if not colon:
            found = EmptyTarget()
        case "config" if rest:
            found = ConfigTarget(directory=Path(rest).expanduser())
        case "tfstate" if rest:
            found = StateTarget(source=rest)
        case "snapshot" if rest:
            found = SnapshotTarget(file=Path(rest).expanduser())
        case "cloudformation" if rest:
            found = StackTarget(template=Path(rest).expanduser())
        case "cloudformation-stack" if rest:
            found = _stack_target(text, rest)
        case "aws" if colon:
            found = LiveTarget(profile=rest)
        case "git" if rest:
            ref, _, directory = rest.partition(":")
            found = _git_target(text, ref, directory)
    if found is None:
        raise UsageError(f'"{text}" is not a target.', hint=f"Write the target as {FORMS}.")
    return found


def _git_target(text: str, ref: str, directory: str) -> GitTarget:
    # Git would take a reference that begins with a dash for an option.
    if not ref or ref.startswith("-") or any(not character.isprintable() for character in text):
        raise UsageError(
            f"{text!r} names no commit.", hint="Write git:REF with a branch, a tag or a commit id, e.g. git:main."
        )
    return GitTarget(ref=ref, directory=directory)


def _stack_target(text: str, rest: str) -> LiveStackTarget:
    found = _STACK.fullmatch(rest)
    if found is None:
        raise UsageError(
            f"{text!r} names no stack.",
            hint="Write cloudformation-stack:NAME, cloudformation-stack:PROFILE:NAME, or the stack's ARN for its name.",
        )
    return LiveStackTarget(
        stack=found["name"] or found["named"],
        arn=found["arn"] or "",
        profile=found["profile"] or "",
        region=found["region"] or "",
    )
