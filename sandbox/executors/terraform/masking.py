"""Putting markers into values: Terraform keeps "sensitive" and "unknown" in trees parallel to the value.

``true`` in such a tree speaks of everything below that point; a list or an object speaks of the elements in their place
(https://developer.hashicorp.com/terraform/internals/json-format#change-representation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from diffing.values import Marker, Path, Value, freeze

SECRET_NAME = re.compile(
    r"(.*_)?(password|passwd|passphrase|secret|private_key|auth_token|session_token|token|credentials)"
    r"(_v\d+|_string|_binary|_key|_wo|_base64|_pem)?",
    re.IGNORECASE,
)
"""Names whose values are secrets even where a provider's schema fails to say so."""

KEPT = frozenset({"id", "arn"})
"""What a resource is joined to the clone by: names, never secrets."""

_MISSING = object()


def marked(value: Any, sensitive: Any = False, unknown: Any = False) -> Value:  # noqa: FBT002 - Terraform's trees are booleans or more
    """Merge a value with its parallel trees into a value that holds markers.

    Raises:
        TypeError: the value is not JSON.
    """
    if unknown is True:
        return Marker.UNKNOWN
    if sensitive is True:
        # That there is no value is not a secret; what it is would be.
        return None if value is None else Marker.SENSITIVE
    if isinstance(value, Mapping) or (value is None and isinstance(unknown, Mapping) and _any_unknown(unknown)):
        return freeze(_marked_object(value or {}, _object(sensitive), _object(unknown)))
    if isinstance(value, list) or (value is None and isinstance(unknown, list) and _any_unknown(unknown)):
        return freeze(_marked_list(value or (), _list(sensitive), _list(unknown)))
    return freeze(value)


def masked(attributes: Mapping[str, Any], paths: Sequence[Path]) -> Mapping[str, Value]:
    """A state's attributes with everything at or below the given paths, and every secret by its name, masked."""
    hidden = frozenset(paths)
    return {name: _masked(value, (name,), hidden) for name, value in attributes.items()}


def sensitive_paths(sensitive: Any, prefix: Path = ()) -> Iterator[Path]:
    """Every path that a tree marks."""
    if sensitive is True:
        yield prefix
    elif isinstance(sensitive, Mapping):
        for name, below in sensitive.items():
            yield from sensitive_paths(below, (*prefix, name))
    elif isinstance(sensitive, list):
        for index, below in enumerate(sensitive):
            yield from sensitive_paths(below, (*prefix, index))


def _marked_object(value: Mapping[str, Any], sensitive: Mapping[str, Any], unknown: Mapping[str, Any]) -> Any:
    # What is wholly unknown is left out of the value.
    names = [*value, *(name for name, mark in unknown.items() if name not in value and _any_unknown(mark))]
    return {
        name: marked(
            value.get(name),
            sensitive.get(name, False) or _is_named_secret(name, value.get(name)),
            unknown.get(name, False),
        )
        for name in names
    }


def _marked_list(value: Sequence[Any], sensitive: Sequence[Any], unknown: Sequence[Any]) -> Any:
    merged = []
    for item, secret, mark in zip_longest(value, sensitive, unknown, fillvalue=_MISSING):
        if item is _MISSING and (mark is _MISSING or not _any_unknown(mark)):
            continue
        merged.append(
            marked(
                None if item is _MISSING else item,
                False if secret is _MISSING else secret,
                False if mark is _MISSING else mark,
            )
        )
    return merged


def _masked(value: Any, path: Path, hidden: frozenset[Path]) -> Value:
    is_kept = len(path) == 1 and path[0] in KEPT
    if value is not None and not is_kept and (path in hidden or _is_named_secret(path[-1], value)):
        return Marker.SENSITIVE
    match value:
        case Mapping():
            return freeze({key: _masked(item, (*path, key), hidden) for key, item in value.items()})
        case list():
            return tuple(_masked(item, (*path, index), hidden) for index, item in enumerate(value))
        case _:
            return freeze(value)


def _is_named_secret(name: str | int, value: Any) -> bool:
    return isinstance(value, str) and bool(value) and isinstance(name, str) and SECRET_NAME.fullmatch(name) is not None


def _any_unknown(mark: Any) -> bool:
    match mark:
        case Mapping():
            return any(_any_unknown(below) for below in mark.values())
        case list():
            return any(_any_unknown(below) for below in mark)
        case _:
            return mark is True


def _object(tree: Any) -> Mapping[str, Any]:
    return tree if isinstance(tree, Mapping) else {}


def _list(tree: Any) -> Sequence[Any]:
    return tree if isinstance(tree, list) else ()
