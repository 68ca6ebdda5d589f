"""Check an installed provider against `.terraform.lock.hcl`, as Terraform does itself before it starts one.

With `dev_overrides` Terraform skips this check, so it is made here, on the original: the version must be the locked
one, and where the lock file records checksums, one of them must be the ``h1:`` of the package folder. A ``zh:``
checksum is of the archive, which is not there any more; Terraform does not accept it for an unpacked package either.

Sources: Terraform, `internal/depsfile/locks_file.go` and `internal/getproviders/hash.go`; Go,
`golang.org/x/mod/sumdb/dirhash` (`Hash1`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.executors.terraform.waits.refused import NotAsExpectedError

_LARGEST_LOCK_FILE: Final = 4 << 20
_END: Final = ("end", "end of the file")
_TOKEN: Final = re.compile(
    r"""(?P<skip>[ \t\r\n]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
      |(?P<word>[A-Za-z_][\w-]*)
      |"(?P<text>[^"\\\n]*)"
      |(?P<mark>[{}\[\]=,])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedProvider:
    """One provider block of the lock file."""

    source_address: str
    version: str
    hashes: tuple[str, ...]


def verify_locked(
    package: Path, *, source_address: str, lock_file: Path, digest_of: Callable[[Path], str]
) -> LockedProvider:
    """Refuse a package that Terraform would refuse.

    Args:
        package: The provider's folder, links resolved: ``.../VERSION/OS_ARCH``.
        source_address: ``HOST/NAMESPACE/TYPE``.
        lock_file: The working folder's lock file.
        digest_of: SHA-256 of a file in hexadecimal digits.

    Raises:
        NotAsExpectedError: the package is not what the lock file names.
        OSError: a file cannot be read.
    """
    locked = [lock for lock in read_lock_file(lock_file) if lock.source_address == source_address]
    if len(locked) != 1:
        raise NotAsExpectedError(f"the lock file names {source_address} {len(locked)} times instead of once")
    if package.parent.name != locked[0].version:
        raise NotAsExpectedError(f"version {package.parent.name} is installed, the lock file names {locked[0].version}")
    if locked[0].hashes and directory_hash(package, digest_of=digest_of) not in locked[0].hashes:
        raise NotAsExpectedError("the installed package matches none of the lock file's checksums")
    return locked[0]


def directory_hash(directory: Path, *, digest_of: Callable[[Path], str]) -> str:
    """Go's ``h1:`` of a folder: the SHA-256 over one line per file, sorted by name.

    Raises:
        NotAsExpectedError: it holds something that has no such hash.
        OSError: a file cannot be read.
    """
    files = sorted((path.relative_to(directory).as_posix(), path) for path in _files(directory))
    if any("\n" in name for name, _ in files):
        raise NotAsExpectedError("a file of the installed package has a line break in its name")
    # Go sorts by bytes, Python by code points; for UTF-8 that is the same order.
    lines = "".join(f"{digest_of(path)}  {name}\n" for name, path in files)
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode("utf-8", "surrogateescape")).digest()).decode("ascii")


def read_lock_file(file: Path) -> tuple[LockedProvider, ...]:
    """Parse the provider blocks.

    Raises:
        NotAsExpectedError: it is not of the form that Terraform writes.
        OSError: it cannot be read.
    """
    if file.stat().st_size > _LARGEST_LOCK_FILE:
        raise NotAsExpectedError("the lock file is too large")
    try:
        return tuple(_blocks(_tokens(file.read_text("utf-8"))))
    except UnicodeDecodeError:
        raise NotAsExpectedError("the lock file is not of the form that Terraform writes") from None


def _files(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.is_file():
            yield path
        else:
            raise NotAsExpectedError("the installed package holds something else than files and folders")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise NotAsExpectedError("the lock file is not of the form that Terraform writes")
        at = match.end()
        if match.lastgroup != "skip":
            yield match.lastgroup, match[match.lastgroup]
    while True:
        yield _END


def _blocks(tokens: Iterator[tuple[str, str]]) -> Iterator[LockedProvider]:
    """``provider "ADDRESS" { version = "..." constraints = "..." hashes = ["...", ...] }``, any number of times."""
    while (token := next(tokens)) != _END:
        _expect(token, "word", "provider")
        address = _expect(next(tokens), "text")
        _expect(next(tokens), "mark", "{")
        values: dict[str, tuple[str, ...]] = {}
        while (token := next(tokens)) != ("mark", "}"):
            name = _expect(token, "word")
            _expect(next(tokens), "mark", "=")
            values[name] = _value(tokens)
        version = values.get("version", ())
        if len(version) != 1:
            raise NotAsExpectedError(f"the lock file names no version for {address}")
        yield LockedProvider(source_address=address, version=version[0], hashes=values.get("hashes", ()))


def _value(tokens: Iterator[tuple[str, str]]) -> tuple[str, ...]:
    """A string, or a list of strings."""
    token = next(tokens)
    if token != ("mark", "["):
        return (_expect(token, "text"),)
    items: list[str] = []
    while (token := next(tokens)) != ("mark", "]"):
        if token != ("mark", ","):
            items.append(_expect(token, "text"))
    return tuple(items)


def _expect(token: tuple[str, str], kind: str, text: str | None = None) -> str:
    if token[0] != kind or text not in {None, token[1]}:
        raise NotAsExpectedError(f"the lock file has an unexpected {token[1]!r}")
    return token[1]
