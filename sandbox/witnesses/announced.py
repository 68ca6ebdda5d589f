"""What the plan announces, once the engine's own noise is taken off it.

Noise is what the *unchanged* baseline plans on this engine. It is taken off attribute by attribute: an attribute is
noise only where the change plans the very value that the unchanged baseline plans too. And what the baseline plans and
the change does not plan any more is the change's doing: an engine that forgets an alarm's actions hides in that way
that a change takes them out.

What the engine could not make, or made in part, the unchanged baseline plans to make, or to make anew. Where the change
plans the same, that is nothing of its own: it is judged by how what it wants differs from what the baseline wants, and
a gap says that nothing of it was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from diffing.attributes import OneSided
from diffing.change import Action, AttributeChange
from diffing.normalize import changed_paths, equivalent
from diffing.record import dataclass
from diffing.values import Marker, Path, Value
from sandbox.rehearsal import Plan, PlannedChange, StateInstance

_MAKING = frozenset({Action.CREATE, Action.REPLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One managed resource instance that the plan has something to say about."""

    planned: PlannedChange
    action: Action
    """The plan's action with noise taken off."""
    attributes: Sequence[AttributeChange]
    """What the change does, with noise taken off."""
    carried_out: tuple[AttributeChange, ...] = ()
    """What Terraform does all the same in the course of it: the noise that was taken off."""
    hidden_by_noise: str = ""
    """Why it cannot be told what the change does here; empty where it can."""
    noise: bool = False
    """Nothing remains of it but the engine's noise."""

    @property
    def carried_action(self) -> Action:
        """What Terraform does: what is hidden by noise is carried out all the same."""
        return self.planned.action if self.hidden_by_noise else self.action

    @property
    def reason(self) -> str:
        """Terraform's ``action_reason``; that something is imported, the plan says elsewhere."""
        if self.action is not self.carried_action:
            return ""
        return self.planned.reason or ("imported" if self.planned.importing else "")

    @property
    def address(self) -> str:
        """The Terraform address after the change; a deposed object has one of its own, as in the state."""
        deposed = f" (deposed object {self.planned.deposed})" if self.planned.deposed else ""
        return f"{self.planned.address}{deposed}"


def announced(plan: Plan, noise: Plan, after: Mapping[str, StateInstance]) -> tuple[Announced, ...]:
    """Return what the plan announces for managed resources, in the plan's order.

    Args:
        plan: The plan of the change.
        noise: The plan of the unchanged baseline.
        after: The state after the apply by address: values that were unknown in the plan are taken from it.
    """
    noisy = {change.address: change for change in noise.changes if change.action is not Action.NO_OP}
    made = _made(plan, after)
    return tuple(
        _without_noise(
            change,
            None if change.deposed else noisy.get(change.previous_address or change.address),
            after.get(change.address),
            made,
        )
        for change in plan.changes
        if change.mode == "managed"
        and (
            change.action is not Action.NO_OP or change.previous_address or change.importing or change.address in noisy
        )
    )


def noise_of(noise: Plan) -> tuple[Announced, ...]:
    """Return the noise itself, for the report."""
    return tuple(
        Announced(planned=change, action=change.action, attributes=_attributes(change, None), noise=True)
        for change in noise.changes
        if change.mode == "managed" and change.action is not Action.NO_OP
    )


def _made(plan: Plan, after: Mapping[str, StateInstance]) -> frozenset[Value]:
    """The ids and ARNs of what the change makes: a value that refers to one of these is the change's doing."""
    instances = (after.get(change.address) for change in plan.changes if change.action in _MAKING)
    values = (instance.attributes.get(name) for instance in instances if instance is not None for name in ("id", "arn"))
    return frozenset(value for value in values if isinstance(value, str))


def _without_noise(
    change: PlannedChange, noise: PlannedChange | None, after: StateInstance | None, made: frozenset[Value]
) -> Announced:
    attributes = _attributes(change, after)
    if noise is None:
        return Announced(planned=change, action=change.action, attributes=attributes)
    if noise.action is not Action.UPDATE:
        return _hidden(change, noise, attributes)
    withdrawn = _withdrawn(change, noise)
    remaining = tuple(item for item in attributes if not _is_noise(item, change, noise, made))
    if change.action in {Action.UPDATE, Action.NO_OP} and withdrawn:
        told = {item.path for item in withdrawn}
        rest = (item for item in remaining if item.path not in told)
        return Announced(planned=change, action=Action.UPDATE, attributes=(*withdrawn, *rest))
    if change.action in {Action.UPDATE, Action.NO_OP} and not remaining:
        return Announced(planned=change, action=Action.NO_OP, attributes=attributes, noise=True)
    taken_off = tuple(item for item in attributes if item not in remaining)
    return Announced(planned=change, action=change.action, attributes=remaining, carried_out=taken_off)


def _hidden(change: PlannedChange, noise: PlannedChange, attributes: Sequence[AttributeChange]) -> Announced:
    """What is planned for something that is not in the clone as it is in the target."""
    why = f"the unchanged configuration already plans to {noise.action.value} it on this engine"
    alike = (change.action, change.reason, change.replace_paths) == (noise.action, noise.reason, noise.replace_paths)
    wanted = changed_paths(noise.after or {}, change.after or {})
    forcing = any(item.path[: len(path)] == path for item in wanted for path in change.replace_paths)
    if not alike or forcing or change.action not in _MAKING:
        return Announced(planned=change, action=change.action, attributes=attributes, hidden_by_noise=why)
    action = Action.UPDATE if wanted else Action.NO_OP
    return Announced(planned=change, action=action, attributes=wanted, hidden_by_noise=why)


def _withdrawn(change: PlannedChange, noise: PlannedChange) -> tuple[AttributeChange, ...]:
    """What the baseline would set, for the engine has forgotten it, and the change would not."""
    return tuple(
        AttributeChange(path=item.path, before=item.after, after=value)
        for item in changed_paths(noise.before or {}, noise.after or {})
        if item.after not in (None, Marker.ABSENT, Marker.UNKNOWN, Marker.SENSITIVE)
        and (value := value_at(change.after, item.path)) not in (Marker.UNKNOWN, Marker.SENSITIVE)
        and not equivalent(value, item.after)
    )


def _is_noise(item: AttributeChange, change: PlannedChange, noise: PlannedChange, made: frozenset[Value]) -> bool:
    """Whether the unchanged baseline plans the same for an attribute; both compared as planned, unknowns unresolved.

    Two unknown values look alike whatever is behind them. They are not taken for noise where the value turned out to
    refer to something that this change makes, nor is anything that forces a replacement.
    """
    return (
        not item.forces_replacement
        and (isinstance(item.after, tuple | Mapping) or item.after not in made)
        and _planned_alike(item.path, change.after, noise.after)
    )


def _planned_alike(path: Path, after: Value, noise_after: Value) -> bool:
    return equivalent(value_at(after, path), value_at(noise_after, path))


def _attributes(change: PlannedChange, after: StateInstance | None) -> Sequence[AttributeChange]:
    if after is not None or change.replace_paths:
        return tuple(_resolved(change, after))
    if not change.before and isinstance(change.after, Mapping):
        return OneSided(change.after, appears=True)
    if not change.after and isinstance(change.before, Mapping):
        return OneSided(change.before, appears=False)
    return changed_paths(change.before or {}, change.after or {})


def _resolved(change: PlannedChange, after: StateInstance | None) -> Iterator[AttributeChange]:
    # Nothing at all is an empty object here, so that a create and a delete list their attributes one by one.
    for item in changed_paths(change.before or {}, change.after or {}):
        forces = bool(change.replace_paths) and any(
            item.path[: len(path)] == path or path[: len(item.path)] == item.path for path in change.replace_paths
        )
        value = item.after
        if after is not None and _decided_later(change, value):
            found = value_at(after.attributes, item.path)
            value = value if found is Marker.ABSENT else found
            if not forces and equivalent(item.before, value):
                continue
        if forces or value is not item.after:
            yield AttributeChange(path=item.path, before=item.before, after=value, forces_replacement=forces)
        else:
            yield item


def _decided_later(change: PlannedChange, value: Value) -> bool:
    """Whether the apply says more than the plan: a value left open, or left out of something that is made anew."""
    return value is Marker.UNKNOWN or (change.action is Action.REPLACE and value in (None, Marker.ABSENT))


def value_at(value: Value, path: Path) -> Value:
    """Follow a path into a value; Marker.ABSENT where it leads nowhere."""
    for part in path:
        if isinstance(value, Mapping) and part in value:
            value = value[str(part)]
        elif isinstance(value, tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif isinstance(value, Marker) and value is not Marker.ABSENT:
            return value
        else:
            return Marker.ABSENT
    return value
