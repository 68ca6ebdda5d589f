"""For the recorder's tests: requests as SDKs write them, by botocore's own serializers over generated parameters."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.serialize import create_serializer

from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.describe import describe
from sandbox.recorder.exchange import Exchange, Head, Request
from sandbox.recorder.tree import Undecoded, iso
from sandbox.rehearsal import ApiCall

MAX_DEPTH = 4
_LOADER = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
_WORDS = ("alpha", "beta/gamma", "a b", "ü-umlaut", "arn:aws:iam::123456789012:role/a/b", "x=1&y=2", "100%", "+plus")
_TOKENS = ("alpha", "beta", "gamma-1", "arn:aws:iam::123456789012:role/x")


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(_LOADER.load_service_model(service, "service-2"), service)


def protocols_of(service: str) -> list[str]:
    metadata = service_model(service).metadata
    return list(metadata.get("protocols") or [metadata["protocol"]])


def request_for(
    service: str,
    operation: OperationModel,
    parameters: dict[str, Any],
    *,
    protocol: str | None = None,
    user_agent: str = "Boto3/1.43",
    signed: bool = True,
) -> Request:
    """What botocore would put on the wire, with a credential scope but without a real signature."""
    serializer = create_serializer(protocol or service_model(service).metadata["protocol"], include_validation=False)
    prepared = _prepared(serializer.serialize_to_request(parameters, operation))
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    metadata = service_model(service).metadata
    signing_name = metadata.get("signingName") or metadata["endpointPrefix"]
    headers |= {"host": "127.0.0.1:4566", "user-agent": user_agent}
    if signed:
        scope = f"123456789012/20260101/eu-west-1/{signing_name}/aws4_request"
        headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    body = prepared.body or b""
    data = body.encode() if isinstance(body, str) else bytes(body)
    url = urlsplit(prepared.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Request(method=prepared.method, target=target, headers=headers, body=data, body_size=len(data))


def _prepared(serialized: dict[str, Any]) -> AWSPreparedRequest:
    serialized["context"] = {}
    prepare_request_dict(serialized, endpoint_url="http://127.0.0.1:4566")
    return create_request_object(serialized).prepare()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def generated(  # noqa: PLR0911 - one per type
    shape: Any, random: Random, depth: int = 0, *, everything: bool = False
) -> Any:
    """A value for a shape. Optional members appear at random."""
    match shape.type_name:
        case "structure":
            return _structure(shape, random, depth, everything=everything)
        case "list":
            return [generated(shape.member, random, depth + 1) for _ in range(random.randint(1, 3))]
        case "map":
            keys = shape.key.metadata.get("enum") or ["k1", "K-2", "key three"]
            return {
                key: generated(shape.value, random, depth + 1)
                for key in random.sample(keys, random.randint(1, min(2, len(keys))))
            }
        case "boolean":
            return random.random() < 0.5
        case "integer" | "long":
            return random.randint(0, 9999)
        case "float" | "double":
            return random.choice([0.5, 1.25, -3.0, 1e6])
        case "timestamp":
            return datetime.fromtimestamp(random.randint(1, 2_000_000_000), UTC)
        case "blob":
            return random.randbytes(random.randint(1, 40))
        case _:
            return random.choice(shape.metadata.get("enum") or _words(shape))


def _words(shape: Any) -> tuple[str, ...]:
    if shape.serialization.get("hostLabel"):
        return ("123456789012",)
    return _TOKENS if shape.serialization.get("location") in {"header", "headers"} else _WORDS


def _structure(shape: Any, random: Random, depth: int, *, everything: bool) -> dict[str, Any]:
    if depth > 2 * MAX_DEPTH:
        return {}
    if shape.is_document_type:
        return {"free": ["form", 1, {"nested": True}]}
    sendable = {
        name: member
        for name, member in shape.members.items()
        if not member.serialization.get("jsonvalue") and not member.serialization.get("eventstream")
    }
    wanted = [
        name
        for name in sendable
        if name in shape.required_members or (depth < MAX_DEPTH and (everything or random.random() < 0.4))
    ]
    if depth and not wanted:
        # The query protocols cannot say that a structure is there but empty.
        wanted = sorted(sendable, key=lambda name: sendable[name].type_name in {"structure", "list", "map"})[:1]
    if shape.is_tagged_union:
        wanted = wanted[:1]
    values = {name: generated(_located(sendable[name]), random, depth + 1, everything=False) for name in wanted}
    return {name: value for name, value in values.items() if value != {}}


def _located(member: Any) -> Any:
    """Header lists are joined by commas, so their items are plain tokens."""
    if member.type_name == "list" and member.serialization.get("location") == "header":
        member.member.serialization["location"] = "header"
    if member.type_name == "map" and member.serialization.get("location") == "headers":
        member.value.serialization["location"] = "headers"
    return member


def expected(value: Any, *, location: str = "") -> Any:
    """What parsing must give back for a generated value."""
    match value:
        case dict():
            return {key.lower() if location == "headers" else key: expected(item) for key, item in value.items()}
        case list():
            return [expected(item) for item in value]
        case datetime():
            return iso(value)
        case bytes():
            return Undecoded(len(value))
        case _:
            return value


def head(data: bytes) -> Head:
    kept = Head(1_048_576)
    kept.add(data)
    return kept


def call_for(request: Request, *, answer: bytes = b"", status: int = 200, content_type: str = "") -> ApiCall:
    exchange = Exchange(
        sequence=0,
        phase="apply",
        at=0.0,
        method=request.method,
        target=request.target,
        headers=tuple(request.headers.items()),
        request_body=head(request.body),
        response_body=head(answer),
        status=status,
        response_headers=(("Content-Type", content_type),),
    )
    return describe(exchange, catalogue())


def call(service: str, operation: str, parameters: dict[str, Any], protocol: str | None = None) -> ApiCall:
    return call_for(
        request_for(service, service_model(service).operation_model(operation), parameters, protocol=protocol)
    )
