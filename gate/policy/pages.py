"""Writes the rules' pages: ``python -m gate.policy.pages docs/rules``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from gate.policy.evaluate import MODULES
from gate.policy.levels import NOT_LOWERED
from gate.policy.page import Page, page_text

PAGES: Mapping[str, Page] = MappingProxyType({module.NAME: module.PAGE for module in MODULES})


def texts() -> Mapping[str, str]:
    """Return every page by the name of its rule."""
    return {name: page_text(name, page, fixed=name in NOT_LOWERED) for name, page in PAGES.items()}


if __name__ == "__main__":
    for rule, text in texts().items():
        (Path(sys.argv[1]) / f"{rule}.md").write_text(text, encoding="utf-8")
