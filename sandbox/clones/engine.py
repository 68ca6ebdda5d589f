"""Starting the engine that carries a clone: empty, or from an image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace

from sandbox.clones.clone import Clone, Measured, Noise, Recorded, Unmeasured
from sandbox.clones.image import Image, at_port
from sandbox.clones.scopes import CalledScopes
from sandbox.cloning.engine import ExportingEngine, SeedableEngine, seedable
from sandbox.cloudformation.deployed import NOTHING
from sandbox.errors import ConfigurationError, UsageError
from sandbox.inventory.scope import Scope
from sandbox.ports import RunningEngine
from sandbox.session import Session
from sandbox.witnesses.gaps import call_gaps

_FOLDER = "engine"


@contextmanager
def empty(session: Session) -> Iterator[RunningEngine]:
    """An engine with nothing in it, which the recorder forwards to.

    Raises:
        EngineError: it did not start.
        MissingToolError: it is not installed.
    """
    engine = session.tools.engine
    start = engine.start(session.scratch / _FOLDER, public_port=session.recorder.port)
    with _started(start, session) as running:
        yield running


@contextmanager
def restored(image: Image, session: Session, *, warm: bool = False, noise: Unmeasured | None = None) -> Iterator[Clone]:
    """A clone, brought back from an image.

    Args:
        image: The clone at rest.
        session: The rehearsal that it is for.
        warm: An earlier rehearsal has kept it.
        noise: How to measure its noise, where the image does not have it.

    Raises:
        UsageError: the engine cannot start from an image.
        ConfigurationError: the image is of another engine, or another version of it.
        EngineError: the engine did not start.
    """
    engine = seedable_engine(session)
    if (image.engine, image.engine_version) != (engine.name, engine.version):
        raise ConfigurationError(
            f"The snapshot is of {image.engine} {image.engine_version}, and {engine.name} {engine.version} is here.",
            hint="Make it anew with `sandtable clone`: an engine's own form of a state is for that version alone.",
        )
    moved = at_port(image, session.recorder.port)
    start = engine.start(session.scratch / _FOLDER, public_port=session.recorder.port, state=moved.content)
    with _started(start, session) as running:
        yield Clone(
            engine=running,
            noise=noise or _noise(moved),
            state=moved.state,
            made_in=moved.made_in,
            scopes=frozenset(moved.scopes),
            gaps=moved.gaps,
            service_gaps=moved.service_gaps,
            ledger=moved.ledger,
            lineage=moved.lineage,
            application=moved.application,
            warm=warm,
            redacted=moved.redacted,
            aws_provider=moved.aws_provider,
        )


def at_rest(clone: Clone, session: Session) -> Image:
    """Put a clone to rest as it is now, secrets and all; it goes on running.

    Raises:
        UsageError: its engine cannot tell what it holds.
        EngineError: the engine did not.
    """
    engine = seedable_engine(session)
    if not isinstance(clone.engine, ExportingEngine):
        raise UsageError(f"The engine {engine.name} cannot hand out its state.", hint="Use --engine ministack.")
    called = CalledScopes(clone.engine.endpoint, account=session.place.account).of(session.recorder.scopes())
    return Image(
        engine=engine.name,
        engine_version=engine.version,
        port=session.recorder.port,
        content=clone.engine.export_state(),
        state=clone.state,
        made_in=clone.made_in,
        scopes=tuple(sorted({*clone.scopes, *map(_by_account, called)})),
        gaps=tuple(dict.fromkeys((*clone.gaps, *call_gaps(session.recorder.calls)))),
        service_gaps=clone.service_gaps,
        ledger=clone.ledger,
        lineage=clone.lineage,
        recorded=isinstance(clone.noise, Recorded),
        aws_provider=clone.aws_provider,
        stacks=() if clone.application is None else clone.application.deployed,
        outside=NOTHING if clone.application is None else clone.application.outside,
    )


def _by_account(scope: Scope) -> Scope:
    """The same place, asked for in its account's own name: an assumed role's credentials end with the engine."""
    return replace(scope, access_key_id=scope.account)


def _noise(image: Image) -> Noise:
    return Recorded() if image.recorded or image.noise is None else Measured(document=image.noise)


def seedable_engine(session: Session) -> SeedableEngine:
    """The rehearsal's engine, as one that can start from a state.

    Raises:
        UsageError: it cannot.
    """
    engine = seedable(session.tools.engine)
    if engine is None:
        raise UsageError(
            f"The engine {session.tools.engine.name} cannot start from a state, so it cannot carry such a clone.",
            hint="Use --engine ministack for this target.",
        )
    return engine


@contextmanager
def _started(start: AbstractContextManager[RunningEngine], session: Session) -> Iterator[RunningEngine]:
    session.progress.phase(f"Starting {session.tools.engine.name}")
    with ExitStack() as stack:
        with session.watch.phase("engine"), session.watch.waiting():
            running = stack.enter_context(start)
        connect(running, session)
        yield running


def connect(running: RunningEngine, session: Session) -> None:
    """Lead the rehearsal's recorder to an engine, and tell what there is to know about it."""
    session.recorder.forward_to(running.endpoint)
    for text in running.notices:
        session.progress.notice(text)
