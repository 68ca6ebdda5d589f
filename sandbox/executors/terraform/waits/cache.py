"""Patched copies of providers, kept per user: made once, proved right, shared by all rehearsals.

    CACHE/lock                             held while a copy is made or removed
    CACHE/digests/*.json                   remembered SHA-256 of originals
    CACHE/copies/v1-SHA256-CAPms/          one copy; SHA256 is the original's
        terraform-provider-aws_v5...       read-only, the original's name
        manifest.json                      what it is, and the file's identity when it was last proved right

A copy appears under its name only when it is complete and was compared with the original byte by byte. A later run
believes it as long as the file is untouched since (inode, size, times) and the machine has not been restarted; else it
is compared again, and made anew where it differs.
"""

from __future__ import annotations

import errno
import fcntl
import json
import mmap
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.executors.terraform.waits.digests import FileIdentity, sha256_of, write_whole
from sandbox.executors.terraform.waits.locate import locate
from sandbox.executors.terraform.waits.patch import Edit, apply_edits, differs, edits_for
from sandbox.executors.terraform.waits.refused import NotAsExpectedError

_FORMAT: Final = 2
"""Raise it with every change of the rules, the stub or the layout: older copies are then not used any more."""

_MODE: Final = 0o555
"""Others may run it, too: what root replays runs as another user. The cache's own folder is closed to them."""
_MANIFEST: Final = "manifest.json"
_BUILDING: Final = ".building-"
_DISCARDED: Final = ".discarded-"
_MARGIN_BYTES: Final = 256 << 20  # left free on the disk
_UNUSED_SECONDS: Final = 30 * 24 * 3600
_LOCK_SECONDS: Final = 120.0
_LOCK_POLL_SECONDS: Final = 0.05
_COPY_BLOCK: Final = 64 << 20
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_NO_COPY_IN_KERNEL: Final = {errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A patched copy that is right.

    Attributes:
        directory: Holds it under the original's file name.
        call_sites: How many calls lead through a stub.
        go_version: Of the compiler that built the original.
    """

    directory: Path
    call_sites: int
    go_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCache:
    """The cache in one folder. Make it with `open_cache`."""

    root: Path

    def digest_of(self, file: Path) -> str:
        """SHA-256 of a file, remembered here."""
        return sha256_of(file, memory=self.root / "digests")

    def copy_of(self, original: Path, *, sha256: str, cap_milliseconds: int) -> Copy:
        """The patched copy of an original; made if it is not there or not right.

        Args:
            original: The installed provider. It is only read.
            sha256: Its digest.
            cap_milliseconds: Longest wait in the copy.

        Raises:
            NotAsExpectedError: the original is not as understood, changed meanwhile, or there is no room.
            OSError: the cache cannot be written.
        """
        wanted = _Wanted(original=original, sha256=sha256, cap_milliseconds=cap_milliseconds)
        entry = self.root / "copies" / wanted.key
        copy = _believed(entry, wanted)
        if copy is None:
            with self._locked():
                copy = _believed(entry, wanted) or self._proved(entry, wanted)
        with suppress(OSError):  # only tells when it was last used
            os.utime(entry / _MANIFEST)
        return copy

    def _proved(self, entry: Path, wanted: _Wanted) -> Copy:
        """Compare the copy that is there with the original; make it if there is none or it differs."""
        before = FileIdentity.of(wanted.original.stat())
        with wanted.original.open("rb") as original:
            findings = locate(mmap.mmap(original.fileno(), 0, access=mmap.ACCESS_READ))
            edits = edits_for(findings, cap_milliseconds=wanted.cap_milliseconds)
            copy = Copy(directory=entry, call_sites=len(findings.sites), go_version=findings.go_version)
            if _is_right(entry / wanted.file_name, original.fileno(), edits):
                _write_manifest(entry, wanted, copy)
            else:
                self._tidy(keep=entry)
                self._build(entry, wanted, copy, original.fileno(), edits)
        if FileIdentity.of(wanted.original.stat()) != before:
            _discard(entry)
            raise NotAsExpectedError("the installed provider changed while it was copied")
        return copy

    def _build(self, entry: Path, wanted: _Wanted, copy: Copy, original: int, edits: tuple[Edit, ...]) -> None:
        size = os.fstat(original).st_size
        free = shutil.disk_usage(self.root).free
        if free < size + _MARGIN_BYTES:
            raise NotAsExpectedError(f"the cache's disk has {free >> 20} MB free; a copy needs {size >> 20} MB")
        entry.parent.mkdir(mode=0o700, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=entry.parent, prefix=_BUILDING))
        try:
            file = building / wanted.file_name
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode=0o600)
            try:
                _copy_content(original, descriptor, size)
                apply_edits(descriptor, edits)
                difference = differs(original, descriptor, edits)
                os.fchmod(descriptor, _MODE)
            finally:
                os.close(descriptor)
            if difference:
                raise NotAsExpectedError(difference)
            building.chmod(0o755)
            _write_manifest(building, wanted, copy)
            _discard(entry)
            building.rename(entry)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _tidy(self, *, keep: Path) -> None:
        """Remove what ended runs left behind, and copies that nobody used for long. Needs the lock."""
        with suppress(OSError):
            for path in (self.root / "copies").iterdir():
                left_behind = path.name.startswith((_BUILDING, _DISCARDED))
                if path != keep and (left_behind or _unused_seconds(path) > _UNUSED_SECONDS):
                    _discard(path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        deadline = time.monotonic() + _LOCK_SECONDS
        with (self.root / "lock").open("ab") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise NotAsExpectedError("another run has been busy with the cache for too long") from None
                    time.sleep(_LOCK_POLL_SECONDS)
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Which copy is asked for."""

    original: Path
    sha256: str
    cap_milliseconds: int

    @property
    def file_name(self) -> str:
        return self.original.name

    @property
    def key(self) -> str:
        return f"v{_FORMAT}-{self.sha256}-{self.cap_milliseconds}ms"


def open_cache(root: Path) -> CopyCache:
    """Prepare the folder.

    Raises:
        NotAsExpectedError: others may write to it, or programs may not be run from it.
        OSError: it cannot be made.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = root.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NotAsExpectedError(f"the cache {root} is not this user's alone")
    if os.statvfs(root).f_flag & os.ST_NOEXEC:
        raise NotAsExpectedError(f"programs may not be run from the cache {root} (noexec)")
    return CopyCache(root=root.resolve())


def _believed(entry: Path, wanted: _Wanted) -> Copy | None:
    """The copy, if its manifest says what is wanted and its file is untouched since it was proved right."""
    try:
        manifest = json.loads((entry / _MANIFEST).read_text("utf-8"))
        status = os.lstat(entry / wanted.file_name)
    except (OSError, ValueError):
        return None
    match manifest:
        case {"call_sites": int(call_sites), "go_version": str(go_version)}:
            copy = Copy(directory=entry, call_sites=call_sites, go_version=go_version)
        case _:
            return None
    usable = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
    return copy if usable and manifest == _manifest(wanted, copy, FileIdentity.of(status)) else None


def _write_manifest(directory: Path, wanted: _Wanted, copy: Copy) -> None:
    identity = FileIdentity.of(os.lstat(directory / wanted.file_name))
    write_whole(directory / _MANIFEST, json.dumps(_manifest(wanted, copy, identity), indent=2))


def _manifest(wanted: _Wanted, copy: Copy, identity: FileIdentity) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "original_sha256": wanted.sha256,
        "cap_milliseconds": wanted.cap_milliseconds,
        "file_name": wanted.file_name,
        "call_sites": copy.call_sites,
        "go_version": copy.go_version,
        "identity": identity.as_numbers(),
        "boot": _boot(),
    }


def _boot() -> str:
    """Which start of the machine this is: a copy that may not have reached the disk is not believed after a crash."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def _is_right(file: Path, original: int, edits: tuple[Edit, ...]) -> bool:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        status = os.fstat(descriptor)
        usable = status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == _MODE
        return usable and not differs(original, descriptor, edits)
    finally:
        os.close(descriptor)


def _copy_content(source: int, target: int, size: int) -> None:
    """Copy within the kernel; file systems that can share blocks do."""
    at = 0
    while at < size:
        try:
            copied = os.copy_file_range(source, target, min(_COPY_BLOCK, size - at), at, at)
        except OSError as error:
            if error.errno not in _NO_COPY_IN_KERNEL:
                raise
            copied = os.pwrite(target, os.pread(source, min(_COPY_BLOCK, size - at), at), at)
        if copied == 0:
            raise NotAsExpectedError("the installed provider became shorter while it was copied")
        at += copied


def _unused_seconds(entry: Path) -> float:
    for file in (entry / _MANIFEST, entry):
        with suppress(OSError):
            return time.time() - file.stat().st_mtime
    return 0.0


def _discard(entry: Path) -> None:
    """Out of the way at once, then deleted. A provider that still runs from it is not disturbed."""
    if entry.exists() or entry.is_symlink():
        aside = Path(tempfile.mkdtemp(dir=entry.parent, prefix=_DISCARDED))
        entry.rename(aside / entry.name)
        shutil.rmtree(aside, ignore_errors=True)
