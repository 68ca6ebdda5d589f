"""What a Go executable says about its own build: the compiler's version and the main package.

Source: Go, `src/debug/buildinfo/buildinfo.go`. Since Go 1.18 both strings stand in the `.go.buildinfo` section itself,
each behind its length as a varint; the second is framed by 16 bytes on either side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sandbox.executors.terraform.waits.elf import Extent, Image
from sandbox.executors.terraform.waits.refused import NotAsExpectedError

_MAGIC: Final = b"\xff Go buildinf:"
_INLINE_STRINGS: Final = 2
_STRINGS_AT: Final = 32
_FRAME: Final = 16
_LONGEST: Final = 1 << 20
_RELEASE: Final = re.compile(r"go1\.(\d{1,3})(?:\.\d{1,3})?")
_TRIED_MINORS: Final = range(21, 28)
"""Go releases with which shortening was tried (docs/fast-waits.md). A newer one may change what is relied on here."""

_PATH: Final = re.compile(r"^path\t(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInfo:
    """Attributes: go_version: ``go1.23.10``; main_package: import path of the program."""

    go_version: str
    main_package: str


def read_build_info(image: Image, section: Extent) -> BuildInfo:
    """Parse the `.go.buildinfo` section.

    Raises:
        NotAsExpectedError: it is of another form, or the compiler is not a release known to fit.
    """
    data = image[section.offset : section.end]
    if not data.startswith(_MAGIC) or len(data) < _STRINGS_AT or not data[15] & _INLINE_STRINGS:
        raise NotAsExpectedError("its Go build information is of an unknown form")
    version, at = _string(data, _STRINGS_AT)
    about, _ = _string(data, at)
    release = _RELEASE.fullmatch(version)
    if release is None or int(release[1]) not in _TRIED_MINORS:
        first, last = _TRIED_MINORS[0], _TRIED_MINORS[-1]
        raise NotAsExpectedError(f"it was built with {version[:40]!r}, not a plain release of Go 1.{first} to 1.{last}")
    path = _PATH.search(about[_FRAME:-_FRAME])
    if path is None:
        raise NotAsExpectedError("its Go build information names no main package")
    return BuildInfo(go_version=version, main_package=path[1])


def _string(data: bytes, at: int) -> tuple[str, int]:
    """A string behind its length, and the position after it."""
    size = shift = 0
    while at < len(data) and shift < 32:  # noqa: PLR2004 - more bits than any section has bytes
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    else:
        raise NotAsExpectedError("its Go build information is truncated")
    if size > _LONGEST or at + size > len(data):
        raise NotAsExpectedError("its Go build information is truncated")
    return data[at : at + size].decode("latin-1"), at + size
