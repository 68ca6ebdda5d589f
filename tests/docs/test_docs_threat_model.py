"""The page of the threat model lists the attempts that are made, and the limits that hold."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sandbox.isolation.limits import Limits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
MEBIBYTE = 1 << 20


def test_the_page_lists_every_attempt_and_nothing_else() -> None:
    sys.path.insert(0, str(ROOT / "tests" / "contract"))
    from escape_attempts import ATTEMPTS  # noqa: PLC0415 - where it lies is said above

    assert re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE) == list(ATTEMPTS)


def test_the_page_gives_the_limits() -> None:
    limits = Limits()
    for text in (
        f"{limits.processes:,} |",
        f"{limits.memory // MEBIBYTE // 1024} GiB |",
        f"{limits.private // MEBIBYTE} MiB each",
        f"{limits.disk // MEBIBYTE // 1024} GiB, {limits.files:,} files",
        f"{limits.file_size // MEBIBYTE // 1024} GiB each file",
        f"{limits.open_files:,} in each process",
    ):
        assert text in PAGE
