"""Find the few call instructions inside the provider's wait loops, and room for the stub; or refuse.

The provider waits between two status reads with `time.After`, which the compiler turns into a call of
`time.NewTimer`. HTTP, gRPC, contexts and the resources' own timeouts use the same function, so the function itself
must stay as it is; only its calls inside the loops are of interest. Which functions are such loops is known by name,
and the names come from Go's function table. Each rule says how many calls there must be: one more or one fewer means
that the code is not the code that was understood.

Not touched: `(*StateChangeConf).WaitForStateContext` itself (its two timers are the operation's timeout and grace
period), the AWS SDK's retries and waiters, HTTP, gRPC and contexts.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.executors.terraform.waits import stub_amd64
from sandbox.executors.terraform.waits.buildinfo import read_build_info
from sandbox.executors.terraform.waits.elf import PF_W, PF_X, PT_LOAD, Executable, Extent, Image, read_executable
from sandbox.executors.terraform.waits.pclntab import Function, FunctionTable
from sandbox.executors.terraform.waits.refused import NotAsExpectedError

PROVIDER: Final = "github.com/hashicorp/terraform-provider-aws"

_ENTRY_FUNCTION: Final = "_rt0_amd64_linux"
_TIMERS: Final = ("time.NewTimer", "time.After")
_SLEEP: Final = "time.Sleep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One `call` instruction: where it stands, what it calls, and the two functions' names."""

    address: int
    target: int
    caller: str
    callee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that patching needs to know.

    Attributes:
        go_version: Of the compiler that built it.
        sites: The calls to lead through a stub, by address.
        room: Address of unused executable bytes, enough for one stub per target.
        executable: The headers, to turn addresses into offsets.
    """

    go_version: str
    sites: tuple[Site, ...]
    room: int
    executable: Executable

    @property
    def targets(self) -> tuple[int, ...]:
        """The addresses called, each once."""
        return tuple(sorted({site.target for site in self.sites}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loop:
    """Functions known to wait, how many timer calls each has, and whose presence means that one must be there."""

    pattern: re.Pattern[bytes]
    calls: int
    implied_by: re.Pattern[bytes] | None = None


_LOOPS: Final = (
    # terraform-plugin-sdk: the goroutine that refreshes the state (initial delay, pause between two reads).
    _Loop(
        pattern=re.compile(
            rb"github\.com/hashicorp/terraform-plugin-sdk(?:/v\d+)?/helper/(?:retry|resource)"
            rb"\.\(\*StateChangeConf\)\.WaitForState(?:Context)?\.func1"
        ),
        calls=2,
        implied_by=re.compile(
            rb"github\.com/hashicorp/terraform-plugin-sdk(?:/v\d+)?/helper/(?:retry|resource)"
            rb"\.\(\*StateChangeConf\)\.WaitForState[^\0]*"
        ),
    ),
    # The provider's own loops.
    _Loop(
        pattern=re.compile(rb"github\.com/hashicorp/terraform-provider-aws/internal/backoff\.\(\*timerImpl\)\.After"),
        calls=1,
    ),
    _Loop(
        pattern=re.compile(rb"github\.com/hashicorp/terraform-provider-aws/internal/retry\.sleep"),
        calls=1,
    ),
)
_SERVICES: Final = f"{PROVIDER}/internal/service/"
_MOST_SERVICE_PAUSES: Final = 64
_SHORTEST_PAUSE_NS: Final = 1_000_000
_LONGEST_PAUSE_NS: Final = 3_600_000_000_000
_LONGEST_LOAD: Final = 10  # bytes

_PAGE: Final = 4096
_WINDOW: Final = 1 << 16
_REL32: Final = struct.Struct("<i")


def locate(image: Image) -> Findings:
    """Check an executable from its first byte to the bytes around each call.

    Args:
        image: The whole file, mapped.

    Raises:
        NotAsExpectedError: something is not as it was understood; says what.
    """
    executable = read_executable(image)
    build = read_build_info(image, executable.section(".go.buildinfo"))
    if build.main_package != PROVIDER:
        raise NotAsExpectedError(f"its main package is {build.main_package[:80]!r}, not the AWS provider")
    text = executable.section(".text")
    if executable.offset_of(text.address, text.size) != text.offset:
        raise NotAsExpectedError("its text section is not where its segments load it from")
    table = FunctionTable.parse(image, executable.section(".gopclntab"), text)
    entry = table.at(executable.entry)
    if (entry.name, entry.start) != (_ENTRY_FUNCTION, executable.entry):
        raise NotAsExpectedError("it does not start in the Go runtime's entry function")
    sites = _sites(image, executable, table)
    room = _room(image, executable, len({site.target for site in sites}) * stub_amd64.STUB_SIZE)
    return Findings(go_version=build.go_version, sites=sites, room=room, executable=executable)


def _sites(image: Image, executable: Executable, table: FunctionTable) -> tuple[Site, ...]:
    names = [(loop, name) for loop in _LOOPS for name in table.names(loop.pattern)]
    found = table.find((*(name for _, name in names), *_TIMERS, _SLEEP))
    loops = [(found[name], loop.calls) for loop, name in names if name in found]
    _check_loops(table, [function for function, _ in loops])
    if _TIMERS[0] not in found:
        raise NotAsExpectedError(f"it has no function {_TIMERS[0]}")
    targets = {found[name].start: found[name] for name in (*_TIMERS, _SLEEP) if name in found}
    for target in targets.values():
        offset = executable.offset_of(target.start, target.end - target.start)
        if not stub_amd64.takes_registers(image[offset : offset + target.end - target.start]):
            raise NotAsExpectedError(f"{target.name} begins with unknown instructions")
    sites: list[Site] = []
    for function, calls in loops:
        timers = [site for site in _calls_within(image, executable, function, targets) if site.callee != _SLEEP]
        if len(timers) != calls:
            raise NotAsExpectedError(f"{function.name} calls a timer {len(timers)} times instead of {calls}")
        sites += timers
    if _SLEEP in found:
        sites += _service_pauses(image, table, found[_SLEEP])
    return tuple(sorted(sites, key=lambda site: site.address))


def _check_loops(table: FunctionTable, loops: Sequence[Function]) -> None:
    """Refuse where none is known, or where one is missing although what it belongs to is there."""
    if not loops:
        raise NotAsExpectedError("it has no wait loop of a known kind")
    for loop in _LOOPS:
        found = any(loop.pattern.fullmatch(function.name.encode("latin-1")) for function in loops)
        if not found and loop.implied_by and table.names(loop.implied_by):
            raise NotAsExpectedError("its SDK waits in another way than known")


def _calls_within(
    image: Image, executable: Executable, function: Function, targets: dict[int, Function]
) -> Iterator[Site]:
    """The calls of any of the targets between a function's first and last byte."""
    start = executable.offset_of(function.start, function.end - function.start)
    code = image[start : start + function.end - function.start]
    at = code.find(stub_amd64.CALL)
    while 0 <= at <= len(code) - stub_amd64.CALL_SIZE:
        address = function.start + at
        target = address + stub_amd64.CALL_SIZE + _REL32.unpack_from(code, at + 1)[0]
        if target in targets:
            yield Site(address=address, target=target, caller=function.name, callee=targets[target].name)
        at = code.find(stub_amd64.CALL, at + 1)


def _service_pauses(image: Image, table: FunctionTable, sleep: Function) -> list[Site]:
    """Calls of `time.Sleep` in the provider's own service packages with a constant: fixed pauses after a write.

    There are hundreds of thousands of functions in question, so the bytes of such a call could be part of something
    else by chance. That the instruction in front loads a plausible duration rules it out.
    """
    addresses = _calls_of(image, table.text, sleep.start, table.span(_SERVICES.encode()))
    callers = [(address, table.at(address)) for address in addresses]
    sites = [
        Site(address=address, target=sleep.start, caller=caller.name, callee=sleep.name)
        for address, caller in callers
        if caller.name.startswith(_SERVICES) and _is_pause(image, table.text, caller.start, address)
    ]
    if len(sites) > _MOST_SERVICE_PAUSES:
        raise NotAsExpectedError(f"its services call {sleep.name} {len(sites)} times: more than plausible")
    return sites


def _is_pause(image: Image, text: Extent, start: int, call: int) -> bool:
    """Whether the instruction before a call loads a duration between a millisecond and an hour."""
    origin = text.offset - text.address
    duration = stub_amd64.constant_argument(image[max(start, call - _LONGEST_LOAD) + origin : call + origin])
    return duration is not None and _SHORTEST_PAUSE_NS <= duration <= _LONGEST_PAUSE_NS


def _calls_of(image: Image, text: Extent, target: int, span: tuple[int, int]) -> Iterator[int]:
    """The addresses within a span of the text where the bytes of `call target` stand.

    The distance in a call changes with its address, but its upper half is the same for 64 KiB of addresses: looking
    for those two bytes, one such window at a time, is a plain substring search.
    """
    first, last = max(span[0], text.address), min(span[1], text.address + text.size) - stub_amd64.CALL_SIZE
    origin = target - stub_amd64.CALL_SIZE  # a call at this address would have distance 0
    for upper in range((origin - last) >> 16, ((origin - first) >> 16) + 1):
        high = origin - (upper << 16)
        low = max(first, high - _WINDOW + 1)
        start = text.offset + low - text.address
        window = image[start : start + min(last, high) - low + stub_amd64.CALL_SIZE]
        needle = struct.pack("<H", upper & 0xFFFF)
        at = window.find(needle, 3)
        while at >= 0:
            call = at - 3
            if window[call] == stub_amd64.CALL and low + call + _REL32.unpack_from(window, call + 1)[0] == origin:
                yield low + call
            at = window.find(needle, at + 1)


def _room(image: Image, executable: Executable, size: int) -> int:
    """Address of zero bytes behind the headers, loaded as code, that belong to nothing.

    The linker rounds the headers up to a page and loads that page with the text, so its rest is executable. It lies
    outside the range that Go's runtime takes for Go code: a signal that arrives there is treated like one in foreign
    code, and nothing is looked up in the function table.
    """
    start = -(-max(extent.end for extent in executable.headers) // stub_amd64.STUB_SIZE) * stub_amd64.STUB_SIZE
    holders = [
        segment
        for segment in executable.segments
        if segment.kind == PT_LOAD and segment.flags & PF_X and segment.offset == 0 and start + size <= segment.size
    ]
    if len(holders) != 1 or holders[0].flags & PF_W or start + size > _PAGE:
        raise NotAsExpectedError("there is no executable room behind its headers")
    occupied: Iterable[tuple[int, int]] = (
        (extent.offset, extent.end)
        for extent in (*executable.sections.values(), *(s for s in executable.segments if s.kind != PT_LOAD))
        if extent.size
    )
    if any(begin < start + size and start < end for begin, end in occupied) or any(image[start : start + size]):
        raise NotAsExpectedError("the room behind its headers is in use")
    return holders[0].address + start
