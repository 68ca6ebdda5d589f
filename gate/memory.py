"""What earlier rehearsals of the same target are remembered for, and under which names a target is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gate.policy.preparing import preparations
from gate.policy.rule import Evidence
from gate.policy.settings import Whereabouts
from gate.verdict import Decision
from sandbox.executors.terraform.environment import cache_folder
from sandbox.history import History, Remembered, day_of
from sandbox.rehearsal import Preparation
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

_CONFIGURATION = ("*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The history of one target."""

    history: History
    label: str
    """The target as the user named it."""
    change: Path
    known_as: tuple[str, ...]
    """Names under which it is looked for."""
    becomes: tuple[str, ...]
    """Names under which it will be looked for once the change is applied."""

    def earlier(self, *, lineage: str, now: float) -> tuple[Preparation, ...]:
        """What was prepared.

        Args:
            lineage: Of the state that the clone was made from; empty for none.
            now: Seconds since 1970.
        """
        return self.history.prepared((*self.known_as, *_lineage(lineage)), now=now)

    def keep(self, evidence: Evidence, decision: Decision, *, lineage: str, now: float) -> None:
        """Remember a rehearsal; arguments as above."""
        prepared = tuple(
            replace(each, day=day_of(now), decision=decision.value) for each in sorted(set(preparations(evidence)))
        )
        self.history.remember(
            Remembered(
                target=self.label, change=str(self.change), decision=decision.value, at=now, preparations=prepared
            ),
            names=(*self.becomes, *_lineage(lineage)),
        )


def memory_of(
    target: Target, *, label: str, change: Path, place: Whereabouts, environment: Mapping[str, str]
) -> Memory:
    """The history of a target.

    Args:
        target: The target.
        label: As the user named it.
        change: The folder of the change.
        place: Where the change would be applied.
        environment: The user's variables, which say where the history is.
    """
    workspace = place.workspace
    lasting = tuple(f"{name}#{workspace}" for name in _names(target, change, place))
    return Memory(
        history=History(cache_folder(environment)),
        label=label,
        change=change,
        known_as=(*lasting, *(_content(target.directory, workspace) if isinstance(target, ConfigTarget) else ())),
        becomes=(*lasting, *_content(change, workspace)),
    )


def _names(target: Target, change: Path, place: Whereabouts) -> Iterator[str]:
    match target:
        case ConfigTarget(directory=directory):
            yield f"config:{directory.resolve()}"
        case GitTarget(directory=directory):
            top = top_of(change)
            if top is not None:
                yield f"git:{top}:{directory or change.resolve().relative_to(top)}"
        case StackTarget(template=template, stack=stack):
            yield f"cloudformation:{template.resolve()}:{stack}"
        case SnapshotTarget(file=file):
            yield f"snapshot:{file.resolve()}"
        case LiveTarget():
            yield f"aws:{place.account}:{place.region}"
        case LiveStackTarget(stack=stack):
            yield f"cloudformation-stack:{place.account}:{place.region}:{stack}"
        case StateTarget() | EmptyTarget():
            # A state is known by its lineage, wherever it lies; and of nothing, there is no past.
            return


def top_of(folder: Path) -> Path | None:
    """The top of the repository that a folder is in."""
    known = folder.resolve()
    return next((each for each in (known, *known.parents) if (each / ".git").exists()), None)


def _lineage(lineage: str) -> tuple[str, ...]:
    return (f"lineage:{lineage}",) if lineage else ()


def _content(folder: Path, workspace: str) -> tuple[str, ...]:
    """A name for what a folder's configuration says: it is the same target under another path."""
    total, paths = hashlib.sha256(), sorted({path for pattern in _CONFIGURATION for path in folder.glob(pattern)})
    # A pipe would be waited for.
    paths = [path for path in paths if path.is_file()]
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError:
            continue
        total.update(f"{path.name}\0{hashlib.sha256(data).hexdigest()}\0".encode(errors="surrogateescape"))
    return (f"content:{total.hexdigest()}#{workspace}",) if paths else ()
