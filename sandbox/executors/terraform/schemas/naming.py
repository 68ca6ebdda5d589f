"""Which of the provider's types a configuration and its state name, and the schemas of those.

The names are found as words, not parsed: a word too many costs nothing, and Terraform accepts no type whose name is
written otherwise, but for escapes; where there are any, nothing is left out. A type that were missing would be an error
of Terraform's ("does not support resource type"), never silence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.plainfile import read_plain

_TYPE: Final = re.compile(rb"aws_\w+")
_ESCAPE: Final = re.compile(rb"\\[uU]")
_LARGEST: Final = 64 << 20
"""Bytes of configuration."""
_RESOURCES, _DATA_SOURCES = 2, 3
"""Fields of GetProviderSchema.Response that are maps by type; all others are kept whole."""
_DELIMITED: Final = 2
"""The wire type of maps and messages (protobuf.dev, Encoding)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTypes:
    """The types that a command of Terraform's can come across."""

    names: frozenset[bytes]

    @classmethod
    def of(cls, top: Path, suffixes: Sequence[str], state: bytes) -> Self | None:
        """Look into all configuration files below a folder, installed modules among them, and into a state.

        Args:
            top: The copy. Code of the change may have written to it: no link is followed.
            suffixes: How the names of configuration files end.
            state: What the configuration starts from.

        Returns:
            None where a name may be written in a way that is not seen here, or too much would have to be read.
        """
        found = set(_TYPE.findall(state))
        try:
            files = list(_configuration(top, tuple(suffixes)))
            if sum(file.lstat().st_size for file in files) > _LARGEST:
                return None
            for file in files:
                text = read_plain(top, file)
                if _ESCAPE.search(text):
                    return None
                found.update(_TYPE.findall(text))
        except OSError:
            return None
        return cls(names=frozenset(found))

    def of_schemas(self, answer: bytes) -> bytes:
        """The answer to GetSchema, with the named types alone.

        Raises:
            ConfigurationError: it is no such answer.
        """
        try:
            return b"".join(self._kept(answer))
        except (IndexError, ValueError) as error:
            raise ConfigurationError("The provider's schemas cannot be read.") from error

    def _kept(self, answer: bytes) -> Iterator[bytes]:
        for field, start, content, end in _fields(answer):
            if field not in {_RESOURCES, _DATA_SOURCES} or _key(answer[content:end]) in self.names:
                yield answer[start:end]


def _configuration(top: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for folder, _, files in os.walk(top):
        yield from (Path(folder, name) for name in files if name.endswith(suffixes))


def _key(entry: bytes) -> bytes:
    """The key of an entry of a map: field 1."""
    return next((entry[content:end] for field, _, content, end in _fields(entry) if field == 1), b"")


def _fields(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Each field: its number, where it begins, where its content begins, where it ends."""
    at = 0
    while at < len(message):
        tag, content = _number(message, at)
        if tag & 7 != _DELIMITED:
            raise ValueError(tag)
        size, content = _number(message, content)
        if content + size > len(message):
            raise ValueError(size)
        yield tag >> 3, at, content, content + size
        at = content + size


def _number(message: bytes, at: int) -> tuple[int, int]:
    """A number in base 128, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more comes
            return value, at
