"""On which line of a template each resource is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from sandbox.cloudformation.text import MOST_BYTES


def resource_lines(template: Path) -> Mapping[str, int]:
    """Return the lines, from 1, of the logical ids in a template's ``Resources``; of one that cannot be read, none.

    YAML's flow style is wider than JSON, so that both are read as YAML, event by event: nothing is built or called.
    """
    try:
        with template.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return MappingProxyType({})
        return MappingProxyType(dict(_lines(content)))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return MappingProxyType({})


def _lines(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield the keys of the mapping that stands under the key ``Resources`` of the outermost mapping."""
    open_: list[bool] = []
    """Whether what is open is a mapping."""
    expects_key, section = True, ""
    for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                open_.append(isinstance(event, yaml.MappingStartEvent))
                expects_key = True
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                open_.pop()
                # What ended was a value.
                expects_key = True
            case yaml.ScalarEvent() | yaml.AliasEvent():
                if open_ == [True] and expects_key:
                    section = _name(event)
                elif open_ == [True, True] and expects_key and section == "Resources":
                    yield _name(event), _line(event)
                expects_key = not expects_key


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _name(event: Any) -> str:
    return event.value if isinstance(event, yaml.ScalarEvent) else ""
