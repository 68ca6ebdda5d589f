"""The page of the Python API: its tables are the code's, and its example runs and prints what the page says."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import gate
from gate.cli.main import FAILED, USAGE
from gate.cli.parser import build_parser
from gate.cli.reference import walk
from gate.reviewer import ReviewRequest
from sandbox import errors

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
TOKENS = MarkdownIt().enable("table").parse(TEXT)


def blocks(language: str) -> list[str]:
    return [token.content for token in TOKENS if token.type == "fence" and token.info == language]


def rows() -> Iterator[tuple[str, ...]]:
    cells: list[str] = []
    for token in TOKENS:
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append(token.content)
        elif token.type == "tr_close":
            yield tuple(cells)


def coded(cell: str) -> str:
    return cell.strip("`")


@pytest.mark.terraform
@pytest.mark.engine
def test_the_example_runs_and_prints_what_the_page_says(tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(blocks("python")[0], encoding="utf-8")

    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks("text")[0]
    assert [path.name for path in tmp_path.iterdir()] == ["example.py"]


def test_the_names_that_the_page_imports_exist() -> None:
    for block in blocks("python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                for name in node.names:
                    assert _is_there(str(node.module), name.name), f"{node.module}.{name.name}"
    assert set(gate.__all__) == {"ReviewRequest", "review"}


def _is_there(module: str, name: str) -> bool:
    loaded = importlib.import_module(module)
    return hasattr(loaded, name) or importlib.util.find_spec(f"{module}.{name}") is not None


def test_the_functions_that_the_page_calls_exist() -> None:
    tree = ast.parse(blocks("python")[1])
    called = [
        (node.value.id, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    assert called
    for module, name in called:
        assert callable(getattr(importlib.import_module(f"gate.report.{module}"), name))


def test_the_table_of_fields_is_the_class() -> None:
    fields = {field.name: field for field in dataclasses.fields(ReviewRequest)}
    told = {coded(row[0]): row for row in rows() if coded(row[0]) in fields}

    assert list(told) == list(fields)
    for name, field in fields.items():
        assert told[name][1] == _default(field)


def _default(field: dataclasses.Field[object]) -> str:
    if field.default is not dataclasses.MISSING:
        return "`" + repr(field.default).replace("'", '"') + "`"
    return "required" if field.default_factory is dataclasses.MISSING else f"`{field.default_factory()!r}`"


def test_every_option_of_a_rehearsal_is_a_field() -> None:
    output = {"--help", "--out", "--format", "--quiet"}
    [terraform] = [parser for parser in walk(build_parser()) if parser.prog == "sandtable rehearse terraform"]
    options = {
        action.option_strings[0]
        for action in terraform._actions  # noqa: SLF001 - argparse has no public way to ask
        if action.option_strings and not isinstance(action, argparse._HelpAction)  # noqa: SLF001 - as above
    }
    third = " ".join(row[2] for row in rows())
    missing = [option for option in sorted(options - output) if f"`{option}`" not in third]
    assert missing == []


def test_the_table_of_errors_is_the_module() -> None:
    defined = {
        name: USAGE if issubclass(item, errors.UsageError) else FAILED
        for name, item in vars(errors).items()
        if isinstance(item, type) and issubclass(item, Exception)
    }
    told = {coded(row[0]): int(row[2]) for row in rows() if coded(row[0]).endswith("Error")}
    assert told == defined
