"""What providers answered, kept per user: one file for each executable, by its SHA-256."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from sandbox.errors import SandtableError
from sandbox.executors.terraform.schemas.asking import asked
from sandbox.isolation.enclosure import Isolation

_FOLDER: Final = "answers"
_FORMAT: Final = 1
_DIGEST: Final = 32


def schemas_of(binary: Path, sha256: str, *, cache: Path, isolation: Isolation) -> bytes | None:
    """A provider's schemas: as kept, or asked for now and kept.

    Args:
        binary: An executable that has them.
        sha256: Names what is kept: the digest of the installed executable.
        cache: A folder of this user's own.
        isolation: What encloses the provider while it is asked.

    Returns:
        The message with which it answers GetSchema; None where it could not be asked.
    """
    file = cache / _FOLDER / f"v{_FORMAT}-{sha256}"
    kept = _read(file)
    if kept is not None:
        return kept
    try:
        answer = asked(binary, isolation)
    except SandtableError:
        return None
    if not answer:
        return None
    with suppress(OSError):
        _write(file, answer)
    return answer


def _read(file: Path) -> bytes | None:
    """What was kept, if it is what was written."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    answer = content[_DIGEST:]
    return answer if answer and hashlib.sha256(answer).digest() == content[:_DIGEST] else None


def _write(file: Path, answer: bytes) -> None:
    """Written aside and renamed: another run finds the whole of it or nothing."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(hashlib.sha256(answer).digest() + answer)
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
