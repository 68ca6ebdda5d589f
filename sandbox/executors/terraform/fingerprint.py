"""The digest of what a copy of a folder would hold, without copying it.

It is the digest that the copy has (`workspace.py`), found again later to see whether anything changed since. Agents'
hooks ask for it before a command, so nothing is imported that takes time; a named tuple for the same reason.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from typing import NamedTuple

LEFT_OUT_FOLDERS = frozenset(
    {".terraform", "terraform.tfstate.d", ".git", ".hg", ".svn", ".terragrunt-cache", "sandtable-report", "demo-report"}
)
"""Terraform's own caches and states, version control, and this tool's reports."""
ENVIRONMENTS = frozenset({".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox"})
"""What programs are found by, or make by themselves; nothing that a program is given to work on."""
_LEFT_OUT_FILES = re.compile(r".*\.tfstate(\..*)?|.*\.tfplan|\.terraform\.tfstate\.lock\.info|crash(\..*)?\.log")
_BLOCK_SIZE = 1 << 20


class Extent(NamedTuple):
    """What is copied of the user's files. All paths are absolute, with links resolved."""

    base: str
    """The folder that the copy stands for."""
    root: str
    """The root module's place below it; ``.`` for the folder itself."""
    trees: tuple[str, ...]
    """Folders and files that are copied, none within another."""
    boundary: str | None
    """Links are followed inside it, or inside the trees where there is none."""
    var_files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Names of folders that are left out beside those that always are."""
    drops_links: bool = False
    """A link that leads out is left out; otherwise nothing with one is ever copied."""


class UnfitError(Exception):
    """There is something in the folder with which it would not be copied."""


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is never copied."""
    return name in LEFT_OUT_FOLDERS or _LEFT_OUT_FILES.fullmatch(name) is not None


def fingerprint(extent: Extent) -> str:
    """The digest that a copy would have: SHA-256 over relative paths and contents.

    Raises:
        UnfitError: a copy is refused.
        OSError: something cannot be read.
    """
    reader = _Reader(extent)
    for tree in extent.trees:
        if os.path.isdir(tree):
            reader.folder(tree, _relative(tree, extent.base), (tree,))
        else:
            reader.file(tree, _relative(tree, extent.base))
    for path in extent.var_files:
        reader.file(path, f".var-files/{len(reader.digests)}-{os.path.basename(path)}")
    total = hashlib.sha256(f"{extent.root}\0".encode())
    for relative, digest in sorted(reader.digests.items()):
        total.update(f"{relative}\0{digest}\0".encode(errors="surrogateescape"))
    return total.hexdigest()


class _Reader:
    def __init__(self, extent: Extent) -> None:
        self.digests: dict[str, str] = {}
        self._extent = extent
        self._left_out = frozenset(extent.left_out)

    def folder(self, source: str, relative: str, above: tuple[str, ...]) -> None:
        with os.scandir(source) as entries:
            for entry in entries:
                if is_left_out(entry.name) or entry.name in self._left_out:
                    continue
                place = entry.name if relative == "." else f"{relative}/{entry.name}"
                if entry.is_symlink():
                    self._link(entry.path, place, above)
                elif entry.is_dir():
                    self.folder(entry.path, place, (*above, entry.path))
                elif entry.is_file():
                    self.file(entry.path, place)

    def _link(self, link: str, place: str, above: tuple[str, ...]) -> None:
        try:
            original = os.path.realpath(link, strict=True)
        except OSError:
            return
        if not self._may_follow(original):
            if not self._extent.drops_links:
                raise UnfitError(link)
            return
        if is_left_out(os.path.basename(original)):
            return
        if original in above:
            raise UnfitError(link)
        if os.path.isdir(original):
            self.folder(original, place, (*above, original))
        elif os.path.isfile(original):
            self.file(original, place)

    def _may_follow(self, original: str) -> bool:
        boundary = self._extent.boundary
        if boundary is not None and is_within(original, os.path.join(boundary, ".git")):
            return False
        return any(is_within(original, folder) for folder in ((boundary,) if boundary else self._extent.trees))

    def file(self, original: str, place: str) -> None:
        descriptor = os.open(original, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as reader:
            mode = os.fstat(reader.fileno()).st_mode
            if not stat.S_ISREG(mode):
                return
            digest = hashlib.sha256(b"x" if mode & 0o100 else b"-")
            while block := reader.read(_BLOCK_SIZE):
                digest.update(block)
        self.digests[place] = digest.hexdigest()


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _relative(path: str, base: str) -> str:
    return os.path.relpath(path, base)
