from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from diffing.change import Action, Lifespan
from diffing.codec import resource_digest
from diffing.compare import Comparison, PhysicalChange, compare
from diffing.snapshot import Identity, ReadFailure, Resource, Snapshot
from diffing.values import Marker, freeze, path_text

ACCOUNT = "123456789012"
SERVICES = frozenset({"dynamodb", "s3", "sqs"})


def identity(kind: str, name: str, region: str = "eu-west-1") -> Identity:
    return Identity(account=ACCOUNT, region=region, type=kind, id=name)


TABLE = identity("AWS::DynamoDB::Table", "orders")
BUCKET = identity("AWS::S3::Bucket", "photos")
OBJECT = identity("AWS::S3::Object", "photos/cat.jpg")


def resource(
    name: Identity,
    attributes: Mapping[str, Any] | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    stakes: Mapping[str, int] | None = None,
    born: Mapping[str, Any] | None = None,
    parent: Identity | None = None,
    aliases: Iterable[str] = (),
) -> Resource:
    parts: dict[str, Any] = {
        "attributes": {key: freeze(value) for key, value in (attributes or {}).items()},
        "tags": dict(tags or {}),
        "stakes": dict(stakes or {}),
        "born": {key: freeze(value) for key, value in (born or {}).items()},
    }
    service = name.type.split("::")[1].lower()
    digest = resource_digest(name, **parts)
    return Resource(identity=name, digest=digest, service=service, parent=parent, aliases=frozenset(aliases), **parts)


def snapshot(
    *resources: Resource, failures: Iterable[ReadFailure] = (), services: Iterable[str] = SERVICES
) -> Snapshot:
    return Snapshot(
        resources={each.identity: each for each in resources},
        failures=tuple(failures),
        services=frozenset(services),
    )


def failure(
    service: str, subject: str = "*", *, operation: str = "List", code: str = "InternalFailure", region: str = ""
) -> ReadFailure:
    return ReadFailure(service=service, operation=operation, subject=subject, code=code, region=region)


def only(comparison: Comparison) -> PhysicalChange:
    assert comparison.unreadable == ()
    (change,) = comparison.changes
    return change


def paths(change: PhysicalChange) -> dict[str, tuple[Any, Any]]:
    return {path_text(each.path): (each.before, each.after) for each in change.attributes}


def test_equal_snapshots_do_not_differ() -> None:
    assert compare(snapshot(resource(TABLE)), snapshot(resource(TABLE))) == Comparison(changes=(), unreadable=())


def test_a_create_shows_every_leaf() -> None:
    new = resource(TABLE, {"Keys": [{"AttributeName": "id", "KeyType": "HASH"}]}, stakes={"items": 2})
    change = only(compare(snapshot(), snapshot(new)))
    assert (change.action, change.lifespan, change.before, change.after) == (
        Action.CREATE,
        Lifespan.ADDED,
        None,
        new,
    )
    assert paths(change)["Keys.id.KeyType"] == (Marker.ABSENT, "HASH")
    assert (dict(change.stakes_before), change.stakes_after) == ({}, {"items": 2})


def test_a_delete_shows_what_was_at_stake() -> None:
    change = only(compare(snapshot(resource(TABLE, stakes={"items": 3})), snapshot()))
    assert (change.action, change.lifespan, change.stakes_before) == (Action.DELETE, Lifespan.DROPPED, {"items": 3})


def test_an_update_lists_attributes_and_tags() -> None:
    before = resource(TABLE, {"Mode": "PROVISIONED", "Name": "orders"}, tags={"team": "a", "old": "x"})
    after = resource(TABLE, {"Mode": "PAY_PER_REQUEST", "Name": "orders"}, tags={"team": "b"})
    change = only(compare(snapshot(before), snapshot(after)))
    assert (change.action, change.lifespan) == (Action.UPDATE, Lifespan.EXISTING)
    assert paths(change) == {
        "Mode": ("PROVISIONED", "PAY_PER_REQUEST"),
        "tags.old": ("x", Marker.ABSENT),
        "tags.team": ("a", "b"),
    }


def test_lost_data_alone_is_an_update() -> None:
    before, after = resource(TABLE, stakes={"items": 3}), resource(TABLE, stakes={"items": 0})
    change = only(compare(snapshot(before), snapshot(after)))
    assert (change.action, change.attributes, change.stakes_after) == (Action.UPDATE, (), {"items": 0})


def test_another_incarnation_is_a_replacement_however_alike() -> None:
    before, after = resource(TABLE, born={"CreationDateTime": 1}), resource(TABLE, born={"CreationDateTime": 2})
    change = only(compare(snapshot(before), snapshot(after)))
    assert (change.action, change.lifespan, change.attributes) == (Action.REPLACE, Lifespan.RECREATED, ())


def test_a_birth_mark_on_one_side_only_proves_nothing_and_is_shown() -> None:
    change = only(compare(snapshot(resource(TABLE)), snapshot(resource(TABLE, born={"TableId": "x"}))))
    assert change.action is Action.UPDATE
    assert paths(change) == {"born.TableId": (Marker.ABSENT, "x")}


def test_resources_without_digest_are_looked_into() -> None:
    def bare(size: int) -> Resource:
        return Resource(identity=TABLE, attributes={"Size": size}, digest="", service="dynamodb")

    assert paths(only(compare(snapshot(bare(1)), snapshot(bare(2))))) == {"Size": (1, 2)}


def test_a_listing_that_stopped_answering_makes_every_disappearance_of_its_service_unreadable() -> None:
    queue = resource(identity("AWS::SQS::Queue", "jobs"))
    before = snapshot(resource(TABLE), queue)
    comparison = compare(before, snapshot(failures=[failure("dynamodb")]))
    assert comparison.unreadable == (TABLE,)
    assert [(change.identity, change.action) for change in comparison.changes] == [(queue.identity, Action.DELETE)]


def test_a_listing_that_began_to_answer_makes_every_appearance_unreadable() -> None:
    comparison = compare(snapshot(failures=[failure("dynamodb")]), snapshot(resource(TABLE)))
    assert comparison == Comparison(changes=(), unreadable=(TABLE,))


def test_a_listing_that_never_answered_hides_nothing() -> None:
    unsupported = [failure("dynamodb", operation="ListBackups", code="InvalidAction")]
    change = only(compare(snapshot(resource(TABLE), failures=unsupported), snapshot(failures=unsupported)))
    assert change.action is Action.DELETE


@pytest.mark.parametrize("code", ["Timeout", "ThrottlingException", "ConnectionClosedError", "503 Service Unavailable"])
def test_a_failure_by_chance_hides_even_if_it_came_twice(code: str) -> None:
    failures = [failure("dynamodb", code=code)]
    comparison = compare(snapshot(resource(TABLE), failures=failures), snapshot(failures=failures))
    assert comparison.unreadable == (TABLE,)


def test_a_failure_of_another_kind_is_not_the_same_failure() -> None:
    before = snapshot(resource(TABLE), failures=[failure("dynamodb", code="InvalidAction")])
    assert compare(before, snapshot(failures=[failure("dynamodb", code="InternalFailure")])).unreadable == (TABLE,)


def test_a_failure_in_another_region_hides_nothing() -> None:
    after = snapshot(failures=[failure("dynamodb", region="us-east-1")])
    assert only(compare(snapshot(resource(TABLE)), after)).action is Action.DELETE
    everywhere = snapshot(failures=[failure("dynamodb", region="aws-global")])
    assert compare(snapshot(resource(TABLE)), everywhere).unreadable == (TABLE,)


@pytest.mark.parametrize("subject", [str(TABLE), "orders", "arn:aws:dynamodb:::table/orders"])
def test_a_read_for_the_resource_itself_hides_it(subject: str) -> None:
    table = resource(TABLE, aliases=["arn:aws:dynamodb:::table/orders"])
    other = resource(identity("AWS::DynamoDB::Table", "other"))
    comparison = compare(snapshot(table, other), snapshot(failures=[failure("dynamodb", subject)]))
    assert comparison.unreadable == (TABLE,)
    assert [change.identity for change in comparison.changes] == [other.identity]


def test_an_attribute_that_went_missing_with_its_read_was_not_removed() -> None:
    before = resource(TABLE, {"Backups": {"Enabled": True}, "Mode": "a"}, tags={"team": "a"}, stakes={"items": 3})
    after = resource(TABLE, {"Mode": "b"})
    comparison = compare(snapshot(before), snapshot(after, failures=[failure("dynamodb", str(TABLE))]))
    assert comparison.unreadable == (TABLE,)
    (change,) = comparison.changes
    assert paths(change) == {"Mode": ("a", "b")}


def test_nothing_is_reported_where_only_unread_parts_differ() -> None:
    before, after = resource(TABLE, {"Backups": 1}, stakes={"items": 3}), resource(TABLE)
    comparison = compare(snapshot(before), snapshot(after, failures=[failure("dynamodb", str(TABLE))]))
    assert comparison == Comparison(changes=(), unreadable=(TABLE,))


def test_an_attribute_that_appeared_with_its_read_was_not_added() -> None:
    failed = [failure("dynamodb", str(TABLE))]
    comparison = compare(snapshot(resource(TABLE), failures=failed), snapshot(resource(TABLE, {"Backups": 1})))
    assert comparison == Comparison(changes=(), unreadable=(TABLE,))


def test_objects_of_a_bucket_that_could_not_be_listed_are_unreadable() -> None:
    before = snapshot(resource(BUCKET), resource(OBJECT, parent=BUCKET))
    after = snapshot(resource(BUCKET), failures=[failure("s3", str(BUCKET), operation="ListObjectsV2")])
    assert compare(before, after) == Comparison(changes=(), unreadable=(OBJECT,))


def test_the_container_is_asked_even_if_nobody_saw_it() -> None:
    after = snapshot(failures=[failure("s3", "photos", operation="ListObjectsV2")])
    assert compare(snapshot(resource(OBJECT, parent=BUCKET)), after).unreadable == (OBJECT,)


def test_objects_go_with_a_bucket_that_is_known_to_be_gone() -> None:
    before = snapshot(resource(BUCKET), resource(OBJECT, parent=BUCKET))
    comparison = compare(before, snapshot(failures=[failure("s3", str(OBJECT))]))
    assert comparison.unreadable == ()
    assert {change.identity: change.action for change in comparison.changes} == {
        BUCKET: Action.DELETE,
        OBJECT: Action.DELETE,
    }


def test_objects_of_a_bucket_that_may_exist_are_unreadable_with_it() -> None:
    before = snapshot(resource(BUCKET), resource(OBJECT, parent=BUCKET))
    assert compare(before, snapshot(failures=[failure("s3", str(BUCKET))])).unreadable == (BUCKET, OBJECT)


def test_containers_that_contain_each_other_do_not_hang() -> None:
    before = snapshot(resource(BUCKET, parent=OBJECT), resource(OBJECT, parent=BUCKET))
    assert len(compare(before, snapshot()).changes) == 2


def test_a_service_that_was_not_read_before_shows_no_creations_unless_known_to_be_empty() -> None:
    before, after = snapshot(services=["s3"]), snapshot(resource(TABLE))
    assert compare(before, after).unreadable == (TABLE,)
    assert only(compare(before, after, fresh_services=frozenset({"dynamodb"}))).action is Action.CREATE


def test_a_service_that_was_not_read_after_shows_no_deletions() -> None:
    before, after = snapshot(resource(TABLE)), snapshot(services=["s3"])
    assert compare(before, after, fresh_services=frozenset({"dynamodb"})).unreadable == (TABLE,)
