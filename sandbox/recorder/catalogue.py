"""Every AWS service that botocore knows, indexed by what a request can say of itself.

A service model begins with its metadata: the index reads that head of each file and nothing else (a few kilobytes of
434 models). A whole model is loaded when the first call to its service arrives.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from sandbox.recorder.routes import RouteTable, route_table
from sandbox.recorder.signature import normalized_tag
from sandbox.servicemodels import model_loader

_HEAD = 4096
"""Metadata ends within 2,200 bytes in every model of botocore 1.43."""
_GZIP = 31
_PROTOCOLS_OF_OLD = {
    # The models name only the newer protocols; clients of some age still speak these.
    "sqs": frozenset({"query"}),
    "cloudwatch": frozenset({"query"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, by the metadata of its newest model."""

    name: str
    """botocore's name: ``elbv2``."""
    api_version: str
    protocols: frozenset[str]
    signing_name: str
    target_prefix: str
    tag: str
    """The normalised service id, as SDKs write it into their User-Agent."""

    @property
    def is_rest(self) -> bool:
        """Whether operations are told apart by method and path."""
        return not self.protocols.isdisjoint({"rest-json", "rest-xml"})

    @property
    def is_query(self) -> bool:
        """Whether operations are told apart by the form field ``Action``."""
        return not self.protocols.isdisjoint({"query", "ec2"})


class LoadedService:
    """A service together with its whole model."""

    def __init__(self, service: Service, description: Mapping[str, Any]) -> None:
        self.service = service
        self._description = description
        self._model = ServiceModel(description, service.name)
        self.operation_names = frozenset(description["operations"])

    @cached_property
    def routes(self) -> RouteTable:
        """The REST routes of the service."""
        return route_table(self._description)

    def operation(self, name: str) -> OperationModel | None:
        """The model of one operation, if there is such an operation."""
        return self._model.operation_model(name) if name in self.operation_names else None

    def traits(self, operation: str) -> Mapping[str, Any]:
        """The operation as the model file has it: ``http``, ``readonly``, ``deprecated``."""
        found: Mapping[str, Any] = self._description["operations"].get(operation, {})
        return found


class Catalogue:
    """The index over all services."""

    def __init__(self, services: Iterable[Service]) -> None:
        by_signing_name: dict[str, list[Service]] = defaultdict(list)
        by_target: dict[str, list[Service]] = defaultdict(list)
        by_version: dict[str, list[Service]] = defaultdict(list)
        by_tag: dict[str, list[Service]] = defaultdict(list)
        for service in services:
            by_signing_name[service.signing_name].append(service)
            by_tag[service.tag].append(service)
            if service.target_prefix:
                by_target[service.target_prefix].append(service)
            if service.is_query:
                by_version[service.api_version].append(service)
        self._by_signing_name = by_signing_name
        self._by_target = by_target
        self._by_version = by_version
        self._by_tag = by_tag
        self._loaded: dict[str, LoadedService] = {}

    def signed_as(self, signing_name: str) -> tuple[Service, ...]:
        """The services that sign with this name, the one of the very name first."""
        found = self._by_signing_name.get(signing_name, ())
        return tuple(sorted(found, key=lambda service: (service.name != signing_name, service.name)))

    def tagged(self, tag: str) -> tuple[Service, ...]:
        """The services that an SDK calls by this name."""
        return tuple(self._by_tag.get(tag, ())) if tag else ()

    def targeted(self, prefix: str) -> tuple[Service, ...]:
        """The services whose ``X-Amz-Target`` or CBOR path begins with this prefix."""
        return tuple(self._by_target.get(prefix, ()))

    def versioned(self, api_version: str) -> tuple[Service, ...]:
        """The services of the query protocol with this API version."""
        return tuple(self._by_version.get(api_version, ()))

    def load(self, service: Service) -> LoadedService:
        """The service with its whole model, read once."""
        loaded = self._loaded.get(service.name)
        if loaded is None:
            description = model_loader().load_service_model(service.name, "service-2")
            loaded = self._loaded[service.name] = LoadedService(service, description)
        return loaded


@cache
def catalogue() -> Catalogue:
    """The one catalogue of this process: models are large and do not change."""
    return Catalogue(_services(Path(Loader.BUILTIN_DATA_PATH)))


def _services(root: Path) -> Iterator[Service]:
    for folder in sorted(root.iterdir()):
        model = _newest_model(folder) if folder.is_dir() else None
        if model is not None:
            yield _service(folder.name, _metadata(model))


def _newest_model(folder: Path) -> Path | None:
    for version in sorted(folder.iterdir(), reverse=True):
        for name in ("service-2.json.gz", "service-2.json"):
            if (version / name).is_file():
                return version / name
    return None


def _metadata(model: Path) -> Mapping[str, Any]:
    compressed = model.suffix == ".gz"
    with model.open("rb") as file:
        head = file.read(_HEAD)
    text = (zlib.decompressobj(_GZIP).decompress(head, _HEAD) if compressed else head).decode("utf-8", "ignore")
    start = text.find('"metadata":') + len('"metadata":')
    try:
        metadata, _ = json.JSONDecoder().raw_decode(text, start + (len(text[start:]) - len(text[start:].lstrip())))
    except json.JSONDecodeError:
        metadata = _whole(model, compressed=compressed)["metadata"]
    found: Mapping[str, Any] = metadata
    return found


def _whole(model: Path, *, compressed: bool) -> Mapping[str, Any]:
    """For a model whose metadata do not stand in its head."""
    data = model.read_bytes()
    whole: Mapping[str, Any] = json.loads(zlib.decompress(data, _GZIP) if compressed else data)
    return whole


def _service(name: str, metadata: Mapping[str, Any]) -> Service:
    protocols = frozenset({metadata["protocol"], *metadata.get("protocols", ())})
    return Service(
        name=name,
        api_version=metadata["apiVersion"],
        protocols=protocols | _PROTOCOLS_OF_OLD.get(name, frozenset()),
        signing_name=metadata.get("signingName") or metadata["endpointPrefix"],
        target_prefix=metadata.get("targetPrefix", ""),
        tag=normalized_tag(metadata.get("serviceId", name)),
    )
