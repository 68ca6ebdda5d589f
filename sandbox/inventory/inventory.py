"""From a running clone to a snapshot, over the AWS API itself: it works on any engine."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

from diffing.snapshot import Identity, ReadFailure, Resource, Snapshot
from sandbox.errors import EngineError
from sandbox.inventory.crawl import Crawl
from sandbox.inventory.operations import load_service
from sandbox.inventory.records import to_resources
from sandbox.inventory.scope import Scope, normalise
from sandbox.inventory.stakes import count_stakes
from sandbox.inventory.transport import READ_TIMEOUT, Connection


@dataclass(frozen=True, slots=True)
class _Part:
    """What one scope gave."""

    resources: dict[Identity, Resource]
    failures: frozenset[ReadFailure]
    calls: int
    answered: int


def take_snapshot(
    endpoint: str, scopes: Iterable[Scope], *, jobs: int = 8, deadline: float = 60.0, patience: float = READ_TIMEOUT
) -> Snapshot:
    """Read everything that the scopes hold.

    Args:
        endpoint: Where the engine listens: ``http://127.0.0.1:PORT``.
        scopes: What to read; repetitions and ways to write a global service's region do not matter.
        jobs: How many scopes are read at the same time.
        deadline: Seconds after which no further call is made; what was not read by then is a failure ``Timeout``.
        patience: Seconds to wait for one answer.

    Returns:
        The resources by identity, and every read that gave no answer.

    Raises:
        EngineError: nothing answered at the endpoint.
    """
    wanted = normalise(scopes)
    expires = time.monotonic() + deadline
    with ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="inventory") as pool:
        parts = list(pool.map(lambda scope: _read_scope(endpoint, scope, expires, patience), wanted))
    if any(part.calls for part in parts) and not any(part.answered for part in parts):
        raise EngineError(
            f"the inventory could not be read: nothing answered at {endpoint}",
            hint="The engine has ended or hangs; see the end of its log.",
        )
    resources = {identity: r for part in parts for identity, r in part.resources.items()}
    return Snapshot(
        resources=MappingProxyType(dict(sorted(resources.items()))),
        failures=tuple(sorted({failure for part in parts for failure in part.failures})),
        services=frozenset(scope.service for scope in wanted),
    )


def _read_scope(endpoint: str, scope: Scope, expires: float, patience: float) -> _Part:
    service = load_service(scope.service)
    if service is None:
        unknown = ReadFailure(
            service=scope.service,
            operation="*",
            subject="*",
            code="UnknownService",
            region=scope.region,
            account=scope.account,
        )
        return _Part({}, frozenset({unknown}), 0, 0)
    connection = Connection(endpoint, scope, service, expires, patience)
    crawl = Crawl(connection)
    try:
        crawl.run()
        stakes = {found.identity: count_stakes(crawl, found) for found in crawl.found}
    finally:
        connection.close()
    resources = to_resources(crawl.found, stakes)
    return _Part(resources, frozenset(crawl.failures), connection.calls, connection.answered)
