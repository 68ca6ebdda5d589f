"""Which state a change works with, where it brings one of its own: how old is it, as far as anybody here knows?"""

from __future__ import annotations

import json

from sandbox.clones.clone import Lineage
from sandbox.history import History
from sandbox.rehearsal import StateUsed


def state_used(
    document: bytes | None, target: Lineage | None, history: History, *, comparable: bool = True
) -> StateUsed | None:
    """Describe the state that a change brings.

    Args:
        document: The state; empty for none at all, None where the change works with the target's.
        target: Which state the clone was made from, where it was made from one.
        history: What was seen before.
        comparable: Whether the target's addresses are those of a state or a configuration.
    """
    if document is None:
        return None
    lineage, serial = _named(document)
    same = target is not None and target.lineage == lineage
    newest = max(history.newest_serial(lineage), target.serial if target is not None and same else 0, serial)
    return StateUsed(lineage=lineage, serial=serial, newest_serial=newest, comparable=comparable)


def _named(document: bytes) -> tuple[str, int]:
    """Lineage and serial of a state of format 4; of what is none, Terraform itself says so."""
    try:
        found = json.loads(document)
        return str(found["lineage"]), int(found["serial"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", 0
