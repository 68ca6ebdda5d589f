"""The system calls that an enclosed command does not get: what reaches round the namespaces, or into the kernel.

Namespaces do not hold everything: keyrings, virtual sockets (``AF_VSOCK``: a virtual machine's way to its host),
terminals' input queues and the kernel's own interfaces are shared. The list follows Docker's default profile
(https://docs.docker.com/engine/security/seccomp/): refused calls fail with EPERM; ``clone3`` fails with ENOSYS, upon
which C libraries use ``clone``, whose flags a filter can see.

Numbers: the kernel's ``syscall_64.tbl`` and ``asm-generic/unistd.h``. Format: seccomp(2), BPF as in
``linux/bpf_common.h``.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32 = 0x40000000
"""System calls of the x32 ABI, which has the same architecture number as x86-64."""

_NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (clone(2))."""
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: all of them end at the network namespace."""
_TERMINAL_REQUESTS = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: putting words into a terminal's input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """One architecture's numbers."""

    architecture: int
    """AUDIT_ARCH_*, from ``linux/audit.h``."""
    clone: int
    socket: int
    ioctl: int
    refused: tuple[int, ...]
    has_x32: bool = False


_EVERYWHERE = {
    "clone3": 435,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "mount_setattr": 442,
    "open_tree_attr": 467,
    "quotactl_fd": 443,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "pidfd_getfd": 438,
    "memfd_secret": 447,
}
_X86_64 = {
    "ptrace": 101,
    "syslog": 103,
    "uselib": 134,
    "pivot_root": 155,
    "chroot": 161,
    "acct": 163,
    "mount": 165,
    "umount2": 166,
    "swapon": 167,
    "swapoff": 168,
    "reboot": 169,
    "iopl": 172,
    "ioperm": 173,
    "init_module": 175,
    "delete_module": 176,
    "quotactl": 179,
    "nfsservctl": 180,
    "lookup_dcookie": 212,
    "kexec_load": 246,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "unshare": 272,
    "perf_event_open": 298,
    "fanotify_init": 300,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "finit_module": 313,
    "kexec_file_load": 320,
    "bpf": 321,
    "userfaultfd": 323,
}
_AARCH64 = {
    "lookup_dcookie": 18,
    "umount2": 39,
    "mount": 40,
    "pivot_root": 41,
    "nfsservctl": 42,
    "chroot": 51,
    "quotactl": 60,
    "acct": 89,
    "unshare": 97,
    "kexec_load": 104,
    "init_module": 105,
    "delete_module": 106,
    "syslog": 116,
    "ptrace": 117,
    "reboot": 142,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "swapon": 224,
    "swapoff": 225,
    "perf_event_open": 241,
    "fanotify_init": 262,
    "name_to_handle_at": 264,
    "open_by_handle_at": 265,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "finit_module": 273,
    "bpf": 280,
    "userfaultfd": 282,
    "kexec_file_load": 294,
}
_CLONE3 = _EVERYWHERE["clone3"]

MACHINES: Mapping[str, _Machine] = MappingProxyType(
    {
        "x86_64": _Machine(
            architecture=0xC000003E,
            clone=56,
            socket=41,
            ioctl=16,
            refused=tuple({**_X86_64, **_EVERYWHERE}.values()),
            has_x32=True,
        ),
        "aarch64": _Machine(
            architecture=0xC00000B7,
            clone=220,
            socket=198,
            ioctl=29,
            refused=tuple({**_AARCH64, **_EVERYWHERE}.values()),
        ),
    }
)
"""By what `platform.machine` calls them."""


def program(machine: str = "") -> bytes:
    """The filter as an array of ``struct sock_filter``; empty for an architecture whose numbers are not known here."""
    numbers = MACHINES.get(machine or platform.machine())
    return b"" if numbers is None else b"".join(_instructions(numbers))


def _instructions(machine: _Machine) -> list[bytes]:
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    made = [_step(_LOAD, _ARCHITECTURE_AT), _step(_EQUAL, machine.architecture, yes=1), refuse]
    made.append(_step(_LOAD, _NUMBER_AT))
    if machine.has_x32:
        made += [_step(_AT_LEAST, _X32, no=1), refuse]
    for number in machine.refused:
        answer = _step(_RETURN, _ERRNO | errno.ENOSYS) if number == _CLONE3 else refuse
        made += [_step(_EQUAL, number, no=1), answer]
    made += _about(machine.clone, 0, [_step(_ANY_BIT, _NEW_NAMESPACES, no=1), refuse])
    families = [_step(_EQUAL, family, yes=len(_FAMILIES) - at) for at, family in enumerate(_FAMILIES)]
    made += _about(machine.socket, 0, [*families, refuse])
    made += _about(
        machine.ioctl, 1, [part for wanted in _TERMINAL_REQUESTS for part in (_step(_EQUAL, wanted, no=1), refuse)]
    )
    return [*made, _step(_RETURN, _ALLOW)]


def _about(number: int, argument: int, checks: list[bytes]) -> list[bytes]:
    """Checks of one system call's argument (its lower half); the call's number is loaded before and after."""
    inner = [_step(_LOAD, _ARGUMENTS_AT + 8 * argument), *checks, _step(_LOAD, _NUMBER_AT)]
    return [_step(_EQUAL, number, no=len(inner)), *inner]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction: for comparisons, how many instructions to skip where it holds and where it does not."""
    return struct.pack("=HBBI", code, yes, no, value)
