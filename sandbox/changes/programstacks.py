"""What a program has made of stacks (`cdk deploy`, `aws cloudformation deploy`).

An engine deploys stacks within itself: no recorded call tells what is made, and where AWS makes a resource anew, the
engine may change it in place. So what the stacks have is looked for by name, and what their templates have become is
compared by AWS's resource schemas, as for stacks that are rehearsed as such.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from sandbox.clones.scopes import CalledScopes
from sandbox.cloudformation.application import Application, application_of
from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.deployed import DeployedStack
from sandbox.cloudformation.impact import Impact
from sandbox.errors import SandtableError
from sandbox.inventory.scope import Scope
from sandbox.inventory.stack_services import services_of
from sandbox.place import Place
from sandbox.recorder.recorder import Scope as CalledScope
from sandbox.rehearsal import ApiCall, CallKind, Gap, GapKind
from sandbox.servicemodels import engine_session

_ERRORS = (BotoCoreError, ClientError, ResponseParserError, KeyError, IndexError)
"""What reading an engine's stack can end with."""
_NESTED = "AWS::CloudFormation::Stack"
_ANEW = {
    Impact.WILL_REPLACE: "by its resource schema AWS makes it anew",
    Impact.MAY_REPLACE: "by its resource schema AWS may make it anew",
}
_UNREAD = "a program has deployed the stack, and the engine does not tell what is in it"
_GONE = "does not exist"
"""In CloudFormation's answer about a stack that is not there (a ValidationError, API Reference, DescribeStacks)."""
_UNKNOWN = "a program has updated the stack, and what AWS makes anew by that is not known: {}"


class ProgramStacks:
    """The stacks that a program has written to, as the engine has them now.

    Args:
        endpoint: The engine's own.
        place: Account and region where no call tells others.
        calls: What the program called.
    """

    def __init__(self, endpoint: str, place: Place, calls: Sequence[ApiCall]) -> None:
        self._endpoint = endpoint
        self._session = engine_session()
        self._scopes: set[Scope] = set()
        written = [call for call in calls if call.service == "cloudformation" and call.kind is not CallKind.READ]
        written = [call for call in written if call.succeeded and _stack_of(call)]
        made = {_stack_of(call) for call in written if _makes(call)}
        self._updated = sorted({_stack_of(call) for call in written if _updates(call)} - made)
        callers = CalledScopes(endpoint, account=place.account)
        self._now: dict[str, DeployedStack] = {}
        self._unread: set[str] = set()
        for call in written:
            caller = CalledScope(service=call.service, region=call.region, access_key_id=call.access_key_id)
            (scope,) = callers.of([caller])
            found = self._read(_stack_of(call), Place(account=scope.account, region=scope.region))
            if found is not None:
                self._now[found.name] = found

    @property
    def scopes(self) -> frozenset[Scope]:
        """Where the resources of the stacks are."""
        return frozenset(self._scopes)

    def gaps(self, before: Application | None) -> Iterator[Gap]:
        """Yield what the engine alone does not prove about stacks that were there before.

        Args:
            before: The stacks of the target.
        """
        for name in self._updated:
            yield from self._gaps(name, before)
        for name in sorted(self._unread.difference(self._updated)):
            yield Gap(kind=GapKind.NOT_REHEARSED, subject=name, reason=_UNREAD)

    def _gaps(self, name: str, before: Application | None) -> Iterator[Gap]:
        now = self._now.get(name)
        if now is None or before is None or before.deployment(name) is None:
            why = "the engine does not tell its template" if now is None else "the target does not tell its template"
            yield Gap(kind=GapKind.NOT_REHEARSED, subject=name, reason=_UNKNOWN.format(why))
            return
        was = {key: stack for key, stack in before.stacks.items() if key.partition("/")[0] == name}
        try:
            comparison = compare_stacks(was, application_of([now], before.outside).stacks, region=now.place.region)
        except SandtableError as error:
            yield Gap(kind=GapKind.NOT_REHEARSED, subject=name, reason=_UNKNOWN.format(error.message))
            return
        yield from comparison.gaps
        for refusal in comparison.refusals:
            reason = f"AWS refuses the update: {refusal.reason}"
            yield Gap(kind=GapKind.NOT_REHEARSED, subject=refusal.address, reason=reason)
        for change in comparison.changes:
            if change.impact in _ANEW:
                reason = f"{_ANEW[change.impact]}; what a program does to a stack is seen as the engine does it"
                yield Gap(kind=GapKind.NOT_REHEARSED, subject=change.address, reason=reason)

    def _read(self, name: str, place: Place) -> DeployedStack | None:
        client = self._session.create_client(
            "cloudformation",
            region_name=place.region,
            endpoint_url=self._endpoint,
            aws_access_key_id=place.account,
            aws_secret_access_key="clone",  # noqa: S106 - engines accept any
        )
        try:
            return self._stack(client, name, name, place)
        except _ERRORS as error:
            if not (isinstance(error, ClientError) and _GONE in str(error)):
                self._unread.add(name)
            # Deleted by now: what it had is gone with it, which the clone shows.
            return None

    def _stack(self, client: Any, name: str, stack: str, place: Place) -> DeployedStack:
        described = client.describe_stacks(StackName=stack)["Stacks"][0]
        body = client.get_template(StackName=stack)["TemplateBody"]
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
        nested = {}
        for item in (item for page in pages for item in page["StackResourceSummaries"]):
            key, physical = item["LogicalResourceId"], item.get("PhysicalResourceId") or ""
            self._scopes |= _scopes(item["ResourceType"], place)
            if item["ResourceType"] == _NESTED and physical:
                nested[key] = self._stack(client, f"{name}/{key}", physical, place)
        return DeployedStack(
            name=name,
            place=place,
            template=body if isinstance(body, str) else json.dumps(body),
            values=dict(_values(described.get("Parameters") or ())),
            nested=nested,
        )


def _scopes(type_: str, place: Place) -> set[Scope]:
    return {
        Scope(service=service, region=place.region, access_key_id=place.account, account=place.account)
        for service in services_of(type_)
        if service != "cloudformation"
    }


def _values(parameters: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for item in parameters:
        yield item["ParameterKey"], item.get("ParameterValue", "")


def _stack_of(call: ApiCall) -> str:
    """The name of the stack that a call is about; of an ARN (``…:stack/NAME/ID``), the name in it."""
    named = call.parameters.get("StackName")
    if not isinstance(named, str):
        return ""
    return named.split("/")[1] if named.startswith("arn:") and "/" in named else named


def _makes(call: ApiCall) -> bool:
    is_new = call.operation == "CreateChangeSet" and call.parameters.get("ChangeSetType") == "CREATE"
    return is_new or call.operation == "CreateStack"


def _updates(call: ApiCall) -> bool:
    return call.operation in {"UpdateStack", "CreateChangeSet"}
