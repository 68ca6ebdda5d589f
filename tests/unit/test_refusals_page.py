"""The page of the known refusals is what the rows say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sandbox.refusals.catalogue import KNOWN_REFUSALS
from sandbox.refusals.page import page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "refusals.md"


def test_the_page_is_what_would_be_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_page_writes_itself(tmp_path: Path) -> None:
    file = tmp_path / "refusals.md"
    subprocess.run([sys.executable, "-m", "sandbox.refusals.page", str(file)], cwd=ROOT, check=True)
    assert file.read_text(encoding="utf-8") == page()


def test_every_row_stands_on_the_page_once() -> None:
    text = page()
    for row in KNOWN_REFUSALS:
        assert text.count(f'<a id="{row.name}"></a>') == 1
        assert row.message in text
