"""Sections of a report in pages that an agent can read: whole items, and never more than `LARGEST` bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from sandbox.errors import UsageError

LARGEST = 7_000
"""Bytes of a page. It travels twice, as text and as data, and is escaped once or twice: 25,000 are never reached."""


BY_ADDRESS = frozenset({"dependencies", "locations"})
"""Sections whose keys are addresses: each is one list of items, however many."""


class Page(TypedDict):
    """One page of a section."""

    report_id: str
    section: str
    page: int
    pages: int
    items: int
    """How many there are on all pages."""
    text: str
    """JSON, one item a line."""


def page_of(document: Mapping[str, Any], report_id: str, section: str, number: int) -> Page:
    """One page of a section.

    Args:
        document: The report.
        report_id: Its id.
        section: Keys, with dots between them: ``diff.changes``.
        number: From 1.

    Raises:
        UsageError: there is no such section, or no such page.
    """
    lines = list(_lines(_section(document, section)))
    pages = list(_pages(lines))
    if not 1 <= number <= len(pages):
        raise UsageError(f"{section} has no page {number}.", hint=f"It has {len(pages)}; they are counted from 1.")
    return Page(
        report_id=report_id,
        section=section,
        page=number,
        pages=len(pages),
        items=len(lines),
        text="\n".join(pages[number - 1]),
    )


def sections(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The sections that are worth asking for."""
    records = ((key, value) for key, value in document.items() if isinstance(value, dict) and key not in BY_ADDRESS)
    inner = (f"{key}.{name}" for key, value in records for name in value)
    return (*document, *inner)


def _section(document: Mapping[str, Any], section: str) -> Any:
    value: Any = document
    for key in section.split("."):
        if not isinstance(value, dict) or key not in value:
            known = ", ".join(document)
            raise UsageError(f"The report has no section {section[:100]!r}.", hint=f"Sections: {known}.")
        value = value[key]
    return value


def _lines(value: Any) -> Iterator[str]:
    match value:
        case list():
            items: list[Any] = value
        case dict():
            items = [{key: item} for key, item in value.items()]
        case _:
            items = [value]
    for item in items:
        text = json.dumps(item, ensure_ascii=True)
        if len(text) > LARGEST:
            yield json.dumps({"cut": f"{len(text):,} bytes, too many for a page", "begins": text[: LARGEST // 2]})
        else:
            yield text


def _pages(lines: list[str]) -> Iterator[list[str]]:
    page, size = list[str](), 0
    for line in lines:
        if page and size + len(line) + 1 > LARGEST:
            yield page
            page, size = [], 0
        page.append(line)
        size += len(line) + 1
    yield page
