"""A folder of the rehearsal's own, gone afterwards whatever happened."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import SandtableError

PREFIX = "sandtable-"


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder that only this user can read, and remove it on every way out.

    Raises:
        SandtableError: it cannot be made (no room, no permission).
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise SandtableError(
            f"No scratch folder could be made: {error}.", hint="Free some space, or set TMPDIR to a folder with room."
        ) from error
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a tree even where the replayed change has write-protected parts of it."""
    try:
        shutil.rmtree(folder)
    except OSError:
        for directory, _, _ in os.walk(folder):
            Path(directory).chmod(stat.S_IRWXU)
        shutil.rmtree(folder, ignore_errors=True)
