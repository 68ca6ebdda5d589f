"""Small executables that look like a Go program to a reader, made by hand; other tests of the waits build on them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from sandbox.executors.terraform.waits.elf import read_executable

SDK = "github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry.(*StateChangeConf).WaitForStateContext"
PROVIDER = "github.com/hashicorp/terraform-provider-aws"

PAGE = 0x1000
BASE = 0x400000
TEXT = BASE + PAGE
DATA = 0x10000000
CALL = 0xE8
PROLOGUE = bytes.fromhex("493b6610")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A function: what it calls, between other bytes; each sleep is told a constant unless there is no pause."""

    name: str
    calls: tuple[str, ...] = ()
    prologue: bytes = PROLOGUE
    pause: int | None = 20_000_000_000

    @property
    def size(self) -> int:
        return -(-(len(self.prologue) + sum(len(self.load(c)) + 5 for c in self.calls) + 1) // 32) * 32

    def load(self, callee: str) -> bytes:
        if callee != "time.Sleep" or self.pause is None:
            return b"\x48\x89\xc8"
        if self.pause < 1 << 32:
            return b"\xb8" + struct.pack("<I", self.pause)
        return b"\x48\xb8" + struct.pack("<q", self.pause)


FUNCTIONS = (
    Sample(name="_rt0_amd64_linux", calls=("runtime.main",), prologue=b"\x90"),
    Sample(name="runtime.main"),
    Sample(name="time.Sleep"),
    Sample(name="time.NewTimer"),
    Sample(name="time.After", calls=("time.NewTimer",), prologue=bytes.fromhex("4c8d6424f0") + PROLOGUE),
    Sample(name="net/http.(*Client).deadline", calls=("time.NewTimer",)),
    Sample(name=SDK, calls=("time.NewTimer", "runtime.main", "time.NewTimer")),
    Sample(name=f"{SDK}.func1", calls=("time.NewTimer", "runtime.main", "time.NewTimer")),
    Sample(name=f"{SDK}.func1.Printf.1"),
    Sample(name=f"{PROVIDER}/internal/retry.sleep", calls=("time.NewTimer",)),
    Sample(name=f"{PROVIDER}/internal/backoff.(*timerImpl).After", calls=("time.NewTimer",)),
    Sample(name=f"{PROVIDER}/internal/conns.(*Config).wait", calls=("time.Sleep",)),
    Sample(name=f"{PROVIDER}/internal/service/sqs.(*Queue).create", calls=("runtime.main", "time.Sleep")),
    Sample(name=f"{PROVIDER}/internal/service/sqs.read", calls=("time.NewTimer",)),
    Sample(name=f"{PROVIDER}/internal/service/sns.create", calls=("time.Sleep", "time.Sleep"), pause=3_000_000_000),
    Sample(name=f"{PROVIDER}/internal/service/sns.delete", calls=("time.Sleep",), pause=None),
    Sample(name=f"{PROVIDER}/internal/service/sns.tick", calls=("time.Sleep",), pause=999_999),
    Sample(name="main.main", calls=("time.Sleep",)),
)
"""Every kind of function of interest, and neighbours that must not be touched."""

WAITING = {
    (f"{SDK}.func1", "time.NewTimer"): 2,
    (f"{PROVIDER}/internal/retry.sleep", "time.NewTimer"): 1,
    (f"{PROVIDER}/internal/backoff.(*timerImpl).After", "time.NewTimer"): 1,
    (f"{PROVIDER}/internal/service/sqs.(*Queue).create", "time.Sleep"): 1,
    (f"{PROVIDER}/internal/service/sns.create", "time.Sleep"): 2,
}
"""The calls to shorten among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to build, with a knob for each thing that can be different."""

    functions: Sequence[Sample] = FUNCTIONS
    go_version: str = "go1.23.10"
    main_package: str = PROVIDER
    machine: int = 62
    kind: int = 2
    magic: int = 0xFFFFFFF1
    text_start: int | None = None
    without: frozenset[str] = frozenset()
    header_rest: bytes = b""
    padding: int = 0
    text_gap: int = 0
    addresses: dict[str, int] = field(default_factory=dict)

    def without_function(self, name: str) -> Program:
        kept = (function for function in self.functions if function.name != name)
        return replace(
            self,
            functions=tuple(
                replace(function, calls=tuple(callee for callee in function.calls if callee != name))
                for function in kept
            ),
        )

    def with_calls(self, name: str, *calls: str) -> Program:
        return replace(
            self,
            functions=tuple(replace(f, calls=calls) if f.name == name else f for f in self.functions),
        )

    def build(self) -> bytes:
        text = self._text()
        table = self._table(len(text))
        build_info = self._build_info()
        data = table + bytes(-len(table) % 64) + build_info
        data_at = PAGE + -(-len(text) // PAGE) * PAGE
        note = PAGE - 0x64
        sections = [
            (".text", 1, TEXT, PAGE, len(text)),
            (".gopclntab", 1, DATA, data_at, len(table)),
            (
                ".go.buildinfo",
                1,
                DATA + len(data) - len(build_info),
                data_at + len(data) - len(build_info),
                len(build_info),
            ),
            (".bss", 8, DATA + 0x100000, data_at, 1 << 40),
            (".note.go.buildid", 7, BASE + note, note, 0x64),
        ]
        sections = [section for section in sections if section[0] not in self.without]
        names = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in sections) + b".shstrtab\0"
        names_at = data_at + len(data)
        segments = [
            (6, 4, 64, BASE + 64, 4 * 56),
            (4, 4, note, BASE + note, 0x64),
            (1, 5, 0, BASE, PAGE + len(text)),
            (1, 4, data_at, DATA, len(data)),
        ]
        header = self._headers(sections, segments, names, names_at)
        assert len(header) + len(self.header_rest) <= note
        page = (header + self.header_rest).ljust(note, b"\0") + b"n" * 0x64
        return (page + text).ljust(data_at, b"\0") + data + names + bytes(self.padding)

    def _headers(
        self,
        sections: list[tuple[str, int, int, int, int]],
        segments: list[tuple[int, int, int, int, int]],
        names: bytes,
        names_at: int,
    ) -> bytes:
        sh_at = 64 + 56 * len(segments)
        count = len(sections) + 2
        header = struct.pack(
            "<16sHHIQQQIHHHHHH",
            b"\x7fELF\x02\x01\x01",
            self.kind,
            self.machine,
            1,
            TEXT,
            64,
            sh_at,
            0,
            64,
            56,
            len(segments),
            64,
            count,
            count - 1,
        )
        header += b"".join(
            struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, size, size, PAGE)
            for kind, flags, offset, address, size in segments
        )
        rows = [(0, 0, 0, 0, 0)]
        rows += [(names.index(b"\0" + n.encode() + b"\0") + 1, kind, a, o, s) for n, kind, a, o, s in sections]
        rows += [(names.index(b"\0.shstrtab\0") + 1, 3, 0, names_at, len(names))]
        return header + b"".join(
            struct.pack("<IIQQQQIIQQ", name, kind, 0, address, offset, size, 0, 0, 1, 0)
            for name, kind, address, offset, size in rows
        )

    def _text(self) -> bytes:
        for entry, function in zip(self._entries(), self.functions, strict=True):
            self.addresses.setdefault(function.name, TEXT + entry)
        code = bytearray()
        for entry, function in zip(self._entries(), self.functions, strict=True):
            body = bytearray(function.prologue)
            for callee in function.calls:
                body += function.load(callee)
                distance = self.addresses[callee] - (TEXT + len(code) + len(body) + 5)
                body += bytes([CALL]) + struct.pack("<i", distance)
            code += body + b"\xc3"
            code += b"\xcc" * (entry + function.size + self.text_gap - len(code))
        return bytes(code)

    def _entries(self) -> list[int]:
        sizes = [function.size + self.text_gap for function in self.functions]
        return list(accumulate(sizes, initial=0))[:-1]

    def _table(self, text_size: int) -> bytes:
        names = b"\0"
        at: dict[str, int] = {}
        for function in self.functions:
            if function.name not in at:
                at[function.name] = len(names)
                names += function.name.encode() + b"\0"
        names += bytes(-len(names) % 8)
        count = len(self.functions)
        index, records = b"", b""
        start = 8 * count + 8
        for entry, function in zip(self._entries(), self.functions, strict=True):
            index += struct.pack("<II", entry, start + len(records))
            records += struct.pack("<Ii", entry, at[function.name]) + b"\xaa" * 32
        index += struct.pack("<II", text_size, 0)
        offsets = [72, 72 + len(names), 76 + len(names), 80 + len(names), 88 + len(names)]
        text_start = TEXT if self.text_start is None else self.text_start
        header = struct.pack("<IBBBB8Q", self.magic, 0, 0, 1, 8, count, 0, text_start, *offsets)
        return header + names + bytes(16) + index + records

    def _build_info(self) -> bytes:
        about = f"path\t{self.main_package}\nbuild\t-compiler=gc\n".encode()
        framed = b"0" * 16 + about + b"1" * 16
        version = self.go_version.encode()
        head = b"\xff Go buildinf:" + bytes([8, 2])
        return head.ljust(32, b"\0") + varint(len(version)) + version + varint(len(framed)) + framed + bytes(32)


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def test_samples_are_executables_as_the_reader_sees_them() -> None:
    program = Program()
    image = program.build()

    executable = read_executable(image)

    assert executable.entry == program.addresses["_rt0_amd64_linux"] == TEXT
    assert set(executable.sections) == {".text", ".gopclntab", ".go.buildinfo", ".note.go.buildid", ".shstrtab"}
    start = executable.offset_of(program.addresses["time.NewTimer"], 4)
    assert image[start : start + 4] == PROLOGUE
