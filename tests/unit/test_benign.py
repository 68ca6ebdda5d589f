"""Every harmless edit changes its text, once, and nothing that Terraform would make anew by the look of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from benign import EDITS, TYPES, Edit, apply


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.what)
def test_an_edit_is_one_edit_of_one_file(edit: Edit, tmp_path: Path) -> None:
    folder = tmp_path / "types"
    shutil.copytree(TYPES, folder)
    apply(edit, folder)
    changed = [path.name for path in TYPES.iterdir() if path.read_bytes() != (folder / path.name).read_bytes()]
    assert changed == [edit.file]


def test_an_edit_that_finds_nothing_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "types"
    shutil.copytree(TYPES, folder)
    with pytest.raises(ValueError, match=r"its text is in main\.tf 0 times"):
        apply(Edit(what="x", file="main.tf", old="not there", new=""), folder)
