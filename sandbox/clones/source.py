"""A target, read as far as it can be without a clone: standard input is read once, whatever is tried with it."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from sandbox.clones.account import Account
from sandbox.clones.deployed import DeployedStacks, read_deployed
from sandbox.clones.image import Image
from sandbox.clones.snapshotfile import read_snapshot
from sandbox.cloning.tfstate import State, read_state
from sandbox.cloudformation.application import Application
from sandbox.errors import UsageError
from sandbox.ports import Progress
from sandbox.targets.target import (
    ConfigTarget,
    EmptyTarget,
    GitTarget,
    LiveStackTarget,
    LiveTarget,
    SnapshotTarget,
    StackTarget,
    StateTarget,
    Target,
)

Source: TypeAlias = ConfigTarget | GitTarget | EmptyTarget | StackTarget | DeployedStacks | Account | State | Image


def read_target(target: Target, progress: Progress) -> Source:
    """Read what the target names.

    Args:
        target: As it was parsed.
        progress: Told what is going on, where it takes a while.

    Raises:
        UsageError: it is not there.
        ConfigurationError: it cannot be read, or is not what it should be.
    """
    match target:
        case ConfigTarget(directory=directory) if not directory.is_dir():
            raise UsageError(
                f"The target config:{directory} is not a folder.", hint="Name the folder of a Terraform root module."
            )
        case ConfigTarget() | GitTarget() | EmptyTarget() | StackTarget():
            return target
        case LiveTarget():
            return Account(target)
        case LiveStackTarget():
            return read_deployed(target, progress)
        case StateTarget(source=source):
            return read_state(source)
        case SnapshotTarget(file=file):
            return read_snapshot(file)
        case _:
            assert_never(target)


def deployed_in(source: Source) -> Application | None:
    """The stacks that are deployed in a target and will be changed there; None where it is not told."""
    return source.application if isinstance(source, DeployedStacks | Image) else None
