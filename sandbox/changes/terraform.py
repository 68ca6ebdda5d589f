"""A Terraform root module under rehearsal: planned against the clone, then applied to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import assert_never

from diffing.change import Action
from sandbox.changes.change import Announced, CarriedOut
from sandbox.changes.sequence import unread
from sandbox.clones.clone import Clone, Measured, Recorded, Unmeasured
from sandbox.clones.placeholders import filled
from sandbox.cloning.graft import Translation
from sandbox.executors.terraform.command import Reading
from sandbox.executors.terraform.declarations import declared
from sandbox.executors.terraform.guards import guarded
from sandbox.executors.terraform.run import TerraformFailedError
from sandbox.executors.terraform.waits import aws_version
from sandbox.executors.terraform.workspace import Workspace
from sandbox.inventory.scope import Scope
from sandbox.proposal import TerraformProposal
from sandbox.refusals.known import KnownRefusals
from sandbox.rehearsal import CallKind, Gap, GapKind, Plan, Rehearsal, StateInstance
from sandbox.session import Session

_ASSUMED = "The target's secrets are not in a snapshot: the rehearsal takes it that the change leaves them as they are."


class PlanFailedInHasteError(Exception):
    """Terraform could not plan while waits were shortened: not yet anybody's fault."""


class TerraformChange:
    """Satisfies `sandbox.changes.change.Change`.

    Args:
        proposal: What is proposed.
        session: The rehearsal.
        name: What to call its copy.
    """

    scopes: frozenset[Scope] = frozenset()
    """Every call that it makes is recorded."""
    announces = True

    def __init__(self, proposal: TerraformProposal, session: Session, name: str = "change") -> None:
        self._proposal = proposal
        self._session = session
        self._name = name
        self._workspace: Workspace
        self._state: bytes = b""

    def text(self, clone: Clone) -> str:  # noqa: ARG002 - there is no secret in it
        """The command and the root module."""
        return f"terraform -chdir={self._proposal.directory} apply"

    @property
    def digest(self) -> str:
        """SHA-256 over the files of the change, as they were copied."""
        return self._workspace.digest

    @property
    def own_state(self) -> bytes | None:
        """The state that it would be applied with."""
        return self._proposal.state

    def prepare(self) -> str:
        """Copy the configuration, and let Terraform fetch what it needs."""
        session = self._session
        session.progress.phase("Preparing a copy of the change")
        with session.watch.phase("copy: change"):
            self._workspace = session.terraform.prepare(self._name, self._proposal.directory)
        session.progress.phase("Installing the change's providers (terraform init)")
        with session.watch.phase("init"), session.watch.waiting():
            session.terraform.init(self._workspace)
        if not session.pace.change:
            session.terraform.use_ordinary_waits(self._workspace)
        return aws_version(self._workspace.root)

    def furnish(self, clone: Clone) -> None:
        """It presupposes nothing."""

    def announce(self, clone: Clone) -> Announced:
        """Plan it; beside that, plan the unchanged target once more where its noise is not known."""
        session = self._session
        self._state = clone.state if self._proposal.state is None else self._proposal.state
        if clone.translation is not None:
            self._translate(clone.translation)
        if isinstance(clone.noise, Unmeasured):
            clone.noise.install()
        session.progress.phase("Planning the change")
        # For calls that follow a URL the engine handed out: those come in by the main port.
        session.recorder.phase("plan")
        with session.watch.phase("plan"), session.watch.waiting():
            session.terraform.adopt_state(self._workspace, self._state, made_in=clone.made_in)
            session.terraform.read_recorded(self._workspace, self._state)
            try:
                plan, noise = self._plans(clone)
            except TerraformFailedError as error:
                if session.pace.change and session.terraform.waits_shortened:
                    raise PlanFailedInHasteError from error
                raise
        session.require(clone.engine)
        root = self._workspace.root
        return replace(self._trusted(plan, noise, clone), guarded=guarded(root), declared=declared(root))

    def _translate(self, words: Translation) -> None:
        """Write the engine's ids in the places of the real ones."""
        words.folder(self._workspace.top)
        self._session.terraform.translate(self._workspace, words.text)
        if self._proposal.state:
            self._state = words.document(self._proposal.state)

    def state_before(self, clone: Clone) -> tuple[StateInstance, ...]:
        """What Terraform manages before."""
        return self._session.terraform.read_state(clone.state)

    def carry_out(self, clone: Clone, refusals: KnownRefusals) -> CarriedOut:
        """Apply the plan."""
        session = self._session
        session.progress.phase("Rehearsing the change (terraform apply)")
        session.recorder.phase("apply")
        with session.watch.phase("apply"), session.watch.waiting():
            outcome = session.terraform.apply_plan(self._workspace, stop=refusals.standstill)
        session.require(clone.engine)
        return CarriedOut(outcome=outcome)

    def state_after(self, clone: Clone) -> tuple[StateInstance, ...]:  # noqa: ARG002 - its own state tells
        """What Terraform manages afterwards."""
        return self._session.terraform.state(self._workspace)

    def left(self, clone: Clone) -> Clone:
        """The clone, with the state that was reached; a state of the change's own is nobody else's."""
        return with_state_of(self._workspace, clone, self._session) if self._proposal.state is None else clone

    def doubts(self, clone: Clone, earlier: Sequence[Rehearsal]) -> tuple[Gap, ...]:
        """Where the engine is not asked, what others have changed is not known."""
        return tuple(unread(clone, self.text(clone), earlier))

    def _plans(self, clone: Clone) -> tuple[Plan, str]:
        """The plan, and the noise in Terraform's JSON; side by side where both have to be made."""
        as_recorded = clone.redacted or isinstance(clone.noise, Recorded)
        with ThreadPoolExecutor(1) as pool:
            noise = pool.submit(measured_noise, clone, self._session)
            plan = self._plan(Reading.AS_RECORDED if as_recorded else Reading.REFRESH, fill=clone.redacted)
            return plan, noise.result()

    def _plan(self, reading: Reading, *, fill: bool) -> Plan:
        terraform, endpoint = self._session.terraform, self._session.recorder.endpoint_for("plan")
        document = terraform.plan_document(self._workspace, endpoint=endpoint, reading=reading)
        if fill and (state := filled(terraform.state_document(self._workspace), document)):
            self._session.progress.notice(_ASSUMED)
            terraform.adopt_state(self._workspace, state)
            document = terraform.plan_document(self._workspace, endpoint=endpoint, reading=reading)
        return terraform.read_plan(document)

    def _trusted(self, plan: Plan, noise: str, clone: Clone) -> Announced:
        """Code that runs while the change is planned may alter the clone; that is not the engine's noise."""
        found = self._session.terraform.read_plan(noise)
        calls = self._session.recorder.calls
        wrote = [call for call in calls if call.phase == "plan" and call.kind is not CallKind.READ]
        if not wrote:
            _keep(clone, noise)
            return Announced(plan=plan, noise=found)
        if isinstance(clone.noise, Measured) or all(change.action is Action.NO_OP for change in found.changes):
            return Announced(plan=plan, noise=found)
        gap = Gap(
            kind=GapKind.NOISE,
            subject=f"{wrote[0].service}:{wrote[0].operation}",
            reason="planning the change wrote to the clone: the engine's noise cannot be told from its effects",
        )
        return Announced(plan=plan, noise=Plan(changes=()), gaps=(gap,))


def measured_noise(clone: Clone, session: Session) -> str:
    """What the unchanged target plans on the engine, as Terraform's JSON; empty for nothing.

    Raises:
        ConfigurationError: it cannot be planned.
        TimeoutExpiredError: it ran into the deadline.
    """
    match clone.noise:
        case Recorded():
            return ""
        case Measured(document=document):
            return document
        case Unmeasured(workspace=workspace, install=install):
            install()
            # A clone that was brought back has its state from when it was made.
            session.terraform.adopt_state(workspace, clone.state, made_in=clone.made_in)
            endpoint = session.recorder.endpoint_for("noise")
            return session.terraform.plan_document(workspace, endpoint=endpoint, quick_no_op=True)
        case _:
            assert_never(clone.noise)


def with_noise(clone: Clone, session: Session) -> Clone:
    """Measure the engine's noise now: once something was changed, it cannot be told from that any more.

    Raises:
        ConfigurationError: the unchanged target cannot be planned.
        TimeoutExpiredError: it ran into the deadline.
    """
    if not isinstance(clone.noise, Unmeasured):
        return clone
    with session.watch.phase("plan: target"), session.watch.waiting():
        document = measured_noise(clone, session)
    _keep(clone, document)
    return replace(clone, noise=Measured(document=document))


def with_state_of(workspace: Workspace, clone: Clone, session: Session) -> Clone:
    """The clone, with the state that a configuration has reached."""
    state = session.terraform.state_document(workspace)
    return replace(clone, state=state, made_in=(str(workspace.root), str(workspace.top)))


def _keep(clone: Clone, noise: str) -> None:
    keep: Callable[[str], None] | None = clone.noise.keep if isinstance(clone.noise, Unmeasured) else None
    if keep is not None:
        keep(noise)
