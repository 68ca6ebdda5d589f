from __future__ import annotations

import gzip

import pytest

from sandbox.recorder.exchange import Head, Request, decompressed
from sandbox.recorder.signature import caller_of

SCOPE = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/sqs/aws4_request, Signature=a"


def test_a_head_keeps_no_more_than_its_limit_and_counts_everything() -> None:
    head = Head(10)
    for _ in range(5):
        head.add(b"abcd")
    assert head.data == b"abcdabcdab"
    assert (head.size, head.kept_size, head.complete) == (20, 10, False)


def test_gzip_is_undone_within_a_bound_and_broken_gzip_left_alone() -> None:
    assert decompressed(gzip.compress(b"x" * 1000), "gzip") == b"x" * 1000
    assert len(decompressed(gzip.compress(b"x" * 100_000), "gzip", limit=500)) == 500
    assert decompressed(b"not gzip", "gzip") == b"not gzip"


@pytest.mark.parametrize(
    ("headers", "target", "origin"),
    [
        (
            {"authorization": SCOPE},
            "/",
            ("123456789012", "eu-west-1", "sqs", "123456789012"),
        ),
        (
            {},
            "/b/k?X-Amz-Credential=AKIAEXAMPLE%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=a",
            ("AKIAEXAMPLE", "us-east-1", "s3", ""),
        ),
        ({}, "/b/k?AWSAccessKeyId=AKIAEXAMPLE&Signature=a&Expires=1", ("AKIAEXAMPLE", "", "s3", "")),
        ({"authorization": "AWS AKIAEXAMPLE:abcdef="}, "/b/k", ("AKIAEXAMPLE", "", "s3", "")),
        (
            {
                "authorization": "AWS4-ECDSA-P256-SHA256 Credential=123456789012/20260101/s3/aws4_request, Signature=a",
                "x-amz-region-set": "eu-west-1,us-east-1",
            },
            "/",
            ("123456789012", "eu-west-1", "s3", "123456789012"),
        ),
        ({"authorization": "Bearer abc"}, "/", ("", "", "", "")),
    ],
    ids=["header", "presigned", "version-2-query", "version-2-header", "version-4a", "bearer"],
)
def test_the_credential_scope_tells_key_region_and_service(
    headers: dict[str, str], target: str, origin: tuple[str, str, str, str]
) -> None:
    caller = caller_of(Request(method="GET", target=target, headers=headers))
    assert (caller.access_key_id, caller.region, caller.signing_name, caller.account) == origin
