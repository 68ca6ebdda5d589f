"""Clones that are kept from one rehearsal to the next, so that an unchanged target is not cloned twice.

What is kept has every secret of the target in it, so it is encrypted, with a key that is derived from the target
itself (its state, or its configuration and variables): whoever has the target can make the clone anyway, and whoever
has only the cache can read nothing. The name of the file is another digest of the same. AES-256-GCM also tells when a
byte of it is not what was written; such a file is as good as none.

The folder is capped in size; what has not been used for longest goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.clones.image import FORMAT, Image, from_bytes, to_bytes

FOLDER = "clones"
SUFFIX = ".clone"
LARGEST = 1 << 30
"""Bytes that the folder may hold."""
_NONCE = 12
_FAST = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What opens one kept clone, and what it is called."""

    name: str
    secret: bytes

    @classmethod
    def of(cls, parts: Iterable[str | bytes]) -> Key:
        """Derive a key from everything that the clone follows from, the target's secrets among it."""
        total = hashlib.sha256(f"sandtable clone {FORMAT}".encode())
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            total.update(len(data).to_bytes(8, "big"))
            total.update(data)
        root = total.digest()
        return cls(
            name=hashlib.sha256(b"name" + root).hexdigest()[:40], secret=hashlib.sha256(b"secret" + root).digest()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kept clone, as a listing shows it."""

    name: str
    size: int
    """Bytes."""
    used: float
    """Seconds since 1970."""


class WarmClones:
    """The kept clones of one user. Nothing here raises: whoever cannot keep a clone makes it anew.

    Args:
        cache: This tool's cache folder; None where there is none.
        largest: Bytes that all kept clones together may have.
    """

    def __init__(self, cache: Path | None, *, largest: int = LARGEST) -> None:
        self._folder = None if cache is None else cache / FOLDER
        self._largest = largest

    def find(self, key: Key) -> Image | None:
        """The clone that was kept under a key; None where there is none, or it cannot be read."""
        if self._folder is None:
            return None
        path = self._folder / f"{key.name}{SUFFIX}"
        try:
            sealed = path.read_bytes()
            opened = AESGCM(key.secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], key.name.encode())
            image = from_bytes(zlib.decompress(opened))
        except (OSError, InvalidTag, ValueError, zlib.error):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return image

    def keep(self, key: Key, image: Image) -> None:
        """Keep a clone, and make room for it."""
        if self._folder is None:
            return
        nonce = os.urandom(_NONCE)
        sealed = nonce + AESGCM(key.secret).encrypt(nonce, zlib.compress(to_bytes(image), _FAST), key.name.encode())
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Written aside and renamed: another rehearsal finds the whole of it or nothing.
            descriptor, temporary = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(sealed)
                Path(temporary).replace(self._folder / f"{key.name}{SUFFIX}")
            finally:
                Path(temporary).unlink(missing_ok=True)
            self.prune(largest=self._largest)

    def kept(self) -> tuple[Kept, ...]:
        """What is kept, the last used first."""
        return tuple(sorted(self._files(), key=lambda each: each.used, reverse=True))

    def prune(self, *, largest: int) -> tuple[Kept, ...]:
        """Remove what has not been used for longest until the rest fits; return what was removed."""
        total, removed = 0, []
        for each in self.kept():
            total += each.size
            if total > largest and self._folder is not None:
                with contextlib.suppress(OSError):
                    (self._folder / f"{each.name}{SUFFIX}").unlink()
                    removed.append(each)
        return tuple(removed)

    def _files(self) -> Iterator[Kept]:
        if self._folder is None:
            return
        for path in self._folder.glob(f"*{SUFFIX}"):
            # Another process may have pruned it meanwhile.
            with contextlib.suppress(OSError):
                found = path.stat()
                yield Kept(name=path.name.removesuffix(SUFFIX), size=found.st_size, used=found.st_mtime)
