"""What was measured of an engine, type by type: made, read back, changed in place, deleted.

The figures are data (``sandbox/engines/ledger/ENGINE.json``), written by ``make conformance ENGINE=…``. They say what
an engine can be asked about; what a single rehearsal saw stands for itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

OK = "ok"
UNTRIED = "untried"
"""The configuration of the suite has nothing of that kind to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How an engine treats one resource type."""

    create: str
    """``ok``, or what went wrong."""
    reread: tuple[str, ...] = ()
    """Attributes that a second plan wants to change although nothing has changed."""
    update: str = UNTRIED
    """``ok``, ``untried``, ``ignored`` (accepted, without an effect), or what went wrong."""
    delete: str = UNTRIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is known of one engine."""

    engine: str
    version: str
    provider: str
    """The AWS provider's version that it was measured with."""
    measured: str
    """The day, ISO 8601."""
    types: Mapping[str, Conduct] = field(default_factory=lambda: MappingProxyType({}))


@cache
def ledger_of(engine: str) -> Ledger | None:
    """The ledger of an engine; None where none was written."""
    file = resources.files("sandbox.engines").joinpath("ledger", f"{engine}.json")
    if not engine.isidentifier() or not file.is_file():
        return None
    return parse_ledger(json.loads(file.read_text(encoding="utf-8")))


def parse_ledger(document: Mapping[str, Any]) -> Ledger:
    """Read a ledger.

    Raises:
        KeyError: a part of it is missing.
    """
    return Ledger(
        engine=document["engine"],
        version=document["version"],
        provider=document["provider"],
        measured=document["measured"],
        types=MappingProxyType(
            {
                name: Conduct(
                    create=row["create"], reread=tuple(row["reread"]), update=row["update"], delete=row["delete"]
                )
                for name, row in document["types"].items()
            }
        ),
    )


def is_measured(engine: str, kind: str) -> bool:
    """Whether the ledger says of an engine that it makes things of one of Terraform's types."""
    ledger = ledger_of(engine)
    conduct = ledger.types.get(kind) if ledger is not None else None
    return conduct is not None and conduct.create == OK


def doubts(engine: str, updated: frozenset[str], touched: frozenset[str]) -> tuple[str, ...]:
    """What the ledger has against an engine for a change, in sentences.

    Args:
        engine: Its name.
        updated: Terraform's types of what the change updates in place.
        touched: Those of all that it changes.
    """
    ledger = ledger_of(engine)
    if ledger is None:
        return ()
    unknown = sorted(name for name in touched if name.startswith("aws_") and name not in ledger.types)
    failing = sorted(name for name in updated & ledger.types.keys() if ledger.types[name].update not in {OK, UNTRIED})
    found = []
    if unknown:
        found.append(
            f"Beyond what was measured of {engine} (docs/fidelity.md), so this run alone tells: {_few(unknown)}."
        )
    if failing:
        found.append(f"{engine} is known not to carry out updates of {_few(failing)} (docs/fidelity.md).")
    return tuple(found)


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown  # noqa: PLR2004 - as many as are shown
