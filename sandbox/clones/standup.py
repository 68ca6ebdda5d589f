"""Bringing up the clone of a target.

a configuration ─▶ applied to an empty engine ───────────────────────────────────────┐
a state ─▶ written configuration ─▶ scratch engine ─▶ real ids ─▶ image ─▶ an engine ─┼─▶ Clone
a live account ─▶ read into a state ─▶ as above ─────────────────────────────────────┤
stacks, from files or read of an account ─▶ deployed to an empty engine ─────────────┤
a snapshot, or a clone that was kept ───────────────────────────▶ image ─▶ an engine ─┘
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import assert_never

from sandbox.clones.account import Account, stand_up_account
from sandbox.clones.clone import Clone, Recorded
from sandbox.clones.configured import stand_up_configured
from sandbox.clones.deployed import DeployedStacks
from sandbox.clones.engine import empty, restored
from sandbox.clones.image import Image
from sandbox.clones.source import Source
from sandbox.clones.stacked import stand_up_stacks
from sandbox.clones.stated import stand_up_stated
from sandbox.cloning.tfstate import State
from sandbox.session import Session
from sandbox.targets.target import ConfigTarget, EmptyTarget, GitTarget, StackTarget


def stand_up(source: Source, session: Session, *, change_dir: Path, versions: str) -> AbstractContextManager[Clone]:
    """Bring up a clone until the context is left.

    Args:
        source: The target, as it was read.
        session: The rehearsal that it is for.
        change_dir: The folder of the change; a commit is looked for in the repository that it is in.
        versions: Which providers the change runs with; a clone that was kept is for the same ones.

    Raises:
        UsageError: the target is not there, or the engine cannot carry such a clone.
        ConfigurationError: Terraform refuses the configuration.
        EngineError: the engine did not start, or died.
        MissingToolError: Terraform, a provider or the engine is not installed.
        TimeoutExpiredError: it took longer than allowed.
    """
    match source:
        case EmptyTarget():
            return _nothing(session)
        case ConfigTarget() | GitTarget():
            return stand_up_configured(source, session, change_dir=change_dir, versions=versions)
        case StackTarget() | DeployedStacks():
            return stand_up_stacks(source, session)
        case Account():
            return stand_up_account(source, session, versions=versions)
        case State():
            return stand_up_stated(source, session, versions=versions)
        case Image():
            return restored(source, session)
        case _:
            assert_never(source)


@contextmanager
def _nothing(session: Session) -> Iterator[Clone]:
    with empty(session) as engine:
        yield Clone(engine=engine, noise=Recorded())
