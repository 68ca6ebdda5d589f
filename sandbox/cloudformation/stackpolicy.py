"""Stack policies: which updates of which resources AWS refuses.

With a policy, what no statement allows is denied, and a denial outweighs what allows. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sandbox.cloudformation.impact import Impact, LogicalChange, Refusal
from sandbox.cloudformation.text import parse_document, read_document
from sandbox.errors import ConfigurationError

_ACTIONS: Mapping[Impact, tuple[str, ...]] = {
    Impact.WILL_UPDATE: ("Update:Modify",),
    Impact.MAY_REPLACE: ("Update:Modify", "Update:Replace"),
    Impact.WILL_REPLACE: ("Update:Replace",),
    Impact.WILL_DESTROY: ("Update:Delete",),
    Impact.WILL_ORPHAN: ("Update:Delete",),
}

_NESTED = "AWS::CloudFormation::Stack"
_MODIFY = ("Update:Modify",)
_INSIDE: Mapping[Impact, tuple[str, ...]] = {**dict.fromkeys(_ACTIONS, _MODIFY), Impact.WILL_CREATE: _MODIFY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    """``LogicalResourceId/…``; with ``NotResource``, those that it is not about."""
    inverted: bool
    types: tuple[str, ...]
    """Of the condition on ``ResourceType``; empty: any."""

    def is_about(self, action: str, logical_id: str, type_: str) -> bool:
        """Whether it speaks of an action on a resource."""
        named = any(
            fnmatchcase(f"LogicalResourceId/{logical_id}", pattern) or pattern == "*" for pattern in self.resources
        )
        typed = not self.types or any(fnmatchcase(type_, pattern) for pattern in self.types)
        return named is not self.inverted and typed and any(fnmatchcase(action, pattern) for pattern in self.actions)


StackPolicy = tuple[Statement, ...]


def read_stack_policy(path: Path) -> StackPolicy:
    """Read a stack policy.

    Raises:
        ConfigurationError: it cannot be read, or is none.
    """
    return _policy(read_document(path, "stack policy"), str(path))


def stack_policy_of(text: str, *, name: str) -> StackPolicy:
    """Parse the text of a stack policy; errors as `read_stack_policy`."""
    return _policy(parse_document(text.encode(), name=name), name)


def _policy(document: Any, name: str) -> StackPolicy:
    try:
        return tuple(_statement(item) for item in _list(document["Statement"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"The stack policy {name} is not valid: it needs statements with Effect, Action and Resource.",
            hint="aws cloudformation get-stack-policy prints one.",
        ) from error


def refused_by(policy: StackPolicy, changes: Iterable[LogicalChange]) -> Iterator[Refusal]:
    """Yield what the policy denies, or does not allow.

    It speaks of the resources of its own stack: a change inside a nested one modifies the nested stack.
    """
    for change in changes:
        _, key, *inner = change.address.split("/")
        of, type_ = (f"{key}, which it is in", _NESTED) if inner else ("it", change.type)
        for action in (_INSIDE if inner else _ACTIONS).get(change.impact, ()):
            about = [item for item in policy if item.is_about(action, key, type_)]
            if not about or not all(item.allows for item in about):
                yield Refusal(address=change.address, reason=f"the stack policy does not allow {action} of {of}")


def _statement(item: Any) -> Statement:
    conditions = item.get("Condition") or {}
    types = [kind for test in conditions.values() for kind in _list(test.get("ResourceType", []))]
    if item["Effect"] not in {"Allow", "Deny"}:
        raise ValueError(item["Effect"])
    return Statement(
        allows=item["Effect"] == "Allow",
        actions=tuple(map(str, _list(item["Action"]))),
        resources=tuple(map(str, _list(item["NotResource"] if "NotResource" in item else item["Resource"]))),
        inverted="NotResource" in item,
        types=tuple(map(str, types)),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
