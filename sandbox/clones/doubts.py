"""What the clone of a state leaves unknown about a change: objects that are missing in it, and placeholders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from diffing.change import Action
from sandbox.cloning.ledger import Entry, Ledger
from sandbox.rehearsal import Gap, GapKind, Plan, PlannedChange, StateInstance

_KEY = re.compile(r'\[(?:-?\d+|"(?:[^"\\]|\\.)*")\]')


def cloning_gaps(
    ledger: Ledger, plan: Plan | None, state: Iterable[StateInstance], *, others_wrote: bool
) -> Iterator[Gap]:
    """Yield a gap for everything that is not in the clone, with whether it could hide what the change does.

    A change is known by its plan: what it neither touches, nor hangs on what it touches, nor the other way round, hides
    nothing. A program looks for what it works on, and does not find what is not there; so every gap may hide what it
    would have done.

    Args:
        ledger: Of the clone.
        plan: What the change announces; None for a change that announces nothing.
        state: The state that the clone was made from.
        others_wrote: Whether anything but Terraform's provider wrote to the clone.
    """
    near = None if plan is None or others_wrote else _neighbourhood(plan, state)
    for entry in ledger.gaps:
        blocking = entry.mode == "managed" and (near is None or _plain(entry.address) in near)
        yield Gap(kind=GapKind.NOT_CLONED, subject=entry.address, reason=entry.reason, blocking=blocking)
    for text in ledger.shared:
        yield Gap(kind=GapKind.NOT_CLONED, subject="clone", reason=text, blocking=True)
    if ledger.unchecked:
        reason = f"the provider could not read it back, so how true it is is not known: {ledger.unchecked}"
        yield Gap(kind=GapKind.NOT_CLONED, subject="clone", reason=reason, blocking=True)
    for entry in ledger.unknown:
        yield _placeholder(entry)


def _placeholder(entry: Entry) -> Gap:
    """No plan compares these: a change of them is planned from what the configuration says, and is seen."""
    parts = ", ".join(entry.unknown)
    return Gap(
        kind=GapKind.NOT_CLONED,
        subject=entry.address,
        reason=f"no state holds its {parts}: a placeholder stands in the clone",
        blocking=False,
    )


def _neighbourhood(plan: Plan, state: Iterable[StateInstance]) -> frozenset[str]:
    """The addresses (without keys) that the plan changes, and those that depend on them or that they depend on."""
    changed = {_plain(name) for each in plan.changes if each.action is not Action.NO_OP for name in _names(each)}
    near: defaultdict[str, set[str]] = defaultdict(set)
    for instance in state:
        address = _plain(instance.address)
        for dependency in instance.dependencies:
            near[address].add(dependency)
            near[dependency].add(address)
    return frozenset(changed.union(*(near[address] for address in changed)))


def _names(change: PlannedChange) -> Iterator[str]:
    yield change.address
    yield change.previous_address or change.address


def _plain(address: str) -> str:
    return _KEY.sub("", address)
