"""The reference page of the command line, made from the grammar: `python -m gate.cli.reference docs/cli.md`.

A page that is written by hand goes stale with the next option; `tests/docs/test_docs_cli.py` compares this one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from gate.cli.parser import build_parser

WIDTH = 80
"""Of the help texts on the page, whatever the terminal that it is generated in."""

_HEAD = """\
# Command line

Made from the program's own help by `make docs`; do not edit.
"""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Write the page to the file that is named, or to stdout."""
    parser = argparse.ArgumentParser(description="Write the reference of the command line as a Markdown page.")
    parser.add_argument("file", nargs="?", type=Path, help="where to (default: stdout)")
    options = parser.parse_args(arguments)
    if options.file is None:
        sys.stdout.write(page())
    else:
        options.file.write_text(page(), encoding="utf-8")
    sys.exit(0)


def page() -> str:
    """Return the page: one section for each command, in the order of the program's own help."""
    sections = (f"\n## {parser.prog}\n\n```text\n{_help(parser)}```\n" for parser in walk(build_parser()))
    return _HEAD + "".join(sections)


def walk(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and all below it."""
    yield parser
    for below in subparsers(parser).values():
        yield from walk(below)


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers directly below one, by the word that leads to them."""
    # argparse has no public way to ask; each kind of action it knows is a class, and this one holds the parsers.
    for action in parser._actions:  # noqa: SLF001 - see above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - see above
            return dict(action.choices)
    return {}


class _Page(argparse.RawDescriptionHelpFormatter):
    """As wide as the page: argparse would take the terminal's width."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{**options, "width": WIDTH})


def _help(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = _Page
    return parser.format_help()


if __name__ == "__main__":
    main()
