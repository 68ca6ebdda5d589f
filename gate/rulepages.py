"""The rules' pages (docs/rules), which are part of the package."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z-]*")


def pages() -> tuple[str, ...]:
    """The names of all rules that have a page."""
    return tuple(sorted(path.stem for path in _folder().glob("*.md") if _NAME.fullmatch(path.stem)))


def page_text(rule: str) -> str | None:
    """The page of a rule; None where there is none."""
    return (_folder() / f"{rule}.md").read_text(encoding="utf-8") if rule in pages() else None


def _folder() -> Path:
    """Where the pages are: in the installed package, or in the checkout."""
    installed = Path(__file__).parent / "rule_pages"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "docs" / "rules"
