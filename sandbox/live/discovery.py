"""What exists in an account: the inventory, service by service and region by region, kept so that it can go on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from diffing.codec import from_json, to_json
from diffing.snapshot import Snapshot
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.scope import Scope, normalise
from sandbox.live.forwarder import UNREACHABLE, Forwarder
from sandbox.live.gaps import is_denied
from sandbox.ports import Progress

_DEADLINE = 3600.0
"""Seconds for one service in one region. Large accounts are throttled."""
_SUFFIX = ".scope.json"
_PATIENCE = 180.0
"""Seconds for one answer, with everything that the forwarder waits when it is throttled."""
_BY_CHANCE = frozenset({"Timeout", "ConnectionError", UNREACHABLE})
_FRESH = 6 * 3600.0
"""Seconds for which what an ended reading has found is believed."""


def discover(
    forwarder: Forwarder,
    *,
    account: str,
    regions: Iterable[str],
    services: Iterable[str],
    offered: Callable[[str], Collection[str]],
    progress: Progress,
    kept: Path | None,
    jobs: int,
) -> Snapshot:
    """Read everything that the services hold, through the forwarder.

    Args:
        forwarder: The way to the account.
        account: Twelve digits.
        regions: Where to look.
        services: botocore's names.
        offered: Where a service is offered; nothing where that is not known.
        progress: Told how far it is.
        kept: A folder for what is found, scope by scope; None to keep nothing.
        jobs: How many scopes are read at the same time.
    """
    scopes = normalise(
        Scope(service=service, region=region, access_key_id=forwarder.access_key_id, account=account)
        for service in services
        for region in regions
        if not (known := offered(service)) or region in known or "aws-global" in known
    )
    keeper = _Keeper(kept)
    lock = threading.Lock()
    parts: list[Snapshot] = []

    def read(scope: Scope) -> None:
        part = keeper.kept(scope)
        if part is None:
            part = take_snapshot(forwarder.endpoint, [scope], jobs=1, deadline=_DEADLINE, patience=_PATIENCE)
            keeper.keep(scope, part)
        with lock:
            parts.append(part)
            progress.resources(len(parts), len(scopes), f"{scope.service} {scope.region}")

    with ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="discovery") as pool:
        list(pool.map(read, scopes))
    return _joined(parts)


def forget(kept: Path | None) -> None:
    """Remove what was kept: the reading is complete, and the next one is to see what is there then."""
    if kept is not None:
        for path in kept.glob(f"*{_SUFFIX}"):
            path.unlink(missing_ok=True)


def _joined(parts: Iterable[Snapshot]) -> Snapshot:
    found = list(parts)
    resources = {identity: resource for part in found for identity, resource in part.resources.items()}
    return Snapshot(
        resources=MappingProxyType(dict(sorted(resources.items()))),
        failures=tuple(sorted({failure for part in found for failure in part.failures})),
        services=frozenset(service for part in found for service in part.services),
    )


class _Keeper:
    """Keeps what was found. The inventory has no secrets in it; the files are the user's alone all the same."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def kept(self, scope: Scope) -> Snapshot | None:
        path = self._path(scope)
        try:
            if path is None or time.time() - path.stat().st_mtime > _FRESH:
                return None
            return from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def keep(self, scope: Scope, part: Snapshot) -> None:
        path = self._path(scope)
        if path is None or any(is_denied(each.code) or each.code in _BY_CHANCE for each in part.failures):
            return  # another time it may be read
        temporary = path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            with os.fdopen(
                os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(to_json(part))
            temporary.replace(path)

    def _path(self, scope: Scope) -> Path | None:
        if self._folder is None:
            return None
        name = hashlib.sha256(f"{scope.account} {scope.service} {scope.region}".encode()).hexdigest()[:24]
        return self._folder / f"{name}{_SUFFIX}"
