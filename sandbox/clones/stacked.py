"""The clone of stacks: deployed to an empty engine by its own CloudFormation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from sandbox.clones.clone import Clone, Recorded
from sandbox.clones.deployed import DeployedStacks, described
from sandbox.clones.engine import empty
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloudformation.application import Application
from sandbox.cloudformation.resolve import Resource
from sandbox.executors.cloudformation.body import CDK_METADATA
from sandbox.executors.cloudformation.stacks import Deployed, Stacks
from sandbox.inventory.scope import Scope
from sandbox.inventory.stack_services import services_of
from sandbox.place import Place
from sandbox.rehearsal import Gap, GapKind
from sandbox.session import Session
from sandbox.targets.target import StackTarget

_LONGEST = 500
PHASE = "stack"
"""The recorder's phase while stacks are deployed: these calls are this tool's own, not those of a program."""


@contextmanager
def stand_up_stacks(source: StackTarget | DeployedStacks, session: Session) -> Iterator[Clone]:
    """Bring up what stacks describe; see `sandbox.clones.standup.stand_up`."""
    deployed = source if isinstance(source, DeployedStacks) else described(source, session.place)
    application = deployed.application
    with empty(session) as engine:
        session.progress.phase("Cloning the target (its stacks are deployed)")
        session.recorder.phase(PHASE)
        stacks = Stacks(session.recorder.endpoint, remaining=session.deadline.remaining)
        with session.watch.phase("baseline"), session.watch.waiting():
            for place in {deployment.place for deployment in application.deployments}:
                stacks.export(application.outside.exports, place)
            results = {deployment.name: stacks.deploy(deployment) for deployment in application.deployments}
            there = {item.address for each in application.deployments for item in stacks.resources(each)}
        session.require(engine)
        yield Clone(
            engine=engine,
            noise=Recorded(),
            scopes=scopes_of_stacks([application]),
            gaps=(*deployed.gaps, *_gaps(results)),
            service_gaps=deployed.service_gaps,
            ledger=Ledger(entries=tuple(_entries(application, results, there))),
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


def _gaps(results: Mapping[str, Deployed]) -> Iterator[Gap]:
    for name, result in results.items():
        if not result.succeeded:
            reason = f"the stack could not be cloned: {result.reason}"[:_LONGEST]
            yield Gap(kind=GapKind.INCOMPLETE, subject=name, reason=reason)


def _entries(application: Application, results: Mapping[str, Deployed], there: Collection[str]) -> Iterator[Entry]:
    """What became of every resource of every stack."""
    for name, stack in application.stacks.items():
        result = results[name.partition("/")[0]]
        for key, resource in stack.resources.items():
            address = f"{name}/{key}"
            if address in there or resource.type == CDK_METADATA:
                standing = Standing.CLONED if address in there else Standing.NOT_NEEDED
                reason = _known_as(application, name, key)
            else:
                standing, reason = Standing.GAP, _why(key, resource, result)
            yield Entry(address=address, type=resource.type, mode="managed", standing=standing, reason=reason)


def _why(key: str, resource: Resource, result: Deployed) -> str:
    if resource.type in result.left_out:
        return "the engine does not know this type"
    if key in result.failed:
        return f"the engine could not make it: {result.failed[key]}"[:_LONGEST]
    return "it refers to what the engine does not know" if result.left_out else "the engine did not make it"


def _known_as(application: Application, name: str, key: str) -> str:
    """What a resource is called where it is deployed; its name in the clone is the engine's."""
    deployed = application.inside(name)
    physical = (deployed.resources or {}).get(key, "") if deployed is not None else ""
    return f"deployed as {physical}" if physical else ""
