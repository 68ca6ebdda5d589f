"""A live account to a Terraform state: what there is, what of it Terraform knows, and what is missing.

    profile ─▶ forwarder ─┬─▶ inventory: what exists, by name
      (reads only)        └─▶ the AWS provider: each of these imported and read ─▶ state

Real credentials stay in this process. The inventory and the provider sign with dummy ones and reach the account only
through the forwarder, which lets no write pass.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from diffing.snapshot import Identity, ReadFailure, Snapshot
from sandbox.clock import Stopwatch
from sandbox.cloning.tfstate import Json
from sandbox.cloning.workbench import Toolchain
from sandbox.errors import ConfigurationError, UsageError
from sandbox.live import gaps as told
from sandbox.live.account import LiveTarget, known_services
from sandbox.live.discovery import discover
from sandbox.live.document import StateObject, addresses, dependencies, write_state
from sandbox.live.facts import Inventory
from sandbox.live.forwarder import Forwarder
from sandbox.live.gaps import Absence, Missing
from sandbox.live.installation import InstalledReader, install
from sandbox.live.permitted import Refusal
from sandbox.live.plugin.provider import ImportRefusedError, Provider, running_provider
from sandbox.live.recipes import Order, amended, orders, stand_ins, trimmed, why_nothing
from sandbox.live.upstream import AccountIdentity, Upstream
from sandbox.ports import Progress
from sandbox.rehearsal import ApiCall, Timing

GLOBAL = "global"
_NO_ONE = Snapshot(resources=MappingProxyType({}))
_LONGEST_REASON = 300
_PUBLIC_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f placeholder"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReading:
    """What was read of a live account."""

    state: bytes = field(repr=False)
    """A Terraform state of format 4, secrets that descriptions hold (environments of functions) included."""
    gaps: tuple[Absence, ...]
    """What exists, or may exist, and is not in the state."""
    settled: Mapping[Identity, str]
    """What needs nothing in the clone, and why."""
    unknown: Mapping[str, tuple[str, ...]]
    """Parts of objects that are placeholders, by address in the state."""
    identity: AccountIdentity
    regions: tuple[str, ...]
    services: tuple[str, ...]
    snapshot: Snapshot = field(repr=False)
    """What the inventory saw."""
    calls: tuple[ApiCall, ...]
    """Every call that somebody wanted to make, the refused ones included."""
    refused: Mapping[tuple[Refusal, str, str], int]
    """How many calls did not leave, by reason, service and operation."""
    objects: int
    timings: tuple[Timing, ...]

    @property
    def failures(self) -> tuple[ReadFailure, ...]:
        """The inventory's reads that gave no answer."""
        return self.snapshot.failures


def read_account(
    target: LiveTarget,
    *,
    tools: Toolchain,
    scratch: Path,
    progress: Progress,
    given: Snapshot = _NO_ONE,
    resume: Path | None = None,
    endpoint: str = "",
    jobs: int = 8,
) -> AccountReading:
    """Read an account, with read-only calls.

    Args:
        target: Which account, and how much of it.
        tools: Which Terraform installs the provider.
        scratch: A folder of this reading's own.
        progress: Told what is going on.
        given: What an engine has by itself before anything is made in it. What of that the account has, too, under the
            same id, is not made again.
        resume: A folder in which a reading that is ended leaves what it has found, for the next one to go on from; it
            is emptied when a reading is complete. No secret is kept there.
        endpoint: Instead of AWS's endpoints: where an engine that plays the account listens.
        jobs: How many services are asked at the same time.

    Raises:
        ConfigurationError: there are no credentials, or they are not accepted.
        UsageError: no region is named and the profile has none.
        MissingToolError: the provider cannot be had.
        SandtableError: the account or the provider gave no answer.
    """
    upstream = Upstream(target.profile, endpoint=endpoint)
    reader = _Reader(target, upstream, progress, given, jobs)
    with Forwarder(upstream) as forwarder:
        snapshot = reader.look(forwarder, resume)
        found = reader.read(forwarder, snapshot, tools, scratch)
        return reader.report(forwarder, snapshot, found)


@dataclass(slots=True)
class _Read:
    """What the provider gave, object by object."""

    objects: list[StateObject] = field(default_factory=list)
    gaps: list[Absence] = field(default_factory=list)
    settled: dict[Identity, str] = field(default_factory=dict)
    source: str = ""


class _Reader:
    """One reading."""

    def __init__(
        self, target: LiveTarget, upstream: Upstream, progress: Progress, given: Snapshot, jobs: int
    ) -> None:
        self._target = target
        self._upstream = upstream
        self._progress = progress
        self._given = given
        self._jobs = jobs
        self._watch = Stopwatch()
        self.identity = _supported(upstream.identity())
        self.regions = target.regions or _own_region(upstream)
        self.services = target.services or known_services()

    def look(self, forwarder: Forwarder, resume: Path | None) -> Snapshot:
        """Find out what exists."""
        self._progress.phase(f"Reading the account {self.identity.account}")
        with self._watch.phase("read: inventory"), self._watch.waiting():
            return discover(
                forwarder,
                account=self.identity.account,
                regions=self.regions,
                services=self.services,
                offered=self._upstream.regions_of,
                progress=self._progress,
                kept=resume,
                jobs=self._jobs,
            )

    def read(self, forwarder: Forwarder, snapshot: Snapshot, tools: Toolchain, scratch: Path) -> _Read:
        """Let the provider read what exists."""
        inventory = Inventory(snapshot.resources)
        found = _Read()
        wanted = self._wanted(inventory, found)
        forwarder.phase = "import"
        with self._watch.phase("read: provider"), self._watch.waiting():
            installed = install(tools, scratch, account=self.identity.account, region=self.regions[0], progress=self._progress)
            found.source = installed.source
        self._progress.phase("Reading it as Terraform sees it")
        with self._watch.phase("read: objects"), self._watch.waiting():
            for region in self.regions:
                here = [order for order in wanted if self._region(order.identity) == region]
                if here:
                    self._read_region(forwarder, region, inventory, here, installed, found)
        return found

    def report(self, forwarder: Forwarder, snapshot: Snapshot, found: _Read) -> AccountReading:
        """Put it together."""
        objects = sorted(found.objects, key=lambda each: (each.type, each.import_id, each.region))
        objects, left_out = _narrowed(objects, snapshot, self._target.tags)
        names = addresses(objects)
        objects, unknown = _with_stand_ins(objects, names)
        calls = forwarder.calls
        lineage = hashlib.sha256(f"aws {self.identity.account}".encode()).hexdigest()[:32]
        refused = dict(forwarder.refused)
        gaps = {
            *found.gaps,
            *left_out,
            *told.from_failures(snapshot.failures, calls),
            *told.denied_calls(call for call in calls if call.phase == "import"),
            *told.not_read((service, operation) for _, service, operation in refused),
        }
        return AccountReading(
            state=write_state(objects, home=self.regions[0], source=found.source, lineage=lineage),
            gaps=tuple(sorted(gaps)),
            settled=MappingProxyType(found.settled),
            unknown=MappingProxyType(unknown),
            identity=self.identity,
            regions=self.regions,
            services=self.services,
            snapshot=snapshot,
            calls=calls,
            refused=MappingProxyType(refused),
            objects=len(objects),
            timings=self._watch.timings,
        )

    def _wanted(self, inventory: Inventory, found: _Read) -> tuple[Order, ...]:
        wanted: list[Order] = []
        for identity, resource in inventory.resources.items():
            same = self._given.resources.get(identity)
            reason = why_nothing(inventory, identity)
            if same is not None and same.attributes == resource.attributes and same.tags == resource.tags:
                reason = "the engine has it by itself"
            parts = () if same is not None and reason else orders(inventory, identity)
            wanted += parts
            if reason:
                found.settled[identity] = reason
            elif not parts:
                found.gaps.append(_no_row(identity, resource.service))
        return tuple(sorted(wanted))

    def _region(self, identity: Identity) -> str:
        return self.regions[0] if identity.region == GLOBAL else identity.region

    def _read_region(
        self, forwarder: Forwarder, region: str, inventory: Inventory, wanted: Sequence[Order], installed: InstalledReader, found: _Read
    ) -> None:
        environment = installed.environment(forwarder.endpoint, forwarder.access_key_id, region)
        done = _Counter(len(wanted), self._progress)
        with (
            running_provider(installed.binary, environment) as provider,
            ThreadPoolExecutor(max_workers=max(1, self._jobs), thread_name_prefix="import") as pool,
        ):
            provider.configure({"region": region, "max_retries": 2, "skip_region_validation": True})
            for each in pool.map(lambda order: done.after(order, _read_one(provider, order, region, inventory)), wanted):
                if isinstance(each, Absence):
                    found.gaps.append(each)
                else:
                    found.objects.append(each)


class _Counter:
    """Tells how far the reading is."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._done = 0
        self._total = total
        self._progress = progress
        self._lock = threading.Lock()

    def after(self, order: Order, result: StateObject | Absence) -> StateObject | Absence:
        """One more is done."""
        with self._lock:
            self._done += 1
            self._progress.resources(self._done, self._total, f"{order.type} {order.import_id}")
        return result


def _read_one(provider: Provider, order: Order, region: str, inventory: Inventory) -> StateObject | Absence:
    schema = provider.schemas.get(order.type)
    if schema is None:
        return _not_imported(order, "the installed version of the provider does not know this type")
    attributes: Mapping[str, Json] | None = order.made
    private = b""
    if attributes is None:
        try:
            read = provider.read(order.type, order.import_id)
        except ImportRefusedError as error:
            return _not_imported(order, error.summary)
        if read is None:
            return _not_imported(order, "the provider does not find it")
        attributes, private = read.attributes, read.private
    return StateObject(
        type=order.type,
        import_id=order.import_id,
        identity=order.identity,
        region=region,
        attributes=trimmed(order.type, attributes) | amended(inventory, order),
        schema_version=schema.version,
        private=private,
        sensitive=schema.sensitive,
        is_part=order.is_part,
    )


def _with_stand_ins(
    objects: Sequence[StateObject], names: Sequence[str]
) -> tuple[list[StateObject], dict[str, tuple[str, ...]]]:
    """Something in the place of what no read gives, different for each object."""
    written: list[StateObject] = []
    unknown: dict[str, tuple[str, ...]] = {}
    for each, name in zip(objects, names, strict=True):
        missing = stand_ins(each.type, each.attributes)
        if missing:
            unknown[name] = missing
            values = dict.fromkeys(missing, _PUBLIC_KEY if each.type == "aws_key_pair" else f"placeholder-{hashlib.sha256(name.encode()).hexdigest()[:16]}")
            each = _with(each, values)  # noqa: PLW2901 - it is the same object, completed
        written.append(each)
    return written, unknown


def _with(each: StateObject, values: Mapping[str, Json]) -> StateObject:
    return StateObject(
        type=each.type,
        import_id=each.import_id,
        identity=each.identity,
        region=each.region,
        attributes={**each.attributes, **values},
        schema_version=each.schema_version,
        private=each.private,
        sensitive=each.sensitive,
        is_part=each.is_part,
    )


def _narrowed(
    objects: list[StateObject], snapshot: Snapshot, tags: Iterable[tuple[str, str]]
) -> tuple[list[StateObject], tuple[Absence, ...]]:
    """What has one of the tags, the parts of it, what lies in it, and what these refer to."""
    wanted = tuple(tags)
    if not wanted:
        return objects, ()
    chosen = {
        identity
        for identity, resource in snapshot.resources.items()
        if any(resource.tags.get(key) == value for key, value in wanted)
    }
    chosen |= {i for i, resource in snapshot.resources.items() if _within(resource.parent, snapshot, chosen)}
    needs = dependencies(objects)
    kept: set[int] = set()
    waiting = [number for number, each in enumerate(objects) if each.identity in chosen]
    while waiting:
        number = waiting.pop()
        if number not in kept:
            kept.add(number)
            waiting.extend(needs[number])
    gone = [each for number, each in enumerate(objects) if number not in kept and not each.is_part]
    return [each for number, each in enumerate(objects) if number in kept], tuple(map(_left_out, gone))


def _within(parent: Identity | None, snapshot: Snapshot, chosen: set[Identity]) -> bool:
    while parent is not None and parent not in chosen:
        container = snapshot.resources.get(parent)
        parent = container.parent if container else None
    return parent is not None


def _left_out(each: StateObject) -> Absence:
    return Absence(
        kind=Missing.LEFT_OUT,
        service=each.identity.type,
        region=each.region,
        subject=str(each.identity),
        reason="it does not have the tag, and nothing that has it refers to it",
    )


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


def _not_imported(order: Order, reason: str) -> Absence:
    return Absence(
        kind=Missing.NOT_IMPORTED,
        service=order.type,
        region=order.identity.region,
        subject=f"{order.type} {order.import_id}",
        reason=" ".join(reason.split())[:_LONGEST_REASON],
    )


def _supported(identity: AccountIdentity) -> AccountIdentity:
    if identity.partition != "aws":
        raise ConfigurationError(
            f"The account {identity.account} is in the partition {identity.partition}, which cannot be read yet.",
            hint="Rehearse with --target tfstate:FILE.",
        )
    return identity


def _own_region(upstream: Upstream) -> tuple[str, ...]:
    if not upstream.region:
        raise UsageError("No region is named, and the AWS profile has none.", hint="Add --region, for example eu-west-1.")
    return (upstream.region,)
