"""What may leave for a live account: descriptions, by name, and nothing else.

An operation passes if two independent judgements agree: the recorder's knowledge of what an operation can change
(`sandbox.recorder.kinds`), and a short list of verbs. Reads whose purpose is to hand out secrets, credentials or data
are taken out again. Whatever is not recognised does not pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import parse_qsl, urlencode

from sandbox.inventory.operations import available_services
from sandbox.recorder.exchange import Request
from sandbox.recorder.identify import Identification, Protocol
from sandbox.recorder.kinds import kind_of
from sandbox.rehearsal import CallKind

_VERBS = re.compile(r"(?:Get|List|Describe|Head|BatchGet|BatchDescribe)[A-Z]")
_SECRETS = re.compile(
    r"SecretValue|Password(?!Polic)|PasswordData|SessionToken|FederationToken|AuthorizationToken|AccessToken|OpenIdToken"
    r"|ClusterCred|GetCredentials|CredentialsFor|RoleCredentials|GetCredentialReport|SigninToken|DataKey|ClientSecrets?$"
    r"|DownloadUrl|Presigned|SignedUrl|ConsoleOutput|ConsoleScreenshot|GetConsole|WorkloadAccess|ApiKeyValue"
    r"|ParametersForImport|RandomPassword|AccessGrantsInstance.*Data|DataAccess|AccessDetails"
)
_DATA = re.compile(
    r"GetObject(Torrent)?$|ListObjects|ListObjectVersions|ListParts|GetItem$|BatchGetItem|TransactGet|GetRecords|ShardIterator"
    r"|LogEvents|DescribeLogStreams|GetLogRecord|GetLogObject|QueryResults|GetStatementResult|MetricData|MetricStatistics"
    r"|MetricWidget|ListMetrics$|ListExecutions|ExecutionHistory|GetActivityTask|CommandInvocation|ListCommands|DescribeImageScan"
    r"|ListImages$|DescribeImages$|BatchGetImage|GetBlob$|GetFile$|GetFolder$|GetMedia|GetClip|Thumbnail|GetTranscript"
    r"|LookupEvents|DescribeEvents|GetInventory$|StackEvents|ListUsers(InGroup)?$|AdminGetUser|ListMessages|GetMessage"
    r"|GetSampledRequests|GetExport$|GetSdk$|CostAndUsage|GetCost|Forecast|ListStackInstances|DriftDetection"
)
_OTHERWISE = frozenset(
    {
        "ec2:DescribeImages",  # machine images, not the images of a repository
        "elasticache:DescribeUsers",
        "iam:ListUsers",  # principals, not the people in a user pool
        "mq:ListUsers",
        "transfer:ListUsers",
    }
)
"""Operations that a pattern above takes for something else."""
_PARAMETERS = frozenset({"GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"})
_WITH_KEY = frozenset({"GetApiKey", "GetApiKeys"})


_METHODS = frozenset({"GET", "HEAD", "POST"})
"""Some services' lists are POST requests by their model."""
_OVERRIDES = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})


class Refusal(Enum):
    """Why a call does not leave."""

    UNKNOWN = "it was not recognised"
    WRITE = "it is not a read"
    SECRET = "it would hand out a secret"  # noqa: S105 - a reason
    DATA = "it would read data, not a description"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A call as it may leave."""

    request: Request
    changed: bool = False
    """Whether it asked for a secret beside the description, and does not any more."""


def judge(request: Request, identification: Identification) -> Passed | Refusal:
    """Say whether a call may leave for a live account, and in which form."""
    service, operation = identification.service, identification.operation
    is_known = service in available_services() and bool(operation) and request.complete
    if not is_known or _is_ambiguous(request, operation):
        return Refusal.UNKNOWN
    refusal = refusal_of(service, operation)
    if refusal is not None:
        return refusal
    rest = identification.protocol in {Protocol.REST_JSON, Protocol.REST_XML}
    if rest and request.method not in _METHODS:
        return Refusal.WRITE
    return _without_secrets(request, service, operation)


def refusal_of(service: str, operation: str) -> Refusal | None:
    """Why an operation may never leave; None where it may."""
    if kind_of(service, operation) is not CallKind.READ or not _VERBS.match(operation):
        return Refusal.WRITE
    if f"{service}:{operation}" in _OTHERWISE:
        return None
    if _SECRETS.search(operation):
        return Refusal.SECRET
    return Refusal.DATA if _DATA.search(operation) else None


def _is_ambiguous(request: Request, operation: str) -> bool:
    """Whether a request names more than one operation, so that AWS might take it for another one than is judged."""
    pairs = [*request.query_items]
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        pairs += parse_qsl(request.text, keep_blank_values=True)
    actions = [value for name, value in pairs if name == "Action"]
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    named = {*actions, target} - {""}
    return len(actions) > 1 or not named <= {operation} or bool(_OVERRIDES & request.headers.keys())


def _without_secrets(request: Request, service: str, operation: str) -> Passed | Refusal:
    """Descriptions that bring a secret along when asked to: without the asking."""
    if service == "ssm" and operation in _PARAMETERS:
        return _undecrypted(request)
    if service == "apigateway" and operation in _WITH_KEY:
        return _without_query(request, {"includeValue", "includeValues"})
    return Passed(request=request)


def _undecrypted(request: Request) -> Passed | Refusal:
    try:
        body = json.loads(request.content)
    except (ValueError, RecursionError):
        return Refusal.UNKNOWN
    if not isinstance(body, Mapping):
        return Refusal.UNKNOWN
    # Said, not left out: the answer is the same, and the call shows that it was meant.
    content = json.dumps({**body, "WithDecryption": False}).encode()
    headers = {name: value for name, value in request.headers.items() if name != "content-encoding"}
    changed = bool(body.get("WithDecryption"))
    return Passed(request=replace(request, body=content, body_size=len(content), headers=headers), changed=changed)


def _without_query(request: Request, names: set[str]) -> Passed:
    path, _, query = request.target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name not in names]
    if len(kept) == len(pairs):
        return Passed(request=request)
    target = f"{path}?{urlencode(kept)}" if kept else path
    return Passed(request=replace(request, target=target), changed=True)
