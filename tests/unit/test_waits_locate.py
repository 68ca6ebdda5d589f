"""The wait loops are found, exactly; whatever is not as understood is refused."""

from __future__ import annotations

import mmap
import struct
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_waits_samples import FUNCTIONS, PAGE, PROVIDER, SDK, WAITING, Program, Sample

from sandbox.executors.terraform.waits import installed_providers
from sandbox.executors.terraform.waits.elf import read_executable
from sandbox.executors.terraform.waits.locate import Findings, locate
from sandbox.executors.terraform.waits.pclntab import FunctionTable
from sandbox.executors.terraform.waits.refused import NotAsExpectedError

IMAGE = Program().build()
RIGHT = locate(IMAGE)


def refusal(program: Program | bytes) -> str:
    with pytest.raises(NotAsExpectedError) as refused:
        locate(program if isinstance(program, bytes) else program.build())
    return str(refused.value)


def changed(position: int, mask: int) -> bytes:
    image = bytearray(IMAGE)
    image[position] ^= mask
    return bytes(image)


class TestFound:
    def test_exactly_the_calls_in_wait_loops(self) -> None:
        assert Counter((site.caller, site.callee) for site in RIGHT.sites) == WAITING
        assert RIGHT.go_version == "go1.23.10"

    def test_each_is_a_call_of_what_it_says(self) -> None:
        program = Program()
        program.build()
        for site in RIGHT.sites:
            at = RIGHT.executable.offset_of(site.address, 5)
            assert IMAGE[at] == 0xE8
            assert site.address + 5 + struct.unpack_from("<i", IMAGE, at + 1)[0] == site.target
            assert program.addresses[site.callee] == site.target

    def test_the_room_is_executable_and_unused(self) -> None:
        at = RIGHT.executable.offset_of(RIGHT.room, 64)
        assert at + 64 <= PAGE - 0x64
        assert at >= max(extent.end for extent in RIGHT.executable.headers)
        assert not any(IMAGE[at : at + 64])

    @pytest.mark.parametrize("magic", [0xFFFFFFF0, 0xFFFFFFF1])
    @pytest.mark.parametrize("text_start", [None, 0])
    @pytest.mark.parametrize("go_version", ["go1.21.13", "go1.22.0", "go1.23.10", "go1.27"])
    def test_the_same_for_each_known_table(self, magic: int, text_start: int | None, go_version: str) -> None:
        program = Program(magic=magic, text_start=text_start, go_version=go_version)
        found = locate(program.build())
        assert (found.sites, found.room, found.go_version) == (RIGHT.sites, RIGHT.room, go_version)

    def test_calls_more_than_a_window_away(self) -> None:
        found = locate(Program(text_gap=70_000).build())
        assert Counter((site.caller, site.callee) for site in found.sites) == WAITING

    @pytest.mark.parametrize(
        "name", [f"{PROVIDER}/internal/retry.sleep", f"{PROVIDER}/internal/backoff.(*timerImpl).After", "time.Sleep"]
    )
    def test_versions_without_one_of_the_loops(self, name: str) -> None:
        found = locate(Program().without_function(name).build())
        assert Counter((site.caller, site.callee) for site in found.sites) == {
            key: count for key, count in WAITING.items() if name not in key
        }

    def test_loops_of_the_older_sdk(self) -> None:
        older = "github.com/hashicorp/terraform-plugin-sdk/helper/resource.(*StateChangeConf).WaitForState.func1"
        program = Program(functions=(*FUNCTIONS, Sample(name=older, calls=("time.NewTimer", "time.NewTimer"))))
        assert len([site for site in locate(program.build()).sites if site.caller == older]) == 2


class TestRefused:
    @pytest.mark.parametrize(
        ("program", "reason"),
        [
            (Program(machine=183), "ELF machine 183"),
            (Program(kind=3), "position-independent"),
            (Program(magic=0xFFFFFFFA), "unknown version"),
            (Program(text_start=0x402000), "starts elsewhere"),
            (Program(go_version="go1.20.14"), "not a plain release"),
            (Program(go_version="go1.28"), "not a plain release"),
            (Program(go_version="go1.27rc1"), "not a plain release"),
            (Program(go_version="devel go1.27-abc"), "not a plain release"),
            (Program(go_version="go1.24.1 X:boringcrypto"), "not a plain release"),
            (Program(main_package="github.com/hashicorp/terraform"), "not the AWS provider"),
            (Program(header_rest=bytes(8) + b"x"), "in use"),
            (Program(header_rest=bytes(63) + b"x"), "in use"),
            (Program(without=frozenset({".text"})), "no .text section"),
            (Program(without=frozenset({".gopclntab"})), "no .gopclntab section"),
            (Program(without=frozenset({".go.buildinfo"})), "no .go.buildinfo section"),
            (Program().without_function("time.NewTimer"), "no function time.NewTimer"),
            (Program(functions=FUNCTIONS[:7]), "no wait loop"),
            (Program().without_function(f"{SDK}.func1"), "another way than known"),
            (Program(functions=FUNCTIONS[1:]), "entry function"),
            (Program(functions=(*FUNCTIONS, Sample(name=f"{SDK}.func1"))), "the same name"),
            (Program(functions=(*FUNCTIONS, Sample(name="time.NewTimer"))), "the same name"),
            (Program().with_calls(f"{SDK}.func1", "time.NewTimer"), "1 times instead of 2"),
            (Program().with_calls(f"{SDK}.func1", *["time.NewTimer"] * 3), "3 times instead of 2"),
            (Program().with_calls(f"{PROVIDER}/internal/retry.sleep"), "0 times instead of 1"),
            (Program().with_calls(f"{PROVIDER}/internal/service/sns.create", *["time.Sleep"] * 70), "than plausible"),
        ],
    )
    def test_what_differs(self, program: Program, reason: str) -> None:
        assert reason in refusal(program)

    def test_a_timer_with_an_unknown_beginning(self) -> None:
        functions = tuple(replace(f, prologue=b"\x55" * 30) if f.name == "time.NewTimer" else f for f in FUNCTIONS)
        assert "time.NewTimer begins with unknown instructions" in refusal(Program(functions=functions))

    @pytest.mark.parametrize(
        "content", [b"", b"\x7fELF", b"#!/bin/sh\n", b"\xcf\xfa\xed\xfe" * 50, b"MZ" + bytes(9999)]
    )
    def test_other_files(self, content: bytes) -> None:
        assert refusal(content)

    def test_every_truncation(self) -> None:
        for size in range(read_executable(IMAGE).sections[".shstrtab"].end):
            refusal(IMAGE[:size])


def structures() -> list[range]:
    """Where a changed byte could lead astray: headers, function table, build information, calls and their targets."""
    sections = read_executable(IMAGE).sections
    parts = [range(extent.offset, extent.end) for extent in RIGHT.executable.headers]
    parts += [range(s.offset, s.end) for name, s in sections.items() if name not in {".text", ".note.go.buildid"}]
    parts += [range(at, at + 5) for at in (RIGHT.executable.offset_of(site.address, 5) for site in RIGHT.sites)]
    parts += [range(at, at + 32) for at in (RIGHT.executable.offset_of(target, 32) for target in RIGHT.targets)]
    return parts


class TestChangedBytes:
    """One wrong byte: refused, or nothing but calls that obey the rules; never another place, never an exception."""

    @pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
    def test_every_byte_of_the_structures(self, mask: int) -> None:
        for part in structures():
            for position in part:
                self.check(changed(position, mask))

    @settings(max_examples=400, deadline=None)
    @given(position=st.integers(0, len(IMAGE) - 1), mask=st.integers(1, 255))
    def test_any_byte(self, position: int, mask: int) -> None:
        self.check(changed(position, mask))

    @settings(max_examples=200, deadline=None)
    @given(st.binary(min_size=1, max_size=40), st.integers(0, len(IMAGE) - 1))
    def test_any_stretch(self, noise: bytes, position: int) -> None:
        self.check(IMAGE[:position] + noise + IMAGE[position + len(noise) :])

    @staticmethod
    def check(image: bytes) -> None:
        try:
            found = locate(image)
        except NotAsExpectedError:
            return
        calls = {(site.address, site.target) for site in found.sites}
        right = {(site.address, site.target) for site in RIGHT.sites}
        # The byte may be the instruction before a service's sleep, and turn it into one that loads a constant: then
        # that sleep obeys the rule. That the program is another one is for the lock file's checksum to see.
        more = [site for site in found.sites if (site.address, site.target) not in right]
        assert all(site.callee == "time.Sleep" and "/internal/service/" in site.caller for site in more)
        assert {(site.address, site.target) for site in RIGHT.sites if site.caller == f"{SDK}.func1"} <= calls
        assert found.room == RIGHT.room
        assert all(
            found.executable.offset_of(site.address, 5) == RIGHT.executable.offset_of(site.address, 5)
            for site in found.sites
        )


class TestRealProvider:
    def test_the_installed_provider(self) -> None:
        path = real_provider()
        with path.open("rb") as file:
            image = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        found = locate(image)

        callers = Counter(site.caller for site in found.sites if site.callee == "time.NewTimer")
        assert callers[f"{SDK}.func1"] == 2
        assert all(
            site.caller.startswith(f"{PROVIDER}/internal/service/") == (site.callee == "time.Sleep")
            for site in found.sites
        )
        self.assert_calls(image, found)
        if "_v5.100.0" in path.name:
            assert found.go_version == "go1.23.10"
            assert callers == {
                f"{SDK}.func1": 2,
                f"{PROVIDER}/internal/retry.sleep": 1,
                f"{PROVIDER}/internal/backoff.(*timerImpl).After": 1,
            }
            assert len(found.sites) == 10

    @staticmethod
    def assert_calls(image: mmap.mmap, found: Findings) -> None:
        table = FunctionTable.parse(image, found.executable.section(".gopclntab"), found.executable.section(".text"))
        for site in found.sites:
            at = found.executable.offset_of(site.address, 5)
            assert image[at] == 0xE8
            assert site.address + 5 + struct.unpack_from("<i", image, at + 1)[0] == site.target
            assert table.at(site.target).name == site.callee
            assert table.at(site.address).name == site.caller


def real_provider() -> Path:
    """The AWS provider as Terraform finds it: in a mirror laid out HOST/NAMESPACE/TYPE/VERSION/OS_ARCH."""
    roots = [
        Path.home() / ".terraform.d/plugins",
        Path("/usr/local/share"),
        Path("/usr/share"),
        Path("/opt"),
        Path("/srv"),
    ]
    for root in roots:
        for pattern in ("", "*/", "*/*/"):
            packages = root.glob(f"{pattern}registry.terraform.io/hashicorp/aws/*/linux_amd64")
            for package in sorted(packages):
                for binary in package.glob("terraform-provider-aws*"):
                    return binary
    pytest.fail(f"no hashicorp/aws provider for linux_amd64 in a mirror under any of {', '.join(map(str, roots))}")


def test_nothing_is_installed_in_an_empty_folder(tmp_path: Path) -> None:
    assert installed_providers(tmp_path) == ()
