"""The clone of stacks: deployed to an empty engine by its own CloudFormation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sandbox.clones.clone import Clone, Recorded
from sandbox.clones.engine import empty
from sandbox.cloudformation.application import Application, Deployment, read_application
from sandbox.cloudformation.parameters import read_parameters
from sandbox.executors.cloudformation.stacks import Deployed, Stacks
from sandbox.inventory.scope import Scope
from sandbox.inventory.stack_services import services_of
from sandbox.place import Place
from sandbox.rehearsal import Gap, GapKind
from sandbox.session import Session
from sandbox.targets.target import StackTarget

PHASE = "stack"
"""The recorder's phase while stacks are deployed: these calls are this tool's own, not those of a program."""


@contextmanager
def stand_up_stacks(target: StackTarget, session: Session) -> Iterator[Clone]:
    """Bring up what stacks describe; see `sandbox.clones.standup.stand_up`."""
    values = read_parameters(target.parameters) if target.parameters is not None else {}
    application = read_application(target.template, place=session.place, stack=target.stack, values=values)
    with empty(session) as engine:
        session.progress.phase("Cloning the target (its stacks are deployed)")
        session.recorder.phase(PHASE)
        stacks = Stacks(session.recorder.endpoint, remaining=session.deadline.remaining)
        with session.watch.phase("baseline"), session.watch.waiting():
            made = [(deployment, stacks.deploy(deployment)) for deployment in application.deployments]
        session.require(engine)
        yield Clone(
            engine=engine,
            noise=Recorded(),
            scopes=scopes_of_stacks([application]),
            gaps=tuple(gap for deployment, result in made for gap in _gaps(deployment, result)),
            application=application,
        )


def scopes_of_stacks(applications: Iterable[Application]) -> frozenset[Scope]:
    """Where the resources of stacks are."""
    found = set()
    for application in applications:
        places = {deployment.name: deployment.place for deployment in application.deployments}
        for name, stack in application.stacks.items():
            place = places[name.partition("/")[0]]
            for resource in stack.resources.values():
                found |= {_scope(service, place) for service in services_of(resource.type)}
    # Stacks themselves are how things are made here, not what is at stake.
    return frozenset(scope for scope in found if scope.service != "cloudformation")


def _scope(service: str, place: Place) -> Scope:
    return Scope(service=service, region=place.region, access_key_id=place.account, account=place.account)


def _gaps(deployment: Deployment, result: Deployed) -> Iterator[Gap]:
    for type_ in result.left_out:
        yield Gap(
            kind=GapKind.UNSUPPORTED,
            subject=f"{deployment.name}: {type_}",
            reason="the engine does not know this type: what has it, and what refers to that, is not in the clone",
        )
    if result.succeeded:
        return
    for key, reason in result.failed.items():
        yield Gap(
            kind=GapKind.INCOMPLETE,
            subject=f"{deployment.name}/{key}",
            reason=f"it could not be cloned: {reason}"[:500],
        )
    if not result.failed:
        yield Gap(
            kind=GapKind.INCOMPLETE,
            subject=deployment.name,
            reason=f"the stack could not be cloned: {result.reason}"[:500],
        )
