"""What the plan alone says: the changes of a rehearsal that did not take place, and what a rehearsal starts from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from diffing.change import Action, Lifespan, Proof, Replacement, ResourceChange, Reversibility, Witness
from diffing.values import Value
from sandbox.rehearsal import Plan
from sandbox.witnesses.announced import Announced, announced

LIFESPANS: Mapping[Action, Lifespan] = MappingProxyType(
    {
        Action.CREATE: Lifespan.ADDED,
        Action.DELETE: Lifespan.DROPPED,
        Action.REPLACE: Lifespan.RECREATED,
        Action.UPDATE: Lifespan.EXISTING,
        Action.FORGET: Lifespan.EXISTING,
        Action.NO_OP: Lifespan.EXISTING,
    }
)
"""What becomes of a resource whose announced action is carried out."""

MOST_PAIRS = 2_500
"""So many deletes × creates of a type are compared with each other; of more, only those that have equal names."""

_ORDER = {
    Action.DELETE: 0,
    Action.REPLACE: 1,
    Action.FORGET: 2,
    Action.UPDATE: 3,
    Action.CREATE: 4,
    Action.NO_OP: 5,
}
_ONLY_THE_PLAN = frozenset({Witness.PLAN})


def planned_changes(plan: Plan, *, presumed: Reversibility | None = None) -> tuple[ResourceChange, ...]:
    """Return what a plan announces as changes that nobody saw: computed, destructive ones first.

    Args:
        plan: What is planned.
        presumed: Whether each can be taken back, as long as nobody classifies it.
    """
    items = announced(plan, Plan(changes=()), {})
    renames = {new: old for group in _comparable(items) for new, old in renames_of(group).items()}
    changes = [_change(item, renames.get(item.address, "") if renames else "", presumed) for item in items]
    return tuple(sorted(changes, key=rank))


def rank(change: ResourceChange) -> tuple[int, bool, str]:
    """Return the key that sorts changes: destructive ones first, consequences after what brings them about."""
    return (_ORDER[change.action], bool(change.owner), change.address)


def renames_of(items: Iterable[Announced]) -> Mapping[str, str]:
    """Return, by the address of a create, that of the delete which is probably the same thing."""
    deletes, creates = [], []
    for item in items:
        if item.action is Action.DELETE and isinstance(item.planned.before, Mapping):
            deletes.append((item.address, item.planned.type, _without_zeros(item.planned.before)))
        if item.action is Action.CREATE and isinstance(item.planned.after, Mapping):
            # What AWS decides stays unknown, which says nothing; left out, it would differ from what was there.
            creates.append((item.address, item.planned.type, _without_zeros(item.planned.after)))
    if not deletes or not creates:
        return {}
    from diffing.renames import find_renames  # noqa: PLC0415 - most plans have nothing to compare

    return {rename.to_address: rename.from_address for rename in find_renames(deletes, creates)}


def _change(item: Announced, rename_of: str, presumed: Reversibility | None) -> ResourceChange:
    return ResourceChange(
        address=item.address,
        type=item.planned.type,
        action=item.action,
        proof=Proof.COMPUTED,
        lifespan=LIFESPANS[item.action],
        replacement=Replacement.YES if item.action is Action.REPLACE else Replacement.NO,
        attributes=item.attributes,
        replace_paths=item.planned.replace_paths,
        reason=item.reason,
        witnesses=_ONLY_THE_PLAN,
        previous_address=item.planned.previous_address,
        rename_of=rename_of,
        reversibility=presumed,
    )


def _comparable(items: Sequence[Announced]) -> Iterator[list[Announced]]:
    """Group deletes and creates so that the number of comparisons stays in bounds: by type, else by name as well."""
    for group in _grouped(items, lambda item: (item.planned.type,)):
        if _pairs(group) <= MOST_PAIRS:
            yield group
        else:
            named = _grouped(group, lambda item: (item.planned.type, item.planned.name))
            yield from (smaller for smaller in named if 0 < _pairs(smaller) <= MOST_PAIRS)


def _grouped(items: Iterable[Announced], key: Callable[[Announced], tuple[str, ...]]) -> list[list[Announced]]:
    groups: defaultdict[tuple[str, ...], list[Announced]] = defaultdict(list)
    for item in items:
        if item.action in {Action.DELETE, Action.CREATE}:
            groups[key(item)].append(item)
    return list(groups.values())


def _pairs(items: Sequence[Announced]) -> int:
    deletes = sum(item.action is Action.DELETE for item in items)
    return deletes * (len(items) - deletes)


def _without_zeros(attributes: Mapping[str, Value]) -> Mapping[str, Value]:
    """Write zero values as null: a state has 0, false or empty text for what a configuration leaves out."""
    return {name: value or None for name, value in attributes.items()}
