"""The few instructions through which a wait is led: shorten the duration, go on to the function that was meant.

Go passes a first integer argument in RAX (`ABIInternal`, amd64, since Go 1.17), so for `time.NewTimer(d)`,
`time.After(d)` and `time.Sleep(d)` the duration in nanoseconds is in RAX:

    cmp rax, LIMIT      48 3d imm32     a signed comparison: a negative duration passes
    jle +5              7e 05
    mov eax, LIMIT      b8 imm32        clears the upper half of RAX
    jmp TARGET          e9 rel32

It is jumped through, not called: it uses no stack, and the return address is still the one in the wait loop, so a
stack trace or a growing stack sees the loop calling the timer as before. Only the flags change, which Go's calling
convention does not keep.

Source: Intel SDM volume 2; Go, `src/cmd/compile/abi-internal.md`.
"""

from __future__ import annotations

import struct
from typing import Final

CALL: Final = 0xE8
"""First byte of `call rel32`."""

CALL_SIZE: Final = 5
STUB_SIZE: Final = 32
"""Room that one stub takes, aligned."""

PADDING: Final = 0xCC
"""What Go puts between functions."""

_REACH: Final = 1 << 31
_PROLOGUE: Final = bytes.fromhex("493b6610")  # cmp rsp, [r14+16]: the goroutine in R14, so arguments in registers
_PROLOGUE_WITHIN: Final = 16  # before it at most: lea r12, [rsp-N]


def capped_jump(*, at: int, target: int, limit_nanoseconds: int) -> bytes:
    """The stub for one target, as it must stand at address `at`.

    Raises:
        ValueError: the limit is not a positive signed 32-bit number, or the target is out of reach.
    """
    if not 0 < limit_nanoseconds < _REACH:
        raise ValueError(f"limit {limit_nanoseconds} ns does not fit the instruction")
    limit = struct.pack("<i", limit_nanoseconds)
    shorten = b"\x48\x3d" + limit + b"\x7e\x05" + b"\xb8" + limit
    return shorten + b"\xe9" + _relative(at + len(shorten), target)


def call(*, at: int, target: int) -> bytes:
    """The instruction `call target` as it stands at address `at`.

    Raises:
        ValueError: the target is out of reach.
    """
    return bytes([CALL]) + _relative(at, target)


def takes_registers(code: bytes) -> bool:
    """Whether a function that begins with this code follows `ABIInternal`, as far as its stack check shows."""
    return _PROLOGUE in code[: _PROLOGUE_WITHIN + len(_PROLOGUE)]


def constant_argument(code: bytes) -> int | None:
    """The constant that the last instruction of this code puts into RAX; None if it does something else.

    Go loads a constant with ``48 b8 imm64`` or, where it fits, with ``b8 imm32``.
    """
    if code[-10:-8] == b"\x48\xb8":
        return int.from_bytes(code[-8:], "little", signed=True)
    if code[-5:-4] == b"\xb8":
        return int.from_bytes(code[-4:], "little")
    return None


def _relative(at: int, target: int) -> bytes:
    distance = target - (at + CALL_SIZE)
    if not -_REACH <= distance < _REACH:
        raise ValueError(f"{target:#x} is out of reach of {at:#x}")
    return struct.pack("<i", distance)
