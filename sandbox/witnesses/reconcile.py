"""The three witnesses, joined: what each says, who saw what, where they disagree, and what nobody can say."""

from __future__ import annotations

from dataclasses import dataclass

from diffing.change import Lifespan, Proof, ResourceChange, StateDiff, Witness
from sandbox.rehearsal import Gap, Rehearsal
from sandbox.witnesses.announced import noise_of
from sandbox.witnesses.gaps import call_gaps, containment_gaps, noise_gaps, read_gaps
from sandbox.witnesses.handed import handed_over
from sandbox.witnesses.managed import managed_changes
from sandbox.witnesses.planned import rank
from sandbox.witnesses.scene import Scene
from sandbox.witnesses.sequence import joined_changes
from sandbox.witnesses.silent import silent_writes
from sandbox.witnesses.unannounced import unannounced_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a rehearsal amounts to."""

    diff: StateDiff
    gaps: tuple[Gap, ...]
    steps: tuple[tuple[ResourceChange, ...], ...] = ()
    """Of a sequence: what each of its steps amounts to by itself."""


def reconcile(rehearsal: Rehearsal) -> Observed:
    """Join plan, calls and clone into one StateDiff, destructive changes first."""
    if rehearsal.parts:
        return _sequence(rehearsal)
    scene = Scene.of(rehearsal)
    managed, doubts = managed_changes(scene)
    unannounced = unannounced_changes(scene)
    told = frozenset(change.identity for change in unannounced if change.identity is not None)
    silent, untold = silent_writes(scene, told)
    changes = sorted((*managed, *unannounced, *silent, *handed_over(scene)), key=rank)
    gaps = (
        *containment_gaps(rehearsal),
        *rehearsal.gaps,
        *doubts,
        *untold,
        *call_gaps(rehearsal.calls),
        *noise_gaps(scene),
        *read_gaps(scene),
    )
    return Observed(
        diff=StateDiff(changes=tuple(changes), noise=_noise(rehearsal)),
        gaps=tuple(sorted(set(gaps), key=lambda gap: (not gap.blocking, gap))),
    )


def _sequence(rehearsal: Rehearsal) -> Observed:
    """Each step by itself, and then all of them."""
    observed = [reconcile(part) for part in rehearsal.parts]
    steps = tuple(each.diff.changes for each in observed)
    gaps = {*rehearsal.gaps, *(gap for each in observed for gap in each.gaps)}
    return Observed(
        diff=StateDiff(changes=tuple(sorted(joined_changes(steps), key=rank)), noise=_noise(rehearsal)),
        gaps=tuple(sorted(gaps, key=lambda gap: (not gap.blocking, gap))),
        steps=steps,
    )


def _noise(rehearsal: Rehearsal) -> tuple[ResourceChange, ...]:
    return tuple(
        ResourceChange(
            address=item.address,
            type=item.planned.type,
            action=item.action,
            proof=Proof.COMPUTED,
            lifespan=Lifespan.EXISTING,
            attributes=item.attributes,
            replace_paths=item.planned.replace_paths,
            reason="the unchanged baseline plans this on the engine",
            witnesses=frozenset({Witness.PLAN}),
        )
        for item in noise_of(rehearsal.noise)
    )
