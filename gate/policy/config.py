"""The policy file, `sandtable.yaml`: parsed at the edge, every unknown key an error.

version: 1
rules:
  resource-forgotten: reject      # reject | review | note | off
unrehearsed: approve-harmless     # approve-harmless | review
bookkeeping:
  aws_cloudwatch_log_metric_filter: counts log lines; lines and metrics stay
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from gate.policy.bookkeeping import Bookkeeping, Kind
from gate.policy.evaluate import RULES
from gate.policy.rule import Policy, Unrehearsed
from gate.policy.rules import apply_failed, gap, plan_mismatch, unrehearsed
from gate.verdict import Level
from sandbox.errors import ConfigurationError

FILE_NAME = "sandtable.yaml"
VERSION = "1"
KEYS = ("version", "rules", "bookkeeping", "unrehearsed")
MOST_CHARACTERS = 100_000
LEVELS: dict[str, Level | None] = {"reject": Level.REJECT, "review": Level.REVIEW, "note": Level.NOTE, "off": None}
NOT_LOWERED = frozenset({apply_failed.NAME, gap.NAME, plan_mismatch.NAME, unrehearsed.NAME})
"""What is not known stays with a person, whatever a policy says."""

STRICT = Policy(name="built-in strict", digest=hashlib.sha256(b"built-in strict 1").hexdigest())

_LONGEST_QUOTE = 80
_EMPTY = frozenset({"", "~", "null"})
_TYPE = re.compile(r"[a-z][a-z0-9]*_[a-z0-9_]+|[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+")
_TYPES = re.compile(r"aws_[a-z0-9]+_[a-z0-9_]*\*|(?!aws_)[a-z][a-z0-9]*_[a-z0-9_]*\*|AWS::[A-Za-z0-9]+::[A-Za-z0-9]*\*")
"""With ``*`` at the end, and never less than a whole service before it."""


def parse_policy(text: str, *, name: str) -> Policy:
    """Read a policy file's text.

    Args:
        text: YAML.
        name: The file's name, for messages and the report.

    Raises:
        ConfigurationError: it is not valid; says which key and what is allowed.
    """
    document = _load(text, name)
    if not isinstance(document, dict):
        raise _invalid(name, "it is not a mapping")
    unknown = sorted(_short(key) for key in document.keys() - KEYS)
    if unknown:
        raise _invalid(name, f"unknown key {', '.join(unknown)}; known are {', '.join(KEYS)}")
    if document.get("version") != VERSION:
        raise _invalid(name, f"`version: {VERSION}` is missing")
    return Policy(
        name=name,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        levels=_levels(_mapping(document, "rules", name), name),
        bookkeeping=_bookkeeping(_mapping(document, "bookkeeping", name), name),
        unrehearsed=_unrehearsed(document.get("unrehearsed", Unrehearsed.APPROVE_HARMLESS.value), name),
    )


def _load(text: str, name: str) -> Any:
    if len(text) > MOST_CHARACTERS:
        raise _invalid(name, f"it is longer than {MOST_CHARACTERS} characters")
    from gate.policy.yamltext import YamlTextError, load_text  # noqa: PLC0415 - without a policy file, no YAML is needed

    try:
        return load_text(text)
    except YamlTextError as error:
        raise _invalid(name, str(error)) from error


def _unrehearsed(word: object, name: str) -> Unrehearsed:
    for choice in Unrehearsed:
        if word == choice.value:
            return choice
    raise _invalid(name, f"unrehearsed is {_short(word)}; allowed are {', '.join(Unrehearsed)}")


def _levels(rules: dict[str, Any], name: str) -> dict[str, Level | None]:
    levels: dict[str, Level | None] = {}
    for rule, word in rules.items():
        if rule not in RULES:
            raise _invalid(name, f"unknown rule {_short(rule)}; known are {', '.join(RULES)}")
        if not isinstance(word, str) or word not in LEVELS:
            raise _invalid(name, f"rules.{rule} is {_short(word)}; allowed are {', '.join(LEVELS)}")
        if rule in NOT_LOWERED and LEVELS[word] not in {Level.REJECT, Level.REVIEW}:
            raise _invalid(name, f"rules.{rule} cannot be set below review: what is not known is never approved")
        levels[rule] = LEVELS[word]
    return levels


def _bookkeeping(rows: dict[str, Any], name: str) -> dict[str, Bookkeeping]:
    known: dict[str, Bookkeeping] = {}
    for type_, reason in rows.items():
        where = f"bookkeeping.{_short(type_)}"
        if not isinstance(reason, str) or len(reason.split()) < 2:  # noqa: PLR2004 - one word is no reason
            raise _invalid(name, f"{where} needs a reason in words")
        if type_.endswith("*") and not _TYPES.fullmatch(type_):
            raise _invalid(name, f"{where} would excuse too much: write out at least the service")
        if not type_.endswith("*") and not _TYPE.fullmatch(type_):
            raise _invalid(name, f"{where} is not a resource type; `*` may stand at the end only")
        known[type_] = Bookkeeping(kind=Kind.VOUCHED, reason=" ".join(reason.split()))
    return known


def _mapping(document: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    value = document.get(key, "")
    if isinstance(value, str) and value in _EMPTY:
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value):
        raise _invalid(name, f"{key} is not a mapping of names")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def _invalid(name: str, problem: str) -> ConfigurationError:
    return ConfigurationError(f"The policy {name} is not valid: {problem}.", hint="docs/policy.md describes the file.")
