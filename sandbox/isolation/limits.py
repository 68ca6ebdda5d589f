"""How much an enclosed command may use, and the watch over what no kernel limit bounds everywhere.

Per process there are rlimits (setrlimit(2)). The sum over all processes is watched from outside: memory, processes and
the disk under the folders that it writes to. A control group would bound the same, where one may be made; this works
without.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MEBIBYTE = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_INTERVAL = 0.2
"""Seconds between two looks: a disk takes in a few hundred MB in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes and numbers. Generous: twenty modules with ten providers stay far below."""

    processes: int = 2048
    """Threads are counted too: a Terraform with its provider has fifty."""
    memory: int = 8192 * _MEBIBYTE
    """Of all processes together; also what one process may map for itself."""
    disk: int = 2048 * _MEBIBYTE
    """What the folders that it writes to may grow by."""
    files: int = 200_000
    """New files and folders, likewise."""
    file_size: int = 1024 * _MEBIBYTE
    private: int = 512 * _MEBIBYTE
    """What each private folder holds: it is in memory."""
    open_files: int = 8192

    def for_processes(self) -> dict[str, int]:
        """The rlimits, by the names that the `resource` module has for them."""
        return {
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_DATA": self.memory,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
        }


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at one command's use from outside. Folders are measured only when their file system has lost room."""

    limits: Limits
    folders: Sequence[Path]
    pid: int = 0
    """The process below which it runs; 0 while it does not."""
    _next: float = 0.0
    _room: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _held: tuple[int, int] = (0, 0)

    def begin(self) -> None:
        """Remember what there is before the command runs."""
        self._held = _usage(self.folders)
        self._room = {folder: _room(folder) for folder in self.folders}

    def exceeded(self) -> str:
        """The limit that was gone over; looks at most five times a second."""
        now = time.monotonic()
        if now < self._next:
            return ""
        told = self._processes() or self._disk()
        # A look takes its time where there is much to see: at most a tenth of all time goes into looking.
        self._next = time.monotonic() + max(_INTERVAL, 9 * (time.monotonic() - now))
        return told

    def _processes(self) -> str:
        pids = list(_below(self.pid)) if self.pid else []
        if len(pids) > self.limits.processes:
            return f"more than {self.limits.processes} processes"
        # What processes share counts once for each; so it is looked at closely before it counts.
        if sum(map(_resident, pids)) > self.limits.memory and sum(map(_proportional, pids)) > self.limits.memory:
            return f"more than {self.limits.memory // _MEBIBYTE} MiB of memory"
        return ""

    def _disk(self) -> str:
        lost = [
            (before[0] - now[0], before[1] - now[1])
            for folder, before in self._room.items()
            for now in (_room(folder),)
        ]
        if not any(size > self.limits.disk // 2 or files > self.limits.files // 2 for size, files in lost):
            return ""
        size, files = _usage(self.folders)
        if size - self._held[0] > self.limits.disk:
            return f"more than {self.limits.disk // _MEBIBYTE} MiB of disk"
        if files - self._held[1] > self.limits.files:
            return f"more than {self.limits.files} files"
        return ""


def _room(folder: Path) -> tuple[int, int]:
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0, 0
    return status.f_bfree * status.f_frsize, status.f_ffree


def _usage(folders: Iterable[Path]) -> tuple[int, int]:
    """Bytes on disk, and files and folders, without following links."""
    size = count = 0
    waiting = [str(folder) for folder in folders]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:  # it may go away while it is looked at
            continue
    return size, count


def _below(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        yield parent
        try:
            threads = os.listdir(f"/proc/{parent}/task")  # noqa: PTH208 - thousands of them, several times a second
        except OSError:
            continue
        for thread in threads:
            waiting += map(int, _read(f"/proc/{parent}/task/{thread}/children").split())


def _resident(pid: int) -> int:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if fields else 0


def _proportional(pid: int) -> int:
    """Resident memory, with what is shared divided among those that share it (proc(5), smaps_rollup)."""
    lines = (line.split() for line in _read(f"/proc/{pid}/smaps_rollup").splitlines())
    return next((int(words[1]) * 1024 for words in lines if words[0] == "Pss:"), 0)


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123 - as above
            return file.read()
    except OSError:
        return ""
