"""What an IAM policy document grants, and whether another document grants more.

Source: AWS IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic": an explicit Deny wins,
otherwise an Allow that matches principal, action, resource and condition.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

ANY = "*"
_NEGATED = "Not"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """One principal, action and resource of one statement; `NotX` elements are kept with their name in front."""

    effect: str
    principal: str
    action: str
    """Lower case: IAM compares actions without case."""
    resource: str
    condition: str
    """Canonical JSON, empty for no condition."""

    @property
    def broad(self) -> bool:
        """Whether it allows everything of a service, or everything of everybody."""
        if self.effect != "Allow":
            return False
        everything = self.action == ANY or self.action.endswith(":*") or self.action.startswith("not:")
        anywhere = self.resource in {ANY, ""} or self.resource.startswith("not:")
        anybody = self.principal in {"*", "AWS:*"} and not self.condition
        return anybody or (everything and anywhere and not self.principal)

    def __str__(self) -> str:
        who = f"{self.principal} " if self.principal else ""
        where = f" on {self.resource}" if self.resource else ""
        return f"{who}{self.action}{where}{' under a condition' if self.condition else ''}"


def grants(document: str) -> frozenset[Grant] | None:
    """Read a policy document; None where it is not one."""
    try:
        parsed = json.loads(document)
    except ValueError:
        return None
    if not isinstance(parsed, dict) or "Statement" not in parsed:
        return None
    return frozenset(grant for statement in _listed(parsed["Statement"]) for grant in _of_statement(statement))


def widened(before: frozenset[Grant], after: frozenset[Grant]) -> tuple[Grant, ...]:
    """Return what is allowed afterwards and was not before: new Allows, and Denies that are gone (as such)."""
    allowed = [grant for grant in after if grant.effect == "Allow" and not any(covers(old, grant) for old in before)]
    undenied = [grant for grant in before if grant.effect == "Deny" and grant not in after]
    return tuple(sorted(allowed) + sorted(undenied))


def covers(wide: Grant, narrow: Grant) -> bool:
    """Whether everything that `narrow` allows, `wide` allows too. Errs on the side of no."""
    return (
        wide.effect == narrow.effect
        and wide.condition in {"", narrow.condition}
        and _matches(wide.principal, narrow.principal)
        and _matches(wide.action, narrow.action)
        and _matches(wide.resource, narrow.resource)
    )


def _matches(pattern: str, text: str) -> bool:
    if pattern == text:
        return True
    negated = pattern.startswith("not:") or text.startswith("not:")
    return not negated and fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _of_statement(statement: Any) -> Iterator[Grant]:
    if not isinstance(statement, dict):
        return
    condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
    for principal in _principals(statement):
        for action in _element(statement, "Action"):
            for resource in _element(statement, "Resource"):
                yield Grant(
                    effect=str(statement.get("Effect", "")),
                    principal=principal,
                    action=action.lower(),
                    resource=resource,
                    condition=condition,
                )


def _element(statement: dict[str, Any], name: str) -> Iterable[str]:
    if f"{_NEGATED}{name}" in statement:
        return ["not:" + ",".join(sorted(str(item) for item in _listed(statement[f"{_NEGATED}{name}"])))]
    return [str(item) for item in _listed(statement.get(name, ""))]


def _principals(statement: dict[str, Any]) -> Iterable[str]:
    if "NotPrincipal" in statement:
        return ["not:" + json.dumps(statement["NotPrincipal"], sort_keys=True)]
    principal = statement.get("Principal", "")
    if isinstance(principal, dict):
        return [f"{kind}:{item}" for kind, items in principal.items() for item in _listed(items)]
    return [str(principal)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
