from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from diffing.codec import from_json, resource_digest, snapshot_digest, to_json
from diffing.snapshot import Identity, ReadFailure, Resource, Snapshot
from diffing.values import Marker, freeze

BUCKET = Identity(account="123456789012", region="eu-west-1", type="AWS::S3::Bucket", id="photos")
OBJECT = Identity(account="123456789012", region="eu-west-1", type="AWS::S3::Object", id="photos/cat")

SNAPSHOT = Snapshot(
    resources={
        OBJECT: Resource(
            identity=OBJECT,
            attributes={"Size": 1, "$marker": "text", "$$": Marker.SENSITIVE, "List": freeze([1.5, None, {"a": True}])},
            digest="d",
            service="s3",
            aliases=frozenset({"b", "a"}),
            tags={"team": "a"},
            stakes={"objects": 3},
            born={"Created": Marker.UNKNOWN},
            parent=BUCKET,
        ),
        BUCKET: Resource(identity=BUCKET, attributes={}, digest="e", service="s3"),
    },
    failures=(ReadFailure(service="s3", operation="GetBucketPolicy", subject="photos", code="Timeout"),),
    services=frozenset({"s3", "sqs"}),
)


def test_a_snapshot_survives_the_round_trip() -> None:
    assert from_json(to_json(SNAPSHOT)) == SNAPSHOT
    assert snapshot_digest(from_json(to_json(SNAPSHOT))) == snapshot_digest(SNAPSHOT)


def test_equal_snapshots_are_written_equally() -> None:
    reordered = Snapshot(
        resources=dict(reversed(SNAPSHOT.resources.items())), failures=SNAPSHOT.failures, services=SNAPSHOT.services
    )
    assert to_json(reordered) == to_json(SNAPSHOT)


def test_the_document_says_what_it_is() -> None:
    document = json.loads(to_json(SNAPSHOT))
    assert (document["format"], document["version"]) == ("sandtable.snapshot", 1)
    assert document["digest"] == snapshot_digest(SNAPSHOT)


def test_a_number_without_json_is_refused() -> None:
    bucket = Resource(identity=BUCKET, attributes={"Size": float("nan")}, digest="", service="s3")
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(Snapshot(resources={BUCKET: bucket}))


def test_a_resource_digest_covers_each_of_its_parts() -> None:
    parts: dict[str, Any] = {"attributes": {}, "tags": {}, "stakes": {}, "born": {}}
    digests = {resource_digest(BUCKET, **parts), resource_digest(OBJECT, **parts)}
    digests |= {resource_digest(BUCKET, **{**parts, name: {"x": 1}}) for name in ("attributes", "stakes", "born")}
    assert len(digests | {resource_digest(BUCKET, **{**parts, "tags": {"x": "1"}})}) == 6


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no valid JSON"),
        ("{", "no valid JSON"),
        ("[]", "the document should be an object"),
        ("{}", "expected the format"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format": "sandtable.snapshot"}', "unknown snapshot version None"),
        ('{"format": "sandtable.snapshot", "version": 2}', "unknown snapshot version 2"),
        ('{"format": "sandtable.snapshot", "version": true}', "unknown snapshot version True"),
        ('{"format": "sandtable.snapshot", "version": 1}', "lacks 'snapshot'"),
        ('{"format": "sandtable.snapshot", "version": 1, "snapshot": {}, "digest": "x"}', "does not fit its digest"),
    ],
)
def test_what_is_no_snapshot_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        from_json(text)


def test_an_edited_snapshot_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit its digest"):
        from_json(to_json(SNAPSHOT).replace('"photos"', '"movies"', 1))


def _resource(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    return lambda body: change(body["resources"][0])


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda body: body.pop("services"), "lacks 'services'"),
        (lambda body: body.update(services=[1]), "should hold texts only"),
        (lambda body: body.update(resources={}), "should be a list"),
        (lambda body: body["resources"].append(body["resources"][0]), "occurs twice"),
        (lambda body: body.update(failures=["x"]), "failure 0 should be an object"),
        (_resource(lambda raw: raw.pop("born")), "resource 0 lacks 'born'"),
        (_resource(lambda raw: raw.update(digest=1)), "'digest' of resource 0 should be text"),
        (_resource(lambda raw: raw.update(parent="x")), "the parent of resource 0 should be an object"),
        (_resource(lambda raw: raw.update(stakes={"items": True})), "is no count"),
        (_resource(lambda raw: raw.update(tags={"a": None})), "'a' of tags of resource 0 should be text"),
        (_resource(lambda raw: raw.update(attributes={"a": {"$marker": "gone"}})), "unknown marker 'gone'"),
        (_resource(lambda raw: raw.update(attributes={"a": {"$other": 1}})), r"unknown name '\$other'"),
        (_resource(lambda raw: raw.update(attributes={"$marker": "absent"})), "attributes of resource 0"),
    ],
)
def test_a_damaged_snapshot_is_refused_in_words(damage: Callable[[dict[str, Any]], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        from_json(_damaged(damage))


def _damaged(damage: Callable[[dict[str, Any]], object]) -> str:
    """Damage the body and sign it anew, so that the digest is not what gives the damage away."""
    body = json.loads(to_json(SNAPSHOT))["snapshot"]
    damage(body)
    return _signed(body)


def _signed(body: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return json.dumps({"format": "sandtable.snapshot", "version": 1, "digest": digest, "snapshot": body})
