"""What the containers of a definition are given, and what the next revision of it no longer gives them.

Source: Amazon ECS API Reference, ``ContainerDefinition`` (``environment``, ``secrets``, ``mountPoints``,
``portMappings``); AWS Batch API Reference, ``ContainerProperties``, which has the same members. A variable that
becomes a secret of the same name is still given; one container's variable may move to another container.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from diffing.change import ResourceChange

DEFINITIONS = frozenset({"container_definitions", "container_properties"})
"""Attributes that hold container definitions as JSON."""

_GIVEN: Mapping[str, tuple[str, str]] = {
    "environment": ("environment variable", "name"),
    "secrets": ("environment variable", "name"),
    "environmentFiles": ("environment file", "value"),
    "mountPoints": ("mounted volume", "containerPath"),
    "portMappings": ("port", "containerPort"),
}
"""Member of a container → what an entry is called, and the member that names it."""


def no_longer_given(change: ResourceChange) -> Mapping[str, tuple[str, ...]]:
    """Return the names of what goes, by what it is called; empty where a definition cannot be read."""
    lost: dict[str, list[str]] = {}
    for item in change.attributes:
        if (
            not item.path
            or item.path[0] not in DEFINITIONS
            or not isinstance(item.before, str)
            or not isinstance(item.after, str)
        ):
            continue
        before, after = _containers(item.before), _containers(item.after)
        if before is None or after is None:
            continue
        kept = set(_given(after))
        for what, name in dict.fromkeys(_given(before)):
            if (what, name) not in kept:
                lost.setdefault(what, []).append(name)
    return {what: tuple(sorted(names)) for what, names in lost.items()}


def _containers(text: str) -> list[Mapping[str, Any]] | None:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    containers = parsed if isinstance(parsed, list) else [parsed]
    return [container for container in containers if isinstance(container, dict)]


def _given(containers: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for container in containers:
        for member, (what, naming) in _GIVEN.items():
            entries = container.get(member)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and naming in entry:
                    yield what, str(entry[naming])
    # Containers may be called otherwise; that there are fewer of them cannot be explained away.
    yield from (("container", str(number)) for number in range(1, len(containers) + 1))
