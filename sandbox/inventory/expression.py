"""The small language in which the catalogue says where in an answer a value lies.

``@`` is the item itself, ``Attributes.QueueArn`` a way into it, ``'hostedzone'`` a constant, ``[clusterArn]`` a list of
one, and ``Id|base`` the last segment of a path-like value. ``{...}`` in a template holds one expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

_HOLE = re.compile(r"\{([^{}]+)\}")
_OPERATION = re.compile(r"(\w+)(?:\((.*)\))?")


def evaluate(expression: str, sources: Sequence[Any]) -> str | list[str] | None:
    """The first value that any of the sources has for the expression; None where none has."""
    if expression.startswith("["):
        value = evaluate(expression[1:-1], sources)
        return None if value is None else [value] if isinstance(value, str) else value
    if expression.startswith("'"):
        return expression[1:-1]
    path, _, modifier = expression.partition("|")
    for source in sources:
        found = source if path == "@" else dig(source, path)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        if isinstance(found, list) and found and all(isinstance(part, str) for part in found):
            return found
        if isinstance(found, str) and found:
            return found.rstrip("/").rsplit("/", 1)[-1] if modifier == "base" else found
    return None


def dig(source: Any, path: str) -> Any:
    """What lies under the dotted path, or None."""
    for name in path.split("."):
        if not isinstance(source, Mapping):
            return None
        source = source.get(name)
    return source


def pick(answer: Any, path: str) -> Iterator[Any]:
    """All items under the dotted path, where every list on the way is followed into each of its elements."""
    head, _, rest = path.partition(".")
    value = answer.get(head) if isinstance(answer, Mapping) else None
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            continue
        if rest:
            yield from pick(item, rest)
        else:
            yield item


def fill_template(template: str, sources: Sequence[Any]) -> str | None:
    """The template with every hole filled; None if a value is missing. A hole that ends in ``?`` may stay empty."""
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        value = evaluate(match[1].removesuffix("?"), sources)
        if value is None and not match[1].endswith("?"):
            missing = True
        return value if isinstance(value, str) else ""

    text = _HOLE.sub(value_of, template)
    return None if missing else text


@cache
def parse_keys(text: str) -> tuple[tuple[str, str], ...]:
    """``"Bucket=Name Id"`` as pairs of request member and expression; a bare name stands for itself."""
    pairs = (part.partition("=") for part in text.replace(",", " ").split())
    return tuple((name, expression or name) for name, _, expression in pairs)


@cache
def parse_read(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """``"DescribeVpcAttribute(VpcId, Attribute='enableDnsSupport')"`` as operation and keys."""
    match = _OPERATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not an operation with members: {text!r}")
    return match[1], parse_keys(match[2] or "")
