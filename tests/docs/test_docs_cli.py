"""The reference of the command line is what the program says of itself, and every command says enough."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gate.cli.parser import build_parser
from gate.cli.reference import WIDTH, page, walk

REFERENCE = Path(__file__).parents[2] / "docs" / "cli.md"
PARSERS = tuple(walk(build_parser()))
COMMANDS = tuple(parser for parser in PARSERS if parser.get_default("command"))
"""The parsers that something can be done with; the others only lead to them."""


def examples(parser: argparse.ArgumentParser) -> list[str]:
    _, _, below = (parser.epilog or "").partition("examples:\n")
    return [line.strip() for line in below.splitlines() if line.startswith("  sandtable")]


EXAMPLES = tuple(line for parser in PARSERS for line in examples(parser))


def test_the_page_is_what_would_be_generated() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("columns", ["20", "300"])
def test_the_page_does_not_depend_on_the_terminal(columns: str, tmp_path: Path) -> None:
    file = tmp_path / "cli.md"
    subprocess.run(
        [sys.executable, "-m", "gate.cli.reference", str(file)],
        env={"PATH": "", "COLUMNS": columns},
        cwd=REFERENCE.parents[1],
        check=True,
    )

    assert file.read_text(encoding="utf-8") == REFERENCE.read_text(encoding="utf-8")


def test_the_page_has_every_command_and_fits() -> None:
    text = page()
    for command in ("demo", "rehearse terraform", "report", "doctor"):
        assert f"\n## sandtable {command}\n" in text
    assert len(PARSERS) == text.count("\n## ")
    options = [line for line in text.splitlines() if line.lstrip().startswith("-")]
    assert options
    assert max(map(len, options)) <= WIDTH


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog)
def test_everything_that_can_be_given_has_help(parser: argparse.ArgumentParser) -> None:
    silent = [
        action.dest
        for action in parser._actions  # noqa: SLF001 - argparse has no public way to ask
        if not action.help and not isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 - as above
    ]
    assert silent == []


@pytest.mark.parametrize("parser", COMMANDS, ids=lambda parser: parser.prog)
def test_every_command_says_what_it_does_and_has_an_example(parser: argparse.ArgumentParser) -> None:
    assert parser.description
    assert any(f"{line} ".startswith(f"{parser.prog} ") for line in EXAMPLES)


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_is_a_command_line_that_is_understood(line: str) -> None:
    # What comes after two blanks explains; what comes after a pipe or an arrow is another program's.
    words = shlex.split(line.partition("  ")[0].partition(" | ")[0].partition(" > ")[0])
    assert build_parser().parse_args(words[1:]).command
