"""Which form of a deployed template is worked with: as it was written, or as AWS's transforms left it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudformation.resolve import KNOWN_TRANSFORMS
from sandbox.cloudformation.template import parse_template
from sandbox.cloudformation.text import parse_document
from sandbox.cloudformation.transforms import expand
from sandbox.errors import SandtableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A deployed template."""

    text: str = field(repr=False)
    no_echo: frozenset[str]
    """Parameters whose values nobody is told."""


def source_of(template: Callable[[str], Any], *, name: str, values: Mapping[str, str], region: str) -> Source:
    """Fetch a template.

    What is proposed is expanded here, so what is deployed is, too, wherever that can be done: an expansion by AWS may
    be another version's, and differ for no other reason.

    Args:
        template: Fetches one of GetTemplate's stages (``Original``, ``Processed``).
        name: What it is called in messages.
        values: Values of its parameters.
        region: Where it is deployed.

    Raises:
        ConfigurationError: it cannot be read.
    """
    text = _text(template("Original"))
    document = parse_document(text.encode(), name=name)
    written = parse_template(document, name=name)
    no_echo = frozenset(key for key, item in written.parameters.items() if item.no_echo)
    if _can_be_expanded(document, name, values, region):
        return Source(text=text, no_echo=no_echo)
    processed = parse_document(_text(template("Processed")).encode(), name=name)
    parse_template(processed, name=name)
    return Source(text=json.dumps({**processed, "Transform": []}), no_echo=no_echo)


def _can_be_expanded(document: Any, name: str, values: Mapping[str, str], region: str) -> bool:
    written = parse_template(document, name=name)
    if not KNOWN_TRANSFORMS.issuperset(written.transforms) or _has_transform(document):
        return False
    try:
        expand(written, copy.deepcopy(document), values=values, region=region)
    except SandtableError:
        return False
    return True


def _has_transform(document: Any) -> bool:
    """Whether a macro is applied somewhere inside it."""
    waiting = [document]
    while waiting:
        match waiting.pop():
            case dict() as inner:
                if "Fn::Transform" in inner:
                    return True
                waiting += inner.values()
            case list() as items:
                waiting += items
            case _:
                pass
    return False


def _text(body: Any) -> str:
    """GetTemplate's answer; the SDK parses those that are JSON."""
    return body if isinstance(body, str) else json.dumps(body)
