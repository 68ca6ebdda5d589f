r"""Reads the small amount of markup that messages and remediations carry, so that every page can show it its own way.

Rules write plain sentences in which `backticks` mark code, and blocks of configuration on lines of their own: fenced,
indented, or from a line that ends in ``{`` to the ``}`` below it. Everything else is text, whatever it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import dedent
from typing import TypeAlias

from gate.report.escape import visible, visible_lines

_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_FENCE = "```"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of words, in one line."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    spans: tuple[Span, ...]

    def __str__(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to copy."""

    text: str

    def __str__(self) -> str:
        return self.text


Block: TypeAlias = Paragraph | Code


def parse_prose(text: str) -> tuple[Block, ...]:
    """Return the paragraphs and code blocks of a text, with invisible characters made visible."""
    return tuple(_blocks(visible_lines(text).strip("\n").split("\n")))


def plain(blocks: tuple[Block, ...]) -> str:
    """Return prose on one line, without its markup."""
    return visible(" ".join(str(block).replace("\n", " ") for block in blocks))


def _blocks(lines: list[str]) -> Iterator[Block]:
    sentence: list[str] = []
    position = 0
    while position < len(lines):
        end = _code_end(lines, position)
        is_code, is_blank = end > position, not lines[position].strip()
        if not is_code and not is_blank:
            sentence.append(lines[position].strip())
        elif sentence:
            yield _paragraph(sentence)
            sentence = []
        if is_code and not is_blank:
            yield Code(
                dedent("\n".join(line for line in lines[position:end] if not line.startswith(_FENCE))).strip("\n")
            )
        position = max(end, position + 1)
    if sentence:
        yield _paragraph(sentence)


def _code_end(lines: list[str], start: int) -> int:
    """Return where the code that begins at ``start`` ends; ``start`` itself where none begins."""
    first = lines[start]
    if first.startswith(_FENCE):
        return _next_where(lines, start, lambda line: line.startswith(_FENCE))
    if first.endswith("{") and not first.startswith(" "):
        return _next_where(lines, start, lambda line: line.startswith("}"))
    end = start
    while end < len(lines) and lines[end].startswith("  "):
        end += 1
    return end


def _next_where(lines: list[str], start: int, closes: Callable[[str], bool]) -> int:
    for position in range(start + 1, len(lines)):
        if closes(lines[position]):
            return position + 1
    return start  # never closed: text


def _paragraph(lines: list[str]) -> Paragraph:
    parts = _CODE_SPAN.split(" ".join(lines))
    return Paragraph(tuple(Span(part, code=bool(index % 2)) for index, part in enumerate(parts) if part))
