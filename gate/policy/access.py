"""What an IAM policy document grants, and whether another document grants more.

Source: AWS IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic": an explicit Deny wins,
otherwise an Allow that matches principal, action, resource and condition. What is public follows Amazon S3 User Guide,
"The meaning of public". Wherever two ways of writing cannot be compared, they count as different.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from diffing.record import dataclass, field
from diffing.values import Marker
from gate.policy.condition import Conditions, conditions, names_callers, narrower

ANY = "*"
DOCUMENTS = frozenset(
    {
        "access_policies",
        "access_policy",
        "assume_role_policy",
        "delivery_destination_policy",
        "inline_policy",
        "policy",
        "policy_document",
        "repository_policy",
        "resource_policy",
    }
)
"""Attributes that hold policy documents."""
_NOT = "not:"
# Compiled by the first that asks: most changes have nobody ask.
_ACCOUNT = r"AWS:(?:arn:aws[a-z-]*:(?:iam|sts)::)?(\d{12})(?::.*)?"
_ROOT = r"arn:aws[a-z-]*:iam::(\d{12}):root"
_PATTERN = r"[*?]"
_ESCAPED = r"\$\{[^}]*[*?][^}]*\}"
"""A policy variable that stands for a literal ``*`` or ``?``, or has one in its default."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """One principal, action and resource of one statement; `NotX` elements are kept with ``not:`` in front."""

    effect: str
    principal: str
    """``*``, ``AWS:123456789012``, ``AWS:arn:…``, ``Service:…``; empty in a policy of an identity."""
    action: str
    """Lower case: IAM compares actions without case."""
    resource: str
    condition: Conditions = field(default=())

    @property
    def everybody(self) -> bool:
        """Whether anyone at all gets it: no condition says who the caller must be."""
        anyone = self.principal == ANY or self.principal.startswith(_NOT)
        federated = self.principal.startswith("Federated:") and not self.condition
        return self.effect == "Allow" and (federated or (anyone and not names_callers(self.condition)))

    @property
    def everything(self) -> bool:
        """Whether it allows an identity everything of a service, or more."""
        all_actions = self.action == ANY or self.action.endswith(":*") or self.action.startswith(_NOT)
        anywhere = self.resource in {ANY, ""} or self.resource.startswith(_NOT)
        return self.effect == "Allow" and all_actions and anywhere and not self.principal

    @property
    def account(self) -> str:
        """The AWS account that the principal is or belongs to; empty where it names none."""
        match = re.fullmatch(_ACCOUNT, self.principal)
        return match[1] if match else ""

    def __str__(self) -> str:
        who = f"{self.principal} " if self.principal else ""
        where = f" on {self.resource}" if self.resource else ""
        return f"{who}{self.action}{where}{' under a condition' if self.condition else ''}"


@lru_cache(maxsize=256)  # three rules ask for the same documents
def grants(document: str) -> frozenset[Grant] | None:
    """Read a policy document; None where it is not one.

    Raises:
        ValueError: it looks like a document and cannot be read.
    """
    if not document.lstrip().startswith("{"):
        return None
    try:
        parsed = json.loads(document, object_pairs_hook=_members)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if "statement" not in parsed:
        return None
    dated = str(parsed.get("version", ""))
    return frozenset(grant for statement in _listed(parsed["statement"]) for grant in _of_statement(statement, dated))


def widened(before: frozenset[Grant], after: frozenset[Grant]) -> tuple[Grant, ...]:
    """Return what is allowed afterwards and was not before: new Allows, and Denies that are gone (as such)."""
    allowed = _uncovered((new for new in after if new.effect == "Allow"), before)
    undenied = _uncovered((old for old in before if old.effect == "Deny"), after)
    return tuple(sorted(allowed) + sorted(undenied))


def _uncovered(narrow: Iterable[Grant], wide: Iterable[Grant]) -> list[Grant]:
    """Return those that nothing covers. What is written without a wildcard covers its like only, and is looked up."""
    literal: defaultdict[tuple[str, str], list[Grant]] = defaultdict(list)
    patterns = []
    for grant in wide:
        if re.search(_PATTERN, grant.action + grant.resource) or _NOT in grant.action + grant.resource:
            patterns.append(grant)
        else:
            literal[grant.action, grant.resource].append(grant)
    return [
        grant
        for grant in narrow
        if not any(covers(other, grant) for other in literal.get((grant.action, grant.resource), ()))
        and not any(covers(other, grant) for other in patterns)
    ]


def narrowed(before: str, after: object) -> tuple[Grant, ...]:
    """Return what a document allows and another in its place does not; nothing where either cannot be read."""
    if after in (Marker.UNKNOWN, Marker.SENSITIVE):
        return ()
    try:
        old = grants(before)
        new = grants(after) if isinstance(after, str) and after else frozenset[Grant]()
    except ValueError:
        return ()
    if not old or new is None:
        return ()
    allowed = (grant for grant in widened(new, old) if grant.effect == "Allow")
    return tuple(grant for grant in allowed if grant in old)


def covers(wide: Grant, narrow: Grant) -> bool:
    """Whether everything that `narrow` speaks of, `wide` speaks of too. Errs on the side of no."""
    return (
        wide.effect == narrow.effect
        and narrower(narrow.condition, wide.condition)
        and wide.principal in {ANY, narrow.principal}
        and _matches(wide.action, narrow.action)
        and _matches(wide.resource, narrow.resource)
    )


def _matches(wide: str, narrow: str) -> bool:
    """Whether the pattern `wide` matches every text that the pattern `narrow` matches."""
    if wide in {ANY, narrow}:
        return True
    if wide.startswith(_NOT) and narrow.startswith(_NOT):
        return set(wide.removeprefix(_NOT).split(",")) <= set(narrow.removeprefix(_NOT).split(","))
    if wide.startswith(_NOT) or narrow.startswith(_NOT) or re.search(_ESCAPED, wide + " " + narrow):
        return False
    return _glob(wide, narrow)


def _glob(pattern: str, text: str) -> bool:
    """Match greedily, going back to the last star only; a ``*`` in the text stands for more than a ``?`` can match."""
    at, here, star, resume = 0, 0, -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == ANY:
            star, resume = at, here
            at += 1
        elif at < len(pattern) and (pattern[at] == text[here] or (pattern[at] == "?" and text[here] != ANY)):
            at, here = at + 1, here + 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return not pattern[at:].strip(ANY)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read one JSON object; a member that is there twice means something else to every reader."""
    found = {key.lower() if key.lower() in _ELEMENTS else key: value for key, value in pairs}
    if len(found) != len(pairs):
        raise ValueError("a member is there twice")
    return found


_ELEMENTS = frozenset(
    {"version", "statement", "sid", "effect", "condition"}
    | {f"{negation}{element}" for negation in ("", "not") for element in ("principal", "action", "resource")}
)


def _of_statement(statement: Any, dated: str) -> Iterator[Grant]:
    if not isinstance(statement, dict):
        raise ValueError("a statement is not an object")  # noqa: TRY004 - the text is wrong, not the program
    found = conditions(statement.get("condition"))
    if dated != "2012-10-17" and "${" in json.dumps(statement):
        # Before that version, policy variables are plain text.
        found = (*found, ("Version", dated, ()))
    for principal in _principals(statement):
        for action in _element(statement, "action"):
            for resource in _element(statement, "resource"):
                yield Grant(
                    # Whatever is not a Deny is taken for an Allow.
                    effect="Deny" if statement.get("effect") == "Deny" else "Allow",
                    principal=principal,
                    action=re.sub(r"\*+", ANY, action.lower()),
                    resource=re.sub(r"\*+", ANY, resource),
                    condition=found,
                )


def _element(statement: dict[str, Any], name: str) -> Iterable[str]:
    if f"not{name}" in statement:
        items = {str(item) for item in _listed(statement[f"not{name}"])}
        return [_NOT + ",".join(sorted(item.lower() if name == "action" else item for item in items))]
    return [str(item) for item in _listed(statement.get(name, ""))]


def _principals(statement: dict[str, Any]) -> Iterable[str]:
    if "notprincipal" in statement:
        return [_NOT + ",".join(sorted(_named(statement["notprincipal"])))]
    return sorted(_named(statement.get("principal", "")))


def _named(principal: Any) -> set[str]:
    if isinstance(principal, dict):
        return {_principal(kind, str(item)) for kind, items in principal.items() for item in _listed(items)}
    return {str(item) for item in _listed(principal)}


def _principal(kind: str, name: str) -> str:
    """Write one principal in one way: everybody as ``*``, an account by its number."""
    if kind == "AWS" and name == ANY:
        return ANY
    root = re.fullmatch(_ROOT, name)
    return f"{kind}:{root[1] if root else name}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
