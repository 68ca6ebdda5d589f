"""The report in a terminal."""

from __future__ import annotations

import io
import re

import pytest
from golden_files import assert_golden
from report_samples import GOLDEN, NASTIES, SAMPLES, reject, secrets
from rich.cells import cell_len
from rich.console import Console

from gate.report.escape import visible
from gate.report.jsonfmt import to_document
from gate.report.model import Report
from gate.report.terminal import render


def printed(report: Report, *, width: int = 100, colour: bool = False, encoding: str = "utf-8") -> str:
    data = io.BytesIO()
    file = io.TextIOWrapper(data, encoding=encoding, write_through=True, newline="\n")
    render(
        to_document(report),
        Console(file=file, width=width, force_terminal=colour, color_system="truecolor" if colour else "auto"),
    )
    return data.getvalue().decode(encoding)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    assert_golden(f"{name}.txt", printed(GOLDEN[name]()))


def test_golden_of_two_thousand_changes() -> None:
    text = printed(SAMPLES["many"]())
    assert_golden("many.txt", text)
    assert len(text.splitlines()) < 150


def test_the_decision_is_the_first_and_the_last_thing_said() -> None:
    lines = [line.strip() for line in printed(reject(), width=140).splitlines() if line.strip()]
    assert lines[0].startswith("REJECTED")
    assert lines[-1].startswith("REJECTED: 1 resource is deleted and 2 are replaced; lost: 3 items")


def test_destructive_changes_come_first_with_the_forcing_attribute() -> None:
    text = printed(reject())
    assert text.index("Destructive (3)") < text.index("To look at (1)") < text.index("Other changes (2)")
    assert 'forced by  name: "cost-recrods" → "cost-records"' in text
    assert "items: 3 → 0" in text
    assert "plan, calls, clone" in text
    assert "3 replaced" in text


@pytest.mark.parametrize("width", [20, 40, 80, 140, 400])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    widest = max(cell_len(line) for line in printed(SAMPLES[name](), width=width).splitlines())
    assert widest <= max(width, 40)


def test_piped_output_has_no_colour_and_no_trailing_spaces() -> None:
    text = printed(reject())
    assert "\x1b" not in text
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)


def test_colour_is_the_only_escape_sequence_whatever_names_hold() -> None:
    text = printed(SAMPLES["hostile"](), colour=True)
    without_colour = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b[" in text
    assert {char for char in without_colour if not char.isprintable()} == {"\n"}


def test_nasties_are_shown_as_text() -> None:
    text = printed(SAMPLES["hostile"](), width=400)
    for nasty in NASTIES:
        assert visible(nasty) in text


def test_rich_markup_is_not_read() -> None:
    assert "[bold red]markup[/bold red]" in printed(SAMPLES["hostile"](), width=400, colour=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_ascii_terminal_gets_ascii(name: str) -> None:
    text = printed(SAMPLES[name](), encoding="ascii")
    assert text.isascii()


def test_secrets_are_named_and_not_shown() -> None:
    assert "password: (sensitive) → (sensitive)" in printed(secrets())
