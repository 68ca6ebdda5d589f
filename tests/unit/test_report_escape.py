"""Invisible characters made visible."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.report.escape import visible, visible_lines

IGNORABLE = ["\u034f", "\u115f", "\u1160", "\u17b4", "\u180e", "\u3164", "\ufe0f", "\uffa0", "\U000e0101", "\U000e0041"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("naïve 数据 🚀", "naïve 数据 🚀"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("a\u202eb", r"a\u202eb"),
        ("\u2028\u2029\u00a0", r"\u2028\u2029\xa0"),
        ("\ufeff\u200b", r"\ufeff\u200b"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("char", IGNORABLE)
def test_characters_without_ink_are_written_out(char: str) -> None:
    assert visible(f"a{char}b").isascii()


def test_no_control_format_or_surrogate_character_gets_through() -> None:
    hidden = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs"}]
    assert len(hidden) > 2000
    assert visible("".join(hidden)).isascii()


@given(st.text())
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text())
def test_lines_stay_lines(text: str) -> None:
    shown = visible_lines(text)
    assert shown.count("\n") == text.count("\n")
    assert shown.replace("\n", "").isprintable()


def test_tabs_become_spaces_between_lines() -> None:
    assert visible_lines("a\tb\r\nc\rd") == "a   b\nc\\rd"
