"""Attribute values: JSON, and three markers that are each distinct from null.

Terraform's plan format keeps the same distinctions in parallel trees (`after_unknown`, `after_sensitive`); here they
are values in the tree itself, so that nothing downstream can forget to look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeAlias


class Marker(Enum):
    """What stands where a JSON value would."""

    ABSENT = "absent"
    """The attribute does not exist on this side."""
    UNKNOWN = "unknown"
    """The value is decided only when the change is applied."""
    SENSITIVE = "sensitive"
    """There is a value, and it must not be shown."""

    def __repr__(self) -> str:
        return f"({self.value})"


Value: TypeAlias = "bool | int | float | str | Marker | tuple[Value, ...] | Mapping[str, Value] | None"

Path: TypeAlias = tuple[str | int, ...]
"""A way into a value: attribute names and list indices, outermost first."""


def freeze(raw: Any) -> Value:
    """Turn parsed JSON (or a tree that already holds markers) into an immutable Value.

    Raises:
        TypeError: for anything that JSON has no word for.
    """
    match raw:
        case None | bool() | int() | float() | str() | Marker():
            return raw
        case Mapping():
            return MappingProxyType({str(key): freeze(item) for key, item in raw.items()})
        case Sequence():
            return tuple(freeze(item) for item in raw)
        case _:
            raise TypeError(f"not a JSON value: {type(raw).__name__}")


def thaw(value: Value) -> Any:
    """Turn a Value into plain JSON; a marker becomes its name in parentheses, for example ``"(sensitive)"``."""
    match value:
        case Marker():
            return repr(value)
        case Mapping():
            return {key: thaw(item) for key, item in value.items()}
        case tuple():
            return [thaw(item) for item in value]
        case _:
            return value


def path_text(path: Path) -> str:
    """Write a path as Terraform does: ``ingress[0].cidr_blocks``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")
