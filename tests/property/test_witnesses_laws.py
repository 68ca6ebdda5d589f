"""The laws of witnessing: no destruction is lost, whatever else is announced; of nothing, nothing is told."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parent.parent / "unit"))

from rehearsal_builders import call, instance, judged, planned, rehearsal, resource

from diffing.change import Action
from diffing.snapshot import Identity, Resource
from gate.policy.bookkeeping import lookup
from gate.verdict import Decision
from sandbox.rehearsal import ApiCall, PlannedChange, StateInstance
from sandbox.witnesses.calls import PROVIDER
from sandbox.witnesses.reconcile import Observed

LAW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A law holds on a busy machine as well: no example is judged by its time."""

KINDS = (
    ("DynamoDB::Table", "aws_dynamodb_table", "name", "items", "dynamodb:DeleteTable"),
    ("S3::Bucket", "aws_s3_bucket", "bucket", "objects", "s3:DeleteBucket"),
    ("SNS::Topic", "aws_sns_topic", "arn", "subscriptions", "sns:DeleteTopic"),
    ("IAM::Role", "aws_iam_role", "name", "", "iam:DeleteRole"),
    ("SSM::Parameter", "aws_ssm_parameter", "name", "", "ssm:DeleteParameter"),
)
ACTIONS = (Action.NO_OP, Action.NO_OP, Action.UPDATE, Action.FORGET, Action.DELETE, Action.REPLACE)
AGENTS = (PROVIDER, "aws-cli", "")


@st.composite
def homes(draw: st.DrawFn) -> tuple[Resource, StateInstance | None, str]:
    """A resource, how Terraform manages it if it does, and the call that would delete it."""
    kind, type_, naming, stake, deletion = draw(st.sampled_from(KINDS))
    name = draw(st.sampled_from("abcdef")) + "-thing"
    stakes = {stake: draw(st.integers(0, 3))} if stake else {}
    born = draw(st.sampled_from([{}, {"CreationDate": "2026-01-01T00:00:00+00:00"}]))
    made = resource(
        kind, name, {"Name": name, "Peer": draw(st.sampled_from("abcdef")) + "-thing"}, stakes=stakes, born=born
    )
    state = instance(f"{type_}.{name[0]}", {"id": name, naming: name, "name": name})
    return made, draw(st.sampled_from([state, None])), deletion


@st.composite
def contents(draw: st.DrawFn, home: Resource) -> list[Resource]:
    """What is inside a bucket."""
    if home.identity.type != "AWS::S3::Bucket":
        return []
    keys = draw(st.lists(st.sampled_from("xyz"), unique=True, max_size=3))
    return [resource("S3::Object", f"{home.identity.id}/{key}", {"ETag": key}, parent=home) for key in keys]


@st.composite
def environments(draw: st.DrawFn) -> tuple[list[Resource], list[StateInstance], dict[Identity, str]]:
    found = draw(st.lists(homes(), min_size=1, max_size=5, unique_by=lambda home: home[0].identity))
    resources: list[Resource] = []
    for home, _, _ in found:
        inside = draw(contents(home))
        stakes = {"objects": len(inside)} if home.identity.type == "AWS::S3::Bucket" else home.stakes
        resources += [_counted(home, dict(stakes)), *inside]
    states = [state for _, state, _ in found if state is not None]
    return resources, states, {home.identity: deletion for home, _, deletion in found}


@st.composite
def plans(draw: st.DrawFn, states: list[StateInstance]) -> list[PlannedChange]:
    entries = [
        planned("terraform_data.release", Action.REPLACE, {"triggers_replace": "1"}, {"triggers_replace": "2"}),
        planned("aws_sqs_queue.new", Action.CREATE, None, {"name": "new"}),
    ]
    plan = [entry for entry in entries if draw(st.booleans())]
    for state in states:
        action = draw(st.sampled_from(ACTIONS))
        before = {"tags": {}, **state.attributes}
        after = None if action in {Action.DELETE, Action.FORGET} else before | {"tags": {"a": "b"}}
        plan.append(planned(state.address, action, before, before if action is Action.NO_OP else after))
    return plan


@LAW
@given(data=st.data())
def test_no_deletion_beside_the_plan_is_ever_lost_or_approved(data: st.DataObject) -> None:
    resources, states, deletions = data.draw(environments())
    plan = data.draw(plans(states))
    gone = set(data.draw(st.lists(st.sampled_from([item.identity for item in resources]), min_size=1, unique=True)))
    after = _without(resources, gone)
    lost = {item.identity for item in resources} - {item.identity for item in after}
    agent, called = data.draw(st.sampled_from(AGENTS)), data.draw(st.booleans())
    calls = _calls(lost, deletions, agent) if called else ()
    state_after = data.draw(st.sampled_from([states, []]))

    observed, verdict = judged(
        rehearsal(resources, after, plan=plan, state=states, state_after=state_after, calls=calls)
    )

    for identity in lost:
        assert _is_told(observed, identity, resources), identity
    assert verdict.decision is not Decision.APPROVE
    announced = {entry.address for entry in plan if entry.action.destroys}
    heedless = {identity for identity in lost if not _addresses(identity, states) & announced}
    if heedless and all(item.parent is None for item in resources if item.identity in heedless):
        assert verdict.decision is Decision.REJECT


@LAW
@given(data=st.data())
def test_where_nothing_differs_nothing_is_told(data: st.DataObject) -> None:
    resources, states, _ = data.draw(environments())

    observed, verdict = judged(rehearsal(resources, resources, state=states))

    assert observed.diff.changes == ()
    assert verdict.decision is Decision.APPROVE


@LAW
@given(data=st.data())
def test_another_program_never_makes_the_verdict_milder(data: st.DataObject) -> None:
    resources, states, deletions = data.draw(environments())
    plan = data.draw(plans(states))
    gone = set(data.draw(st.lists(st.sampled_from([item.identity for item in resources]), unique=True)))
    after = _without(resources, gone)
    lost = {item.identity for item in resources} - {item.identity for item in after}

    decisions = [
        judged(rehearsal(resources, after, plan=plan, state=states, calls=_calls(lost, deletions, agent)))[1].decision
        for agent in (PROVIDER, "aws-cli")
    ]

    weight = [Decision.APPROVE, Decision.REVIEW, Decision.REJECT]
    assert weight.index(decisions[0]) <= weight.index(decisions[1])


def _counted(home: Resource, stakes: dict[str, int]) -> Resource:
    made = resource(
        home.identity.type.removeprefix("AWS::"),
        home.identity.id,
        dict(home.attributes),
        stakes=stakes,
        born=dict(home.born),
    )
    return replace(made, aliases=home.aliases)


def _without(resources: list[Resource], gone: set[Identity]) -> list[Resource]:
    """What is left: what goes takes its contents with it, and what stays counts what is left in it."""
    left = [item for item in resources if item.identity not in gone and item.parent not in gone]
    inside = [item.parent for item in left]
    return [
        _counted(item, {"objects": inside.count(item.identity)}) if item.identity.type == "AWS::S3::Bucket" else item
        for item in left
    ]


def _calls(lost: set[Identity], deletions: dict[Identity, str], agent: str) -> tuple[ApiCall, ...]:
    return tuple(
        call(deletions.get(identity, "s3:DeleteObject"), identity.id.partition("/")[0], identity.id, agent=agent)
        for identity in sorted(lost)
    )


def _addresses(identity: Identity, states: list[StateInstance]) -> set[str]:
    return {
        state.address
        for state in states
        for kind, type_, *_ in KINDS
        if state.attributes["id"] == identity.id and state.type == type_ and identity.type == f"AWS::{kind}"
    }


def _is_told(observed: Observed, identity: Identity, resources: list[Resource]) -> bool:
    """Whether a lost identity is told: as its own change, as its container's, or as data that its container lost."""
    (resource_,) = (item for item in resources if item.identity == identity)
    for change in observed.diff.changes:
        if change.identity == identity and change.action in {Action.DELETE, Action.REPLACE} | _disowned(
            change.disagreements
        ):
            assert lookup(change.type, {}) is None
            return True
        if change.identity == resource_.parent and (
            change.action.destroys
            or any(row.path == ("data", identity.id) for row in change.attributes)
            or change.stakes_after.get("objects", 0) < change.stakes_before.get("objects", 0)
        ):
            return True
    return False


def _disowned(disagreements: tuple[str, ...]) -> set[Action]:
    return {Action.UPDATE, Action.FORGET} if disagreements else set()
