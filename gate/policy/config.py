"""The policy file, `sandtable.yaml`: parsed at the edge, every unknown key an error.

version: 1
rules:
  resource-forgotten: reject      # reject | review | note | off
bookkeeping:
  aws_cloudwatch_log_metric_filter: counts log lines; lines and metrics stay
"""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from gate.policy.bookkeeping import Bookkeeping, Kind
from gate.policy.evaluate import RULES
from gate.policy.rule import Policy
from gate.policy.rules import gap, plan_mismatch
from gate.verdict import Level
from sandbox.errors import ConfigurationError

FILE_NAME = "sandtable.yaml"
VERSION = 1
LEVELS: dict[Any, Level | None] = {"reject": Level.REJECT, "review": Level.REVIEW, "note": Level.NOTE, "off": None}
NOT_LOWERED = frozenset({gap.NAME, plan_mismatch.NAME})
"""What is not known stays with a person, whatever a policy says."""

STRICT = Policy(name="built-in strict", digest=hashlib.sha256(b"built-in strict 1").hexdigest())


def parse_policy(text: str, *, name: str) -> Policy:
    """Read a policy file's text.

    Args:
        text: YAML.
        name: The file's name, for messages and the report.

    Raises:
        ConfigurationError: it is not valid; says which key and what is allowed.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _invalid(name, " ".join(str(error).split())) from error
    if not isinstance(document, dict):
        raise _invalid(name, "it is not a mapping")
    unknown = sorted(str(key) for key in document.keys() - {"version", "rules", "bookkeeping"})
    if unknown:
        raise _invalid(name, f"unknown key {', '.join(unknown)}; known are version, rules, bookkeeping")
    if document.get("version") != VERSION:
        raise _invalid(name, f"`version: {VERSION}` is missing")
    return Policy(
        name=name,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        levels=_levels(document.get("rules") or {}, name),
        bookkeeping=_bookkeeping(document.get("bookkeeping") or {}, name),
    )


def _levels(rules: Any, name: str) -> dict[str, Level | None]:
    levels: dict[str, Level | None] = {}
    for rule, word in _mapping(rules, "rules", name).items():
        # YAML 1.1 reads a bare `off` as false.
        text = "off" if word is False else word
        if rule not in RULES:
            raise _invalid(name, f"unknown rule {rule}; known are {', '.join(RULES)}")
        if not isinstance(text, str) or text not in LEVELS:
            raise _invalid(name, f"rules.{rule} is {word!r}; allowed are {', '.join(LEVELS)}")
        if rule in NOT_LOWERED and LEVELS[text] not in {Level.REJECT, Level.REVIEW}:
            raise _invalid(name, f"rules.{rule} cannot be set below review: what is not known is never approved")
        levels[rule] = LEVELS[text]
    return levels


def _bookkeeping(rows: Any, name: str) -> dict[str, Bookkeeping]:
    known: dict[str, Bookkeeping] = {}
    for type_, reason in _mapping(rows, "bookkeeping", name).items():
        if not isinstance(reason, str) or not reason.strip():
            raise _invalid(name, f"bookkeeping.{type_} needs a reason in words")
        if type_.strip("*") in {"", "aws_", "AWS::"}:
            raise _invalid(name, f"bookkeeping.{type_} would excuse everything")
        known[type_] = Bookkeeping(kind=Kind.LOCAL, reason=reason)
    return known


def _mapping(value: Any, key: str, name: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value):
        raise _invalid(name, f"{key} is not a mapping of names")
    return value


def _invalid(name: str, problem: str) -> ConfigurationError:
    return ConfigurationError(f"The policy {name} is not valid: {problem}.", hint="docs/policy.md describes the file.")
