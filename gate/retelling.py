"""What a report tells of a rehearsal beside its changes: its steps, where things are declared, where they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from diffing.change import Action, StateDiff
from gate.policy.destruction import is_destroyed
from gate.verdict import Verdict
from sandbox.conformance import doubts
from sandbox.executors.terraform.declarations import line_of
from sandbox.rehearsal import Rehearsal, SourceLine, Step
from sandbox.witnesses.reconcile import Observed


def steps_told(rehearsal: Rehearsal, observed: Observed) -> Iterator[Step]:
    """The steps of a sequence, each with what it did by itself."""
    for step, changes in zip_longest(rehearsal.steps, observed.steps, fillvalue=()):
        if isinstance(step, Step):
            told = (change for change in changes if change.action is not Action.NO_OP or is_destroyed(change))
            yield replace(step, effects=tuple(f"{change.action.value} {change.address}" for change in told))


def locations_told(
    change: Path, rehearsal: Rehearsal, diff: StateDiff, verdict: Verdict
) -> Iterator[tuple[str, SourceLine]]:
    """Where what is told of is declared, named as from the current folder where it lies in it."""
    told = {each.address for each in diff.changes} | {finding.address for finding in verdict.findings}
    for address in sorted(told):
        place = line_of(address, rehearsal.declared)
        if place is not None:
            path = Path(os.path.normpath(change.absolute() / place.file))
            inside = path.is_relative_to(Path.cwd())
            yield address, replace(place, file=(path.relative_to(Path.cwd()) if inside else path).as_posix())


def engine_doubts(engine: str, diff: StateDiff) -> tuple[str, ...]:
    """What the engine's ledger has against it for what the change does."""
    changed = [each for each in diff.changes if each.action is not Action.NO_OP]
    updated = frozenset(each.type for each in changed if each.action is Action.UPDATE)
    return doubts(engine, updated, frozenset(each.type for each in changed))


def region_called(rehearsal: Rehearsal, default: str) -> str:
    """The region that most calls of the baseline went to: provider blocks name their own."""
    regions = Counter(call.region for call in rehearsal.calls if call.phase in {"baseline", "apply"} and call.region)
    return regions.most_common(1)[0][0] if regions else default
