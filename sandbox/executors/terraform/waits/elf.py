"""A minimal reader of ELF executables: sections, segments, and where an address lies in the file.

Only what patching needs: 64 bit, little-endian, x86-64, position-dependent (`ET_EXEC`). Every offset and size that
the file claims is checked against the file before it is used.

Source: System V ABI, "Object Files" (gabi 4.1), and its AMD64 supplement.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import Final

from sandbox.executors.terraform.waits.refused import NotAsExpectedError

Image = mmap.mmap | bytes
"""A whole file: mapped in practice, plain bytes in tests."""

PT_LOAD: Final = 1
PF_X: Final = 1
PF_W: Final = 2

_SHT_NULL: Final = 0
_SHT_NOBITS: Final = 8
_ET_EXEC: Final = 2
_EM_X86_64: Final = 62
_IDENT: Final = b"\x7fELF\x02\x01\x01"  # class 64, little-endian, version 1
_EHDR: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_PHDR: Final = struct.Struct("<IIQQQQQQ")
_SHDR: Final = struct.Struct("<IIQQQQIIQQ")
_MOST_ENTRIES: Final = 256  # a Go executable has about 10 segments and 30 sections


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Bytes of the file, and the address at which they are loaded (0: not loaded)."""

    offset: int
    size: int
    address: int

    @property
    def end(self) -> int:
        """Offset of the first byte behind."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment(Extent):
    """A program header's part of the file."""

    kind: int
    flags: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Executable:
    """What the headers say.

    Attributes:
        entry: Address of the first instruction.
        headers: The tables that describe the rest: ELF header, program headers, section headers.
        segments: In file order of their headers.
        sections: By name; only those that occupy bytes in the file.
    """

    entry: int
    headers: tuple[Extent, ...]
    segments: tuple[Segment, ...]
    sections: dict[str, Extent]

    def section(self, name: str) -> Extent:
        """The section of that name.

        Raises:
            NotAsExpectedError: there is none.
        """
        if name not in self.sections:
            raise NotAsExpectedError(f"it has no {name} section")
        return self.sections[name]

    def offset_of(self, address: int, size: int) -> int:
        """Where in the file the `size` bytes lie that are loaded at `address`.

        Raises:
            NotAsExpectedError: no segment, or more than one, loads them.
        """
        found = [
            segment.offset + address - segment.address
            for segment in self.segments
            if segment.kind == PT_LOAD
            and segment.address <= address
            and address + size <= segment.address + segment.size
        ]
        if len(found) != 1:
            raise NotAsExpectedError(f"address {address:#x} is loaded by {len(found)} segments instead of one")
        return found[0]


def read_executable(image: Image) -> Executable:
    """Parse the headers of a mapped file.

    Raises:
        NotAsExpectedError: it is not an executable of the supported kind, or its headers contradict the file.
    """
    if image[:7] != _IDENT:
        raise NotAsExpectedError("it is not a 64-bit little-endian ELF file")
    fields = unpack(_EHDR, image, 0)
    kind, machine, version, entry, ph_offset, sh_offset = fields[1:7]
    eh_size, ph_size, ph_count, sh_size, sh_count, names_index = fields[8:]
    if machine != _EM_X86_64:
        raise NotAsExpectedError(f"it is for ELF machine {machine}; only x86-64 (62) is supported")
    if kind != _ET_EXEC:
        raise NotAsExpectedError("it is position-independent or not an executable")
    if (version, eh_size, ph_size, sh_size) != (1, _EHDR.size, _PHDR.size, _SHDR.size):
        raise NotAsExpectedError("its ELF header has unusual sizes")
    if not (0 < ph_count <= _MOST_ENTRIES and 0 < names_index < sh_count <= _MOST_ENTRIES):
        raise NotAsExpectedError("its ELF header counts an unusual number of segments or sections")
    headers = (
        Extent(offset=0, size=_EHDR.size, address=0),
        _within(image, Extent(offset=ph_offset, size=ph_count * _PHDR.size, address=0)),
        _within(image, Extent(offset=sh_offset, size=sh_count * _SHDR.size, address=0)),
    )
    return Executable(
        entry=entry,
        headers=headers,
        segments=tuple(_segment(image, ph_offset + i * _PHDR.size) for i in range(ph_count)),
        sections=_sections(image, sh_offset, sh_count, names_index),
    )


def unpack(layout: struct.Struct, image: Image | memoryview, offset: int) -> tuple[int, ...]:
    """Read a structure.

    Raises:
        NotAsExpectedError: it would lie outside the file.
    """
    if not 0 <= offset <= len(image) - layout.size:
        raise NotAsExpectedError(f"it ends before offset {offset + layout.size:#x}: truncated")
    return layout.unpack_from(image, offset)


def _segment(image: Image, at: int) -> Segment:
    kind, flags, offset, address, _, size, _, _ = unpack(_PHDR, image, at)
    segment = Segment(kind=kind, flags=flags, offset=offset, size=size, address=address)
    _within(image, segment)
    return segment


def _sections(image: Image, table: int, count: int, names_index: int) -> dict[str, Extent]:
    rows = [unpack(_SHDR, image, table + i * _SHDR.size) for i in range(count)]
    names = _within(image, Extent(offset=rows[names_index][4], size=rows[names_index][5], address=0))
    sections: dict[str, Extent] = {}
    if [row[1] == _SHT_NULL for row in rows] != [True] + [False] * (count - 1):
        raise NotAsExpectedError("its section headers are not one empty one and then used ones")
    for name_at, kind, _, address, offset, size, *_ in rows[1:]:
        if kind == _SHT_NOBITS:
            continue
        name = _section_name(image, names, name_at)
        if name in sections:
            raise NotAsExpectedError(f"it has two {name} sections")
        sections[name] = _within(image, Extent(offset=offset, size=size, address=address))
    return sections


def _section_name(image: Image, names: Extent, at: int) -> str:
    start = names.offset + at
    end = image.find(b"\0", start, names.end) if at < names.size else -1
    if end < 0:
        raise NotAsExpectedError("a section has no name")
    return image[start:end].decode("latin-1")


def _within(image: Image, extent: Extent) -> Extent:
    if extent.end > len(image):
        raise NotAsExpectedError(f"its headers name bytes up to {extent.end:#x}, it has {len(image):#x}: truncated")
    return extent
