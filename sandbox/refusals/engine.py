"""Asking the engine itself, past the recorder: what a look needs is neither recorded nor labelled as anybody's call."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from sandbox.inventory.operations import load_service
from sandbox.inventory.scope import Scope
from sandbox.inventory.transport import Connection, RefusedError
from sandbox.refusals.evaluate import LookupFailedError

_SECONDS = 30.0
"""For all looks on account of one call."""


class EngineLookup:
    """Reads for one call: with the caller's account and region, each read made once.

    Args:
        endpoint: The engine's own.
        account: The caller's.
        region: The caller's.
        access_key_id: The caller's.
    """

    def __init__(self, endpoint: str, *, account: str, region: str, access_key_id: str) -> None:
        self._endpoint = endpoint
        self._account = account
        self._region = region
        self._access_key_id = access_key_id
        self._expires = time.monotonic() + _SECONDS
        self._known: dict[str, Mapping[str, Any] | str] = {}

    def __call__(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a read.

        Raises:
            LookupFailedError: there is none.
        """
        key = json.dumps([service, operation, parameters], sort_keys=True)
        if key not in self._known:
            self._known[key] = self._read(service, operation, parameters)
        answer = self._known[key]
        if isinstance(answer, str):
            raise LookupFailedError(answer)
        return answer

    def _read(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | str:
        loaded = load_service(service)
        if loaded is None or operation not in loaded.operations:
            return "UnknownOperation"
        scope = Scope(service=service, region=self._region, access_key_id=self._access_key_id, account=self._account)
        with closing(Connection(endpoint=self._endpoint, scope=scope, service=loaded, expires=self._expires)) as line:
            try:
                return line.read(loaded.operations[operation], parameters)
            except RefusedError as error:
                return error.code
