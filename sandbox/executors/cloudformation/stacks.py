"""Stacks on an engine: created, changed by a change set that is looked at and then executed, deleted.

Whatever the engine answers is data: a stack that could not be made is a result with a reason. A type that the engine
does not know is left out of the template, with what refers to it, and named.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from diffing.change import Replacement
from sandbox.cloudformation.application import Deployment
from sandbox.errors import EngineError
from sandbox.executors.cloudformation.body import document_of
from sandbox.place import Place
from sandbox.servicemodels import engine_session

CHANGE_SET = "sandtable"
BUCKET = "sandtable-templates"
"""Holds templates while a stack is deployed; it is gone afterwards."""
EXPORTS = "sandtable-exports"
"""Begins the names of stacks that stand for those which the clone does not have and the target imports from."""
_MOST_OUTPUTS = 150
_NOTHING_MUCH = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
"""A stack must have a resource."""
MOST_INLINE = 51_200
"""Bytes of a template that a call may carry (CloudFormation's quota)."""
_BUCKETS_REGION = "us-east-1"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_PAUSE = 0.05
_MOST_ATTEMPTS = 5
_LACKING = re.compile(r"Unrecognized resource types: \[([^\]]*)\]")
_NOTHING = ("didn't contain changes", "no updates are to be performed")
_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
"""What a call can end with; some engines answer with pages in HTML."""
_REPLACEMENTS = {"True": Replacement.YES, "False": Replacement.NO, "Conditional": Replacement.CONDITIONAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    """One resource of a deployed stack."""

    address: str
    type: str
    physical_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What came of one stack."""

    succeeded: bool
    reason: str = ""
    """Why it failed, in the engine's words."""
    failed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Logical id → why it could not be made or changed."""
    left_out: tuple[str, ...] = ()
    """Types that the engine does not know."""
    announced: Mapping[str, Replacement] = field(default_factory=lambda: MappingProxyType({}))
    """What the change set said of each resource that it modifies, by logical id."""


class Stacks:
    """The CloudFormation of one engine.

    Args:
        endpoint: The recorder's, or the engine's own.
        remaining: Tells how many seconds are left for everything.
    """

    def __init__(self, endpoint: str, *, remaining: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._remaining = remaining
        self._session = engine_session()
        self._clients: dict[tuple[str, Place], Any] = {}

    def export(self, values: Mapping[str, str], place: Place) -> None:
        """Have stacks of this tool's own export values, as those that are not in the clone do.

        Raises:
            EngineError: the engine does not.
        """
        client = self._client("cloudformation", place)
        names = sorted(values)
        for start in range(0, len(names), _MOST_OUTPUTS):
            outputs = {
                f"Export{number}": {"Value": values[name], "Export": {"Name": name}}
                for number, name in enumerate(names[start : start + _MOST_OUTPUTS])
            }
            body = json.dumps({"Resources": _NOTHING_MUCH, "Outputs": outputs})
            try:
                made = client.create_stack(StackName=f"{EXPORTS}-{start // _MOST_OUTPUTS}", TemplateBody=body)
                ended = self._ended(client, made["StackId"])
            except _ERRORS as error:
                raise _no_exports(_text(error)) from error
            if not ended.succeeded:
                raise _no_exports(ended.reason)

    def deploy(self, deployment: Deployment) -> Deployed:
        """Create the stack, or change it where it exists."""
        left_out: tuple[str, ...] = ()
        for _ in range(_MOST_ATTEMPTS):
            found = self._attempt(deployment, left_out)
            lacking = () if found.succeeded else _lacking(found.reason)
            if not set(lacking) - set(left_out):
                break
            left_out = tuple(sorted({*left_out, *lacking}))
        return found

    def delete(self, name: str, place: Place) -> Deployed:
        """Delete a stack."""
        client = self._client("cloudformation", place)
        try:
            stack_id = client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
            client.delete_stack(StackName=name)
            return self._ended(client, stack_id)
        except _ERRORS as error:
            return Deployed(succeeded=False, reason=_text(error))

    def resources(self, deployment: Deployment) -> Iterator[StackResource]:
        """Yield what a stack has, nested ones included; nothing where there is none."""
        yield from self._resources(deployment.name, deployment.name, deployment)

    def _resources(self, name: str, stack: str, deployment: Deployment) -> Iterator[StackResource]:
        client = self._client("cloudformation", deployment.place)
        try:
            pages = list(client.get_paginator("list_stack_resources").paginate(StackName=stack))
        except _ERRORS:
            return
        for item in (item for page in pages for item in page["StackResourceSummaries"]):
            physical = item.get("PhysicalResourceId") or ""
            key, status = item["LogicalResourceId"], item.get("ResourceStatus", "")
            if status.startswith("DELETE") or not physical:
                continue
            yield StackResource(address=f"{name}/{key}", type=item["ResourceType"], physical_id=physical)
            if key in deployment.nested:
                yield from self._resources(f"{name}/{key}", physical, deployment.nested[key])

    def _attempt(self, deployment: Deployment, left_out: tuple[str, ...]) -> Deployed:
        client = self._client("cloudformation", deployment.place)
        shelf = _Shelf(self._client("s3", replace(deployment.place, region=_BUCKETS_REGION)), self._endpoint)
        try:
            request = self._request(deployment, shelf, left_out)
            found = (
                self._change(client, request)
                if self._exists(client, deployment.name)
                else self._create(client, request)
            )
        except _ERRORS as error:
            found = Deployed(succeeded=False, reason=_text(error))
        finally:
            shelf.clear()
        return replace(found, left_out=left_out)

    def _request(self, deployment: Deployment, shelf: _Shelf, left_out: tuple[str, ...]) -> dict[str, Any]:
        urls = {
            key: shelf.put(nested.name, self._document(nested, shelf, left_out))
            for key, nested in deployment.nested.items()
        }
        document = document_of(deployment, urls=urls, left_out=left_out)
        body = json.dumps(document)
        declared = document.get("Parameters") or {}
        return {
            "StackName": deployment.name,
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in {**deployment.values, **deployment.resolved}.items()
                if name in declared
            ],
            "Capabilities": _CAPABILITIES,
            "Tags": [{"Key": key, "Value": value} for key, value in deployment.tags.items()],
        } | (
            {"TemplateBody": body}
            if len(body.encode()) <= MOST_INLINE
            else {"TemplateURL": shelf.put(deployment.name, document)}
        )

    def _document(self, deployment: Deployment, shelf: _Shelf, left_out: tuple[str, ...]) -> dict[str, Any]:
        urls = {
            key: shelf.put(nested.name, self._document(nested, shelf, left_out))
            for key, nested in deployment.nested.items()
        }
        return document_of(deployment, urls=urls, left_out=left_out)

    def _exists(self, client: Any, name: str) -> bool:
        try:
            stacks = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError:
            return False
        return bool(stacks) and stacks[0]["StackStatus"] != "DELETE_COMPLETE"

    def _create(self, client: Any, request: dict[str, Any]) -> Deployed:
        made = client.create_stack(**request, OnFailure="DO_NOTHING")
        return self._ended(client, made["StackId"])

    def _change(self, client: Any, request: dict[str, Any]) -> Deployed:
        # Of its own for each change: AWS removes a change set that was carried out, engines may keep it.
        named = {"StackName": request["StackName"], "ChangeSetName": f"{CHANGE_SET}-{uuid.uuid4().hex[:8]}"}
        client.create_change_set(**request | named, ChangeSetType="UPDATE")
        described = self._described(client, named)
        reason = described.get("StatusReason", "")
        if described["Status"] == "FAILED":
            harmless = any(text in reason.lower() for text in _NOTHING)
            return Deployed(succeeded=harmless, reason="" if harmless else reason)
        announced = dict(_announced(described))
        stack_id = described.get("StackId", named["StackName"])
        client.execute_change_set(**named)
        ended = self._ended(client, stack_id)
        return replace(ended, announced=announced)

    def _described(self, client: Any, named: Mapping[str, str]) -> Mapping[str, Any]:
        while True:
            pages = list(client.get_paginator("describe_change_set").paginate(**named))
            status = pages[0]["Status"]
            if status in {"CREATE_COMPLETE", "FAILED"} or self._remaining() <= 0:
                changes = [change for page in pages for change in page.get("Changes", [])]
                return {**pages[0], "Changes": changes}
            time.sleep(_PAUSE)

    def _ended(self, client: Any, stack_id: str) -> Deployed:
        """Wait for a stack to come to rest."""
        while True:
            try:
                stack = client.describe_stacks(StackName=stack_id)["Stacks"][0]
            except ClientError:
                # A deleted stack may no longer be known, even by its id.
                return Deployed(succeeded=True)
            status = stack["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                break
            if self._remaining() <= 0:
                return Deployed(succeeded=False, reason="it did not end in the time allowed")
            time.sleep(_PAUSE)
        if status.endswith("_COMPLETE") and "ROLLBACK" not in status:
            return Deployed(succeeded=True)
        return Deployed(
            succeeded=False,
            reason=f"{status}: {stack.get('StackStatusReason', '')}".removesuffix(": "),
            failed=dict(_failures(client, stack_id)),
        )

    def _client(self, service: str, place: Place) -> Any:
        key = service, place
        if key not in self._clients:
            self._clients[key] = self._session.create_client(
                service,
                region_name=place.region,
                endpoint_url=self._endpoint,
                aws_access_key_id=place.account,
                aws_secret_access_key="clone",  # noqa: S106 - engines accept any
                config=Config(
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path"},
                    read_timeout=max(1.0, min(120.0, self._remaining())),
                ),
            )
        return self._clients[key]


class _Shelf:
    """A bucket on the engine for templates that do not go into a call; made when it is needed."""

    def __init__(self, client: Any, endpoint: str) -> None:
        self._client = client
        self._endpoint = endpoint
        self._keys: list[str] = []

    def put(self, name: str, document: Mapping[str, Any]) -> str:
        """Put a template there; return its URL.

        The URL follows from the content, as an asset's does: under the same one, an engine takes a nested stack for
        unchanged.
        """
        if not self._keys:
            self._client.create_bucket(Bucket=BUCKET)
        body = json.dumps(document).encode()
        key = f"{name.replace('/', '-')}-{hashlib.sha256(body).hexdigest()[:16]}.json"
        self._client.put_object(Bucket=BUCKET, Key=key, Body=body)
        self._keys.append(key)
        return f"{self._endpoint}/{BUCKET}/{key}"

    def clear(self) -> None:
        """Remove everything, so that no inventory shows it."""
        for key in self._keys:
            self._client.delete_object(Bucket=BUCKET, Key=key)
        if self._keys:
            self._client.delete_bucket(Bucket=BUCKET)
        self._keys.clear()


def _no_exports(reason: str) -> EngineError:
    return EngineError(
        f"The engine does not take the exports of other stacks: {reason}"[:500], hint="Use --engine ministack."
    )


def _lacking(reason: str) -> tuple[str, ...]:
    found = _LACKING.search(reason)
    return tuple(name.strip() for name in found[1].split(",") if name.strip()) if found else ()


def _announced(described: Mapping[str, Any]) -> Iterator[tuple[str, Replacement]]:
    for change in described["Changes"]:
        resource = change.get("ResourceChange") or {}
        replacement = _REPLACEMENTS.get(str(resource.get("Replacement")))
        if resource.get("Action") == "Modify" and replacement is not None:
            yield resource["LogicalResourceId"], replacement


def _failures(client: Any, stack_id: str) -> Iterator[tuple[str, str]]:
    """Yield the resources at which it failed, without those that were cancelled because of them."""
    try:
        events = client.describe_stack_events(StackName=stack_id)["StackEvents"]
    except _ERRORS:
        return
    for event in reversed(events):
        reason = event.get("ResourceStatusReason", "")
        failed = event.get("ResourceStatus", "").endswith("_FAILED") and "cancelled" not in reason.lower()
        if failed and event.get("PhysicalResourceId") != stack_id:
            yield event["LogicalResourceId"], reason


def _text(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message") or error)
    if isinstance(error, ResponseParserError):
        return "its answer is none of CloudFormation's (an error of its own)"
    return f"{type(error).__name__}: {error}"[:500]
