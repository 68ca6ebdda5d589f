"""A reader of CBOR (RFC 8949), as far as smithy-rpc-v2-cbor uses it: everything but simple values beyond null.

A request is somebody else's input: nesting and lengths are bounded, and whatever does not parse is a ValueError.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Final

from sandbox.recorder.tree import MAX_DEPTH, Tree, Undecoded, iso

_EPOCH_TAG: Final = 1
_INDEFINITE: Final = 31
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: Final[dict[int, Tree]] = {20: False, 21: True, 22: None, 23: None}


def loads(data: bytes) -> Tree:
    """Parse one CBOR item; what follows it is ignored.

    Raises:
        ValueError: the bytes are not CBOR, or are cut off.
    """
    return _Reader(data).item(0)


def dumps_texts(texts: dict[str, str]) -> bytes:
    """Write a small map of texts, for an error document."""
    head = bytes([0xA0 | len(texts)])
    return head + b"".join(_text(key) + _text(value) for key, value in texts.items())


def _text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + struct.pack(">H", len(data)) + data


class _Break(ValueError):  # noqa: N818 - the format's own word for the end of an indefinite item
    """The stop code; an error anywhere but at the end of an indefinite item."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def item(self, depth: int) -> Tree:  # noqa: PLR0911 - one per major type
        if depth > MAX_DEPTH:
            raise ValueError("CBOR nested too deeply")
        initial = self._take(1)[0]
        major, info = initial >> 5, initial & 0x1F
        match major:
            case 0:
                return self._argument(info)
            case 1:
                return -1 - self._argument(info)
            case 2:
                return Undecoded(len(self._string(info)))
            case 3:
                return self._string(info).decode("utf-8")
            case 4:
                return self._array(info, depth)
            case 5:
                return self._map(info, depth)
            case 6:
                return self._tagged(self._argument(info), depth)
            case _:
                return self._simple(info)

    def _take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) != count:
            raise ValueError("CBOR is cut off")
        self._at += count
        return piece

    def _argument(self, info: int) -> int:
        if info < 24:  # noqa: PLR2004 - RFC 8949, 3: smaller values stand in the initial byte itself
            return info
        if info > 27:  # noqa: PLR2004 - the same section: 28 to 30 are reserved
            raise ValueError("CBOR length is not valid")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def _string(self, info: int) -> bytes:
        if info != _INDEFINITE:
            return self._take(self._argument(info))
        pieces = bytearray()
        while (initial := self._take(1)[0]) != 0xFF:  # noqa: PLR2004 - the stop code
            pieces += self._take(self._argument(initial & 0x1F))
        return bytes(pieces)

    def _array(self, info: int, depth: int) -> Tree:
        items: list[Tree] = []
        left = None if info == _INDEFINITE else self._argument(info)
        while left is None or len(items) < left:
            try:
                items.append(self.item(depth + 1))
            except _Break:
                if left is None:
                    break
                raise
        return items

    def _map(self, info: int, depth: int) -> Tree:
        entries: dict[str, Tree] = {}
        left = None if info == _INDEFINITE else self._argument(info)
        count = 0
        while left is None or count < left:
            try:
                key = self.item(depth + 1)
            except _Break:
                if left is None:
                    break
                raise
            entries[str(key)] = self.item(depth + 1)
            count += 1
        return entries

    def _tagged(self, tag: int, depth: int) -> Tree:
        value = self.item(depth + 1)
        if tag == _EPOCH_TAG and isinstance(value, int | float):
            try:
                return iso(datetime.fromtimestamp(value, UTC))
            except (OverflowError, OSError) as error:
                raise ValueError("CBOR time is out of range") from error
        return value

    def _simple(self, info: int) -> Tree:
        if info == _INDEFINITE:
            raise _Break("CBOR stop code out of place")
        if info in _FLOATS:
            number: float = struct.unpack(_FLOATS[info], self._take(1 << (info - 24)))[0]
            return number
        if info not in _SIMPLE:
            raise ValueError("CBOR simple value is not known")
        return _SIMPLE[info]
