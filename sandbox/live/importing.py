"""Each thing that exists, imported and read by the provider: one object of the state, or the reason why not."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from diffing.snapshot import Identity, Snapshot
from sandbox.cloning.tfstate import Json
from sandbox.inventory.scope import GLOBAL_REGION
from sandbox.live.document import StateObject
from sandbox.live.facts import Inventory
from sandbox.live.forwarder import Forwarder
from sandbox.live.gaps import Absence, Missing
from sandbox.live.installation import InstalledReader
from sandbox.live.plugin.provider import ImportRefusedError, Provider, running_provider
from sandbox.live.recipes import Order, amended, orders, stand_ins, trimmed, why_nothing
from sandbox.ports import Progress

_LONGEST_REASON = 300
_RETRIES = 2
"""Of the provider's own; the forwarder repeats calls itself."""
_PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f placeholder"


@dataclass(slots=True)
class Found:
    """What became of everything that exists."""

    objects: list[StateObject] = field(default_factory=list)
    gaps: list[Absence] = field(default_factory=list)
    settled: dict[Identity, str] = field(default_factory=dict)
    """What needs nothing, and why."""


class Importer:
    """Lets the provider read what the inventory has found.

    Args:
        forwarder: The way to the account.
        inventory: What exists.
        regions: Where to read; what has no region is read in the first.
        progress: Told how far it is.
        jobs: How many objects are read at the same time.
    """

    def __init__(
        self, forwarder: Forwarder, inventory: Inventory, *, regions: Sequence[str], progress: Progress, jobs: int
    ) -> None:
        self._forwarder = forwarder
        self._inventory = inventory
        self._regions = regions
        self._progress = progress
        self._jobs = jobs

    def run(self, installed: InstalledReader, given: Snapshot) -> Found:
        """Read everything.

        Args:
            installed: The provider.
            given: What the engine has by itself.
        """
        found = Found()
        wanted = self._wanted(given, found)
        counter = _Counter(len(wanted), self._progress)
        for region in self._regions:
            here = [order for order in wanted if self._region(order.identity) == region]
            if here:
                self._read(here, region, installed, found, counter)
        return found

    def _wanted(self, given: Snapshot, found: Found) -> tuple[Order, ...]:
        wanted: list[Order] = []
        for identity, resource in self._inventory.resources.items():
            same = given.resources.get(identity)
            reason = why_nothing(self._inventory, identity)
            if same is not None and same.attributes == resource.attributes and same.tags == resource.tags:
                found.settled[identity] = reason or "the engine has it by itself"
                continue
            parts = orders(self._inventory, identity)
            wanted += parts
            if reason:
                found.settled[identity] = reason
            elif not parts:
                found.gaps.append(_no_row(identity, resource.service))
        return tuple(sorted(wanted))

    def _region(self, identity: Identity) -> str:
        return self._regions[0] if identity.region == GLOBAL_REGION else identity.region

    def _read(
        self, wanted: Sequence[Order], region: str, installed: InstalledReader, found: Found, counter: _Counter
    ) -> None:
        def read(order: Order) -> StateObject | Absence:
            result = self._one(provider, order, region)
            counter.done(f"{order.type} {order.import_id}")
            return result

        forwarder = self._forwarder
        with (
            installed.started(forwarder.endpoint, forwarder.access_key_id, region) as start,
            running_provider(start) as provider,
            ThreadPoolExecutor(max_workers=max(1, self._jobs), thread_name_prefix="import") as pool,
        ):
            provider.configure({"region": region, "max_retries": _RETRIES, "skip_region_validation": True})
            for result in pool.map(read, wanted):
                if isinstance(result, Absence):
                    found.gaps.append(result)
                else:
                    found.objects.append(result)

    def _one(self, provider: Provider, order: Order, region: str) -> StateObject | Absence:
        schema = provider.schemas.get(order.type)
        if schema is None:
            return self._not_imported(order, "the installed version of the provider does not know this type")
        attributes: Mapping[str, Json] | None = order.made
        private = b""
        if attributes is None:
            try:
                read = provider.read(order.type, order.import_id)
            except ImportRefusedError as error:
                return self._not_imported(order, error.summary)
            if read is None:
                return self._not_imported(order, "the provider does not find it")
            attributes, private = read.attributes, read.private
        return StateObject(
            type=order.type,
            import_id=order.import_id,
            identity=order.identity,
            region=region,
            attributes=trimmed(order.type, attributes) | amended(self._inventory, order),
            schema_version=schema.version,
            private=private,
            sensitive=schema.sensitive,
            is_part=order.is_part,
        )

    def _not_imported(self, order: Order, reason: str) -> Absence:
        resource = self._inventory.resources[order.identity]
        return Absence(
            kind=Missing.NOT_IMPORTED,
            service=resource.service,
            region=order.identity.region,
            subject=f"{order.type} {order.import_id}",
            reason=" ".join(reason.split())[:_LONGEST_REASON],
        )


class _Counter:
    """Tells how far the reading is."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._count = 0
        self._total = total
        self._progress = progress
        self._lock = threading.Lock()

    def done(self, what: str) -> None:
        """One more is done."""
        with self._lock:
            self._count += 1
            self._progress.resources(self._count, self._total, what)


def with_stand_ins(
    objects: Iterable[StateObject], names: Iterable[str]
) -> tuple[list[StateObject], dict[str, tuple[str, ...]]]:
    """Put something in the place of what no read gives, different for each object.

    Returns:
        The objects, and the arguments that are made up, by address.
    """
    written: list[StateObject] = []
    unknown: dict[str, tuple[str, ...]] = {}
    for each, name in zip(objects, names, strict=True):
        missing = stand_ins(each.type, each.attributes)
        if missing:
            unknown[name] = missing
        values: dict[str, Json] = {argument: _stand_in(argument, name) for argument in missing}
        written.append(replace(each, attributes={**each.attributes, **values}))
    return written, unknown


def _stand_in(argument: str, name: str) -> str:
    return _PUBLIC_KEY if argument == "public_key" else f"placeholder-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _no_row(identity: Identity, service: str) -> Absence:
    is_setting = identity.id == identity.account
    return Absence(
        kind=Missing.UNKNOWN_TYPE,
        service=service,
        region=identity.region,
        subject=str(identity),
        reason="a setting of the account" if is_setting else "it is not known what it is in Terraform",
        blocking=not is_setting,
    )
