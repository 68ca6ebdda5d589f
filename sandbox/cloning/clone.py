"""A clone with the real ids, from a Terraform state alone.

    state ─▶ written configuration ─▶ applied to a scratch engine ─▶ its state ─┐
      └──────────────────── what differs between the two: the map of ids ───────┴─▶ rewritten ─▶ the clone

The scratch engine is where the resources are made, by the provider and with every check of the engine's; the clone is
a second engine that starts from what the first one held, with the real ids in it. So the original configuration with
its original state finds in the clone what it knows. What could not be brought over is said, object by object, in the
ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.clock import Stopwatch
from sandbox.cloning.engine import ExportingEngine, SeedableEngine, only_images
from sandbox.cloning.fidelity import questions, unreadable, with_findings
from sandbox.cloning.idmap import learn
from sandbox.cloning.learnt import Learnt
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloning.repair import Repair, leave_out, repair
from sandbox.cloning.rewrite import rewrite
from sandbox.cloning.schema import Schemas
from sandbox.cloning.secrets import Scrubber
from sandbox.cloning.subjects import AWS, Subjects, aws_types, choose, is_aws
from sandbox.cloning.synthesise import Repairs, Synthesis, Written
from sandbox.cloning.tfstate import Instance, State
from sandbox.cloning.workbench import Toolchain, Workbench
from sandbox.errors import ConfigurationError, EngineError
from sandbox.executors.terraform.run import TerraformFailedError
from sandbox.executors.terraform.workspace import Workspace
from sandbox.place import Place
from sandbox.ports import Progress, RunningEngine
from sandbox.rehearsal import ApplyOutcome, Timing

_APPLIES = 5
"""Scratch engines at most; what then still fails is a gap."""
_CHECKS = 4
"""Readings of the whole clone at most, each without what could not be read before."""
_PLANS = 12
"""Configurations at most that Terraform refuses before it makes anything."""
MOST = 5000
"""Objects to apply: at some ten a second, this many take many minutes already."""
_SOURCE = f"registry.terraform.io/{AWS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a clone starts from, and how it was made."""

    content: bytes = field(repr=False)
    """The state for the engine to start from."""
    ledger: Ledger
    repairs: tuple[Repair, ...]
    """What could not be written as the state has it, for those who look after `sandbox.cloning.rules`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClonedState:
    """A running clone, and how it was made."""

    engine: RunningEngine
    ledger: Ledger
    timings: tuple[Timing, ...]
    repairs: tuple[Repair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raised:
    """What came up on a scratch engine."""

    state: State | None
    export: bytes = field(repr=False)
    written: Written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What there is to say about the objects that were written, by address."""

    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gaps: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    clashes: tuple[str, ...] = ()


@contextmanager
def clone_from_state(
    state: State,
    *,
    engine: SeedableEngine,
    tools: Toolchain,
    scratch: Path,
    public_port: int,
    progress: Progress,
    account: str,
    region: str,
) -> Iterator[ClonedState]:
    """Bring up a clone of what a state describes, under its real ids, until the context is left.

    Args:
        state: The real environment's.
        engine: Carries the clone.
        tools: Which Terraform, and how.
        scratch: A folder of this clone's own.
        public_port: The loopback port under which the clone is reached (the recorder's).
        progress: Told what is going on.
        account: The account where nothing in the state tells another.
        region: The region, likewise.

    Yields:
        The clone, and the ledger of what is in it.

    Raises:
        ConfigurationError: Terraform refuses what was written, and does not tell because of which object.
        EngineError: an engine did not start, or died.
        MissingToolError: the provider cannot be had.
        TimeoutExpiredError: it took longer than allowed.
    """
    watch = Stopwatch()
    made = make_from_state(
        state,
        engine=engine,
        tools=tools,
        scratch=scratch,
        public_port=public_port,
        progress=progress,
        place=Place(account=account, region=region),
        watch=watch,
    )
    with ExitStack() as stack:
        with watch.phase("clone: start"), watch.waiting():
            running = stack.enter_context(engine.start(scratch / "engine", public_port=public_port, state=made.content))
        yield ClonedState(engine=running, ledger=made.ledger, timings=watch.timings, repairs=made.repairs)


def make_from_state(
    state: State,
    *,
    engine: SeedableEngine,
    tools: Toolchain,
    scratch: Path,
    public_port: int,
    progress: Progress,
    place: Place,
    watch: Stopwatch,
) -> Made:
    """Make what a clone of a state starts from; arguments and errors are those of `clone_from_state`."""
    cloning = _Cloning(
        state, engine=engine, tools=tools, scratch=scratch, public_port=public_port, progress=progress, watch=watch
    )
    content, ledger = cloning.make(place)
    return Made(content=content, ledger=ledger, repairs=tuple(cloning.repaired))


class _Cloning:
    """The making of one clone."""

    def __init__(
        self,
        state: State,
        *,
        engine: SeedableEngine,
        tools: Toolchain,
        scratch: Path,
        public_port: int,
        progress: Progress,
        watch: Stopwatch,
    ) -> None:
        self.repaired: list[Repair] = []
        self._state = state
        self._engine = engine
        self._tools = tools
        self._scratch = scratch
        self._public_port = public_port
        self._progress = progress
        self._watch = watch
        self._repairs = Repairs()
        self._suspects: set[str] = set()

    def make(self, place: Place) -> tuple[bytes, Ledger]:
        """The state for the clone to start from, and what is in it."""
        if not any(is_aws(instance) for instance in self._state.instances):
            subjects = choose(self._state, {})
            return only_images(subjects.images), _ledger(self._state, subjects, _Found())
        self._progress.phase("Making the clone from the state")
        bench = Workbench(self._tools, scratch=self._scratch / "bench", place=place, progress=self._progress)
        try:
            return self._make(bench, place)
        finally:
            bench.clear()

    def _make(self, bench: Workbench, place: Place) -> tuple[bytes, Ledger]:
        with self._watch.phase("clone: provider"), self._watch.waiting():
            workspace = bench.prepare(self._synthesis((), {}, place).write(self._repairs))
            schemas = bench.schemas(workspace, sorted(aws_types(self._state)))
        subjects = choose(self._state, schemas)
        _check_size(subjects)
        synthesis = self._synthesis(subjects.written, schemas, place)
        provider = bench.provider(workspace)
        learnt = Learnt.read(self._tools.cache, provider.source_address, provider.version)
        learnt.apply(synthesis, self._repairs)
        with self._watch.phase("clone: apply"), self._watch.waiting():
            raised = self._raise(bench, workspace, synthesis, only_images(subjects.images))
        learnt.keep(self.repaired, synthesis)
        with self._watch.phase("clone: ids"):
            content, ledger = self._with_real_ids(raised, synthesis, subjects, schemas)
        self._progress.phase("Reading the state back from the clone")
        with self._watch.phase("clone: check"), self._watch.waiting():
            return content, self._checked(bench, workspace, content, ledger, synthesis)

    def _checked(
        self, bench: Workbench, workspace: Workspace, content: bytes, ledger: Ledger, synthesis: Synthesis
    ) -> Ledger:
        """Have the provider read everything back; what it cannot read is left out of the next try, and said."""
        unread: dict[str, str] = {}
        failed = ""
        folder = self._scratch / "check"
        with self._engine.start(folder, public_port=self._public_port, state=content) as running:
            for _ in range(_CHECKS):
                known = {entry.address for entry in ledger.gaps} | unread.keys()
                asked = questions(self._state, synthesis, left_out=known)
                try:
                    drift = bench.drift(workspace, asked, endpoint=running.endpoint)
                except TerraformFailedError as error:
                    failed = "; ".join(dict.fromkeys(each.summary for each in error.diagnostics))
                    new = unreadable(error.diagnostics)
                    if not new.keys() - known:
                        break
                    unread |= new
                else:
                    return with_findings(ledger, drift, asked=asked.asked, unread=unread, schemas=synthesis.schemas)
        return replace(ledger, unchecked=Scrubber.of(*self._state.instances).scrub(failed) or "it was not told why")

    def _synthesis(self, written: tuple[Instance, ...], schemas: Schemas, place: Place) -> Synthesis:
        source = next((each.provider.address for each in self._state.instances if is_aws(each)), _SOURCE)
        # Every place of the state has its provider block from the beginning: what is installed later is configured now.
        return Synthesis(
            written,
            schemas,
            placed=[each for each in self._state.instances if is_aws(each)],
            default=place,
            source=source,
            version=self._tools.provider_version,
        )

    def _raise(self, bench: Workbench, workspace: Workspace, synthesis: Synthesis, images: bytes) -> _Raised:
        """Apply, repair, apply again on an empty engine, until it comes up."""
        plans = 0
        for attempt in range(1, _APPLIES + 1):
            folder = self._scratch / f"scratch-{attempt}"
            with self._engine.start(folder, public_port=self._public_port, state=images) as running:
                while True:
                    written = synthesis.write(self._repairs)
                    self._progress.resources(0, len(synthesis.subjects) - len(self._repairs.left_out))
                    outcome = bench.apply(workspace, written, endpoint=running.endpoint)
                    if outcome.succeeded:
                        return _Raised(state=bench.state(workspace), export=running.export_state(), written=written)
                    self._repair(outcome, written, synthesis, running)
                    if _made_something(outcome) and attempt == _APPLIES:
                        leave_out(outcome.diagnostics, outcome.failed, written.document, synthesis, self._repairs)
                        return _Raised(state=bench.state(workspace), export=running.export_state(), written=written)
                    if _made_something(outcome):
                        break
                    plans += 1
                    if plans > _PLANS:
                        raise self._refused(outcome)
        raise AssertionError  # the last attempt returns or raises

    def _repair(self, outcome: ApplyOutcome, written: Written, synthesis: Synthesis, running: ExportingEngine) -> None:
        if not running.alive():
            raise EngineError(
                f"{running.info.name} died while the clone was made. The end of its log:\n{running.log_tail()}",
                hint="Report it with the log; leave out the resource that it died of, if the log tells.",
            )
        done = repair(outcome.diagnostics, written.document, synthesis, self._repairs)
        if not done:
            raise self._refused(outcome)
        self.repaired += done if not _made_something(outcome) else self._confirmed(done)

    def _confirmed(self, done: tuple[Repair, ...]) -> tuple[Repair, ...]:
        """Without the objects that failed for the first time: shortened waits, or a busy machine, may be to blame."""
        new = {each.address for each in done if not each.path} - self._suspects
        self._suspects |= new
        for address in new:
            del self._repairs.left_out[address]
        return tuple(each for each in done if each.path or each.address not in new)

    def _refused(self, outcome: ApplyOutcome) -> ConfigurationError:
        # Of the diagnostics, only the summaries: the details quote the configuration.
        errors = [diagnostic for diagnostic in outcome.diagnostics if diagnostic.severity == "error"]
        told = "; ".join(dict.fromkeys(diagnostic.summary for diagnostic in errors)) or "no error was told"
        return ConfigurationError(
            "Terraform could not apply the configuration that was written from the state: "
            f"{Scrubber.of(*self._state.instances).scrub(told)}.",
            hint="Rehearse with --target config:DIR, or with the state of a smaller part of the environment.",
        )

    def _with_real_ids(
        self, raised: _Raised, synthesis: Synthesis, subjects: Subjects, schemas: Schemas
    ) -> tuple[bytes, Ledger]:
        new = {each.configuration_address: each for each in raised.state.instances} if raised.state else {}
        twins = [
            (subject, new[name])
            for subject in subjects.written
            if (name := synthesis.names[subject.address]) in new and subject.address not in self._repairs.left_out
        ]
        ids = learn(twins, schemas)
        rewritten = rewrite(json.loads(raised.export), ids, [real for real, _ in twins])
        missing = {each.address for each in subjects.written} - {real.address for real, _ in twins}
        found = _Found(
            unknown=raised.written.unknown,
            gaps={**dict.fromkeys(missing, "it did not come up"), **self._repairs.left_out, **ids.diverged},
            remarks=ids.misreported,
            clashes=rewritten.clashes,
        )
        ledger = _ledger(self._state, subjects, found)
        return json.dumps(rewritten.content, separators=(",", ":")).encode(), ledger


def _made_something(outcome: ApplyOutcome) -> bool:
    """Whether the engine is not empty any more: what was half made would be in the clone."""
    return bool(outcome.applied or outcome.failed)


def _check_size(subjects: Subjects) -> None:
    if len(subjects.written) > MOST:
        raise ConfigurationError(
            f"The state has {len(subjects.written)} objects for a clone, and {MOST} are the most that can be applied.",
            hint="Rehearse with the state of a smaller part of the environment.",
        )


def _ledger(state: State, subjects: Subjects, found: _Found) -> Ledger:
    def entry(instance: Instance) -> Entry:
        address = instance.address
        if address in subjects.settled:
            return subjects.settled[address]
        standing = Standing.CLONED if instance.managed else Standing.STOOD_IN
        is_gap = address in found.gaps
        return Entry(
            address=address,
            type=instance.type,
            mode=instance.mode,
            standing=Standing.GAP if is_gap else standing,
            reason=found.gaps[address] if is_gap else found.remarks.get(address, ""),
            unknown=() if is_gap else found.unknown.get(address, ()),
        )

    shared = tuple(f"two records of the engine's share the key {clash}" for clash in found.clashes)
    return Ledger(entries=tuple(entry(instance) for instance in state.instances), shared=shared)
