"""The JSON Schema of the policy file, made from what the reader takes: ``python -m gate.policy.schemafile FILE``.

It describes the values that editors see in the YAML: a number or its digits, nothing or an empty mapping.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gate.policy.config import ENVIRONMENT, KEYS_OF_FILE, MATCH
from gate.policy.document import EMPTY, LARGEST_NUMBER
from gate.policy.levels import EXACT, LEVELS, NOT_LOWERED, SETTABLE, WAIVABLE
from gate.policy.rule import Unrehearsed
from gate.policy.sections import ACCOUNT, BUDGETS, CAPS, DAY, KEYS, PROTECTED, SCOPE, TYPE, TYPES, WAIVER
from gate.policy.settings import Preset

NAME = "sandtable-policy-1.schema.json"
FILE = Path(__file__).with_name("schema") / NAME
_Schema = dict[str, Any]

_TEXT: _Schema = {"type": "string", "pattern": r"\S"}
_REASON: _Schema = {"type": "string", "pattern": r"\S\s+\S", "description": "Two words or more."}
_GLOBS: _Schema = {"type": "array", "minItems": 1, "items": _TEXT}
_COUNT: _Schema = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER},
        {"type": "string", "pattern": "^(0|[1-9][0-9]{0,8})$"},
    ]
}
_ACCOUNT: _Schema = {
    "anyOf": [
        {"type": "string", "pattern": f"^{ACCOUNT}$"},
        {"type": "integer", "minimum": 100_000_000_000, "maximum": 999_999_999_999},
    ]
}
_LIMITS: Mapping[str, _Schema] = {
    "addresses": _GLOBS,
    "accounts": {"type": "array", "minItems": 1, "items": _ACCOUNT},
    "regions": _GLOBS,
    "workspaces": _GLOBS,
    "tags": {"$ref": "#/$defs/tags"},
}


def document() -> _Schema:
    """Return the schema."""
    section = {key: _section()[key] for key in KEYS}
    environment = _record({**section, "match": {"$ref": "#/$defs/match"}})
    whole = {
        "version": {"enum": [1, "1"]},
        **section,
        "environments": _or_nothing({"type": "object", "additionalProperties": {"$ref": "#/$defs/environment"}}),
    }
    whole["environments"]["anyOf"][0]["propertyNames"] = {"pattern": f"^{ENVIRONMENT}$"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sandtable policy",
        "description": "sandtable.yaml: docs/policy.md describes it.",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {key: whole[key] for key in KEYS_OF_FILE},
        "$defs": {
            "environment": _or_nothing(environment),
            "match": {**_record({key: _LIMITS[key] for key in MATCH}), "minProperties": 1},
            "tags": _or_nothing({"type": "object", "additionalProperties": _TEXT}),
            "waiver": _waiver(),
        },
    }


def _section() -> dict[str, _Schema]:
    return {
        "preset": _words(Preset, "By what the level of a destruction is found."),
        "large_from": {**_COUNT, "description": "So many dependents make a change a large one (preset tiered)."},
        "rules": _or_nothing(_record({rule: _level(rule) for rule in SETTABLE})),
        "bookkeeping": _types("Types whose removal destroys nothing, with the reason."),
        "stateful": _types("Types that are taken off the bookkeeping list, with the reason."),
        "unrehearsed": _words(Unrehearsed, "What may be approved on the word of a plan alone."),
        "protected": _or_nothing(_record({key: _LIMITS[key] for key in PROTECTED})),
        "caps": _or_nothing(_record(dict.fromkeys(CAPS, _COUNT))),
        "scope": _or_nothing(_record({key: _LIMITS[key] for key in SCOPE})),
        "budgets": _or_nothing(_record(dict.fromkeys(BUDGETS, _COUNT))),
        "waivers": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/waiver"}},
    }


def _level(rule: str) -> _Schema:
    return {"enum": [word for word in LEVELS if rule not in NOT_LOWERED or word in {"reject", "review"}]}


def _types(description: str) -> _Schema:
    types = {"type": "object", "propertyNames": {"pattern": f"^({TYPE}|{TYPES})$"}, "additionalProperties": _REASON}
    return {**_or_nothing(types), "description": description}


def _waiver() -> _Schema:
    parts: dict[str, _Schema] = {
        "rule": {"enum": list(WAIVABLE)},
        "address": _TEXT,
        "reason": _REASON,
        "author": _TEXT,
        "expires": {"type": "string", "format": "date", "pattern": f"^{DAY}$"},
    }
    exact = {"properties": {"address": {"pattern": "^[^*?]*$"}}}
    destroys = {"properties": {"rule": {"enum": sorted(EXACT)}}, "required": ["rule"]}
    return {**_record({key: parts[key] for key in WAIVER}), "required": list(WAIVER), "if": destroys, "then": exact}


def _record(properties: Mapping[str, _Schema]) -> _Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _or_nothing(schema: _Schema) -> _Schema:
    return {"anyOf": [schema, {"enum": [None, *sorted(EMPTY)]}]}


def _words(words: Iterable[str], description: str) -> _Schema:
    return {"enum": [str(word) for word in words], "description": description}


def text() -> str:
    """Return the file's text."""
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
