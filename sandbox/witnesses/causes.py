"""Which announcements bring another one about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from diffing.change import Action
from diffing.graph import without_keys
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.scene import Scene

_BRINGS_ABOUT: Mapping[Action, frozenset[Action]] = {
    Action.CREATE: frozenset({Action.CREATE, Action.REPLACE}),
    Action.DELETE: frozenset({Action.DELETE, Action.REPLACE}),
    Action.REPLACE: frozenset({Action.CREATE, Action.DELETE, Action.REPLACE}),
    Action.UPDATE: frozenset({Action.CREATE, Action.DELETE, Action.REPLACE}),
}
"""What kind of change can bring about what: nothing is created because something else is deleted."""


class Causes:
    """Answers from the dependencies that the states have, which are transitive: only the nearest causes are given."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._needed = {address: self._dependencies(item) for address, item in scene.announced.items()}
        self._announced: defaultdict[str, set[str]] = defaultdict(set)
        for address, item in scene.announced.items():
            # The state before names what is moved as it was called before.
            for name in {address, scene.previous(item)}:
                self._announced[without_keys(name)].add(address)

    def of(self, item: Announced) -> tuple[str, ...]:
        """Return the addresses of the changes that bring this one about, without those behind them."""
        moving = _BRINGS_ABOUT.get(item.action, frozenset())
        found = {
            address
            for needed in self._needed[item.address]
            for address in self._announced[needed]
            if address != item.address and self._scene.announced[address].action in moving
        }
        return tuple(sorted(address for address in found if not self._is_behind(address, found)))

    def _is_behind(self, address: str, found: set[str]) -> bool:
        scene = self._scene
        names = {without_keys(address), without_keys(scene.previous(scene.announced[address]))}
        return any(other != address and names & self._needed[other] for other in found)

    def _dependencies(self, item: Announced) -> frozenset[str]:
        before = self._scene.before.instances.get(self._scene.previous(item))
        after = self._scene.after.instances.get(item.address)
        instances = [instance for instance in (before, after) if instance is not None]
        return frozenset(without_keys(needed) for instance in instances for needed in instance.dependencies)
