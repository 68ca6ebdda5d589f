"""The laws of comparing: nothing differs from itself, the way back undoes the way there, nobody is forgotten."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffing.change import Action, AttributeChange, Lifespan
from diffing.codec import from_json, resource_digest, snapshot_digest, to_json
from diffing.compare import PhysicalChange, compare
from diffing.lifespan import lifespans
from diffing.normalize import changed_paths, differences, equivalent, same
from diffing.snapshot import Identity, ReadFailure, Resource, Snapshot
from diffing.values import Marker, Value, freeze

LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A law holds on a busy machine as well: no example is judged by its time."""

NAMES = st.sampled_from(["Id", "Name", "Port", "__private", "Statement", "command", "$marker", "a.b['c']", ""])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, 1.0, 1.5]),
    st.sampled_from(["", "a", "b", "1", '{"a": [1, 2]}', '{"a":[2,1]}', "[", '{"Statement": []}']),
    st.text(max_size=3),
    st.sampled_from(Marker),
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
).map(freeze)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)

IDENTITIES = [
    Identity(account="123456789012", region=region, type=f"AWS::{service}::Thing", id=name)
    for service in ("S3", "SQS")
    for region, name in (("eu-west-1", "a"), ("eu-west-1", "b"), ("us-east-1", "c"))
]
FAILURES = st.builds(
    ReadFailure,
    service=st.sampled_from(["s3", "sqs"]),
    operation=st.sampled_from(["List", "Get"]),
    subject=st.sampled_from(["*", "a", str(IDENTITIES[1])]),
    code=st.sampled_from(["InvalidAction", "Timeout"]),
    region=st.sampled_from(["", "eu-west-1"]),
)


@st.composite
def resources(draw: st.DrawFn, identity: Identity) -> Resource:
    parts: dict[str, Any] = {
        "attributes": draw(OBJECTS),
        "tags": draw(st.dictionaries(NAMES, st.text(max_size=2), max_size=2)),
        "stakes": draw(st.dictionaries(st.sampled_from(["items", "objects"]), st.integers(0, 3))),
        "born": draw(st.dictionaries(st.sampled_from(["Created", "UniqueId"]), st.integers(1, 2))),
    }
    return Resource(
        identity=identity,
        digest=draw(st.sampled_from(["", resource_digest(identity, **parts)])),
        service=identity.type.split("::")[1].lower(),
        aliases=draw(st.frozensets(st.sampled_from(["a", "arn:x"]))),
        parent=draw(st.none() | st.sampled_from(IDENTITIES)),
        **parts,
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    shown = draw(st.lists(st.sampled_from(IDENTITIES), unique=True, max_size=4))
    return Snapshot(
        resources={identity: draw(resources(identity)) for identity in shown},
        failures=tuple(draw(st.lists(FAILURES, max_size=2))),
        services=draw(st.sampled_from([frozenset({"s3", "sqs"}), frozenset({"s3"})])),
    )


SNAPSHOTS = snapshots()
READABLE = SNAPSHOTS.map(
    lambda each: Snapshot(resources=each.resources, failures=(), services=frozenset({"s3", "sqs"}))
)
BACK = {Action.CREATE: Action.DELETE, Action.DELETE: Action.CREATE}
LIFESPAN_BACK = {Lifespan.ADDED: Lifespan.DROPPED, Lifespan.DROPPED: Lifespan.ADDED}


def turned(changes: tuple[AttributeChange, ...]) -> tuple[AttributeChange, ...]:
    return tuple(AttributeChange(path=each.path, before=each.after, after=each.before) for each in changes)


def undone(change: PhysicalChange) -> PhysicalChange:
    return PhysicalChange(
        identity=change.identity,
        action=BACK.get(change.action, change.action),
        lifespan=LIFESPAN_BACK.get(change.lifespan, change.lifespan),
        before=change.after,
        after=change.before,
        attributes=turned(change.attributes),
        stakes_before=change.stakes_after,
        stakes_after=change.stakes_before,
    )


@LAW
@given(SNAPSHOTS)
def test_a_snapshot_does_not_differ_from_itself(snapshot: Snapshot) -> None:
    comparison = compare(snapshot, snapshot)
    assert (comparison.changes, comparison.unreadable) == ((), ())


@LAW
@given(SNAPSHOTS, SNAPSHOTS)
def test_the_way_back_undoes_the_way_there(before: Snapshot, after: Snapshot) -> None:
    there, back = compare(before, after), compare(after, before)
    assert back.changes == tuple(undone(change) for change in there.changes)
    assert back.unreadable == there.unreadable


@LAW
@given(SNAPSHOTS, SNAPSHOTS, st.frozensets(st.sampled_from(["s3", "sqs"])))
def test_whoever_came_or_went_is_reported_exactly_once(
    before: Snapshot, after: Snapshot, fresh: frozenset[str]
) -> None:
    comparison = compare(before, after, fresh_services=fresh)
    reported = Counter([*(change.identity for change in comparison.changes), *comparison.unreadable])
    one_sided = before.resources.keys() ^ after.resources.keys()
    assert all(reported[identity] == 1 for identity in one_sided)
    assert reported.keys() <= before.resources.keys() | after.resources.keys()


@LAW
@given(READABLE, READABLE)
def test_where_every_read_answered_nothing_is_unreadable(before: Snapshot, after: Snapshot) -> None:
    comparison = compare(before, after)
    assert comparison.unreadable == ()
    actions = {change.identity: change.action for change in comparison.changes}
    assert {name for name, action in actions.items() if action is Action.DELETE} == (
        before.resources.keys() - after.resources.keys()
    )


@LAW
@given(SNAPSHOTS, SNAPSHOTS, FAILURES)
def test_another_failure_never_uncovers_a_deletion(before: Snapshot, after: Snapshot, failure: ReadFailure) -> None:
    worse = Snapshot(resources=after.resources, failures=(*after.failures, failure), services=after.services)
    if failure in before.failures:  # then it may be the same failure on both sides, which hides less
        return

    def deleted(side: Snapshot) -> set[Identity]:
        return {change.identity for change in compare(before, side).changes if change.action is Action.DELETE}

    assert deleted(worse) <= deleted(after)


@LAW
@given(READABLE, READABLE)
def test_two_steps_have_the_lifespans_of_their_comparison(before: Snapshot, after: Snapshot) -> None:
    found = lifespans([before, after]).by_identity
    changed = {change.identity: change.lifespan for change in compare(before, after).changes}
    assert {name: found[name] for name in changed} == changed
    assert all(found[name] is Lifespan.EXISTING for name in found.keys() - changed.keys())


@LAW
@given(st.lists(SNAPSHOTS, min_size=1, max_size=4))
def test_every_identity_has_one_lifespan_or_is_unreadable(steps: list[Snapshot]) -> None:
    found = lifespans(steps)
    shown = {identity for step in steps for identity in step.resources}
    assert found.by_identity.keys() | set(found.unreadable) == shown
    assert not found.by_identity.keys() & set(found.unreadable)


@LAW
@given(st.lists(READABLE, min_size=2, max_size=5))
def test_more_steps_never_hide_a_destruction(steps: list[Snapshot]) -> None:
    ends = lifespans([steps[0], steps[-1]]).by_identity
    whole = lifespans(steps).by_identity
    destroyed = {Lifespan.DROPPED, Lifespan.RECREATED}
    assert all(whole[name] in destroyed for name, lifespan in ends.items() if lifespan in destroyed)


@LAW
@given(SNAPSHOTS)
def test_a_snapshot_survives_being_written_and_read(snapshot: Snapshot) -> None:
    again = from_json(to_json(snapshot))
    assert again == snapshot
    assert to_json(again) == to_json(snapshot)
    assert snapshot_digest(again) == snapshot_digest(snapshot)


@LAW
@given(SNAPSHOTS, SNAPSHOTS)
def test_digests_tell_snapshots_apart(a: Snapshot, b: Snapshot) -> None:
    assert (snapshot_digest(a) == snapshot_digest(b)) == (to_json(a) == to_json(b))


@LAW
@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        from_json(text)
        pytest.fail("random text was read as a snapshot")
    except ValueError:
        return


@LAW
@given(VALUES)
def test_a_value_is_equivalent_to_itself(value: Value) -> None:
    assert equivalent(value, value)
    assert differences(value, value) == ()
    assert changed_paths(value, value) == ()


@LAW
@given(VALUES, VALUES)
def test_equivalence_is_symmetric_and_weaker_than_equality(a: Value, b: Value) -> None:
    assert equivalent(a, b) == equivalent(b, a)
    assert equivalent(a, b) or not same(a, b)


@LAW
@given(VALUES, VALUES, st.booleans())
def test_differences_turn_around_and_name_each_path_once(a: Value, b: Value, unordered: bool) -> None:  # noqa: FBT001 - drawn
    there = differences(a, b, unordered=unordered)
    assert differences(b, a, unordered=unordered) == turned(there)
    assert len({change.path for change in there}) == len(there)
    assert all(not same(change.before, change.after) for change in there)


@LAW
@given(OBJECTS, OBJECTS)
def test_what_does_not_differ_is_equivalent(a: dict[str, Value], b: dict[str, Value]) -> None:
    if not differences(freeze(a), freeze(b), unordered=False):
        assert equivalent(freeze(a), freeze(b))
