"""The clone of a configuration: applied to an empty engine, or kept from the last time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from sandbox.clones.clone import Clone, Unmeasured
from sandbox.clones.engine import at_rest, empty, restored
from sandbox.clones.image import Image, at_port
from sandbox.clones.warm import Key, WarmClones
from sandbox.cloning.engine import seedable
from sandbox.errors import SandtableError
from sandbox.executors.terraform.configuration import is_local
from sandbox.executors.terraform.guards import guarded
from sandbox.executors.terraform.waits import aws_version
from sandbox.executors.terraform.workspace import Workspace
from sandbox.ports import RunningEngine
from sandbox.rehearsal import ApplyOutcome, Gap, GapKind
from sandbox.session import Session
from sandbox.targets.materialise import materialise
from sandbox.targets.target import ConfigTarget, GitTarget

_VARIABLE = "TF_VAR_"


@contextmanager
def stand_up_configured(
    target: ConfigTarget | GitTarget, session: Session, *, change_dir: Path, versions: str
) -> Iterator[Clone]:
    """Bring up what a configuration describes; see `sandbox.clones.standup.stand_up`."""
    session.progress.phase("Preparing a copy of the target")
    with session.watch.phase("copy"):
        folder = materialise(target, change_dir=change_dir, scratch=session.scratch / "target")
        baseline = session.terraform.prepare("baseline", folder)
    install = _Installing(baseline, session)
    if _has_remote_modules(baseline):
        # What they are shows only when they have come.
        install()
    kept = WarmClones(session.cache if session.tools.keep_clones else None)
    key = _key(baseline, session, versions)
    image = kept.find(key) if seedable(session.tools.engine) is not None else None
    if image is None:
        install()
        with _applied(baseline, session, partial(kept.keep, key)) as clone:
            yield clone
        return
    # What is measured now names the present port.
    image = at_port(image, session.recorder.port)
    keep = partial(_keep, partial(kept.keep, key), image)
    noise = Unmeasured(workspace=baseline, install=install, keep=keep) if image.noise is None else None
    with restored(image, session, warm=True, noise=noise) as clone:
        yield replace(clone, guarded=guarded(baseline.root))


@contextmanager
def _applied(baseline: Workspace, session: Session, keep: Callable[[Image], None]) -> Iterator[Clone]:
    with empty(session) as engine:
        gaps = _apply(baseline, session, engine)
        clone = Clone(
            engine=engine,
            noise=Unmeasured(workspace=baseline, install=_nothing_to_do),
            state=session.terraform.state_document(baseline),
            made_in=(str(baseline.root), str(baseline.top)),
            gaps=gaps,
            guarded=guarded(baseline.root),
            aws_provider=aws_version(baseline.root),
        )
        if gaps or seedable(session.tools.engine) is None:
            yield clone
            return
        image = at_rest(clone, session)
        keep(image)
        noise = Unmeasured(workspace=baseline, install=_nothing_to_do, keep=partial(_keep, keep, image))
        yield replace(clone, noise=noise)


class _Installing:
    """Installs what a configuration needs, once."""

    def __init__(self, baseline: Workspace, session: Session) -> None:
        self._baseline = baseline
        self._session = session
        self._done = False

    def __call__(self) -> None:
        """Install it, unless that has been done."""
        if not self._done:
            _install(self._baseline, self._session)
        self._done = True


def _nothing_to_do() -> None:
    """It is installed."""


def _install(baseline: Workspace, session: Session) -> None:
    session.progress.phase("Installing the target's providers (terraform init)")
    with session.watch.phase("init: target"), session.watch.waiting():
        session.terraform.init(baseline)
    if not session.pace.baseline:
        session.terraform.use_ordinary_waits(baseline)


def _apply(baseline: Workspace, session: Session, engine: RunningEngine) -> tuple[Gap, ...]:
    session.progress.phase("Cloning the target (terraform apply of the baseline)")
    session.recorder.phase("baseline")
    with session.watch.phase("baseline"), session.watch.waiting():
        outcome = session.terraform.apply_all(baseline)
    session.require(engine)
    return tuple(_gaps(outcome))


def _gaps(outcome: ApplyOutcome) -> Iterable[Gap]:
    if outcome.succeeded:
        return ()
    errors = [item for item in outcome.diagnostics if item.severity == "error"]
    return [
        Gap(
            kind=GapKind.INCOMPLETE,
            subject=error.address or "baseline",
            reason=f"it could not be cloned: {error.summary}",
        )
        for error in errors
    ] or [Gap(kind=GapKind.INCOMPLETE, subject="baseline", reason="the baseline could not be cloned completely")]


def _keep(keep: Callable[[Image], None], image: Image, noise: str) -> None:
    keep(replace(image, noise=noise))


def _has_remote_modules(workspace: Workspace) -> bool:
    return any(not is_local(call) for facts in workspace.modules.values() for call in facts.calls)


def _key(baseline: Workspace, session: Session, versions: str) -> Key:
    """Everything that the clone follows from."""
    tools = session.tools
    variables = (f"{name}={value}" for name, value in sorted(tools.environment.items()) if name.startswith(_VARIABLE))
    engine = seedable(tools.engine)
    return Key.of(
        [
            "configuration",
            tools.engine.name,
            "" if engine is None else engine.version,
            "" if tools.binary is None else tools.binary.version,
            versions,
            baseline.digest,
            _modules_digest(baseline),
            tools.place.account,
            tools.place.region,
            tools.variables.workspace,
            "\0".join(tools.variables.values),
            "\0".join(variables),
        ]
    )


def _modules_digest(workspace: Workspace) -> str:
    """A digest of the modules that `init` has brought; those of the repository are in the workspace's own."""
    total = hashlib.sha256()
    folder = workspace.root / ".terraform" / "modules"
    try:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            total.update(f"{path.relative_to(folder)}\0".encode(errors="surrogateescape"))
            total.update(hashlib.sha256(path.read_bytes()).digest())
    except OSError as error:
        raise SandtableError(f"The modules of the target could not be read: {error}.") from error
    return total.hexdigest()
