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
LONGEST_PARENT = 45
"""Characters. Terraform's providers listen on a Unix socket below the scratch folder, and the whole path of a socket
may have 107 bytes (unix(7)); what comes after the parent takes up to 60 of them."""
SHORT_PARENT = Path("/tmp")  # noqa: S108 - only the parent: the folder itself is made by mkdtemp, for this user alone


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder that only this user can read, and remove it on every way out.

    Raises:
        SandtableError: it cannot be made (no room, no permission).
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parent()))
    except OSError as error:
        raise SandtableError(
            f"No scratch folder could be made: {error}.", hint="Free some space, or set TMPDIR to a folder with room."
        ) from error
    try:
        yield folder
    finally:
        _remove(folder)


def _parent() -> Path:
    """The system's folder for temporary files (TMPDIR), unless its name is too long for a socket."""
    parent = Path(tempfile.gettempdir())
    return parent if len(bytes(parent)) <= LONGEST_PARENT or not SHORT_PARENT.is_dir() else SHORT_PARENT


def _remove(folder: Path) -> None:
    """Remove a tree even where the replayed change has write-protected parts of it."""
    try:
        shutil.rmtree(folder)
    except OSError:
        for directory, _, _ in os.walk(folder):
            Path(directory).chmod(stat.S_IRWXU)
        shutil.rmtree(folder, ignore_errors=True)
