from __future__ import annotations

import json

import pytest

from sandbox.recorder import cbor
from sandbox.recorder.documents import parse_xml
from sandbox.recorder.refusals import error_document, is_admin_path, origin_form, refusal_of

OWN = frozenset({"127.0.0.1:4566"})


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset", "/_ministack", "/moto-api/reset", "/_localstack/health", "/_sandtable/state",
        "//_ministack/reset", "/./_ministack/reset", "/a/../_ministack/reset", "/%5fministack/reset",
        "/%255fministack/reset", "/_MINISTACK/reset", "/_ministack%2freset", "/\\_ministack/reset",
        "/_ministack/reset?x=1", "/_ministack#x", "/_mini\tstack/reset", "/ _ministack", "/_ministack;x=1",
        "/%2e/_ministack/reset", "/a/%2e%2e/_ministack/reset",
    ],
)  # fmt: skip
def test_admin_routes_are_refused_however_they_are_spelt(path: str) -> None:
    assert is_admin_path(path)
    refusal = refusal_of("POST", path, OWN)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (403, "AdminRouteRefused")


@pytest.mark.parametrize("path", ["/", "/bucket/_ministack/x", "/bucket/moto-api", "/ministack", "/bucket?_ministack"])
def test_ordinary_paths_pass(path: str) -> None:
    assert refusal_of("GET", path, OWN) is None


@pytest.mark.parametrize(
    ("method", "target", "host"),
    [
        ("CONNECT", "sts.amazonaws.com:443", "sts.amazonaws.com:443"),
        ("GET", "http://sts.amazonaws.com/", "sts.amazonaws.com"),
        ("GET", "http://169.254.169.254/latest/meta-data/", "169.254.169.254"),
        ("GET", "http://127.0.0.1:9999/", "127.0.0.1:9999"),
        ("GET", "http://127.0.0.1:4566@evil.example/", "evil.example"),
        ("GET", "http://evil127.0.0.1:4566/", "evil127.0.0.1:4566"),
        ("GET", "http://127.0.0.1:4566\\@evil.example/", "evil.example"),
        ("GET", "@evil.example/", "@evil.example/"),
        ("OPTIONS", "*", "*"),
    ],
)
def test_other_hosts_are_outside_the_clone(method: str, target: str, host: str) -> None:
    refusal = refusal_of(method, target, OWN)
    assert refusal is not None
    assert (refusal.status, refusal.code, refusal.host) == (403, "OutsideClone", host)


def test_a_client_that_takes_the_recorder_for_its_proxy_reaches_the_clone() -> None:
    assert refusal_of("GET", "http://127.0.0.1:4566/bucket?acl", OWN) is None
    assert refusal_of("GET", "http://123456789012.127.0.0.1:4566/v20180820/x", OWN) is None
    assert origin_form("http://127.0.0.1:4566/bucket?acl") == "/bucket?acl"
    assert origin_form("http://127.0.0.1:4566") == "/"
    assert origin_form("http://127.0.0.1:4566?a=b") == "/?a=b"
    admin = refusal_of("GET", "http://127.0.0.1:4566/_ministack/reset", OWN)
    assert admin is not None


def test_errors_are_written_as_the_protocol_of_the_request_has_them() -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "authorization": "x/ec2/aws4_request"}
    content_type, body = error_document("Code", "a < b", form)
    assert content_type == "text/xml"
    assert parse_xml(body).findtext("Errors/Error/Code") == "Code"
    content_type, body = error_document("Code", "a < b", {"authorization": "Credential=a/b/c/s3/aws4_request"})
    assert (parse_xml(body).tag, parse_xml(body).findtext("Message")) == ("Error", "a < b")
    content_type, body = error_document("Code", 'say "x"', {"x-amz-target": "A.B"})
    assert json.loads(body) == {"__type": "Code", "message": 'say "x"'}
    content_type, body = error_document("Code", "m", {"smithy-protocol": "rpc-v2-cbor"})
    assert cbor.loads(body) == {"__type": "Code", "message": "m"}
