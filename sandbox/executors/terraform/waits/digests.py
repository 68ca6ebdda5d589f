"""SHA-256 of large files, remembered for as long as the file is the same.

The provider has 700 MB; hashing it takes half a second. A file counts as the same while its path, device, inode, size
and both times (the change time cannot be set by a program) are the same. A file that changed within the last moments
is hashed but not remembered, since a second change within one clock tick would go unseen.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sandbox.executors.terraform.waits.refused import NotAsExpectedError

_SETTLED_NS: Final = 2_000_000_000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIdentity:
    """What tells one content of a file from another without reading it."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """From what `stat` says."""
        return cls(
            device=status.st_dev,
            inode=status.st_ino,
            size=status.st_size,
            modified_ns=status.st_mtime_ns,
            changed_ns=status.st_ctime_ns,
        )

    def as_numbers(self) -> list[int]:
        """For JSON."""
        return [self.device, self.inode, self.size, self.modified_ns, self.changed_ns]


def sha256_of(file: Path, *, memory: Path) -> str:
    """The digest of a file's content, as hexadecimal digits.

    Args:
        file: What to hash.
        memory: A folder of this user's own, where digests are remembered.

    Raises:
        NotAsExpectedError: the file changed while it was read.
        OSError: it cannot be read.
    """
    path = file.resolve()
    note = memory / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.json"
    identity = FileIdentity.of(path.stat())
    remembered = _recall(note, identity)
    if remembered:
        return remembered
    with path.open("rb") as stream:
        before = FileIdentity.of(os.fstat(stream.fileno()))
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if not before == identity == FileIdentity.of(path.stat()):
        raise NotAsExpectedError(f"{path.name} changed while it was read")
    if time.time_ns() - max(identity.modified_ns, identity.changed_ns) > _SETTLED_NS:
        memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(note, json.dumps({"identity": identity.as_numbers(), "sha256": digest}))
    return digest


def write_whole(file: Path, text: str) -> None:
    """Write a small file so that a reader sees the old content or the new one, never a part.

    Raises:
        OSError: it could not be written; nothing is left behind.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _recall(note: Path, identity: FileIdentity) -> str:
    try:
        match json.loads(note.read_text("utf-8")):
            case {"identity": list(numbers), "sha256": str(digest)}:
                return digest if numbers == identity.as_numbers() and _SHA256.fullmatch(digest) else ""
    except (OSError, ValueError):
        pass
    return ""
