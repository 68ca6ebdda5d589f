"""Writing values so that those which count as the same are written the same.

Part of `diffing.normalize`, whose two strictest and loosest notions of sameness come down to comparing what is written.
"""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

from diffing.values import Marker, Value, freeze

ORDERED_NAMES = frozenset(
    {"args", "arguments", "columns", "command", "corsrule", "corsrules", "entrypoint", "layers", "stages", "steps"}
)
"""Lists whose order has an effect (lower case, without underscores); ``ordered_*`` belongs to them as well."""

_EMPTY = "empty"
_quoted = json.encoder.encode_basestring_ascii
"""A text as `json.dumps` writes it, without asking what else it could be."""


def spelled(value: Value, *, strict: bool = False, policy: bool = False, ordered: bool = False) -> str:
    """Write a value so that values which count as the same are written the same.

    Args:
        value: What to write.
        strict: By JSON equality; otherwise by effect.
        policy: Inside an IAM policy document.
        ordered: The order of this list has an effect.
    """
    if not strict and not policy and (value is Marker.ABSENT or value in (None, "")):
        return _EMPTY
    match value:
        case str():
            return _quoted(value) if strict else _spelled_text(value, policy=policy)
        case Mapping():
            return _spelled_object(value, strict=strict, policy=policy)
        case tuple():
            items = [spelled(item, strict=strict, policy=policy) for item in value if item is not Marker.ABSENT]
            return _spelled_list(items, strict=strict, policy=policy, ordered=strict or ordered)
        case _:
            return _spelled_atom(value)


def _spelled_atom(value: Marker | float | None) -> str:
    match value:
        case Marker():
            return f"({value.value})"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            # Hexadecimal, because Python refuses to write very long integers in decimal.
            whole = int(value) if isinstance(value, float) and value.is_integer() else value
            return hex(whole) if isinstance(whole, int) else repr(whole)


def _spelled_text(text: str, *, policy: bool) -> str:
    if may_hold_document(text):
        try:
            parsed = json.loads(text, object_pairs_hook=_unambiguous, parse_constant=_refuse)
            return f"json:{spelled(freeze(parsed), policy=policy)}"
        except (ValueError, RecursionError):
            pass  # no JSON, or JSON that can be read in two ways: then the text itself is what it says
    return _quoted(text)


def may_hold_document(value: Value) -> bool:
    """Tell whether a value is text that looks like a JSON object or list."""
    return isinstance(value, str) and value.lstrip()[:1] in {"{", "["}


def _spelled_object(value: Mapping[str, Value], *, strict: bool, policy: bool) -> str:
    inside = not strict and (policy or value.get("Statement", Marker.ABSENT) is not Marker.ABSENT)
    fields = (
        (_quoted(name), spelled(item, strict=strict, policy=inside, ordered=has_order(name)))
        for name, item in value.items()
        if item is not Marker.ABSENT
    )
    kept = sorted(f"{name}:{text}" for name, text in fields if strict or inside or text != _EMPTY)
    return _EMPTY if not kept and not strict and not inside else "{" + ",".join(kept) + "}"


def _spelled_list(items: list[str], *, strict: bool, policy: bool, ordered: bool) -> str:
    if not items and not strict and not policy:
        return _EMPTY
    if policy:
        items = sorted(set(items))
        return items[0] if len(items) == 1 else "[" + ",".join(items) + "]"
    return "[" + ",".join(items if ordered else sorted(items)) + "]"


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


@lru_cache(maxsize=4096)
def has_order(name: str | int) -> bool:
    """Tell whether the order of a list of that name has an effect."""
    plain = str(name).lower().replace("_", "")
    return plain in ORDERED_NAMES or plain.startswith("ordered")
