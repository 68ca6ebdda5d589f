"""On which line of a configuration each resource and each module call is declared.

No plan and no state tells it, and python-hcl2 takes a second for a few thousand lines, so that the text is looked
through for what matters alone: block headers at the top level, outside comments, strings and heredocs
(https://developer.hashicorp.com/terraform/language/syntax/configuration). A line that is named must be the right one:
what is declared twice, and what stands in a file whose braces do not come out even, has none.
"""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from diffing.graph import without_keys
from sandbox.executors.terraform.configuration import TERRAFORM_SUFFIXES, configuration_files, is_local
from sandbox.rehearsal import SourceLine

MOST_MODULES = 2_000
"""Calls of local modules that are followed."""
_LARGEST = 2_000_000
_DEEPEST = 20
_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    | <<-?(?P<mark>[^\W\d][\w-]*)[ \t\r]*\n.*?^[ \t]*(?P=mark)[ \t\r]*$
    | "(?P<text>(?:[^"\\\n]|\\.)*)"
    | (?P<brace>[{}])
    | (?P<word>[^\W\d][\w-]*)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block at the top level of a file."""

    words: tuple[str, ...]
    """Its type and its labels."""
    line: int
    source: str
    """Its argument of that name, as far as that is one string."""


@dataclass(slots=True)
class _Reader:
    """Puts blocks together from tokens."""

    depth: int = 0
    words: list[str] = field(default_factory=list)
    start: int = 0
    argument: str = ""
    source: str = ""

    def take(self, token: re.Match[str]) -> bool:
        """Take the next token; whether a block ends with it."""
        word = token["word"] if token["word"] is not None else token["text"]
        if token["brace"] == "{":
            self.depth += 1
        elif token["brace"] == "}":
            self.depth -= 1
            return self.depth == 0
        elif word is not None and self.depth == 0:
            self.start = self.start if self.words else token.start()
            self.words.append(word)
        elif word is not None and self.depth == 1:
            if token["text"] is not None and self.argument == "source":
                self.source = word
            self.argument = word if token["word"] is not None else ""
        return False


def declared(root: Path, suffixes: Sequence[str] = TERRAFORM_SUFFIXES) -> Mapping[str, SourceLine]:
    """Return where resources and module calls are declared, by address without instance keys.

    Args:
        root: The root module; local modules are followed. Files are named relative to it.
        suffixes: How the names of configuration files end.
    """
    found: dict[str, SourceLine] = {}
    twice: Counter[str] = Counter()
    waiting, followed = deque([("", root)]), 0
    while waiting and followed < MOST_MODULES:
        prefix, folder = waiting.popleft()
        followed += 1
        for path in _readable(folder, suffixes):
            for block in _blocks(path):
                address = f"{prefix}{_address(block.words)}"
                if address == prefix:
                    continue
                twice[address] += 1
                found[address] = SourceLine(file=Path(os.path.relpath(path, root)).as_posix(), line=block.line)
                if block.words[0] == "module" and is_local(block.source) and prefix.count("module.") < _DEEPEST:
                    waiting.append((f"{address}.", folder / block.source))
    return MappingProxyType({address: place for address, place in found.items() if twice[address] == 1})


def line_of(address: str, places: Mapping[str, SourceLine]) -> SourceLine | None:
    """Return where an address is declared; inside a module from elsewhere, where that is called."""
    name = without_keys(address)
    while name not in places:
        # A module's name holds no dots, so that what comes last belongs to what is inside.
        inside = re.match(r"((?:module\.[^.]+\.)*module\.[^.]+)\.", name)
        if inside is None:
            return None
        name = inside[1]
    return places[name]


def _readable(folder: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Files in native syntax; overrides declare nothing of their own, and JSON has no lines worth naming."""
    try:
        files = configuration_files(folder, suffixes)
    except OSError:
        return
    for path in files:
        stem = path.name.partition(".")[0]
        if not path.name.endswith(".json") and stem != "override" and not stem.endswith("_override"):
            yield path


def _blocks(path: Path) -> tuple[Block, ...]:
    """The blocks of a file; none of one that cannot be read to its end."""
    try:
        if path.stat().st_size > _LARGEST:
            return ()
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ()
    return blocks_of(text)


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks at the top level of a configuration's text; none where its braces do not come out even."""
    found: list[Block] = []
    reader, line, counted = _Reader(), 1, 0
    for token in _TOKEN.finditer(text):
        if reader.take(token):
            line += text.count("\n", counted, reader.start)
            counted = reader.start
            found.append(Block(words=tuple(reader.words), line=line, source=reader.source))
            reader = _Reader()
        if reader.depth < 0:
            return ()
    return tuple(found) if reader.depth == 0 else ()


def _address(words: tuple[str, ...]) -> str:
    match words:
        case ("resource", type_, name):
            return f"{type_}.{name}"
        case ("data", type_, name):
            return f"data.{type_}.{name}"
        case ("module", name):
            return f"module.{name}"
        case _:
            return ""
