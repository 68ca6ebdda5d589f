"""What a state describes, made once more on an empty engine: written, applied, repaired, applied again."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from sandbox.clock import Stopwatch
from sandbox.cloning.engine import only_images
from sandbox.cloning.fidelity import questions, unreadable, with_findings
from sandbox.cloning.idmap import IdMap, learn
from sandbox.cloning.learnt import Learnt
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloning.repair import Repair, leave_out, repair
from sandbox.cloning.rules import placeheld
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
from sandbox.rehearsal import ApplyOutcome

Starter: TypeAlias = Callable[[Path, bytes], AbstractContextManager[RunningEngine]]
"""Starts an engine that has nothing in it but machine images: a folder of its own, and the images' document."""

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
class Raised:
    """What came up, on the engine that carries it."""

    engine: RunningEngine
    workspace: Workspace
    synthesis: Synthesis
    subjects: Subjects
    twins: tuple[tuple[Instance, Instance], ...] = field(repr=False)
    """Each object as it is in the real state, and as it came up."""
    ids: IdMap
    gaps: Mapping[str, str]
    """Why an object is not there, by address."""
    unknown: Mapping[str, tuple[str, ...]]
    """Parts of objects that a placeholder stands for, by address."""

    def nameable(self) -> tuple[tuple[Instance, Instance], ...]:
        """The twins without what differs only because a placeholder stands in the clone."""
        return tuple((_without_placeholders(real, self.unknown), new) for real, new in self.twins)

    def ledger(self, state: State, *, clashes: tuple[str, ...] = ()) -> Ledger:
        """What became of every object of the state."""
        shared = tuple(f"two records of the engine's share the key {clash}" for clash in clashes)
        return Ledger(entries=tuple(self._entry(each) for each in state.instances), shared=shared)

    def _entry(self, instance: Instance) -> Entry:
        address = instance.address
        if address in self.subjects.settled:
            return self.subjects.settled[address]
        standing = Standing.CLONED if instance.managed else Standing.STOOD_IN
        is_gap = address in self.gaps
        return Entry(
            address=address,
            type=instance.type,
            mode=instance.mode,
            standing=Standing.GAP if is_gap else standing,
            reason=self.gaps[address] if is_gap else self.ids.misreported.get(address, ""),
            unknown=() if is_gap else self.unknown.get(address, ()),
        )


class Raising:
    """The making of one clone.

    Args:
        state: The real environment's.
        start: Starts an engine.
        tools: Which Terraform, and how.
        scratch: A folder of this clone's own.
        place: Account and region where nothing in the state tells others.
        progress: Told what is going on.
        watch: Measures the phases.
    """

    def __init__(
        self,
        state: State,
        *,
        start: Starter,
        tools: Toolchain,
        scratch: Path,
        place: Place,
        progress: Progress,
        watch: Stopwatch,
    ) -> None:
        self.repaired: list[Repair] = []
        self._state = state
        self._start = start
        self._tools = tools
        self._scratch = scratch
        self._place = place
        self._progress = progress
        self._watch = watch
        self._repairs = Repairs()
        self._suspects: set[str] = set()
        self._bench = Workbench(tools, scratch=scratch / "bench", place=place, progress=progress)

    def bring_up(self, stack: ExitStack) -> Raised:
        """Make everything that the state describes.

        Args:
            stack: Ends the engine when it is left.

        Raises:
            ConfigurationError: Terraform refuses what was written, and does not tell because of which object.
            EngineError: an engine did not start, or died.
            MissingToolError: the provider cannot be had.
            TimeoutExpiredError: it took longer than allowed.
        """
        self._progress.phase("Making the clone from the state")
        bench = self._bench
        with self._watch.phase("clone: provider"), self._watch.waiting():
            workspace = bench.prepare(self._synthesis((), {}).write(self._repairs))
            schemas = bench.schemas(workspace, sorted(aws_types(self._state)))
        subjects = choose(self._state, schemas)
        _check_size(subjects)
        synthesis = self._synthesis(subjects.written, schemas)
        provider = bench.provider(workspace)
        learnt = Learnt.read(self._tools.cache, provider.source_address, provider.version)
        learnt.apply(synthesis, self._repairs)
        with self._watch.phase("clone: apply"), self._watch.waiting():
            running, written = self._applied(workspace, synthesis, only_images(subjects.images), stack)
        learnt.keep(self.repaired, synthesis)
        return self._raised(running, workspace, synthesis, subjects, written)

    def read_back(self, ledger: Ledger, state: State, raised: Raised, running: RunningEngine) -> Ledger:
        """Have the provider read everything back; what it cannot read is left out of the next try, and said.

        Args:
            ledger: What is known so far.
            state: The state that goes with the clone.
            raised: How it was made.
            running: The clone.
        """
        self._progress.phase("Reading the state back from the clone")
        with self._watch.phase("clone: check"), self._watch.waiting():
            return self._read_back(ledger, state, raised, running)

    def clear(self) -> None:
        """Remove the folders with secrets in them."""
        self._bench.clear()

    def _read_back(self, ledger: Ledger, state: State, raised: Raised, running: RunningEngine) -> Ledger:
        unread: dict[str, str] = {}
        failed = ""
        for _ in range(_CHECKS):
            known = {entry.address for entry in ledger.gaps} | unread.keys()
            asked = questions(state, raised.synthesis, left_out=known)
            try:
                drift = self._bench.drift(raised.workspace, asked, endpoint=running.endpoint)
            except TerraformFailedError as error:
                failed = "; ".join(dict.fromkeys(each.summary for each in error.diagnostics))
                new = unreadable(error.diagnostics)
                if not new.keys() - known:
                    break
                unread |= new
            else:
                return with_findings(ledger, drift, asked=asked.asked, unread=unread, schemas=raised.synthesis.schemas)
        return replace(ledger, unchecked=self._scrubbed(failed) or "it was not told why")

    def _synthesis(self, written: tuple[Instance, ...], schemas: Schemas) -> Synthesis:
        source = next((each.provider.address for each in self._state.instances if is_aws(each)), _SOURCE)
        # Every place of the state has its provider block from the beginning: what is installed later is configured now.
        return Synthesis(
            written,
            schemas,
            placed=[each for each in self._state.instances if is_aws(each)],
            default=self._place,
            source=source,
            version=self._tools.provider_version,
        )

    def _applied(
        self, workspace: Workspace, synthesis: Synthesis, images: bytes, stack: ExitStack
    ) -> tuple[RunningEngine, Written]:
        """Apply, repair, apply again on an empty engine, until it comes up."""
        plans = 0
        for attempt in range(1, _APPLIES + 1):
            with ExitStack() as ending:
                running = ending.enter_context(self._start(self._scratch / f"scratch-{attempt}", images))
                while True:
                    written = synthesis.write(self._repairs)
                    self._progress.resources(0, len(synthesis.subjects) - len(self._repairs.left_out))
                    outcome = self._bench.apply(workspace, written, endpoint=running.endpoint)
                    if not outcome.succeeded:
                        self._repair(outcome, written, synthesis, running)
                    is_last = _made_something(outcome) and attempt == _APPLIES
                    if is_last and not outcome.succeeded:
                        leave_out(outcome.diagnostics, outcome.failed, written.document, synthesis, self._repairs)
                    if outcome.succeeded or is_last:
                        stack.push(ending.pop_all())
                        return running, written
                    if _made_something(outcome):
                        break
                    plans += 1
                    if plans > _PLANS:
                        raise self._refused(outcome)
        raise AssertionError  # the last attempt returns or raises

    def _repair(self, outcome: ApplyOutcome, written: Written, synthesis: Synthesis, running: RunningEngine) -> None:
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
            f"Terraform could not apply the configuration that was written from the state: {self._scrubbed(told)}.",
            hint="Rehearse with --target config:DIR, or with the state of a smaller part of the environment.",
        )

    def _scrubbed(self, text: str) -> str:
        return Scrubber.of(*self._state.instances).scrub(text)

    def _raised(
        self, running: RunningEngine, workspace: Workspace, synthesis: Synthesis, subjects: Subjects, written: Written
    ) -> Raised:
        state = self._bench.state(workspace)
        new = {each.configuration_address: each for each in state.instances} if state else {}
        twins = tuple(
            (subject, new[name])
            for subject in subjects.written
            if (name := synthesis.names[subject.address]) in new and subject.address not in self._repairs.left_out
        )
        with self._watch.phase("clone: ids"):
            ids = learn(twins, synthesis.schemas)
        missing = {each.address for each in subjects.written} - {real.address for real, _ in twins}
        return Raised(
            engine=running,
            workspace=workspace,
            synthesis=synthesis,
            subjects=subjects,
            twins=twins,
            ids=ids,
            gaps={**dict.fromkeys(missing, "it did not come up"), **self._repairs.left_out, **ids.diverged},
            unknown=written.unknown,
        )


def _without_placeholders(instance: Instance, unknown: Container[str]) -> Instance:
    if instance.address not in unknown:
        return instance
    hidden = placeheld(instance.type)
    kept = {name: value for name, value in instance.attributes.items() if name not in hidden}
    return replace(instance, attributes=MappingProxyType(kept))


def _made_something(outcome: ApplyOutcome) -> bool:
    """Whether the engine is not empty any more: what was half made would be in the clone."""
    return bool(outcome.applied or outcome.failed)


def _check_size(subjects: Subjects) -> None:
    if len(subjects.written) > MOST:
        raise ConfigurationError(
            f"The state has {len(subjects.written)} objects for a clone, and {MOST} are the most that can be applied.",
            hint="Rehearse with the state of a smaller part of the environment.",
        )
