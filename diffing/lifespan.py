"""What became of each resource over all steps of a change, not only between its two ends.

The idea of spans is that of Atlas's destructive-change analyzer: what is dropped and made again stays destructive
although the net difference is empty, and what is made and dropped inside the change never mattered to anyone.

========================  ======================  =============
existed before the first   exists after the last   lifespan
========================  ======================  =============
yes                        yes, never gone         EXISTING
yes                        yes, gone in between    RECREATED
yes                        no                      DROPPED
no                         yes                     ADDED
no                         no                      TEMPORARY
========================  ======================  =============

"Gone in between" is known from a step that could have shown the resource and did not, or from a later incarnation
(`diffing.compare.reborn`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import combinations
from types import MappingProxyType

from diffing.change import Lifespan
from diffing.compare import Blindspots, blindspots, reborn
from diffing.snapshot import Identity, Resource, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifespans:
    """The lifespan of every identity that any step showed."""

    by_identity: Mapping[Identity, Lifespan]
    unreadable: tuple[Identity, ...]
    """Those of which it is not known whether they existed at one end, because a read failed there."""


class _Sight(Enum):
    PRESENT = auto()
    ABSENT = auto()
    HIDDEN = auto()


def lifespans(steps: Sequence[Snapshot], *, fresh_services: frozenset[str] = frozenset()) -> Lifespans:
    """Follow every identity through the steps.

    Args:
        steps: The environment before the change, after each of its steps, and thereby after the last.
        fresh_services: Services known to have been empty before the change.
    """
    view = _View(steps, fresh_services)
    decided: dict[Identity, Lifespan] = {}
    unreadable: list[Identity] = []
    for identity in sorted({identity for step in steps for identity in step.resources}):
        lifespan = _lifespan(view, identity)
        if lifespan is None:
            unreadable.append(identity)
        else:
            decided[identity] = lifespan
    return Lifespans(by_identity=MappingProxyType(decided), unreadable=tuple(unreadable))


class _View:
    """The steps, and what each could not see as against another; worked out once for each pair."""

    def __init__(self, steps: Sequence[Snapshot], fresh_services: frozenset[str]) -> None:
        self._steps = steps
        self._fresh = fresh_services
        self._blindspots: dict[tuple[int, int], Blindspots] = {}

    def appearances(self, identity: Identity) -> list[Resource | None]:
        """The resource as each step shows it."""
        return [step.resources.get(identity) for step in self._steps]

    def hides(self, step: int, *, reference: int, resource: Resource) -> bool:
        """Whether a step may have failed to show what the reference step shows."""
        pair = (step, reference)
        if pair not in self._blindspots:
            empty = self._fresh if step == 0 else frozenset()
            self._blindspots[pair] = blindspots(self._steps[step], self._steps[reference], empty=empty)
        return self._blindspots[pair].hide_absence(resource, self._steps[reference].resources)


def _lifespan(view: _View, identity: Identity) -> Lifespan | None:
    """Return the lifespan, or nothing where a failed read hides it."""
    appearances = view.appearances(identity)
    shown = [resource for resource in appearances if resource is not None]
    if len(shown) == len(appearances) and len({resource.digest for resource in shown}) == 1 and shown[0].digest:
        return Lifespan.EXISTING
    anew = any(reborn(earlier, later) for earlier, later in combinations(shown, 2))
    sights = _sights(view, appearances)
    if sights[0] is _Sight.HIDDEN:
        return None
    known = [sight for sight in sights if sight is not _Sight.HIDDEN]
    gone = anew or _Sight.ABSENT in known
    match sights[0], known[-1]:
        case _Sight.PRESENT, _Sight.PRESENT:
            lifespan = Lifespan.RECREATED if gone else Lifespan.EXISTING
        case _Sight.PRESENT, _:
            lifespan = Lifespan.DROPPED
        case _, _Sight.PRESENT:
            lifespan = Lifespan.ADDED
        case _:
            lifespan = Lifespan.TEMPORARY
    # That something was destroyed stays known, whatever the last step could not show.
    lost = lifespan in {Lifespan.RECREATED, Lifespan.DROPPED}
    return None if sights[-1] is _Sight.HIDDEN and not lost else lifespan


def _sights(view: _View, appearances: Sequence[Resource | None]) -> list[_Sight]:
    shown = [index for index, resource in enumerate(appearances) if resource is not None]
    sights: list[_Sight] = []
    for index, resource in enumerate(appearances):
        nearest = min(shown, key=lambda other: abs(other - index))
        reference = appearances[nearest]
        if resource is not None or reference is None:
            sights.append(_Sight.PRESENT)
        elif view.hides(index, reference=nearest, resource=reference):
            sights.append(_Sight.HIDDEN)
        else:
            sights.append(_Sight.ABSENT)
    return sights
