"""What a change creates and makes anew, found again by the names in documents."""

from __future__ import annotations

import pytest

from gate.policy.carriers import Created

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
BUCKET = "arn:aws:s3:::uploads"


@pytest.mark.parametrize(
    ("resource", "inside"),
    [
        (QUEUE, True),
        (f"{BUCKET}/*", True),
        (f"{BUCKET}/a/b:c", True),
        (f"{QUEUE}:1", True),
        (f"{BUCKET}-other", False),
        (f"{BUCKET}-other/*", False),
        ("arn:aws:s3:::", False),
        ("*", False),
    ],
)
def test_what_lies_inside_something_created(resource: str, *, inside: bool) -> None:
    new = Created(names={}, arns=frozenset({QUEUE, BUCKET}), followed={})
    assert new.contains(resource) is inside


def test_a_right_follows_the_innermost_thing_that_is_made_anew() -> None:
    new = Created(names={}, arns=frozenset(), followed={BUCKET: "arn:b", f"{BUCKET}/ap": "arn:ap"})
    assert new.follow(f"{BUCKET}/x") == "arn:b/x"
    assert new.follow(f"{BUCKET}/ap/x") == "arn:ap/x"
    assert new.follow(f"{BUCKET}/apx") == "arn:b/apx"
    assert new.follow(f"{BUCKET}s") == f"{BUCKET}s"
    assert Created(names={}, arns=frozenset(), followed={}).follow(BUCKET) == BUCKET
