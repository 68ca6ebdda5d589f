"""Parsed parameters before redaction: JSON-like, with blobs reduced to their size as early as possible.

Trees stay within the recorder; what leaves it has gone through `sandbox.recorder.redact`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

MAX_DEPTH = 24
"""Deeper nesting is not followed; AWS's own requests stay below ten."""


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Binary data, of which only the length is kept."""

    size: int

    def __str__(self) -> str:
        return f"(blob, {self.size} bytes)"


Shape: TypeAlias = Any
"""A shape of botocore's model. Its classes ship untyped, and which attributes there are depends on ``type_name``."""

Tree: TypeAlias = "bool | int | float | str | Undecoded | Sequence[Tree] | Mapping[str, Tree] | None"


def plain(value: Any, depth: int = 0) -> Tree:
    """Bring parsed JSON, of which no shape is known, into a tree."""
    if depth > MAX_DEPTH:
        return "(nested)"
    match value:
        case Mapping():
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        case list():
            return [plain(item, depth + 1) for item in value]
        case float():
            return number(value)
        case None | bool() | int() | str() | Undecoded():
            return value
        case _:
            return str(value)


def number(value: float) -> float | str:
    """A float that JSON can carry; the three that it cannot, as AWS spells them."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def iso(moment: datetime) -> str:
    """The one way in which trees write a time."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def time_text(value: Tree) -> Tree:
    """Normalise a timestamp of any AWS wire format (epoch seconds, ISO 8601, HTTP date); others stay as they are."""
    try:
        match value:
            case bool():
                return value
            case int() | float():
                return iso(datetime.fromtimestamp(value, UTC))
            case str():
                return iso(_moment(value))
            case _:
                return value
    except (ValueError, OverflowError, OSError):
        return value


def _moment(text: str) -> datetime:
    if text[:1].isdigit() and "T" not in text and "-" not in text:
        return datetime.fromtimestamp(float(text), UTC)
    if text[:1].isalpha():
        return parsedate_to_datetime(text)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def base64_size(text: str) -> int:
    """How many bytes a base64 text stands for."""
    stripped = text.rstrip("=\n")
    return len(stripped) * 3 // 4
