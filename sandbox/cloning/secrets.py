"""Keeping secrets out of what is said about the objects that have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from diffing.values import Path
from sandbox.cloning.tfstate import Instance, Json
from sandbox.executors.terraform.masking import SECRET_NAME

_SHORTEST = 4
_MASK = "(sensitive)"
_CONTENTS = frozenset({"user_data", "user_data_base64", "content", "environment", "variables", "value"})
"""Arguments in which people keep secrets, although no schema calls them sensitive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubber:
    """Replaces secret values."""

    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, *instances: Instance) -> Scrubber:
        """The secrets of objects: what the state calls sensitive, and what has a secret's name."""
        found = {
            value
            for instance in instances
            for path, value in _leaves(dict(instance.attributes), ())
            if len(value) >= _SHORTEST and _is_secret(path, instance.sensitive)
        }
        return cls(secrets=tuple(sorted(found, key=len, reverse=True)))

    def scrub(self, text: str) -> str:
        """A text without them."""
        for secret in self.secrets:
            text = text.replace(secret, _MASK)
        return text


def _is_secret(path: Path, sensitive: tuple[Path, ...]) -> bool:
    named = any(isinstance(step, str) and (SECRET_NAME.fullmatch(step) or step in _CONTENTS) for step in path)
    return named or any(path[: len(below)] == below for below in sensitive)


def _leaves(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, value
        case Mapping():
            for name, item in value.items():
                yield from _leaves(item, (*path, name))
        case list():
            for index, item in enumerate(value):
                yield from _leaves(item, (*path, index))
        case _:
            return
