"""Reading and writing files in a folder that replayed code could write to: a link there may lead anywhere.

Every part of the path is opened without following links, and only a regular file is read, so that neither another file
of the user's is taken for one of the change's, nor a pipe keeps this tool waiting.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LARGEST = 1 << 30
"""Bytes: more is not taken in."""


def read_plain(top: Path, path: Path) -> bytes:
    """Read a regular file.

    Args:
        top: A folder that the code could not replace.
        path: The file, somewhere below it.

    Raises:
        FileNotFoundError: there is none.
        OSError: it is something else, or a link is on the way to it.
    """
    with _folder(top, path) as folder:
        descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size > LARGEST:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return file.read()


def write_plain(top: Path, path: Path, content: bytes) -> None:
    """Put a new file, for this user alone, in the place of whatever is there.

    Args:
        top: A folder that the code could not replace.
        path: The file; the folders between are made.
        content: What it shall hold.

    Raises:
        OSError: it cannot be written, or a link is on the way to it.
    """
    with _folder(top, path, make=True) as folder:
        with suppress(FileNotFoundError):
            os.unlink(path.name, dir_fd=folder)
        descriptor = os.open(path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


@contextmanager
def _folder(top: Path, path: Path, *, make: bool = False) -> Iterator[int]:
    """A descriptor of the folder that a file is in."""
    descriptor = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in path.relative_to(top).parts[:-1]:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=descriptor)
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)
