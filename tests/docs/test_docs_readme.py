"""What the README and the other pages say is so: commands, links, tables, paths, dependencies."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gate.cli.main import FAILED, USAGE
from gate.cli.parser import build_parser
from gate.cli.reference import walk
from gate.report import jsonfmt
from gate.verdict import Decision

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PACKAGES = ("diffing", "sandbox", "gate")
READMES = [path for name in ("examples", "fixtures") for path in (ROOT / name).rglob("README.md")]
PAGES = tuple(sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *READMES]))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def tokens(page: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))


def inline(page: Path) -> Iterator[Token]:
    for token in tokens(page):
        yield from token.children or ()


def codes(page: Path) -> list[str]:
    return [token.content for token in inline(page) if token.type == "code_inline"]


def fences(page: Path, *languages: str) -> list[str]:
    return [token.content for token in tokens(page) if token.type == "fence" and token.info in languages]


def links(page: Path) -> list[str]:
    found = [token.attrGet("href") or token.attrGet("src") for token in inline(page)]
    return [str(link) for link in found if link]


def slugs(page: Path) -> set[str]:
    """The anchors that a rendered page has, as code hosts make them from headings."""
    found = tokens(page)
    headings = [found[index + 1].content for index, token in enumerate(found) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(page: Path) -> Iterator[list[str]]:
    cells: list[str] = []
    for token in tokens(page):
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append(token.content)
        elif token.type == "tr_close":
            yield cells


def coded(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# Links and words


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in slugs(target), link


def test_the_readme_leads_to_every_page() -> None:
    reached = {(README.parent / link.partition("#")[0]).resolve() for link in links(README) if "://" not in link}
    assert [page.name for page in DOCS.glob("*.md") if page not in reached] == []


@each_page
def test_no_page_names_a_machine_or_a_package_registry(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"(?<![\w.*/-])/(?:home|root|tmp|work|opt|srv|mnt|Users)/\w+", text) == []
    assert re.findall(r"\b(?:[\w-]+\.)*(?:pypi|pythonhosted|npmjs|registry|artifactory)\.[a-z.]+", text) == []


def test_the_pictures_are_there_and_small() -> None:
    contents = [(ROOT / link).read_bytes() for link in links(README) if link.endswith(".png")]
    assert len(contents) == 2
    assert all(content.startswith(b"\x89PNG") for content in contents)
    assert sum(map(len, contents)) < 300_000


# Commands


@each_page
def test_every_make_command_exists(page: Path) -> None:
    lines = [*codes(page), *(line for block in fences(page, "sh", "") for line in block.splitlines())]
    named = {match[1] for line in lines if (match := re.match(r"make ([a-z]+)", line))}
    assert named <= TARGETS


def test_the_readme_begins_with_two_commands() -> None:
    text = "".join(fences(README, "sh"))
    assert re.findall(r"^make (\w+)", text, re.MULTILINE)[::2] == ["demo", "test"]


@each_page
def test_every_command_line_is_understood(page: Path) -> None:
    for line in (line for block in fences(page, "sh", "") for line in block.splitlines()):
        if line.startswith("sandtable "):
            command = line.partition(" | ")[0].partition(" > ")[0]
            assert build_parser().parse_args(shlex.split(command, comments=True)[1:]).command, line


@each_page
def test_every_command_in_a_sentence_exists(page: Path) -> None:
    known = {parser.prog for parser in walk(build_parser())}
    for code in codes(page):
        if code.startswith("sandtable "):
            words = " ".join(re.findall(r"^sandtable(?: [a-z][a-z-]*)+", code))
            while words and words not in known:
                words = words.rpartition(" ")[0]
            assert words.count(" "), code


@each_page
def test_every_option_in_a_sentence_exists(page: Path) -> None:
    known = {
        option
        for parser in walk(build_parser())
        for action in parser._actions  # noqa: SLF001 - argparse has no public way to ask
        for option in action.option_strings
    }
    named = {match[0] for code in codes(page) if (match := re.match(r"--[a-z-]+", code))}
    assert named <= known


def test_every_extra_that_the_readme_installs_exists() -> None:
    named = re.findall(r"pip install '\.\[([a-z,]+)\]'", "".join(fences(README, "sh")))
    assert named
    assert set(named) <= PROJECT["optional-dependencies"].keys()


# Tables


def test_the_table_of_exit_codes_is_the_codes() -> None:
    told = {int(row[0]): row[1] for row in rows(README) if row[0].isdigit()}
    assert told == {**{item.exit_code: item.value for item in Decision}, FAILED: "–", USAGE: "–"}


@pytest.mark.parametrize("page", [README, DOCS / "architecture.md"], ids=lambda page: page.name)
def test_the_table_of_keys_is_the_schema(page: Path) -> None:
    keys = set(jsonfmt.schema()["properties"])
    told = [name for row in rows(page) if set(coded(row[0])) & keys for name in coded(row[0])]
    assert sorted(told) == sorted(keys)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_of_the_architecture_has_every_module(package: str) -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    section = text.partition(f"### `{package}`")[2].partition("\n#")[0]
    told = {name for line in section.splitlines() if line.startswith("| `") for name in coded(line.split("|")[1])}
    assert all((ROOT / package / name).exists() for name in told), told
    there = {
        path.name
        for path in (ROOT / package).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.name != "__init__.py"
    }
    assert there == {name.partition("/")[0] for name in told}


def test_the_page_of_the_architecture_has_every_decision() -> None:
    linked = {link for link in links(DOCS / "architecture.md") if link.startswith("adr/")}
    assert linked == {f"adr/{path.name}" for path in (DOCS / "adr").glob("*.md")}


@each_page
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = [code for code in codes(page) if re.fullmatch(rf"(?:{'|'.join(PACKAGES)}|benchmarks)/[\w./-]+", code)]
    assert [name for name in named if not (ROOT / name).exists()] == []


@each_page
def test_python_on_a_page_is_python(page: Path) -> None:
    for block in fences(page, "python"):
        ast.parse(block)


# Dependencies


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    """Every package that the metadata name, without this one."""
    optional = [item for items in PROJECT["optional-dependencies"].values() for item in items]
    names = (re.split(r"[\[<>=!~; ]", item, maxsplit=1)[0] for item in [*PROJECT["dependencies"], *optional])
    return {normalised(name) for name in names} - {PROJECT["name"]}


def told_in_tables() -> set[str]:
    return {normalised(name) for row in rows(DOCS / "dependencies.md") for cell in row[:2] for name in coded(cell)}


def test_every_dependency_has_a_reason_on_the_page() -> None:
    assert declared() - told_in_tables() == set()


def test_the_page_has_no_reason_for_what_is_no_dependency() -> None:
    first = {normalised(coded(row[0])[0]) for row in rows(DOCS / "dependencies.md") if len(coded(row[0])) == 1}
    assert first - declared() - set(PROJECT["optional-dependencies"]) == set()


def test_everything_that_is_imported_is_on_the_page() -> None:
    named = {normalised(code) for code in codes(DOCS / "dependencies.md")}
    homes = packages_distributions()
    imported = {name for package in PACKAGES for path in (ROOT / package).rglob("*.py") for name in imports(path)}
    # _typeshed exists for type checkers only.
    outside = imported - sys.stdlib_module_names - set(PACKAGES) - {"_typeshed"}
    assert outside
    for name in sorted(outside):
        assert {normalised(home) for home in homes.get(name, [name])} & named, name


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (item.name.partition(".")[0] for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
