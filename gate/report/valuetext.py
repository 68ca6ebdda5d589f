"""Writes attribute values for people: short, comparable, and never a marker that could be mistaken for a value."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from diffing.values import Marker, Value, freeze
from gate.report.escape import visible, visible_lines

_WORDS = {Marker.ABSENT: "(none)", Marker.UNKNOWN: "(known after apply)", Marker.SENSITIVE: "(sensitive)"}
_CONTEXT, _DEEPEST = 16, 40
_MOST_LINES, _LONGEST_LINE, _LONGEST_TEXT = 400, 240, 20_000


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a comparison: ``+`` added, ``-`` removed, a space for context, ``@`` where lines were left out."""

    sign: str
    text: str


def value_text(value: Value, depth: int = 0) -> str:
    """Return a value on one line, as JSON with the markers' words in parentheses."""
    match value:
        case Marker():
            return _WORDS[value]
        case str():
            return f'"{visible(value)}"'
        case Mapping() | tuple() if depth >= _DEEPEST:
            return "…"
        case Mapping():
            return (
                "{" + ", ".join(f"{visible(key)}: {value_text(item, depth + 1)}" for key, item in value.items()) + "}"
            )
        case tuple():
            return "[" + ", ".join(value_text(item, depth + 1) for item in value) + "]"
        case _:
            return json.dumps(value)


def clip(text: str, limit: int) -> str:
    """Return at most ``limit`` characters, with an ellipsis for what was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def pair_text(before: Value, after: Value, limit: int) -> tuple[str, str]:
    """Return both values on one line each, cut so that what differs is still to be seen."""
    old, new = value_text(before), value_text(after)
    if old == new or max(len(old), len(new)) <= limit:
        return clip(old, limit), clip(new, limit)
    start = max(0, _shared_start(old, new) - _CONTEXT)
    lead = "…" if start else ""
    return clip(lead + old[start:], limit), clip(lead + new[start:], limit)


def line_diff(before: Value, after: Value) -> tuple[DiffLine, ...]:
    """Compare structured or multi-line values line by line; empty where one line each says it all."""
    old, new = _lines(before), _lines(after)
    if max(len(old), len(new)) <= 1 or max(len(old), len(new)) > _MOST_LINES:
        return ()
    compared = islice(difflib.unified_diff(old, new, n=2, lineterm=""), 2, None)
    lines = tuple(
        DiffLine("@", "") if line.startswith("@@") else DiffLine(line[0], clip(line[1:], _LONGEST_LINE))
        for line in compared
    )
    return lines[1:] if lines and lines[0].sign == "@" else lines


def _shared_start(old: str, new: str) -> int:
    """Return how many characters both begin with."""
    pairs = zip(old, new, strict=False)
    return next((index for index, (left, right) in enumerate(pairs) if left != right), min(len(old), len(new)))


def _lines(value: Value) -> list[str]:
    parsed = _parsed(value) if isinstance(value, str) else None
    if isinstance(value, str) and parsed is None:
        return visible_lines(value).split("\n")
    return list(islice(_pretty(value if parsed is None else parsed), _MOST_LINES + 1))


def _parsed(text: str) -> Value:
    """Return what a string holds that is itself JSON (a policy document), else None."""
    if text.lstrip()[:1] not in {"{", "["} or len(text) > _LONGEST_TEXT:
        return None
    try:
        return freeze(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _pretty(value: Value, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the lines of a structured value, one entry each."""
    indent = "  " * depth
    match value:
        case Mapping() if value and depth < _DEEPEST:
            yield f"{indent}{prefix}{{"
            for key, item in value.items():
                yield from _pretty(item, f"{visible(key)}: ", depth + 1)
            yield f"{indent}}}"
        case tuple() if value and depth < _DEEPEST:
            yield f"{indent}{prefix}["
            for item in value:
                yield from _pretty(item, "", depth + 1)
            yield f"{indent}]"
        case _:
            yield f"{indent}{prefix}{value_text(value, depth)}"
