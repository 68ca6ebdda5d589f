"""A clone that is made to be kept: stood up, looked at, and put to rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from diffing.codec import to_json
from diffing.snapshot import Snapshot
from sandbox.changes.terraform import measured_noise
from sandbox.clock import Stopwatch
from sandbox.clones.clone import Clone, Recorded
from sandbox.clones.deployed import DeployedStacks, described
from sandbox.clones.engine import at_rest, seedable_engine
from sandbox.clones.image import Image
from sandbox.clones.keptstacks import keepable
from sandbox.clones.redaction import without_seals, without_secrets
from sandbox.clones.scopes import CalledScopes
from sandbox.clones.source import read_target
from sandbox.clones.standup import stand_up
from sandbox.inventory.inventory import take_snapshot
from sandbox.notices import NoticeKeeper
from sandbox.ports import Progress
from sandbox.recorder.recorder import Recorder
from sandbox.scratch import scratch_folder
from sandbox.seed import plant, read_seed
from sandbox.session import Pace, Session, Tools
from sandbox.targets.target import StackTarget, Target


def preserve(target: Target, tools: Tools, progress: Progress, *, seed: Path | None, fast_waits: bool) -> Image:
    """Clone a target, and return the clone at rest, without secrets and with an inventory of what is in it.

    Args:
        target: What to clone.
        tools: Which programs, and how.
        progress: Told what is going on.
        seed: Data to put into it first.
        fast_waits: Shorten the provider's waits.

    Raises:
        UsageError: the target is not there, or the engine cannot hand out its state.
        SandtableError: the clone could not be made; its subclasses say why.
    """
    with _standing(target, tools, progress, seed=seed, fast_waits=fast_waits, to_keep=True) as (clone, session):
        noise = None if isinstance(clone.noise, Recorded) else measured_noise(clone, session)
        image = replace(at_rest(clone, session), noise=noise)
        progress.phase("Reading the clone")
        found = to_json(without_seals(_look(clone, session))).encode()
        progress.phase("Taking the secrets out")
        return replace(without_secrets(image), inventory=found)


@contextmanager
def held(
    target: Target, tools: Tools, progress: Progress, *, seed: Path | None, fast_waits: bool
) -> Iterator[tuple[Clone, Session]]:
    """A clone of a target, with its data, until the context is left. Arguments and errors are those of `preserve`."""
    with _standing(target, tools, progress, seed=seed, fast_waits=fast_waits, to_keep=False) as standing:
        yield standing


@contextmanager
def _standing(
    target: Target, tools: Tools, progress: Progress, *, seed: Path | None, fast_waits: bool, to_keep: bool
) -> Iterator[tuple[Clone, Session]]:
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        recorder = stack.enter_context(Recorder())
        session = Session(
            tools,
            scratch=scratch,
            recorder=recorder,
            isolation=stack.enter_context(tools.enclosing(scratch, recorder)),
            progress=NoticeKeeper(progress),
            watch=Stopwatch(),
            pace=Pace(baseline=fast_waits, change=fast_waits),
        )
        if to_keep:
            # Before minutes are spent on a clone that cannot be put to rest.
            seedable_engine(session)
        source = read_target(target, session.progress)
        if to_keep and isinstance(source, StackTarget | DeployedStacks):
            # An engine keeps the values of secret parameters, and nothing tells where they are in what it hands out.
            source = keepable(described(source, tools.place) if isinstance(source, StackTarget) else source)
        clone = stack.enter_context(stand_up(source, session, change_dir=Path(), versions=""))
        if seed is not None:
            calls = read_seed(seed, region=session.place.region)
            plant(calls, endpoint=session.recorder.endpoint, account=session.place.account)
        yield clone, session


def _look(clone: Clone, session: Session) -> Snapshot:
    called = CalledScopes(clone.engine.endpoint, account=session.place.account).of(session.recorder.scopes())
    return take_snapshot(clone.engine.endpoint, [*clone.scopes, *called])
