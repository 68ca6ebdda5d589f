r"""Makes characters visible that would otherwise act on the reader's screen, or hide from the reader.

Names, tags, descriptions and error messages are written by whoever proposes the change. A terminal obeys ESC, every
display reorders text at bidirectional overrides (CVE-2021-42574, "Trojan Source"), and characters without ink hide
words from people that programs still read. What is not printable in Python's sense (Unicode categories "Other" and
"Separator"), and what Unicode calls default-ignorable, is therefore written out as an escape: ``\x1b``, ``\u202e``.

Escaping for a format (HTML, Markdown) comes on top, in its renderer.
"""

from __future__ import annotations

import re

# Default_Ignorable_Code_Point (Unicode DerivedCoreProperties) as far as Python calls them printable: combining grapheme
# joiner, Hangul fillers, Khmer inherent vowels, Mongolian and other variation selectors.
_IGNORABLE = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_TWO_DIGITS, _FOUR_DIGITS = 0xFF, 0xFFFF


def visible(text: str) -> str:
    """Return ``text`` on one line, with every character that has no ink of its own written as an escape."""
    if text.isprintable() and (text.isascii() or not re.search(_IGNORABLE, text)):
        return text
    return "".join(
        char if char.isprintable() and not re.match(_IGNORABLE, char) else _written_out(char) for char in text
    )


def visible_lines(text: str) -> str:
    """Like ``visible``, but line breaks stay line breaks and tabs become spaces."""
    return "\n".join(visible(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n"))


def _written_out(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code <= _TWO_DIGITS:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _FOUR_DIGITS else f"\\U{code:08x}"
