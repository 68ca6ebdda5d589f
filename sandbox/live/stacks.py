"""A stack of a live account, read and never written: its template, parameters, nested stacks, and what is around it.

Every call goes through the forwarder, which lets only reads pass. What the credentials may not read is a gap that
names the missing action; where nothing can be known without it, an error.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloudformation.compare import NESTED
from sandbox.cloudformation.deployed import DeployedStack, Outside
from sandbox.cloudformation.tokens import untold
from sandbox.errors import ConfigurationError, SandtableError, UsageError
from sandbox.executors.cloudformation.body import BOOTSTRAP
from sandbox.live.account import region_of_stack
from sandbox.live.forwarder import Forwarder
from sandbox.live.gaps import is_denied
from sandbox.live.iam import action_of
from sandbox.live.templates import Source, source_of
from sandbox.live.upstream import Upstream
from sandbox.place import Place
from sandbox.ports import Progress
from sandbox.rehearsal import ApiCall, Gap, GapKind
from sandbox.targets.target import LiveStackTarget

_HIDDEN = "****"
"""What DescribeStacks says of a ``NoEcho`` parameter."""
_AT_REST = frozenset(
    """
    CREATE_COMPLETE UPDATE_COMPLETE UPDATE_ROLLBACK_COMPLETE IMPORT_COMPLETE IMPORT_ROLLBACK_COMPLETE
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_NOT_THERE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})
_GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
_NO_IMPORTS = "not imported by any stack"
_MOST_NAMES = 10
"""Names that one call of GetParameters takes."""
_MOST_PATHS = 5
_DEEPEST = 8
_AS_BEFORE = "it is taken to be what it was at the last deployment"
_PATIENCE = 300.0
"""Seconds for one answer, with everything that the forwarder waits when it is throttled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A resource that is not as its template says."""

    address: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackReading:
    """What was read of a stack."""

    stack: DeployedStack
    outside: Outside
    exports_known: bool
    """Whether `outside` has all exports of the region."""
    gaps: tuple[Gap, ...]
    drifts: tuple[Drift, ...]
    """As AWS last detected them."""
    calls: tuple[ApiCall, ...] = field(repr=False)


def read_stack(
    target: LiveStackTarget,
    *,
    progress: Progress,
    secrets: Mapping[str, str] = MappingProxyType({}),
    endpoint: str = "",
) -> StackReading:
    """Read a stack, with read-only calls.

    Args:
        target: Which one.
        progress: Told what is going on.
        secrets: Values of ``NoEcho`` parameters, where somebody knows them; those of others must be as deployed.
        endpoint: Instead of AWS's endpoints: where an engine that plays the account listens.

    Raises:
        UsageError: there is no such stack, no region is named, or a value is given that is not the deployed one.
        ConfigurationError: there are no credentials, or they may not read the stack at all; or its template cannot be
            read.
        SandtableError: the account gave no answer.
    """
    upstream = Upstream(target.profile, endpoint=endpoint)
    region = region_of_stack(target, upstream)
    upstream.credentials  # noqa: B018 - its error says more than a refused call's
    progress.phase(f"Reading the stack {target.stack}")
    with Forwarder(upstream) as forwarder:
        reader = _Reader(forwarder, region, secrets)
        stack = reader.root(target)
        exports = reader.exports()
        return StackReading(
            stack=stack,
            outside=Outside(exports=exports or {}, current=reader.current()),
            exports_known=exports is not None,
            gaps=tuple(reader.gaps),
            drifts=tuple(reader.drifts),
            calls=forwarder.calls,
        )


class _Reader:
    """One reading."""

    def __init__(self, forwarder: Forwarder, region: str, secrets: Mapping[str, str]) -> None:
        self.gaps: list[Gap] = []
        self.drifts: list[Drift] = []
        self._ask = _Asking(forwarder, region)
        self._region = region
        self._secrets = secrets
        self._family: set[str] = set()
        self._resolved: dict[str, str] = {}
        """Entries of the parameter store → what they held at the deployment."""

    def root(self, target: LiveStackTarget) -> DeployedStack:
        """Read the stack that is meant, and those inside it."""
        try:
            described = self._ask.first("describe_stacks", "Stacks", StackName=target.arn or target.stack)
        except ClientError as error:
            raise _unreadable(target.stack, self._region, error) from error
        if described["StackStatus"] in _NOT_THERE:
            raise _no_stack(target.stack, self._region)
        try:
            source = self._source(described)
        except ClientError as error:
            raise _unreadable(target.stack, self._region, error) from error
        self._require_same(source, described)
        stack = self._stack(target.stack, described, source)
        self._tell_state(target.stack, described)
        self._tell_untold(stack, source)
        return stack

    def exports(self) -> dict[str, str] | None:
        """What all stacks of the region export; None where that may not be read."""
        try:
            return {str(item["Name"]): str(item["Value"]) for item in self._ask.all("list_exports", "Exports")}
        except ClientError:
            return None

    def current(self) -> dict[str, str]:
        """What the entries of the parameter store hold now that parameters name: an update looks them up anew."""
        found: dict[str, str] = {}
        names = sorted(self._resolved)
        for start in range(0, len(names), _MOST_NAMES):
            try:
                answer = self._ask.once("get_parameters", service="ssm", Names=names[start : start + _MOST_NAMES])
            except ClientError as error:
                for name in names[start : start + _MOST_NAMES]:
                    self._gap(name, f"what the parameter store holds now is not known ({_why(error)}): {_AS_BEFORE}")
                continue
            found |= {str(item["Name"]): str(item["Value"]) for item in answer["Parameters"]}
            for name in answer.get("InvalidParameters", ()):
                self._gap(str(name), f"the parameter store has no such entry any more: {_AS_BEFORE}")
        return self._resolved | found

    def _stack(self, name: str, described: Mapping[str, Any], source: Source) -> DeployedStack:
        stack_id = str(described["StackId"])
        self._family.add(str(described["StackName"]))
        resources = self._resources(name, stack_id)
        self._tell_drift(name, described)
        given = {str(item["ParameterKey"]): item for item in described.get("Parameters", ())}
        resolved = {key: str(item["ResolvedValue"]) for key, item in given.items() if item.get("ResolvedValue")}
        values = {key: str(item.get("ParameterValue", "")) for key, item in given.items()}
        # Nothing in a stack depends on the version of the CDK's bootstrapping.
        self._resolved |= {values[key]: held for key, held in resolved.items() if key != BOOTSTRAP}
        is_root = "/" not in name
        return DeployedStack(
            name=name,
            place=_place(stack_id),
            template=source.text,
            values={key: self._value(key, text, source) for key, text in values.items()},
            resolved=resolved,
            nested=dict(self._nested(name, resources or ())),
            resources=None if resources is None else {item["LogicalResourceId"]: _physical(item) for item in resources},
            tags={str(item["Key"]): str(item["Value"]) for item in described.get("Tags", ())},
            importers=dict(self._importers(name, described)),
            policy=self._policy(name, stack_id) if is_root else "",
            termination_protection=bool(described.get("EnableTerminationProtection")),
        )

    def _nested(self, name: str, resources: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, DeployedStack]]:
        for item in resources:
            if item["ResourceType"] != NESTED or not _physical(item) or name.count("/") >= _DEEPEST:
                continue
            key = str(item["LogicalResourceId"])
            try:
                described = self._ask.first("describe_stacks", "Stacks", StackName=_physical(item))
                source = self._source(described)
            except ClientError as error:
                self._gap(f"{name}/{key}", f"this nested stack could not be read: {_why(error)}")
                continue
            yield key, self._stack(f"{name}/{key}", described, source)

    def _source(self, described: Mapping[str, Any]) -> Source:
        stack_id = str(described["StackId"])

        def template(stage: str) -> Any:
            return self._ask.once("get_template", StackName=stack_id, TemplateStage=stage)["TemplateBody"]

        values = {
            str(item["ParameterKey"]): str(item.get("ParameterValue", "")) for item in described.get("Parameters", ())
        }
        return source_of(template, name=f"of {described['StackName']}", values=values, region=self._region)

    def _resources(self, name: str, stack_id: str) -> list[Mapping[str, Any]] | None:
        try:
            found = self._ask.all("list_stack_resources", "StackResourceSummaries", StackName=stack_id)
        except ClientError as error:
            self._gap(name, f"which resources the stack has is not known: {_why(error)}")
            return None
        return [item for item in found if item["ResourceStatus"] not in _GONE]

    def _value(self, key: str, text: str, source: Source) -> str:
        if key in source.no_echo and text == _HIDDEN:
            return self._secrets.get(key, untold(key))
        return text

    def _policy(self, name: str, stack_id: str) -> str:
        try:
            return str(self._ask.once("get_stack_policy", StackName=stack_id).get("StackPolicyBody") or "")
        except ClientError as error:
            self._gap(name, f"whether a stack policy refuses an update is not known: {_why(error)}", blocking=False)
            return ""

    def _importers(self, name: str, described: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for output in described.get("Outputs", ()):
            export = output.get("ExportName")
            if not export:
                continue
            try:
                yield str(export), tuple(map(str, self._ask.all("list_imports", "Imports", ExportName=export)))
            except ClientError as error:
                if _NO_IMPORTS not in _message(error):
                    reason = f"which stacks import {export} is not known: {_why(error)}"
                    self._gap(name, reason, blocking=False)

    def _tell_drift(self, name: str, described: Mapping[str, Any]) -> None:
        status = (described.get("DriftInformation") or {}).get("StackDriftStatus", "NOT_CHECKED")
        if status == "NOT_CHECKED":
            self._gap(name, "AWS has not looked for drift: what was changed by hand in it is not known", blocking=False)
        if status not in {"DRIFTED", "UNKNOWN"}:
            return
        try:
            found = self._ask.all(
                "describe_stack_resource_drifts",
                "StackResourceDrifts",
                StackName=described["StackId"],
                StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            )
        except ClientError as error:
            self._gap(name, f"AWS has found drift in it, and where is not known: {_why(error)}")
            return
        self.drifts += [_drift(name, item) for item in found]

    def _tell_state(self, name: str, described: Mapping[str, Any]) -> None:
        if described["StackStatus"] not in _AT_REST:
            self._gap(name, f"the stack is in the state {described['StackStatus']}: AWS may refuse to update it")

    def _tell_untold(self, stack: DeployedStack, source: Source) -> None:
        names = sorted(key for key in source.no_echo if stack.values.get(key) == untold(key))
        if names:
            reason = (
                f"no account tells the value of a NoEcho parameter: a placeholder stands for {', '.join(names)}, and "
                "the change is taken to leave it as it is"
            )
            self._gap(stack.name, reason, blocking=False)

    def _require_same(self, source: Source, described: Mapping[str, Any]) -> None:
        """What is given beside secrets must be what the account tells."""
        told = {
            str(item["ParameterKey"]): str(item.get("ParameterValue", "")) for item in described.get("Parameters", ())
        }
        public = self._secrets.keys() & (told.keys() - source.no_echo)
        other = sorted(key for key in public if self._secrets[key] != told[key])
        if other:
            raise UsageError(
                f"The stack {described['StackName']} has other values of {', '.join(other)} than --target-parameters.",
                hint="Leave them out: of a deployed stack, only values of NoEcho parameters are not known.",
            )

    def _gap(self, subject: str, reason: str, *, blocking: bool = True) -> None:
        self.gaps.append(Gap(kind=GapKind.UNREADABLE, subject=subject, reason=reason, blocking=blocking))


class _Asking:
    """Calls, signed with the forwarder's dummy credentials."""

    def __init__(self, forwarder: Forwarder, region: str) -> None:
        self._forwarder = forwarder
        self._region = region
        self._session = botocore.session.Session()
        self._clients: dict[str, Any] = {}

    def once(self, operation: str, *, service: str = "cloudformation", **parameters: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self._client(service), operation)(**parameters)
        except BotoCoreError as error:
            raise SandtableError(
                f"AWS gave no answer: {error}.", hint="Check the network, the profile's region and its endpoint_url."
            ) from error
        return answer

    def first(self, operation: str, key: str, **parameters: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.once(operation, **parameters)[key][0]
        return found

    def all(self, operation: str, key: str, **parameters: Any) -> list[Any]:
        """What all pages hold."""
        found: list[Any] = []
        token: Mapping[str, str] = {}
        while True:
            page = self.once(operation, **parameters, **token)
            found += page.get(key, ())
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.create_client(
                service,
                region_name=self._region,
                endpoint_url=self._forwarder.endpoint,
                aws_access_key_id=self._forwarder.access_key_id,
                aws_secret_access_key="dummy",  # noqa: S106 - the forwarder signs anew
                config=Config(retries={"total_max_attempts": 1}, read_timeout=_PATIENCE),
            )
        return self._clients[service]


def _drift(name: str, item: Mapping[str, Any]) -> Drift:
    when = f", as AWS saw on {item['Timestamp']:%Y-%m-%d}" if item.get("Timestamp") else ""
    paths = [str(each["PropertyPath"]) for each in item.get("PropertyDifferences", ())]
    more = f" and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else ""
    gone = item["StackResourceDriftStatus"] == "DELETED"
    said = "it was deleted outside of the stack" if gone else "it was changed outside of the stack"
    about = f" ({', '.join(paths[:_MOST_PATHS])}{more})" if paths else ""
    return Drift(
        address=f"{name}/{item['LogicalResourceId']}",
        type=str(item["ResourceType"]),
        reason=f"{said}{when}{about}: the clone has it as the template says",
    )


def _place(stack_id: str) -> Place:
    region, account = stack_id.split(":")[3:5]
    return Place(account=account, region=region)


def _physical(item: Mapping[str, Any]) -> str:
    return str(item.get("PhysicalResourceId") or "")


def _message(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message") or "")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code") or "")


def _why(error: ClientError) -> str:
    if not is_denied(_code(error)):
        return f"the account answered {_code(error) or 'with an error'}"
    service = "ssm" if error.operation_name == "GetParameters" else "cloudformation"
    return f"the credentials lack {action_of(service, error.operation_name, _message(error))}"


def _unreadable(name: str, region: str, error: ClientError) -> SandtableError:
    if "does not exist" in _message(error):
        return _no_stack(name, region)
    if is_denied(_code(error)):
        return ConfigurationError(
            f"The stack {name} in {region} cannot be read: {_why(error)}.",
            hint="sandtable clone --target cloudformation-stack:NAME --print-read-policy prints what it takes.",
        )
    return SandtableError(
        f"The stack {name} in {region} cannot be read: {_why(error)}.",
        hint="Check the credentials, the region and the network.",
    )


def _no_stack(name: str, region: str) -> UsageError:
    return UsageError(
        f"There is no stack {name} in {region}.", hint="`aws cloudformation list-stacks` names them; check --region."
    )
