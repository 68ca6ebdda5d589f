"""A clone with the real ids, from a Terraform state alone.

    state ─▶ written configuration ─▶ applied to a scratch engine ─▶ its state ─┐
      └──────────────────── what differs between the two: the map of ids ───────┴─▶ rewritten ─▶ the clone

The scratch engine is where the resources are made, by the provider and with every check of the engine's; the clone is
a second engine that starts from what the first one held, with the real ids in it. So the original configuration with
its original state finds in the clone what it knows. What could not be brought over is said, object by object, in the
ledger. Engines that cannot start from what another one held are for `sandbox.cloning.graft`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.clock import Stopwatch
from sandbox.cloning.engine import ExportingEngine, SeedableEngine, only_images
from sandbox.cloning.ledger import Ledger
from sandbox.cloning.raising import Raised, Raising
from sandbox.cloning.repair import Repair
from sandbox.cloning.rewrite import rewrite
from sandbox.cloning.subjects import choose, is_aws
from sandbox.cloning.tfstate import State
from sandbox.cloning.workbench import Toolchain
from sandbox.errors import EngineError
from sandbox.place import Place
from sandbox.ports import Progress, RunningEngine
from sandbox.rehearsal import Timing


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
    if not any(is_aws(instance) for instance in state.instances):
        subjects = choose(state, {})
        return Made(content=only_images(subjects.images), ledger=subjects.ledger(), repairs=())
    raising = Raising(
        state,
        start=lambda folder, images: engine.start(folder, public_port=public_port, state=images),
        tools=tools,
        scratch=scratch,
        place=place,
        progress=progress,
        watch=watch,
    )
    try:
        with ExitStack() as stack:
            raised = raising.bring_up(stack)
            export = _exported(raised.engine)
        with watch.phase("clone: ids"):
            content, ledger = _with_real_ids(state, raised, export)
        with engine.start(scratch / "check", public_port=public_port, state=content) as running:
            ledger = raising.read_back(ledger, state, raised, running)
        return Made(content=content, ledger=ledger, repairs=tuple(raising.repaired))
    finally:
        raising.clear()


def _exported(engine: RunningEngine) -> bytes:
    if not isinstance(engine, ExportingEngine):
        raise EngineError(
            f"{engine.info.name} does not hand out its state, although it says that it can start from one.",
            hint="Use --engine ministack.",
        )
    return engine.export_state()


def _with_real_ids(state: State, raised: Raised, export: bytes) -> tuple[bytes, Ledger]:
    rewritten = rewrite(json.loads(export), raised.ids, [real for real, _ in raised.twins])
    ledger = raised.ledger(state, clashes=rewritten.clashes)
    return json.dumps(rewritten.content, separators=(",", ":")).encode(), ledger
