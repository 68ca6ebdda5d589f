"""Template text to plain values: JSON, or YAML with CloudFormation's short forms.

The reader works on parser events, not on PyYAML's constructors: nothing is called by a tag, nothing recurses on the
input's depth, an alias is counted every time it is used, and a key that is there twice is an error (the first would be
lost without a word, and with it perhaps a resource). Scalars follow YAML 1.1 as CloudFormation does, except that dates
and numbers with leading zeros stay text (``2012-10-17``, account ids).

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from sandbox.errors import ConfigurationError

MOST_BYTES = 8_000_000
"""AWS takes 1 MB; what a local tool expands later may be larger."""
MOST_NODES = 500_000
"""Values in the expanded document: with aliases, a few lines can stand for gigabytes."""
MOST_DEPTH = 80

OPEN, CLOSE = "\ue000", "\ue001"
"""Stand round what is decided only at deployment (`sandbox.cloudformation.tokens`); no template may hold them."""

_CORE = re.compile(
    r"(?P<null>~|null|Null|NULL|)|(?P<true>true|True|TRUE|yes|Yes|YES|on|On|ON)"
    r"|(?P<false>false|False|FALSE|no|No|NO|off|Off|OFF)|(?P<int>[-+]?(?:0|[1-9][0-9_]*))"
    r"|(?P<float>[-+]?(?:[0-9][0-9_]*)?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*\.(?:[eE][-+]?[0-9]+)?)"
)
_READ: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "null": lambda _: None,
        "true": lambda _: True,
        "false": lambda _: False,
        "int": lambda text: int(text.replace("_", "")),
        "float": lambda text: float(text.replace("_", "")),
        "text": str,
    }
)
LONGEST_NUMBER = 300
"""Characters; Python refuses to read numbers that are much longer."""
_SHORT_WITHOUT_PREFIX = frozenset({"Ref", "Condition"})
_HINT = "Check it with `aws cloudformation validate-template` or cfn-lint."


def read_document(path: Path, what: str = "template") -> Any:
    """Read one file of JSON or YAML.

    Raises:
        ConfigurationError: it is not there, too large, or not JSON or YAML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"The {what} {path} cannot be read: {error.strerror}.", hint="Name a file that exists."
        ) from error
    return parse_document(content, name=str(path), what=what)


def parse_document(content: bytes, *, name: str, what: str = "template") -> Any:
    """Read JSON or YAML into dicts, lists and scalars; short forms become ``{"Fn::Name": …}``.

    Raises:
        ConfigurationError: it is too large, or not JSON or YAML, or nested or expanded beyond all use.
    """
    try:
        return _parse(content)
    except _UnreadableError as error:
        raise ConfigurationError(f"The {what} {name} cannot be read: {error}.", hint=_HINT) from error


class _UnreadableError(Exception):
    """Says why, and where."""


def _parse(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise _UnreadableError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    text = _decoded(content)
    if OPEN in text or CLOSE in text:
        raise _UnreadableError("it holds characters of Unicode's private use area")
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return _parse_json(text)
        except json.JSONDecodeError:
            # YAML's flow style begins with a brace as well.
            pass
    return _parse_yaml(text)


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _UnreadableError("it is not UTF-8 text") from error


def _parse_json(text: str) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=str)
    except RecursionError as error:
        raise _UnreadableError(f"it is nested deeper than {MOST_DEPTH} levels") from error
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            raise
        raise _UnreadableError(f"a number in it is too long ({error})") from error
    _require_shallow(value)
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _UnreadableError(f"the key {twice[:80]!r} is there twice")
    return found


def _require_shallow(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise _UnreadableError(f"it is nested deeper than {MOST_DEPTH} levels")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        level = below


def _parse_yaml(text: str) -> Any:
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _UnreadableError(f"{error.problem or 'it is not YAML'}{_where(error.problem_mark)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _UnreadableError("it is neither JSON nor YAML") from error
    return builder.document


@dataclass(slots=True)
class _Open:
    """A list or an object whose end has not come yet."""

    is_mapping: bool
    tag: str
    anchor: str | None
    mark: Any
    items: list[Any] = field(default_factory=list)
    keys: dict[str, None] = field(default_factory=dict)
    nodes: int = 1
    """How many values it holds, aliases expanded."""
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Node:
    """A finished value with its size when written out."""

    value: Any
    nodes: int = 1
    height: int = 0


class _Builder:
    """Puts values together from events, without recursion."""

    def __init__(self) -> None:
        self.document: Any = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        """Take the next event."""
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _UnreadableError(f"it holds more than one document{_where(event.start_mark)}")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.ScalarEvent():
                self._finish(_Node(_scalar(event)), event.anchor, event.start_mark)
            case yaml.AliasEvent():
                self._alias(event)

    def _open(self, event: Any) -> None:
        if len(self._stack) >= MOST_DEPTH:
            raise _UnreadableError(f"it is nested deeper than {MOST_DEPTH} levels{_where(event.start_mark)}")
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Open(is_mapping, event.tag or "", event.anchor, event.start_mark))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise _UnreadableError(
                f"the alias *{event.anchor[:80]} refers to nothing before it{_where(event.start_mark)}"
            )
        self._finish(self._anchors[event.anchor], None, event.start_mark)

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        value: Any = frame.items
        if frame.is_mapping:
            value = _mapping(frame)
        node = _Node(_short_form(frame.tag, value, frame.mark), frame.nodes, frame.height)
        self._finish(node, frame.anchor, event.start_mark)

    def _finish(self, node: _Node, anchor: str | None, mark: Any) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._stack:
            self.document = node.value
            return
        frame = self._stack[-1]
        frame.nodes += node.nodes
        frame.height = max(frame.height, node.height + 1)
        if frame.nodes > MOST_NODES or len(self._stack) + node.height > MOST_DEPTH:
            raise _UnreadableError(
                f"its aliases expand beyond {MOST_NODES:,} values or {MOST_DEPTH} levels{_where(mark)}"
            )
        if frame.is_mapping and len(frame.items) % 2 == 0:
            _require_new_key(frame, node.value, mark)
        frame.items.append(node.value)


def _require_new_key(frame: _Open, key: Any, mark: Any) -> None:
    if isinstance(key, dict | list):
        raise _UnreadableError(f"a key is no text{_where(mark)}")
    name = _key(key)
    if name in frame.keys and name != "<<":
        raise _UnreadableError(f"the key {name[:80]!r} is there twice{_where(mark)}")
    frame.keys[name] = None


def _key(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key)


def _mapping(frame: _Open) -> dict[str, Any]:
    """Put an object together; what ``<<`` merges in gives way to what is written out."""
    pairs = list(zip(frame.items[::2], frame.items[1::2], strict=True))
    merged: dict[str, Any] = {}
    for key, value in pairs:
        if key == "<<":
            for source in value if isinstance(value, list) else [value]:
                if not isinstance(source, dict):
                    raise _UnreadableError(f"what is merged with << is no object{_where(frame.mark)}")
                merged = {**source, **merged}
    return merged | {_key(key): value for key, value in pairs if key != "<<"}


def _scalar(event: Any) -> Any:
    tag, text = event.tag or "", event.value
    if tag.startswith("!") and tag != "!":
        return _short_form(tag, text, event.start_mark)
    if tag.endswith(":str") or (not event.implicit[0] and not tag):
        return text
    found = _CORE.fullmatch(text)
    return _READ[found.lastgroup or "text"](text) if found and len(text) < LONGEST_NUMBER else text


def _short_form(tag: str, value: Any, mark: Any) -> Any:
    """Write ``!GetAtt A.B`` and its like as CloudFormation's long form."""
    if not tag.startswith("!") or tag == "!":
        return value
    name = tag[1:]
    if not name.replace("::", "").isalnum():
        raise _UnreadableError(f"the tag {tag[:80]!r} is none of CloudFormation's{_where(mark)}")
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in _SHORT_WITHOUT_PREFIX else f"Fn::{name.removeprefix('Fn::')}": value}


def _where(mark: Any) -> str:
    return f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
