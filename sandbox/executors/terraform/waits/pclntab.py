"""Go's function table (`pclntab`): which function lies at which address.

The Go runtime needs it for stack traces and garbage collection, so it is in every Go executable, stripped or not, and
its layout has been the same since Go 1.18:

    header     magic, minimum instruction length, pointer size, counts, offsets of the parts
    names      NUL-terminated function names
    functions  pairs (entry, offset of its record) of 32 bits, sorted by entry, closed by the end of the last one
    records    each starts with the function's entry (again) and the offset of its name

Entries count from the start of the text. That every entry is there twice is used here: both must agree before a
function is believed.

Source: Go, `src/runtime/symtab.go` (`pcHeader`, `functab`, `_func`) and `src/debug/gosym/pclntab.go`.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from sandbox.executors.terraform.waits.elf import Extent, Image, unpack
from sandbox.executors.terraform.waits.refused import NotAsExpectedError

_MAGICS: Final = {0xFFFFFFF0, 0xFFFFFFF1}  # Go 1.18 and Go 1.20
_HEADER: Final = struct.Struct("<IBBBB8Q")
_RECORD_START: Final = struct.Struct("<II")  # entry, offset of the name
_POINTER_SIZE: Final = 8
_LONGEST_NAME: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the executable: its name and the addresses of its code (`end` is the next function's start)."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTable:
    """The function table of one executable. Make it with `parse`."""

    text: Extent
    _names: memoryview
    _words: memoryview
    _entries: Sequence[int]
    _records: Sequence[int]

    @classmethod
    def parse(cls, image: Image, table: Extent, text: Extent) -> Self:
        """Read the header and find the parts.

        Args:
            image: The whole executable.
            table: Its `.gopclntab` section.
            text: Its `.text` section.

        Raises:
            NotAsExpectedError: the table is of an unknown version or contradicts itself.
        """
        view = memoryview(image)[table.offset : table.end]
        magic, pad1, pad2, quantum, pointer, count, _, start, *offsets = unpack(_HEADER, view, 0)
        if magic not in _MAGICS or (pad1, pad2, quantum, pointer) != (0, 0, 1, _POINTER_SIZE):
            raise NotAsExpectedError(f"its Go function table is of an unknown version (magic {magic:#x})")
        if start not in {0, text.address}:  # linkers since Go 1.26 leave it 0
            raise NotAsExpectedError("its Go function table starts elsewhere than the text section")
        names, cu, functions = offsets[0], offsets[1], offsets[4]
        if not (_HEADER.size <= names < cu <= functions < len(view)) or sorted(offsets) != offsets or functions % 4:
            raise NotAsExpectedError("the parts of its Go function table are not in order")
        words = view[functions : functions + (len(view) - functions) // 4 * 4].cast("I")
        if not 0 < count <= len(words) // 4:
            raise NotAsExpectedError(f"its Go function table claims {count} functions")
        return cls(
            text=text,
            _names=view[names:cu],
            _words=words,
            _entries=words[0 : 2 * count + 1 : 2],
            _records=words[1 : 2 * count : 2],
        )

    def at(self, address: int) -> Function:
        """The function whose code contains an address.

        Raises:
            NotAsExpectedError: none does, or the table contradicts itself there.
        """
        function = self._function(bisect_right(self._entries, address - self.text.address) - 1)
        if not function.start <= address < function.end:
            raise NotAsExpectedError(f"no function contains address {address:#x}")
        return function

    def names(self, pattern: re.Pattern[bytes]) -> list[str]:
        """All names that match from start to end; the pattern should begin with a literal part, for speed."""
        framed = re.compile(rb"\0(?:" + pattern.pattern + rb")(?=\0)")
        return [match[0][1:].decode("latin-1") for match in framed.finditer(self._names)]

    def span(self, prefix: bytes) -> tuple[int, int]:
        """The addresses between which all functions lie whose names begin like this; equal when there are none.

        Raises:
            NotAsExpectedError: a record lies outside the table.
        """
        named = re.compile(rb"\0" + re.escape(prefix))
        indices = self._having({match.start() + 1 for match in named.finditer(self._names)})
        if not indices:
            return self.text.address, self.text.address
        return self.text.address + self._entries[indices[0]], self.text.address + self._entries[indices[-1] + 1]

    def find(self, names: Iterable[str]) -> dict[str, Function]:
        """The functions of these names; one that does not exist, or only inlined into others, is not in the answer.

        Raises:
            NotAsExpectedError: two functions have the same of these names, or a record lies outside the table.
        """
        table = bytes(self._names)
        wanted = {at + 1: name for name in names if (at := table.find(b"\0" + name.encode("latin-1") + b"\0")) >= 0}
        found = [self._function(i) for i in self._having(wanted)]
        by_name = {function.name: function for function in found}
        if len(by_name) != len(found):
            raise NotAsExpectedError("two functions of its Go function table have the same name")
        return by_name

    def _having(self, names: Collection[int]) -> list[int]:
        """Indices of the functions whose records name one of these name offsets."""
        words = self._words
        try:
            return [i for i, record in enumerate(self._records) if words[(record >> 2) + 1] in names]
        except IndexError:
            raise NotAsExpectedError("a record of its Go function table lies outside") from None

    def _function(self, index: int) -> Function:
        count = len(self._records)
        if not 0 <= index < count:
            raise NotAsExpectedError("an address lies before the first function")
        start, end = self._entries[index], self._entries[index + 1]
        agreed = self._record(index)[0] == start and (index + 1 == count or self._record(index + 1)[0] == end)
        if not (agreed and start < end <= self.text.size):
            raise NotAsExpectedError(f"its Go function table contradicts itself at function {index}")
        return Function(
            name=self._name(self._record(index)[1]),
            start=self.text.address + start,
            end=self.text.address + end,
        )

    def _record(self, index: int) -> tuple[int, ...]:
        at = self._records[index]
        if at % 4:
            raise NotAsExpectedError("a record of its Go function table is not aligned")
        return unpack(_RECORD_START, self._words.cast("B"), at)

    def _name(self, at: int) -> str:
        name, terminator, _ = bytes(self._names[at : at + _LONGEST_NAME]).partition(b"\0")
        if not (name and terminator):
            raise NotAsExpectedError("a function of its Go function table has no name")
        return name.decode("latin-1")
