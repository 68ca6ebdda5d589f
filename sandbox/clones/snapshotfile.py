r"""A snapshot: a clone at rest in one file, without secrets, from which it comes up without Terraform.

    sandtable snapshot 1\n  <SHA-256 of the rest, hexadecimal>\n  <an image, MessagePack, compressed>

The digest tells a damaged file; it is no signature.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from pathlib import Path

from sandbox.clones.image import FORMAT, Image, from_bytes, to_bytes
from sandbox.errors import ConfigurationError, SandtableError, UsageError

MAGIC = b"sandtable snapshot "
LARGEST = 512 * 1024 * 1024
"""Bytes, before and after decompression."""
_HINT = "Make it anew: sandtable clone --target … --out FILE"


def write_snapshot(image: Image, file: Path) -> str:
    """Write an image whose secrets have been taken out; return its digest.

    Raises:
        UsageError: it still has its secrets.
        SandtableError: the file cannot be written.
    """
    if not image.redacted:
        raise UsageError("A clone with its secrets is not written to a file.")
    body = zlib.compress(to_bytes(image), 6)
    digest = hashlib.sha256(body).hexdigest()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(b"%s%d\n%s\n%s" % (MAGIC, FORMAT, digest.encode(), body))
            Path(temporary).replace(file)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise SandtableError(
            f"The snapshot {file} could not be written: {error.strerror or error}.",
            hint="Name a file in a folder that can be written, on a disk with room.",
        ) from error
    return digest


def read_snapshot(file: Path) -> Image:
    """Read a snapshot.

    Raises:
        UsageError: there is no such file.
        ConfigurationError: it cannot be read, is none, is of another format, or is damaged.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise UsageError(f"There is no snapshot {file}.", hint=_HINT) from error
    except OSError as error:
        raise ConfigurationError(f"The snapshot {file} cannot be read: {error.strerror}.", hint=_HINT) from error
    head, _, rest = content.partition(b"\n")
    if not head.startswith(MAGIC) or len(content) > LARGEST:
        raise ConfigurationError(f"{file} is not a snapshot of sandtable's.", hint=_HINT)
    if head != MAGIC + str(FORMAT).encode():
        raise ConfigurationError(f"The snapshot {file} has another format than this version reads.", hint=_HINT)
    digest, _, body = rest.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise ConfigurationError(f"The snapshot {file} is damaged: its digest does not fit.", hint=_HINT)
    try:
        return from_bytes(_decompressed(body))
    except (ValueError, zlib.error) as error:
        raise ConfigurationError(f"The snapshot {file} is damaged: it cannot be unpacked.", hint=_HINT) from error


def _decompressed(body: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(body, LARGEST)
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise ValueError("too large, or cut off")
    return content
