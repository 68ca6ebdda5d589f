"""Turn findings into edits, apply them to a copy, and prove a copy right.

A copy is right when it equals the original byte for byte except for the edits, and is as the edits say there. That
is what `differs` checks; it trusts no record of an earlier run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.executors.terraform.waits import stub_amd64
from sandbox.executors.terraform.waits.locate import Findings
from sandbox.executors.terraform.waits.refused import NotAsExpectedError

_BLOCK: Final = 1 << 20
_NANOSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Bytes to replace: at which offset of the file, what must be there, what shall be."""

    offset: int
    before: bytes
    after: bytes


def edits_for(findings: Findings, *, cap_milliseconds: int) -> tuple[Edit, ...]:
    """One stub for each target, one changed distance for each call; by offset.

    Raises:
        NotAsExpectedError: an instruction would not reach.
    """
    stubs = {target: findings.room + i * stub_amd64.STUB_SIZE for i, target in enumerate(findings.targets)}
    try:
        made = [
            (
                at,
                stub_amd64.capped_jump(at=at, target=target, limit_nanoseconds=cap_milliseconds * _NANOSECONDS),
                None,
            )
            for target, at in stubs.items()
        ] + [
            (
                site.address,
                stub_amd64.call(at=site.address, target=stubs[site.target]),
                stub_amd64.call(at=site.address, target=site.target),
            )
            for site in findings.sites
        ]
    except ValueError as error:
        raise NotAsExpectedError(str(error)) from error
    edits = [
        Edit(
            offset=findings.executable.offset_of(address, len(after)),
            before=bytes(len(after)) if before is None else before,
            after=after,
        )
        for address, after, before in made
    ]
    return tuple(sorted(edits, key=lambda edit: edit.offset))


def apply_edits(file: int, edits: Sequence[Edit]) -> None:
    """Check every byte that will be replaced; only then write.

    Args:
        file: Descriptor of the copy, open for reading and writing.
        edits: As made for the original.

    Raises:
        NotAsExpectedError: something else stands there (nothing was written).
        OSError: writing failed.
    """
    for edit in edits:
        if os.pread(file, len(edit.before), edit.offset) != edit.before:
            raise NotAsExpectedError(f"the copy has unexpected bytes at offset {edit.offset:#x}")
    for edit in edits:
        if os.pwrite(file, edit.after, edit.offset) != len(edit.after):
            raise NotAsExpectedError(f"the copy could not be written at offset {edit.offset:#x}")


def differs(original: int, copy: int, edits: Sequence[Edit]) -> str:
    """How a copy differs from what it must be; empty when it is right. Reads both files to their ends."""
    size = os.fstat(original).st_size
    if os.fstat(copy).st_size != size:
        return f"the copy has {os.fstat(copy).st_size} bytes instead of {size}"
    at = 0
    for block, stored in zip(_blocks(original, size), _blocks(copy, size), strict=True):
        expected = _edited(block, at, edits)
        if stored != expected:
            return f"the copy differs between offsets {at:#x} and {at + len(block):#x}"
        at += len(block)
    return "" if at == size else f"only {at} of {size} bytes could be read"


def _blocks(file: int, size: int) -> Iterator[bytes]:
    for at in range(0, size, _BLOCK):
        yield os.pread(file, _BLOCK, at)


def _edited(block: bytes, at: int, edits: Sequence[Edit]) -> bytes:
    """A block of the original as it must stand in the copy; edits may cross the block's borders."""
    touching = [edit for edit in edits if edit.offset < at + len(block) and at < edit.offset + len(edit.after)]
    if not touching:
        return block
    changed = bytearray(block)
    for edit in touching:
        for i, byte in enumerate(edit.after, start=edit.offset - at):
            if 0 <= i < len(changed):
                changed[i] = byte
    return bytes(changed)
