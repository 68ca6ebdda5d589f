"""Small rehearsals, for tests of what the witnesses amount to."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from diffing.change import Action, ResourceChange
from diffing.snapshot import Identity, ReadFailure, Resource, Snapshot
from diffing.values import freeze, thaw
from gate.policy.config import STRICT
from gate.policy.evaluate import evaluate
from gate.policy.rule import Evidence
from gate.policy.surroundings import survey
from gate.verdict import Verdict
from sandbox.rehearsal import (
    ApiCall,
    ApplyOutcome,
    CallKind,
    EngineInfo,
    Gap,
    Plan,
    PlannedChange,
    Rehearsal,
    StateInstance,
)
from sandbox.witnesses.calls import PROVIDER
from sandbox.witnesses.reconcile import Observed, reconcile

ACCOUNT = "123456789012"
REGION = "us-east-1"
AWS = "registry.terraform.io/hashicorp/aws"
BUILT_IN = "terraform.io/builtin/terraform"
SERVICES = {
    "Cognito": "cognito-idp",
    "DynamoDB": "dynamodb",
    "EC2": "ec2",
    "ECS": "ecs",
    "ElasticLoadBalancingV2": "elbv2",
    "IAM": "iam",
    "Lambda": "lambda",
    "Logs": "logs",
    "RDS": "rds",
    "S3": "s3",
    "SNS": "sns",
    "SQS": "sqs",
    "SSM": "ssm",
}
_sequence = itertools.count(1)


def identity(type_name: str, name: str) -> Identity:
    """An identity in the one account and region of these tests: ``S3::Bucket``, ``orders``."""
    return Identity(account=ACCOUNT, region=REGION, type=f"AWS::{type_name}", id=name)


def resource(
    type_name: str,
    name: str,
    attributes: Mapping[str, Any] | None = None,
    *,
    parent: Resource | None = None,
    aliases: Iterable[str] = (),
    tags: Mapping[str, str] | None = None,
    stakes: Mapping[str, int] | None = None,
    born: Mapping[str, Any] | None = None,
) -> Resource:
    """A physical resource; its digest follows from what is given."""
    parts = [type_name, name, attributes or {}, tags or {}, stakes or {}, born or {}]
    return Resource(
        identity=identity(type_name, name),
        attributes=freeze(attributes or {}),  # type: ignore[arg-type] - an object freezes to an object
        digest=hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest(),
        service=SERVICES.get(name_of_service := type_name.split("::", maxsplit=1)[0], name_of_service.lower()),
        aliases=frozenset(aliases),
        tags=MappingProxyType(dict(tags or {})),
        stakes=MappingProxyType(dict(stakes or {})),
        born=freeze(born or {}),  # type: ignore[arg-type] - an object freezes to an object
        parent=parent.identity if parent is not None else None,
    )


def snapshot(*resources: Resource, failures: Iterable[ReadFailure] = (), services: Iterable[str] = ()) -> Snapshot:
    """What was seen; every service of these tests was read unless others are given."""
    return Snapshot(
        resources=MappingProxyType({item.identity: item for item in resources}),
        failures=tuple(failures),
        services=frozenset(services) or frozenset(SERVICES.values()),
    )


def planned(
    address: str,
    action: Action,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **fields: Any,
) -> PlannedChange:
    """One entry of a plan; the provider follows from the type."""
    type_, name = _type_and_name(address)
    given = {"provider": _provider(type_), "mode": "managed"}
    return PlannedChange(
        address=address,
        type=type_,
        name=name,
        action=action,
        before=freeze(before),
        after=freeze(after),
        **given | fields,
    )


def instance(address: str, attributes: Mapping[str, Any], *, needs: Iterable[str] = ()) -> StateInstance:
    """One instance of a state."""
    type_, _ = _type_and_name(address)
    return StateInstance(
        address=address,
        type=type_,
        provider=_provider(type_),
        mode="managed",
        attributes=freeze(attributes),  # type: ignore[arg-type] - an object freezes to an object
        dependencies=tuple(needs),
    )


def call(what: str, *names: str, agent: str = PROVIDER, **fields: Any) -> ApiCall:
    """One recorded write, ``s3:DeleteObjects``, that succeeded during the apply unless something else is given."""
    service, _, operation = what.partition(":")
    given = {
        "sequence": next(_sequence),
        "phase": "apply",
        "kind": CallKind.WRITE,
        "account": ACCOUNT,
        "region": REGION,
        "access_key_id": ACCOUNT,
        "status": 200,
        "method": "POST",
        "path": "/",
    }
    return ApiCall(service=service, operation=operation, resources=names, agent=agent, **given | fields)


def rehearsal(
    before: Snapshot | Iterable[Resource] = (),
    after: Snapshot | Iterable[Resource] = (),
    *,
    plan: Iterable[PlannedChange] = (),
    noise: Iterable[PlannedChange] = (),
    state: Iterable[StateInstance] = (),
    state_after: Iterable[StateInstance] | None = None,
    calls: Iterable[ApiCall] = (),
    gaps: Iterable[Gap] = (),
    outcome: ApplyOutcome | None = None,
    **fields: Any,
) -> Rehearsal:
    """A rehearsal; the state after is that before unless another is given."""
    known = tuple(state)
    return Rehearsal(
        isolation="bubblewrap",
        engine=EngineInfo(name="made up", version="1"),
        before=before if isinstance(before, Snapshot) else snapshot(*before),
        after=after if isinstance(after, Snapshot) else snapshot(*after),
        plan=Plan(changes=tuple(plan)),
        noise=Plan(changes=tuple(noise)),
        outcome=outcome or ApplyOutcome(succeeded=True),
        state_before=known,
        state_after=known if state_after is None else tuple(state_after),
        calls=tuple(calls),
        gaps=tuple(gaps),
        timings=(),
        **fields,
    )


def judged(made: Rehearsal) -> tuple[Observed, Verdict]:
    """What the witnesses amount to, and what the built-in policy says of it."""
    observed = reconcile(made)
    evidence = Evidence(
        diff=observed.diff,
        gaps=observed.gaps,
        outcome=made.outcome,
        calls=made.calls,
        surroundings=survey(made),
        announced=made.announced,
    )
    return observed, evaluate(evidence, STRICT)


def told(observed: Observed) -> dict[str, str]:
    """Address → action, for everything that is told."""
    return {change.address: change.action.value for change in observed.diff.changes}


def the(observed: Observed, address: str, *, announced: bool | None = None) -> ResourceChange:
    """The one change of an address."""
    found = [
        change
        for change in observed.diff.changes
        if change.address == address and announced in {None, change.announced}
    ]
    assert len(found) == 1, [(change.address, change.action) for change in observed.diff.changes]
    return found[0]


def rules(verdict: Verdict, address: str) -> set[str]:
    """The rules that speak of an address above the level of a note."""
    return {item.rule for item in verdict.findings if item.address == address and item.level.value != "note"}


def attributes_of(made: Resource) -> Any:
    """A resource's attributes as plain JSON, to build the next moment from."""
    return thaw(made.attributes)


def _type_and_name(address: str) -> tuple[str, str]:
    type_, _, name = address.split("[", maxsplit=1)[0].rpartition(".")
    return type_.rpartition(".")[2], name


def _provider(type_: str) -> str:
    return BUILT_IN if type_ == "terraform_data" else AWS
