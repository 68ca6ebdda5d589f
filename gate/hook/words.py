"""What the words of a shell command are once the shell has expanded them, as far as that can be told beforehand.

The rules are bash's (https://www.gnu.org/software/bash/manual/html_node/Shell-Expansions.html). What only the running
shell knows (a variable from outside, the output of a program, a file name pattern) becomes a `HOLE` in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

HOLE = "\0"
"""Stands for text that is not known: any number of any characters."""
PIPE = "\1"
"""Begins a word that is a process substitution; what the process prints follows."""

Lookup = Callable[[str], str]
"""A variable's value by its name, `HOLE` where it is not known."""
Run = Callable[[Node], str]
"""What a substituted command prints, `HOLE` where that is not known."""

_BRACES = r"(?s)(?P<before>.*?)\{(?P<items>[^{}]*,[^{}]*)\}(?P<after>.*)"
_PATTERN = r"[*?\[]"
_ESCAPE = r"(?s)\\(.)"
_IN_QUOTES = r'\\([$`"\\])'
_ANSI = r"(?s)\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))"
_ANSI_NAMES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_PLAIN_EXPANSION = r"\$\{(\w+)\}"


def text_of(node: Node) -> str:
    """The source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def is_known(word: str) -> bool:
    """Whether all of a word can be told."""
    return HOLE not in word


class Words:
    """Expands words.

    Args:
        lookup: Where variables come from.
        run: Where the output of substituted commands comes from.
    """

    def __init__(self, lookup: Lookup, run: Run) -> None:
        self._lookup = lookup
        self._run = run

    def expand(self, node: Node) -> list[str]:
        """The words that one word of the source becomes: none, one or more."""
        text = self.text(node)
        if node.type in {"simple_expansion", "expansion", "command_substitution"}:
            # Not quoted, so split; a hole stays a word of its own.
            return text.replace(HOLE, f" {HOLE} ").split() if text else []
        if node.type in {"word", "concatenation"} and "{" in text:
            return list(_braces(text))
        return [text]

    def text(self, node: Node) -> str:  # noqa: C901, PLR0911 - one line for each kind of word
        """One word, not split."""
        match node.type:
            case "word" | "number" | "variable_name" | "test_operator" | "extglob_pattern":
                return _unquoted(text_of(node))
            case "raw_string":
                return text_of(node)[1:-1]
            case "ansi_c_string":
                return re.sub(_ANSI, _ansi, text_of(node)[2:-1])
            case "string" | "translated_string":
                return self._quoted(node)
            case "concatenation":
                return "".join(self._piece(child) for child in node.children)
            case "simple_expansion":
                return self._lookup(text_of(node)[1:])
            case "expansion":
                plain = re.fullmatch(_PLAIN_EXPANSION, text_of(node))
                return self._lookup(plain[1]) if plain else self._unknown(node)
            case "command_substitution":
                return self._run(node).rstrip("\n")
            case "process_substitution":
                return PIPE + self._run(node)
            case "string_content":
                return re.sub(_IN_QUOTES, r"\1", text_of(node))
            case _:
                return self._unknown(node)

    def _piece(self, node: Node) -> str:
        return self.text(node) if node.is_named else _unquoted(text_of(node))

    def _quoted(self, node: Node) -> str:
        # What lies between the children (the parser leaves blanks out) belongs to the text.
        source, start, pieces = node.text or b"", node.start_byte, []
        done = start + source.index(b'"') + 1
        for child in node.named_children:
            pieces.append(source[done - start : child.start_byte - start].decode("utf-8", "replace"))
            pieces.append(self.text(child))
            done = child.end_byte
        pieces.append(source[done - start : -1].decode("utf-8", "replace"))
        return "".join(pieces)

    def _unknown(self, node: Node) -> str:
        # What is substituted in there is run all the same.
        for child in node.named_children:
            if child.type in {"command_substitution", "process_substitution"}:
                self._run(child)
            else:
                self._unknown(child)
        return HOLE


def _unquoted(text: str) -> str:
    if text.isalnum():
        return text
    holes = re.sub(_PATTERN, HOLE, re.sub(_ESCAPE, _protect, text))
    return holes.replace("\2", "*").replace("\3", "?").replace("\4", "[")


def _protect(match: re.Match[str]) -> str:
    return {"*": "\2", "?": "\3", "[": "\4", "\n": ""}.get(match[1], match[1])


def _ansi(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3]
    if number:
        return chr(min(int(number, 16), 0x10FFFF))
    if match[4]:
        return chr(int(match[4], 8) & 0xFF)
    return _ANSI_NAMES.get(match[5], match[5])


def _braces(text: str) -> Iterator[str]:
    match = re.fullmatch(_BRACES, text) if "{" in text else None
    if match is None:
        yield text
        return
    for item in match["items"].split(","):
        yield from _braces(match["before"] + item + match["after"])
