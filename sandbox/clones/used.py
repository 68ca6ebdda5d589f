"""Which state a change works with, where it brings one of its own: how old is it, as far as anybody here knows?"""

from __future__ import annotations

import json

from sandbox.clones.clone import Lineage
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.statefile import parse_state
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
    lineage, serial, held = _read(document)
    same = target is not None and target.lineage == lineage
    newest = max(history.newest_serial(lineage), target.serial if target is not None and same else 0, serial)
    return StateUsed(lineage=lineage, serial=serial, newest_serial=newest, comparable=comparable, held=held)


def _read(document: bytes) -> tuple[str, int, frozenset[str]]:
    """Lineage, serial and managed addresses of a state of format 4; of what is none, Terraform itself says so."""
    try:
        found = json.loads(document)
        lineage, serial = str(found["lineage"]), int(found["serial"])
        instances = parse_state(document.decode())
    except (ValueError, KeyError, TypeError, RecursionError, ConfigurationError):
        return "", 0, frozenset()
    return lineage, serial, frozenset(each.address for each in instances if each.mode == "managed")
