"""A piece of a policy file, as text, list or mapping, and the errors that name its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sandbox.errors import ConfigurationError

LARGEST_NUMBER = 999_999_999
EMPTY = frozenset({"", "~", "null"})
"""How YAML writes that there is nothing."""

_LONGEST_QUOTE = 80
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a policy file and where it stands."""

    value: Any
    """A text, a list or a mapping: nothing else comes out of `load_text`."""
    file: str
    path: str = ""

    def wrong(self, problem: str) -> ConfigurationError:
        """The error for what stands here; the problem follows on the path."""
        return invalid(self.file, f"{self.path} {problem}".strip())

    def get(self, key: str) -> Node | None:
        """A member of a mapping; None where it is not there."""
        if key not in self.value:
            return None
        return Node(self.value[key], self.file, f"{self.path}.{key}" if self.path else key)

    def mapping(self) -> Node:
        """A mapping of names; nothing counts as an empty one."""
        if isinstance(self.value, str) and self.value in EMPTY:
            return Node({}, self.file, self.path)
        if not isinstance(self.value, dict) or not all(isinstance(key, str) for key in self.value):
            raise self.wrong("is not a mapping of names")
        return self

    def record(self, keys: Iterable[str]) -> Node:
        """A mapping that has no other keys than these."""
        found, known = self.mapping(), tuple(keys)
        unknown = sorted(short(key) for key in found.value.keys() - set(known))
        if unknown:
            where = f"{self.path} has an " if self.path else ""
            raise invalid(self.file, f"{where}unknown key {', '.join(unknown)}; known are {', '.join(known)}")
        return found

    def items(self) -> Iterator[tuple[str, Node]]:
        """What a mapping of names holds."""
        for key, value in self.mapping().value.items():
            yield key, Node(value, self.file, f"{self.path}.{short(key)}")

    def elements(self) -> tuple[Node, ...]:
        """What a list holds: one thing at least."""
        if not isinstance(self.value, list) or not self.value:
            raise self.wrong("is not a list of one or more")
        return tuple(Node(each, self.file, f"{self.path}[{number}]") for number, each in enumerate(self.value))

    def text(self) -> str:
        """A text that is not blank."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong(f"is {short(self.value)}, and should be a text")
        return self.value

    def reason(self) -> str:
        """A text of two words or more, its line breaks taken out."""
        words = self.value.split() if isinstance(self.value, str) else []
        if len(words) < 2:  # noqa: PLR2004 - one word is no reason
            raise self.wrong("needs a reason in words")
        return " ".join(words)

    def number(self) -> int:
        """A count."""
        if not isinstance(self.value, str) or not _NUMBER.fullmatch(self.value):
            raise self.wrong(f"is {short(self.value)}, and should be a number from 0 to {LARGEST_NUMBER}")
        return int(self.value)

    def one_of(self, choices: type[_Choice]) -> _Choice:
        """A word of a closed set."""
        for choice in choices:
            if self.value == choice.value:
                return choice
        raise self.wrong(f"is {short(self.value)}; allowed are {', '.join(choices)}")

    def matching(self, pattern: re.Pattern[str], what: str) -> str:
        """A text of a form."""
        if not isinstance(self.value, str) or not pattern.fullmatch(self.value):
            raise self.wrong(f"is {short(self.value)}, and should be {what}")
        return self.value

    def required(self, keys: Iterable[str]) -> Mapping[str, Node]:
        """The members of a mapping that has exactly these keys."""
        names = tuple(keys)
        found = self.record(names)
        members = {name: found.get(name) for name in names}
        missing = [name for name, member in members.items() if member is None]
        if missing:
            raise self.wrong(f"lacks {', '.join(missing)}")
        return {name: member for name, member in members.items() if member is not None}


def short(value: object) -> str:
    """Quote what was found, not at length."""
    text = repr(value)
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def invalid(name: str, problem: str) -> ConfigurationError:
    """The error for a file that is no policy."""
    return ConfigurationError(f"The policy {name} is not valid: {problem}.", hint="docs/policy.md describes the file.")
