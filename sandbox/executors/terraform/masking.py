"""Putting markers into values: Terraform keeps "sensitive" and "unknown" in trees parallel to the value.

``true`` in such a tree speaks of everything below that point; a list or an object speaks of the elements in their place
(https://developer.hashicorp.com/terraform/internals/json-format#change-representation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from types import MappingProxyType
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


_PLAIN = frozenset({bool, float, int, type(None)})
"""Types of what is no secret by its name, and holds nothing."""
_PUBLIC: set[str] = set()
"""Names that were found to be no secret's."""
_MOST_NAMES = 4096


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
    if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and _holds_mark(unknown)):
        return _marked_object(value or {}, sensitive, unknown)
    if isinstance(value, list) or (value is None and isinstance(unknown, list) and _holds_mark(unknown)):
        return _marked_list(value or [], sensitive, unknown)
    # A tree of marks under a plain value fits nothing: mask more rather than less.
    return Marker.SENSITIVE if _holds_mark(sensitive) and value is not None else freeze(value)


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


def _marked_object(value: Mapping[str, Any], sensitive: Any, unknown: Any) -> Value:
    if isinstance(sensitive, list) and _holds_mark(sensitive):
        return Marker.SENSITIVE
    secrets: Mapping[str, Any] = sensitive if isinstance(sensitive, dict) else {}
    marks: Mapping[str, Any] = unknown if isinstance(unknown, dict) else {}
    merged = _unmarked(value)
    for name in secrets.keys() | marks.keys():
        secret, mark = secrets.get(name), marks.get(name)
        # Where nothing is marked, an empty tree or false stands.
        if (secret or mark) and name in value:
            merged[name] = marked(value[name], secret or _is_named_secret(name, value[name]), mark)
    # What is wholly unknown is left out of the value.
    for name, mark in marks.items():
        if name not in value and _holds_mark(mark):
            merged[name] = marked(None, unknown=mark)
    return MappingProxyType(merged)


def _marked_list(value: Sequence[Any], sensitive: Any, unknown: Any) -> Value:
    if isinstance(sensitive, dict) and _holds_mark(sensitive):
        return Marker.SENSITIVE
    secrets: Sequence[Any] = sensitive if isinstance(sensitive, list) else ()
    marks: Sequence[Any] = unknown if isinstance(unknown, list) else ()
    if not secrets and not marks:
        return _unmarked_list(value)
    rows = zip_longest(value, secrets[: len(value)], marks, fillvalue=False)
    return tuple(
        marked(item if index < len(value) else None, secret, mark)
        for index, (item, secret, mark) in enumerate(rows)
        if index < len(value) or _holds_mark(mark)
    )


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


def _unmarked(value: Mapping[str, Any]) -> dict[str, Value]:
    """The members of an object of which Terraform marks nothing."""
    # Nearly every one is no secret by its name and holds nothing: those take no call of a function.
    return {
        name: item if type(item) in _PLAIN or (type(item) is str and name in _PUBLIC) else _unmarked_item(name, item)
        for name, item in value.items()
    }


def _unmarked_item(name: str, value: Any) -> Value:
    if type(value) is not str:
        return _unmarked_value(value)
    if _is_named_secret(name, value):
        return Marker.SENSITIVE
    if len(_PUBLIC) < _MOST_NAMES and not _is_secret_name(name):
        _PUBLIC.add(name)
    return value


def _unmarked_list(value: Sequence[Any]) -> Value:
    # Nothing in a list has a name that could make it a secret.
    return tuple([item if type(item) in _PLAIN or type(item) is str else _unmarked_value(item) for item in value])


def _unmarked_value(value: Any) -> Value:
    if isinstance(value, dict):
        return MappingProxyType(_unmarked(value))
    return _unmarked_list(value) if isinstance(value, list) else freeze(value)


def _is_named_secret(name: str | int, value: Any) -> bool:
    return isinstance(value, str) and value != "" and isinstance(name, str) and _is_secret_name(name)


@lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    return SECRET_NAME.fullmatch(name) is not None


def _holds_mark(tree: Any) -> bool:
    match tree:
        case dict():
            return any(_holds_mark(below) for below in tree.values())
        case list():
            return any(_holds_mark(below) for below in tree)
        case _:
            return tree is True
