"""A live account to a Terraform state: what there is, what of it Terraform knows, and what is missing.

    profile ─▶ forwarder ─┬─▶ inventory: what exists, by name
      (reads only)        └─▶ the AWS provider: each of these imported and read ─▶ state

Real credentials stay in this process. The inventory and the provider sign with dummy ones and reach the account only
through the forwarder, which lets no write pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from diffing.snapshot import Identity, ReadFailure, Snapshot
from sandbox.clock import Stopwatch
from sandbox.cloning.workbench import Toolchain
from sandbox.errors import ConfigurationError
from sandbox.live import gaps as told
from sandbox.live.account import known_services, regions_of
from sandbox.live.discovery import discover, forget
from sandbox.live.document import addresses, write_state
from sandbox.live.facts import Inventory
from sandbox.live.forwarder import Forwarder
from sandbox.live.gaps import Absence
from sandbox.live.importing import Found, Importer, with_stand_ins
from sandbox.live.installation import SOURCE, install
from sandbox.live.narrowing import narrowed
from sandbox.live.permitted import Refusal
from sandbox.live.upstream import AccountIdentity, Upstream
from sandbox.ports import Progress
from sandbox.rehearsal import ApiCall, Timing
from sandbox.targets.target import LiveTarget

_NO_ONE = Snapshot(resources=MappingProxyType({}))


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
    reader = _Reader(target, upstream, progress, jobs)
    with Forwarder(upstream) as forwarder:
        snapshot = reader.look(forwarder, resume)
        found = reader.read(forwarder, snapshot, tools, scratch, given)
        reading = reader.report(forwarder, snapshot, found)
    forget(resume)
    return reading


class _Reader:
    """One reading."""

    def __init__(self, target: LiveTarget, upstream: Upstream, progress: Progress, jobs: int) -> None:
        self._target = target
        self._upstream = upstream
        self._progress = progress
        self._jobs = jobs
        self._watch = Stopwatch()
        self.identity = _supported(upstream.identity())
        self.regions = regions_of(target, upstream)
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

    def read(self, forwarder: Forwarder, snapshot: Snapshot, tools: Toolchain, scratch: Path, given: Snapshot) -> Found:
        """Let the provider read what exists."""
        forwarder.phase = "import"
        with self._watch.phase("read: provider"), self._watch.waiting():
            installed = install(
                tools, scratch, account=self.identity.account, region=self.regions[0], progress=self._progress
            )
        self._progress.phase("Reading it as Terraform sees it")
        importer = Importer(
            forwarder,
            Inventory(snapshot.resources),
            regions=self.regions,
            progress=self._progress,
            jobs=self._jobs,
        )
        with self._watch.phase("read: objects"), self._watch.waiting():
            return importer.run(installed, given)

    def report(self, forwarder: Forwarder, snapshot: Snapshot, found: Found) -> AccountReading:
        """Put it together."""
        everything = sorted(found.objects, key=lambda each: (each.type, each.import_id, each.region))
        chosen, left_out = narrowed(everything, snapshot, self._target.tags)
        objects, unknown = with_stand_ins(chosen, addresses(chosen))
        calls = forwarder.calls
        lineage = hashlib.sha256(f"aws {self.identity.account}".encode()).hexdigest()[:32]
        gaps = {*found.gaps, *left_out, *told.of_calls(snapshot.failures, calls, forwarder.refused)}
        return AccountReading(
            state=write_state(objects, home=self.regions[0], source=SOURCE, lineage=lineage),
            gaps=tuple(sorted(gaps)),
            settled=MappingProxyType(found.settled),
            unknown=MappingProxyType(unknown),
            identity=self.identity,
            regions=self.regions,
            services=self.services,
            snapshot=snapshot,
            calls=calls,
            refused=MappingProxyType(dict(forwarder.refused)),
            objects=len(objects),
            timings=self._watch.timings,
        )


def _supported(identity: AccountIdentity) -> AccountIdentity:
    if identity.partition != "aws":
        raise ConfigurationError(
            f"The account {identity.account} is in the partition {identity.partition}, which cannot be read yet.",
            hint="Rehearse with --target tfstate:FILE.",
        )
    return identity
