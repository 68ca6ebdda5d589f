"""Which AWS operation an HTTP request is, from botocore's service models alone.

Each AWS protocol names the operation in a place of its own: JSON in the header ``X-Amz-Target``, CBOR in the path, the
query protocols in the form field ``Action``, REST in method and path. The service follows from the credential scope;
where several services sign with one name (rds, docdb and neptune), from the API version and the SDK's User-Agent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from botocore.model import OperationModel

from sandbox.recorder.catalogue import Catalogue, LoadedService, Service
from sandbox.recorder.exchange import Request
from sandbox.recorder.routes import Match
from sandbox.recorder.signature import Caller

_CBOR_PATH = re.compile(r"/service/(?P<target>[^/]+)/operation/(?P<operation>[^/?]+)$")
_BUCKET_HOST = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]+)\.(?:s3[.-][^:]*|localhost)(?::\d+)?$", re.IGNORECASE)
_SIGNED_BY_S3_TOO = ("s3express", "s3-object-lambda", "s3-outposts")
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Protocol(StrEnum):
    """How the request is written."""

    JSON = "json"
    CBOR = "smithy-rpc-v2-cbor"
    QUERY = "query"
    EC2 = "ec2"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    NONE = ""
    """Not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What a request is; ``service`` and ``operation`` are empty where that is not known."""

    service: str = ""
    operation: str = ""
    protocol: Protocol = Protocol.NONE
    model: OperationModel | None = None
    """None where botocore does not know the operation."""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)
    """Decoded values of the REST path's labels, by the name in the URI template."""
    read_only: bool | None = None
    """The model's own word: the ``readonly`` trait, where the model has it."""


UNIDENTIFIED = Identification()


def identify(request: Request, caller: Caller, catalogue: Catalogue) -> Identification:
    """Say which operation a request is.

    Returns:
        What is known: nothing, the service alone (its signing name where no model fits), or both.
    """
    target = request.headers.get("x-amz-target", "")
    if target:
        return _by_target(target, Protocol.JSON, caller, catalogue)
    cbor = _CBOR_PATH.search(request.path) if "smithy-protocol" in request.headers else None
    if cbor:
        return _by_target(f"{cbor['target']}.{cbor['operation']}", Protocol.CBOR, caller, catalogue)
    candidates = _ordered(catalogue.signed_as(caller.signing_name) or catalogue.tagged(caller.agent_tag), caller)
    found = _by_action(request, candidates, caller, catalogue) or _by_route(request, candidates, caller, catalogue)
    return found or _service_alone(candidates, caller)


def _ordered(services: Sequence[Service], caller: Caller) -> Sequence[Service]:
    """Put first the service that the SDK names."""
    return sorted(services, key=lambda service: service.tag != caller.agent_tag) if caller.agent_tag else services


def _service_alone(candidates: Sequence[Service], caller: Caller) -> Identification:
    if len(candidates) == 1 or any(service.tag == caller.agent_tag for service in candidates[:1]):
        return Identification(service=candidates[0].name)
    return Identification(service=caller.signing_name)


def _by_target(target: str, protocol: Protocol, caller: Caller, catalogue: Catalogue) -> Identification:
    prefix, _, operation = target.rpartition(".")
    services = catalogue.targeted(prefix) or catalogue.targeted(prefix.rpartition(".")[2])
    signed = [service for service in services if service.signing_name == caller.signing_name]
    for service in _ordered(signed or services, caller):
        loaded = catalogue.load(service)
        if operation in loaded.operation_names:
            return _identified(loaded, operation, protocol)
    name = services[0].name if services else caller.signing_name
    return Identification(service=name, operation=operation, protocol=protocol)


def _by_action(
    request: Request, candidates: Sequence[Service], caller: Caller, catalogue: Catalogue
) -> Identification | None:
    """The query protocols: a form, or a GET with the same fields in its query string."""
    action = request.form.get("Action", "")
    version = request.form.get("Version", "")
    if not action or (candidates and not any(service.is_query for service in candidates)):
        return None
    if not candidates and not version:
        return None
    services = [service for service in candidates if service.is_query] or catalogue.versioned(version)
    same_version = [service for service in services if service.api_version == version]
    known = _knowing(action, _ordered(same_version or services, caller), catalogue)
    if known:
        return _identified(known, action, Protocol.EC2 if known.service.name == "ec2" else Protocol.QUERY)
    name = services[0].name if candidates else caller.signing_name
    return Identification(service=name, operation=action, protocol=Protocol.QUERY)


def _knowing(operation: str, services: Iterable[Service], catalogue: Catalogue) -> LoadedService | None:
    for service in services:
        loaded = catalogue.load(service)
        if operation in loaded.operation_names:
            return loaded
    return None


def _by_route(
    request: Request, candidates: Sequence[Service], caller: Caller, catalogue: Catalogue
) -> Identification | None:
    if caller.signing_name in _SIGNED_BY_S3_TOO:
        candidates = [*candidates, *catalogue.signed_as("s3")]
    best: tuple[Match, LoadedService] | None = None
    for service in candidates:
        if not service.is_rest:
            continue
        loaded = catalogue.load(service)
        match = loaded.routes.match(request, _path(request, service))
        if match is None:
            continue
        if service.tag == caller.agent_tag:
            best = match, loaded
            break
        if best is None or match.score > best[0].score:
            best = match, loaded
    if best is None:
        return None
    match, loaded = best
    protocol = Protocol.REST_XML if "rest-xml" in loaded.service.protocols else Protocol.REST_JSON
    return _identified(loaded, match.operation, protocol, match.labels)


def _path(request: Request, service: Service) -> str:
    """The path as the model writes it: S3's other address style has the bucket in the host's name."""
    if service.name != "s3":
        return request.path
    host = _BUCKET_HOST.match(request.headers.get("host", ""))
    return f"/{host['bucket']}{request.path}" if host else request.path


def _identified(
    loaded: LoadedService, operation: str, protocol: Protocol, labels: Mapping[str, str] = _NO_LABELS
) -> Identification:
    return Identification(
        service=loaded.service.name,
        operation=operation,
        protocol=protocol,
        model=loaded.operation(operation),
        labels=labels,
        read_only=True if loaded.traits(operation).get("readonly") else None,
    )
