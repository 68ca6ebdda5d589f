"""Writes of the change that nothing else tells of: the clone shows no difference, and no announcement asked for them.

Equal counts hide an item that was overwritten, and a topic that was deleted and made again looks as it did. The calls
saw it. Such a write is told as an update that only the calls witness, or as a replacement where a call deleted the
resource itself; where nothing in the inventory answers to its names, as a gap.

What the provider calls for something announced is as expected, and is recognised generously: by any text in what is
announced. Other programs, and callers that did not say who they are, get no such benefit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from diffing.change import Action, Lifespan, Proof, Replacement, ResourceChange, Witness
from diffing.snapshot import NOTHING, Identity
from sandbox.rehearsal import ApiCall, Gap, GapKind
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.calls import PROVIDER, by_another, named
from sandbox.witnesses.ownership import names_of
from sandbox.witnesses.scene import Scene
from sandbox.witnesses.unannounced import address_of, renews, type_of
from sandbox.witnesses.vocabulary import texts


def silent_writes(scene: Scene, told: frozenset[Identity]) -> tuple[tuple[ResourceChange, ...], tuple[Gap, ...]]:
    """Return changes and gaps for writes that are not told by anything else.

    Args:
        scene: What the witnesses said.
        told: Resources of which an unannounced change is reported already.
    """
    places, expected = _places(scene), _Expected(scene)
    writers: defaultdict[Identity, list[ApiCall]] = defaultdict(list)
    gaps: set[Gap] = set()
    for call in scene.calls.calls.values():
        if not call.operation or not call.service:
            continue
        targets = [identity for name in call.resources for identity in places.get((call.service, name), ())]
        renewed = [identity for identity in targets[:1] if renews(scene, call, identity)]
        if any(identity in told for identity in targets) or (expected.is_expected(call) and not renewed):
            continue
        if targets:
            writers[targets[0]].append(call)
        elif call.agent != PROVIDER:
            gaps.add(_gap(call))
    return tuple(_change(scene, identity, calls) for identity, calls in writers.items()), tuple(sorted(gaps))


def _places(scene: Scene) -> Mapping[tuple[str, str], list[Identity]]:
    found: defaultdict[tuple[str, str], list[Identity]] = defaultdict(list)
    for snapshot in (scene.rehearsal.before, scene.rehearsal.after):
        for identity, resource in snapshot.resources.items():
            for name in names_of(resource):
                if identity not in found[resource.service, name]:
                    found[resource.service, name].append(identity)
    return found


class _Expected:
    """Knows the names in which announcements are carried out."""

    def __init__(self, scene: Scene) -> None:
        items = [item for item in scene.announced.values() if item.action is not Action.NO_OP or item.noise]
        self._own = frozenset(name for item in items for name in scene.names(item))
        self._whole = frozenset(name for item in items if _is_whole(scene, item) for name in scene.names(item))
        self._mentioned = self._own | frozenset(text for item in items for text in _mentioned(scene, item))

    def is_expected(self, call: ApiCall) -> bool:
        """Whether an announcement is carried out by the call, or already contradicted because of it."""
        if call.agent == PROVIDER:
            return not self._mentioned.isdisjoint(call.resources)
        return not (self._whole if by_another(call) else self._own).isdisjoint(call.resources)


def _is_whole(scene: Scene, item: Announced) -> bool:
    return not item.noise and all(join is None or join.exact for join in scene.joined(item))


def _mentioned(scene: Scene, item: Announced) -> Iterator[str]:
    yield from texts(item.planned.before)
    yield from texts(item.planned.after)
    for side, address in ((scene.before, scene.previous(item)), (scene.after, item.address)):
        if address in side.instances:
            yield from texts(side.instances[address].attributes)


def _change(scene: Scene, identity: Identity, calls: list[ApiCall]) -> ResourceChange:
    renewed = any(renews(scene, call, identity) for call in calls)
    before, after = scene.rehearsal.before.resources.get(identity), scene.rehearsal.after.resources.get(identity)
    writers = ", ".join(dict.fromkeys(named(call) for call in calls))
    return ResourceChange(
        address=address_of(scene, identity),
        type=type_of(scene, identity),
        action=Action.REPLACE if renewed else Action.UPDATE,
        proof=Proof.UNKNOWN,
        lifespan=Lifespan.RECREATED if renewed else Lifespan.EXISTING,
        identity=identity,
        replacement=Replacement.YES if renewed else Replacement.NO,
        reason=f"written by {writers}, and the clone shows no difference",
        witnesses=frozenset({Witness.CALLS}),
        stakes_before=before.stakes if before is not None else NOTHING,
        stakes_after=after.stakes if after is not None else NOTHING,
        calls=tuple(call.sequence for call in calls),
    )


def _gap(call: ApiCall) -> Gap:
    return Gap(
        kind=GapKind.UNREADABLE,
        subject=f"{call.service}:{call.operation}",
        reason=f"{call.agent or 'an unnamed program'} wrote in phase {call.phase} to something that the inventory does "
        "not show",
    )
