"""Which operations of a service may be called: reads only, never for secrets or payloads, no catalogues of AWS's own.

botocore's service models name 17,000 operations and mark none as a read. The names do (List, Describe, Get), with
exceptions: reads that hand out credentials or secrets, that consume what they read, that are billed per call, or
that return data instead of descriptions. Those are excluded here, by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import botocore.parsers
import botocore.serialize
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.model import OperationModel
from botocore.session import Session

from sandbox.inventory.kinds import normal
from sandbox.servicemodels import model_session

_READ = re.compile(r"^(List|Describe|Get)[A-Z]")
_OTHER_READS = frozenset({"BatchGetProjects", "BatchGetReportGroups", "Scan"})
"""Reads under other names; ``Scan`` is called only by a row of ``stakes``, and there only to count."""

_SECRETS = re.compile(
    r"Token(?!s?Config)|ClientSecrets$|Credential(?!s?Provider)|Password(?!Policy)|SecretValue|^GetRandom|DataKey|PasswordData"
    r"|AccessKeyInfo|GetParametersForImport|DownloadUrl|Presigned|SignedUrl|CallerIdentity|SessionToken|^GetClusterCred"
    r"|^GetId$|^GetConsole|Screenshot|^GetSdk|^GetExport$"
)
_CONSUMING_OR_BILLED = re.compile(
    r"ActivityTask|ShardIterator|^GetRecords|Sampling|Cost|Pricing|Forecast|Recommend|Estimate|^GetWork|SubscribeToShard"
    r"|^GetDeployablePatch|^GetStatement|ServiceLastAccessed|DriftDetection"
)
_DATA = re.compile(
    r"^GetObject(Torrent)?$|^GetItem$|^Get(Blob|File|Folder|Thumbnail|Attachment|MessageTemplate)$|^GetMetric(Data|Stat|Widget)|^ListMetrics$|LogEvents|QueryResults|^GetQuery(Status|Execution)?$"
    r"|Events$|LookupEvents|Insight(Results|Events)|Statistics|GetLogRecord|GetLogObject|^GetTranscript|^GetContent"
    r"|^GetInventory$|^GetMedia|^GetClip|^GetDataEndpoint|^GetDocument$|LayerAvailability|^GetLogFields|^ListParts$"
)
_CATALOGUES = re.compile(
    r"Offerings?$|Orderable|PriceHistory|EngineVersions?$|^DescribeInstanceTypes|^DescribeRegions|(?<!Hosted)Zones$"
    r"|EndpointServices$|EngineDefault|SourceRegions|AvailablePatches|FpgaImages|ManagedRule|SecurityPolicies|SSLPolic"
    r"|AccountLimits|Quota|ServiceUpdates|AddonVersions|AddonConfiguration|IdFormat|GeoLocation|^ListAWS|IpRanges"
    r"|AdjustmentTypes|History$|CompatibleVersions|CompatibleKafka|LogGroupFields|^Describe.*Types$|^ListFoundation"
    r"|Catalog$|ClusterVersions|CheckerIp|CustomizableProp|Blueprints$|^ListVersions$|ListKafkaVersions|EventCategories"
    r"|^DescribeAccountAttributes$|^DescribeEndpoints$|^DescribeLimits$|Jobs?(Run|Summar)|ListActionTypes"
    r"|ListRuleTypes|ReleaseLabel|SolutionStack|PlatformVersion|PlatformBranch|SupportedResourceTypes|ReservedNode"
    r"|ReservedCacheNode|ReservedInstances|ReservedDBInstances|PendingMaintenance|Insights$|TypeVersions|ListTypes$"
)

_PAGING_TOKENS = ("nexttoken", "marker", "nextmarker", "position", "pagetoken")


@dataclass(frozen=True, slots=True)
class ReadOperation:
    """One operation that may be called."""

    name: str
    model: OperationModel
    required: tuple[str, ...]
    members: Mapping[str, Any]
    """Shapes of the request's members."""
    answer: Mapping[str, Any]
    """Shapes of the answer's members."""
    paginator: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Service:
    """What is needed to read one service."""

    name: str
    signing_name: str
    protocol: str
    """botocore's name of how it speaks: ``rest-xml``."""
    cfn_name: str
    """The service's part of a type name: ``EC2``."""
    serializer: Any
    parser: Any
    operations: Mapping[str, ReadOperation]


@cache
def available_services() -> frozenset[str]:
    """Every service that there is a model for."""
    return frozenset(_session().get_available_services())


@cache
def load_service(name: str) -> Service | None:
    """The service's reads; None for a service that there is no model for. Loaded once per process."""
    try:
        model = _session().get_service_model(name)
    except UnknownServiceError:
        return None
    protocol = model.resolved_protocol
    pages = _paginators(name)
    operations = {}
    for operation in sorted(model.operation_names):
        if _may_be_called(operation) and (read := _read_operation(model.operation_model(operation), pages)):
            operations[operation] = read
    return Service(
        name=name,
        signing_name=model.signing_name,
        protocol=str(protocol),
        cfn_name=re.sub(r"[^A-Za-z0-9]", "", str(model.service_id)),
        serializer=botocore.serialize.create_serializer(protocol, include_validation=False),
        parser=botocore.parsers.create_parser(protocol),
        operations=MappingProxyType(operations),
    )


def _may_be_called(operation: str) -> bool:
    if operation in _OTHER_READS:
        return True
    excluded = (_SECRETS, _CONSUMING_OR_BILLED, _DATA, _CATALOGUES)
    return bool(_READ.match(operation)) and not any(pattern.search(operation) for pattern in excluded)


def _read_operation(model: OperationModel, pages: Mapping[str, Any]) -> ReadOperation | None:
    if model.output_shape is None or model.has_event_stream_output or model.has_streaming_output:
        return None
    shape = model.input_shape
    members = {} if shape is None else shape.members
    return ReadOperation(
        name=model.name,
        model=model,
        required=() if shape is None else tuple(shape.required_members),
        members=members,
        answer=model.output_shape.members,
        paginator=pages.get(model.name) or _guess_paginator(model.output_shape.members, members),
    )


def _guess_paginator(answer: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any] | None:
    """Pages of operations that botocore has no paginator for: a token in the answer that the request has, too."""
    lists = [name for name, shape in answer.items() if shape.type_name == "list"]
    for name, shape in answer.items():
        if normal(name) in _PAGING_TOKENS and name in members and shape.type_name == "string" and lists:
            return {"input_token": name, "output_token": name, "result_key": lists}
    return None


def _paginators(service: str) -> Mapping[str, Any]:
    try:
        pages = _session().get_component("data_loader").load_service_model(service, "paginators-1")
    except DataNotFoundError:
        return {}
    pagination: Mapping[str, Any] = pages["pagination"]
    return pagination


@cache
def _session() -> Session:
    return model_session()
