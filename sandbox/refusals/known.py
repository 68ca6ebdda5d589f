"""The objector that answers as AWS would, wherever a row of the catalogue applies to what the engine holds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.recorder.objections import Asked, Objection
from sandbox.refusals.catalogue import KNOWN_REFUSALS
from sandbox.refusals.engine import EngineLookup
from sandbox.refusals.evaluate import Lookup, refusal_message
from sandbox.refusals.row import KnownRefusal
from sandbox.refusals.standstill import Given, Standstill
from sandbox.rehearsal import Diagnostic

PHASES = frozenset({"plan", "apply"})
"""Only what the change does is refused: the clone itself must come up whatever it takes."""


class KnownRefusals:
    """What AWS refuses, asked of one engine.

    Args:
        endpoint: The engine's own, not the recorder's.
        account: The account of callers whose access key id does not tell theirs.
        rows: The known refusals.
    """

    def __init__(self, endpoint: str, *, account: str, rows: Iterable[KnownRefusal] = KNOWN_REFUSALS) -> None:
        self._endpoint = endpoint
        self._account = account
        by_operation: defaultdict[tuple[str, str], list[KnownRefusal]] = defaultdict(list)
        for row in rows:
            for operation in row.operations:
                by_operation[row.service, operation].append(row)
        self._rows: Mapping[tuple[str, str], list[KnownRefusal]] = MappingProxyType(dict(by_operation))
        self._operations = frozenset(operation for _, operation in by_operation) | {""}
        self._standstill = Standstill()

    def concerns(self, phase: str, operation: str) -> bool:
        """Whether any row may apply."""
        return phase in PHASES and operation in self._operations

    def objection(self, asked: Asked) -> Objection | None:
        """AWS's refusal of this call, if one is known to be due."""
        rows = self._rows.get((asked.service, asked.operation), ())
        if not rows:
            return None
        account = asked.account or self._account
        lookup = EngineLookup(self._endpoint, account=account, region=asked.region, access_key_id=asked.access_key_id)
        found = first_refusal(rows, asked.parameters, account=account, region=asked.region, lookup=lookup)
        call, subject = f"{asked.service}:{asked.operation}", _subject(asked.parameters)
        if found is None:
            self._standstill.passed(call, subject)
            return None
        row, message = found
        self._standstill.refused(
            Given(
                call=call,
                subject=subject,
                code=row.code,
                message=message,
                row=row.name,
                documentation=row.documentation,
            )
        )
        return Objection(status=row.status, code=row.code, message=message, by=row.name)

    def standstill(self, under_way: Collection[str]) -> tuple[Diagnostic, ...]:
        """The errors for which the change gets no further, where all that is under way is refused repeatedly."""
        return self._standstill(under_way)


def first_refusal(
    rows: Iterable[KnownRefusal], parameters: Mapping[str, Any], *, account: str, region: str, lookup: Lookup
) -> tuple[KnownRefusal, str] | None:
    """The first row that applies, with AWS's message."""
    surroundings = {**parameters, "caller": {"account": account, "region": region}}
    for row in rows:
        message = refusal_message(row, surroundings, lookup)
        if message is not None:
            return row, message
    return None


def _subject(parameters: Mapping[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True, default=str)
