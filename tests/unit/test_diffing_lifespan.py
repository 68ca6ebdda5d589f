from __future__ import annotations

import pytest

from diffing.change import Lifespan
from diffing.lifespan import lifespans
from diffing.snapshot import Identity, ReadFailure, Resource, Snapshot

QUEUE = Identity(account="123456789012", region="eu-west-1", type="AWS::SQS::Queue", id="jobs")
FAILED = (ReadFailure(service="sqs", operation="ListQueues", subject="*", code="InternalFailure"),)


def step(sight: str) -> Snapshot:
    """A digit: the queue, by incarnation; a dot: no queue; a question mark: the listing failed."""
    if not sight.isdigit():
        return Snapshot(resources={}, failures=FAILED if sight == "?" else (), services=frozenset({"sqs"}))
    queue = Resource(identity=QUEUE, attributes={}, digest=sight, service="sqs", born={"Created": int(sight)})
    return Snapshot(resources={QUEUE: queue}, services=frozenset({"sqs"}))


@pytest.mark.parametrize(
    ("sights", "expected"),
    [
        ("11", Lifespan.EXISTING),
        ("1111", Lifespan.EXISTING),
        ("1", Lifespan.EXISTING),
        (".1", Lifespan.ADDED),
        (".1.2", Lifespan.ADDED),
        (".12", Lifespan.ADDED),
        ("1.", Lifespan.DROPPED),
        ("1.2.", Lifespan.DROPPED),
        (".1.", Lifespan.TEMPORARY),
        (".1.2.", Lifespan.TEMPORARY),
        ("1.2", Lifespan.RECREATED),
        ("1.1", Lifespan.RECREATED),
        ("12", Lifespan.RECREATED),
        ("1?1", Lifespan.EXISTING),
        ("1?2", Lifespan.RECREATED),
        (".?1", Lifespan.ADDED),
        ("1?.", Lifespan.DROPPED),
        ("1.?", Lifespan.DROPPED),
        ("12?", Lifespan.RECREATED),
    ],
)
def test_lifespans(sights: str, expected: Lifespan) -> None:
    found = lifespans([step(sight) for sight in sights])
    assert dict(found.by_identity) == {QUEUE: expected}
    assert found.unreadable == ()


@pytest.mark.parametrize("sights", ["1?", "?1", "?1.", ".1?", ".1.?", "?.1"])
def test_what_a_failed_read_hides_at_an_end_is_not_decided(sights: str) -> None:
    found = lifespans([step(sight) for sight in sights])
    assert dict(found.by_identity) == {}
    assert found.unreadable == (QUEUE,)


def test_a_service_known_to_have_been_empty_needs_no_first_read() -> None:
    steps = [step("?"), step("1")]
    assert lifespans(steps, fresh_services=frozenset({"sqs"})).by_identity[QUEUE] is Lifespan.ADDED


def test_a_birth_mark_that_one_step_lacks_is_compared_across_it() -> None:
    unmarked = Resource(identity=QUEUE, attributes={}, digest="x", service="sqs")
    middle = Snapshot(resources={QUEUE: unmarked}, services=frozenset({"sqs"}))
    assert lifespans([step("1"), middle, step("2")]).by_identity[QUEUE] is Lifespan.RECREATED
    assert lifespans([step("1"), middle, step("1")]).by_identity[QUEUE] is Lifespan.EXISTING


def test_no_steps_show_nothing() -> None:
    assert dict(lifespans([]).by_identity) == {}
