"""The clone of a Terraform state, under its real ids; or kept from the last time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sandbox.clones.clone import Clone, Lineage, Recorded
from sandbox.clones.engine import connect, restored, seedable_engine
from sandbox.clones.image import Image
from sandbox.clones.scopes import scopes_of
from sandbox.clones.warm import Key, WarmClones
from sandbox.cloning.clone import make_from_state
from sandbox.cloning.engine import seedable, stocked
from sandbox.cloning.graft import graft_state
from sandbox.cloning.raising import Starter
from sandbox.cloning.tfstate import State
from sandbox.ports import Engine
from sandbox.session import Session


@contextmanager
def stand_up_stated(state: State, session: Session, *, versions: str) -> Iterator[Clone]:
    """Bring up what a state describes; see `sandbox.clones.standup.stand_up`."""
    if seedable(session.tools.engine) is None:
        with _grafted(state, session, versions) as clone:
            yield clone
        return
    kept = WarmClones(session.cache if session.tools.keep_clones else None)
    key = _key(state, session, versions)
    image = kept.find(key)
    warm = image is not None
    if image is None:
        image = _made(state, session, versions)
        kept.keep(key, image)
    with restored(image, session, warm=warm) as clone:
        yield clone


def _made(state: State, session: Session, versions: str) -> Image:
    engine = seedable_engine(session)
    made = make_from_state(
        state,
        engine=engine,
        tools=replace(session.toolchain, provider_version=versions),
        scratch=session.scratch / "clone",
        public_port=session.recorder.port,
        progress=session.progress,
        place=session.place,
        watch=session.watch,
    )
    return Image(
        engine=engine.name,
        engine_version=engine.version,
        port=session.recorder.port,
        content=made.content,
        state=state.document,
        scopes=tuple(sorted(scopes_of(state, session.place))),
        ledger=made.ledger,
        recorded=True,
        lineage=_lineage(state),
    )


@contextmanager
def _grafted(state: State, session: Session, versions: str) -> Iterator[Clone]:
    """The clone on an engine that draws its own ids: made anew each time, as it cannot be kept."""
    engine = session.tools.engine
    with graft_state(
        state,
        start=_starter(engine, session.recorder.port),
        tools=replace(session.toolchain, provider_version=versions),
        scratch=session.scratch / "clone",
        place=session.place,
        progress=session.progress,
        watch=session.watch,
    ) as grafted:
        connect(grafted.engine, session)
        yield Clone(
            engine=grafted.engine,
            noise=Recorded(),
            state=grafted.state,
            scopes=scopes_of(state, session.place),
            ledger=grafted.ledger,
            lineage=_lineage(state),
            translation=grafted.translation,
            stands=grafted.stands,
        )


def _starter(engine: Engine, port: int) -> Starter:
    with_images = stocked(engine)
    if with_images is not None:
        return lambda folder, images: with_images.start(folder, public_port=port, images=images)
    return lambda folder, _: engine.start(folder, public_port=port)


def _lineage(state: State) -> Lineage:
    return Lineage(lineage=state.lineage, serial=state.serial, digest=state.digest)


def _key(state: State, session: Session, versions: str) -> Key:
    engine = seedable_engine(session)
    place = session.place
    return Key.of(["state", engine.name, engine.version, versions, place.account, place.region, state.document])
