"""What replayed code may try to get out. Runs inside, as a program of the standard library alone.

    escape_attempts.py TARGETS RESULTS

TARGETS is a JSON file that tells where everything outside is. RESULTS gets ``{attempt: what it got}``, empty where it
got nothing. Each attempt runs in a process of its own, for what it does to itself is part of it. It must be harmless
where it succeeds: the test also runs it where nothing holds it.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import platform
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECONDS = 5
_LIBC = ctypes.CDLL(None, use_errno=True)
_ON_X86 = platform.machine() == "x86_64"
_MAGIC = {"keyctl": 250 if _ON_X86 else 219, "bpf": 321 if _ON_X86 else 280, "handle": 303 if _ON_X86 else 264}
_NEW_USER = 0x10000000

Attempt = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Listed:
    """An attempt, what it is after, and whether it succeeds where nothing contains it."""

    what: str
    run: Attempt
    by_itself: bool | None
    """False where another part of sandtable holds it even without isolation; None where it depends on the machine."""


ATTEMPTS: dict[str, Listed] = {}


def attempt(what: str, *, by_itself: bool | None = True) -> Callable[[Attempt], Attempt]:
    """List an attempt under its function's name."""

    def listed(run: Attempt) -> Attempt:
        ATTEMPTS[run.__name__.replace("_", "-")] = Listed(what, run, by_itself)
        return run

    return listed


# Files


@attempt("read `~/.aws/credentials` of the user")
def read_aws_credentials(at: dict[str, Any]) -> str:
    return Path(at["home"], ".aws", "credentials").read_text()


@attempt("read `~/.ssh` of the user")
def read_ssh_key(at: dict[str, Any]) -> str:
    return Path(at["home"], ".ssh", "id_ed25519").read_text()


@attempt("find the home folder through the list of users, and look into it")
def find_home_in_passwd(at: dict[str, Any]) -> str:
    entry = next(entry for entry in pwd.getpwall() if entry.pw_uid == at["uid"])
    return " ".join(name for name in sorted(at["home_names"]) if Path(entry.pw_dir, name).exists())


@attempt("read the tool's own source, and what Git keeps beside it")
def read_tool_source(at: dict[str, Any]) -> str:
    return Path(at["source"], "pyproject.toml").read_text()[:100]


@attempt("read the original folder of the change, with its `.git`")
def read_original(at: dict[str, Any]) -> str:
    return Path(at["original"], ".git", "config").read_text()


@attempt("write into the original folder of the change")
def write_original(at: dict[str, Any]) -> str:
    Path(at["original"], at["mark"]).write_text("was here")
    return "written"


@attempt("write to a folder of the user")
def write_outside(at: dict[str, Any]) -> str:
    Path(at["outside"], at["mark"]).write_text("was here")
    return "written"


@attempt("put a program where the system looks for programs")
def write_system(at: dict[str, Any]) -> str:
    file = Path("/usr/local/bin", at["mark"])
    file.write_text("#!/bin/sh\n")
    file.unlink()
    return "written"


@attempt("read through a symbolic link that leads out of the copy")
def follow_link_out(at: dict[str, Any]) -> str:
    link = Path("link-out")
    link.unlink(missing_ok=True)
    link.symlink_to(Path(at["home"], ".aws", "credentials"))
    try:
        return link.read_text()
    finally:
        link.unlink()


@attempt("make a hard link to a file outside")
def hard_link_out(at: dict[str, Any]) -> str:
    link = Path(at["outside"], at["mark"] + ".link")
    os.link(Path(at["home"], ".aws", "credentials"), link)
    link.unlink()
    return "linked"


@attempt("read shared memory files of other processes (`/dev/shm`)")
def read_shared_memory_file(at: dict[str, Any]) -> str:
    return Path("/dev/shm", at["mark"]).read_text()  # noqa: S108 - what is tried


@attempt("read the engine's data and log")
def read_engine_folder(at: dict[str, Any]) -> str:
    return Path(at["engine"], "engine.log").read_text()


# Other processes


@attempt("read the environment of its parents (`/proc/PID/environ`)")
def read_parents_environment(at: dict[str, Any]) -> str:
    pid, found = os.getppid(), ""
    while pid > 0 and not found:
        with contextlib.suppress(OSError):
            environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            found = at["parents_variable"] if at["parents_variable"].encode() in environ else ""
        status = Path(f"/proc/{pid}/status").read_text()
        pid = int(status.split("PPid:")[1].split()[0])
    return found


@attempt("read the environment of every process")
def read_every_environment(at: dict[str, Any]) -> str:
    return _search("environ", at)


@attempt("read the command line of every process")
def read_every_command_line(at: dict[str, Any]) -> str:
    return _search("cmdline", at)


@attempt("reach files through another process's root (`/proc/PID/root`)")
def read_through_proc_root(at: dict[str, Any]) -> str:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            return (process / "root" / str(at["home"]).lstrip("/") / ".aws" / "credentials").read_text()
    return ""


@attempt("reach files through another process's working folder (`/proc/PID/cwd`)")
def read_through_proc_cwd(at: dict[str, Any]) -> str:
    return (Path(f"/proc/{at['pid']}/cwd") / "agent.txt").read_text()


@attempt("open the memory of another process (`/proc/PID/mem`)")
def open_memory(at: dict[str, Any]) -> str:
    with Path(f"/proc/{at['pid']}/mem").open("rb", buffering=0):
        return "opened"


@attempt("trace another process (ptrace)")
def trace_process(at: dict[str, Any]) -> str:
    attach, detach = 16, 17
    if _LIBC.ptrace(attach, at["pid"], 0, 0) != 0:
        return ""
    os.waitpid(at["pid"], 0x40000000)
    _LIBC.ptrace(detach, at["pid"], 0, 0)
    return "attached"


@attempt("signal the process that records (kill)")
def signal_recorder(at: dict[str, Any]) -> str:
    os.kill(at["recorder_pid"], 0)
    command = Path(f"/proc/{at['recorder_pid']}/cmdline").read_bytes()
    # By its name, or as a worker of pytest-xdist is called.
    return command.decode() if b"pytest" in command or b"exec(eval(" in command else ""


@attempt("write into the recorder's open files (`/proc/PID/fd`)")
def forge_record(at: dict[str, Any]) -> str:
    folder = Path(f"/proc/{at['recorder_pid']}/fd")
    return str(len(list(folder.iterdir())))


@attempt("read System V shared memory of other processes")
def read_shared_memory(at: dict[str, Any]) -> str:
    _LIBC.shmat.restype = ctypes.c_void_p
    segment = _LIBC.shmget(at["shm"], 4096, 0o600)
    return ctypes.string_at(_LIBC.shmat(segment, None, 0), len(at["canary"])).decode() if segment >= 0 else ""


@attempt("use descriptors that were left open", by_itself=False)
def use_left_descriptors(at: dict[str, Any]) -> str:
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if found := _canary(os.pread(int(descriptor.name), 4096, 0), at):
                return found
    return ""


@attempt("leave a process behind (setsid, double fork, nohup)", by_itself=False)
def outlive(at: dict[str, Any]) -> str:
    subprocess.Popen(
        ["/bin/sh", "-c", f"nohup setsid sleep {at['outlive']} >/dev/null 2>&1 & sleep {at['outlive']} &"],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return ""  # looked for from outside


# The network


@attempt("connect to a service on the machine's loopback")
def connect_loopback(at: dict[str, Any]) -> str:
    return _ask(at["loopback"])


@attempt("connect to a service on another address of the machine")
def connect_other_address(at: dict[str, Any]) -> str:
    return _ask(at["other"])


@attempt("ask the engine itself for its admin routes, round the recorder")
def ask_engine(at: dict[str, Any]) -> str:
    return _get(at["loopback"][1], "/_ministack/reset")


@attempt("ask for the engine's admin routes through the recorder", by_itself=False)
def ask_admin_through_recorder(at: dict[str, Any]) -> str:
    return _get(at["recorder"], "/_ministack/reset")


@attempt("use the recorder as a proxy to another host", by_itself=False)
def use_recorder_as_proxy(at: dict[str, Any]) -> str:
    return _get(at["recorder"], f"http://127.0.0.1:{at['loopback'][1]}/")


@attempt("listen in the recorder's place", by_itself=False)
def listen_as_recorder(at: dict[str, Any]) -> str:
    with socket.create_server(("127.0.0.1", at["recorder"]), reuse_port=True):
        return "listening"


@attempt("reach the metadata service of a cloud (169.254.169.254)", by_itself=None)
def reach_metadata(at: dict[str, Any]) -> str:  # noqa: ARG001 - every attempt has this shape
    with socket.create_connection(("169.254.169.254", 80), timeout=1):
        return "connected"


@attempt("look up a name (DNS over UDP)")
def look_up_name(at: dict[str, Any]) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names:
        names.settimeout(1)
        names.sendto(b"?", tuple(at["names"]))
        return names.recv(4096).decode()


@attempt("talk to a daemon over a Unix socket (Docker, an SSH agent)")
def talk_to_daemon(at: dict[str, Any]) -> str:
    return _ask(at["file"])


@attempt("talk to a daemon over an abstract Unix socket")
def talk_over_abstract_socket(at: dict[str, Any]) -> str:
    return _ask(f"\0{at['canary']}")


@attempt("open a virtual socket to the machine's own host (AF_VSOCK)", by_itself=None)
def open_vsock(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM):
        return "opened"


@attempt("listen to the network's packets (AF_PACKET)")
def listen_to_packets(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
        return "opened"


# The kernel


@attempt("become root (setuid)")
def become_root(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    os.setuid(0)
    return "root"


@attempt("mount something, or mount it writable")
def mount_something(at: dict[str, Any]) -> str:
    target = str(at["outside"]).encode()
    if _LIBC.mount(b"none", target, b"tmpfs", 0, None) != 0:
        return ""
    _LIBC.umount2(target, 2)
    return "mounted"


@attempt("make a device file of a disk (mknod)")
def make_device(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    device = Path("escape-device")
    os.mknod(device, 0o60600, os.makedev(7, 0))
    device.unlink()
    return "made"


@attempt("change the root folder (chroot)")
def change_root(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    os.chroot(".")
    return "changed"


@attempt("make a user namespace, for privileges in it")
def make_user_namespace(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    return "made" if _LIBC.unshare(_NEW_USER) == 0 else ""


@attempt("join another process's namespaces (setns)")
def join_namespace(at: dict[str, Any]) -> str:
    descriptor = os.open(f"/proc/{at['pid']}/ns/ipc", os.O_RDONLY)
    return "joined" if _LIBC.setns(descriptor, 0) == 0 else ""


@attempt("use the kernel's keyrings (keyctl)", by_itself=None)
def use_keyring(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    get_keyring, session, create = 0, -3, 1
    return "opened" if _LIBC.syscall(_MAGIC["keyctl"], get_keyring, session, create) > 0 else ""


@attempt("open a file by its handle, whatever the mounts (open_by_handle_at)", by_itself=None)
def open_by_handle(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    handle = ctypes.create_string_buffer(136)
    handle[0:4] = (128).to_bytes(4, sys.byteorder)  # type: ignore[assignment]
    mount = ctypes.c_int()
    folder = os.open(".", os.O_RDONLY)
    if _LIBC.syscall(_MAGIC["handle"], folder, b"", handle, ctypes.byref(mount), 0x1000) != 0:
        return ""
    return "opened" if _LIBC.syscall(_MAGIC["handle"] + 1, folder, handle, os.O_RDONLY) >= 0 else ""


@attempt("load a program into the kernel (bpf)", by_itself=None)
def use_bpf(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    attributes = ctypes.create_string_buffer((2).to_bytes(4, sys.byteorder) + (4).to_bytes(4, sys.byteorder) * 3, 72)
    return "made a map" if _LIBC.syscall(_MAGIC["bpf"], 0, attributes, 72) >= 0 else ""


@attempt("set what the kernel runs when a process crashes (`/proc/sys/kernel/core_pattern`)")
def open_core_pattern(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    with Path("/proc/sys/kernel/core_pattern").open("w"):
        return "opened"


@attempt("open the kernel's emergency switch (`/proc/sysrq-trigger`)", by_itself=None)
def open_sysrq(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    with Path("/proc/sysrq-trigger").open("w"):
        return "opened"


@attempt("change its control group, and the limits with it (`/sys/fs/cgroup`)", by_itself=None)
def open_control_groups(at: dict[str, Any]) -> str:  # noqa: ARG001 - as above
    return "writable" if os.access("/sys/fs/cgroup", os.W_OK) else ""


def _ask(address: Any) -> str:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as connection:
        connection.settimeout(2)
        connection.connect(address if isinstance(address, str) else tuple(address))
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return connection.recv(4096).decode()


def _get(port: int, target: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    connection.request("GET", target)
    answer = connection.getresponse()
    return answer.read().decode() if answer.status == http.client.OK else ""


def _search(name: str, at: dict[str, Any]) -> str:
    for process in Path("/proc").glob(f"[0-9]*/{name}"):
        with contextlib.suppress(OSError):
            if found := _canary(process.read_bytes(), at):
                return found
    return ""


def _canary(content: bytes, at: dict[str, Any]) -> str:
    # Its own command line and environment do not name it: TARGETS is a file.
    return at["canary"] if at["canary"].encode() in content else ""


def _carry_out(listed: Listed, at: dict[str, Any]) -> str:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(_SECONDS)
        got = ""
        with contextlib.suppress(Exception):
            got = listed.run(at)
        os.write(write_end, got.encode(errors="replace")[:4000])
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        got = answer.read().decode(errors="replace")
    os.waitpid(child, 0)
    return got


def main(targets: str, results: str) -> None:
    """Try everything."""
    at = json.loads(Path(targets).read_text())
    got = {name: _carry_out(listed, at) for name, listed in ATTEMPTS.items()}
    Path(results).write_text(json.dumps(got, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
