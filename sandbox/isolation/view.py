"""Which files of this machine an enclosed command sees: the system's programs and libraries, and what it was given.

The same list serves every backend. It names what is visible, not what is hidden: what nobody thought of stays outside.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sandbox.isolation.enclosure import Access

HOST_NAME = "sandtable"

_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
"""Programs and libraries (Filesystem Hierarchy Standard 3.0; Nix and Guix keep theirs elsewhere)."""
_SETTINGS = (
    "/etc/alternatives",
    "/etc/ca-certificates.conf",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/pki/ca-trust/extracted",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
"""What programs need to start; nothing that tells of this machine's users, hosts or services."""
_ENVIRONMENT = ("lib", "lib64", "include", "share", "pyvenv.cfg")
"""What a virtual environment and Node's folder keep beside ``bin``; a project may lie in the same folder."""
_VERSION_MANAGER = ("bin", "lib", "libexec", "share", "shims", "versions", "version", "installs", "plugins")
"""What pyenv and its relatives (tfenv, rbenv, asdf, …) keep their programs in."""


class Kind(Enum):
    """How a path of the view is made."""

    SEEN = "seen"
    """The machine's own, read-only."""
    WRITTEN = "written"
    """The machine's own, to be written to."""
    EMPTY = "empty"
    """In memory."""
    LINK = "link"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One path of the view."""

    path: Path
    kind: Kind
    content: str = ""
    """Where a link leads; a file's text."""


def places(access: Access, *, path: str, user: int) -> tuple[Place, ...]:
    """Everything that is visible, folders before what lies in them.

    Args:
        access: What the command was given.
        path: The ``PATH`` on which programs are found.
        user: Whom the command runs as.
    """
    found: dict[Path, Place] = {place.path: place for place in (*_system(), *_texts(user))}
    programs = [*interpreter(), *programs_on(path)]
    for kind, paths in (
        (Kind.SEEN, (*programs, *access.readable)),
        (Kind.EMPTY, (Path("/tmp"), Path("/run"), *access.private)),  # noqa: S108 - its own
        (Kind.WRITTEN, access.writable),
    ):
        for item in paths:
            if kind is Kind.EMPTY or (item.exists() and not (kind is Kind.SEEN and _is_seen(item, found))):
                found[item] = Place(path=item, kind=kind)
    return tuple(found[key] for key in sorted(found, key=lambda key: (len(key.parts), key)))


def interpreter() -> tuple[Path, ...]:
    """What this Python needs to run a program of the standard library."""
    return tuple({Path(prefix).resolve() for prefix in (sys.base_prefix, sys.base_exec_prefix)})


def programs_on(path: str) -> Iterator[Path]:
    """The folders of a ``PATH``, with what their programs need.

    Folders are not taken whole with what lies beside them: beside ``bin`` there may be credentials (``~/.cargo``,
    ``~/.local``). What virtual environments, Node and version managers keep there is known.
    """
    home = Path.home()
    for entry in path.split(os.pathsep):
        folder = Path(entry)
        if folder.is_absolute() and folder.is_dir() and not home.is_relative_to(folder):
            yield folder
            yield from _beside(folder)


def _beside(folder: Path) -> Iterator[Path]:
    prefix = folder.parent
    if (prefix / "pyvenv.cfg").is_file():
        yield from (prefix / name for name in _ENVIRONMENT)
        # The interpreter that the environment was made from: its own links lead there.
        yield from (link.resolve().parents[1] for link in (folder / "python3", folder / "python") if link.is_symlink())
    elif (prefix / "lib" / "node_modules").is_dir():
        yield from (prefix / name for name in _ENVIRONMENT)
    elif (prefix / "versions").is_dir() or (prefix / "installs").is_dir():
        yield from (prefix / name for name in _VERSION_MANAGER)


def _system() -> Iterator[Place]:
    for name in (*_PROGRAMS, *_SETTINGS):
        path = Path(name)
        if path.is_symlink() and name in _PROGRAMS:
            yield Place(path=path, kind=Kind.LINK, content=str(path.readlink()))
        elif path.exists():
            yield Place(path=path, kind=Kind.SEEN)
    yield Place(path=Path("/var/tmp"), kind=Kind.LINK, content="/tmp")  # noqa: S108 - its own


def _texts(user: int) -> Iterator[Place]:
    texts = {
        "passwd": f"root:x:0:0:root:/:/bin/sh\nsandtable:x:{user}:{user}:sandtable:/tmp:/bin/sh\n",
        "group": f"root:x:0:\nsandtable:x:{user}:\n",
        "hosts": f"127.0.0.1 localhost {HOST_NAME}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "resolv.conf": "",
    }
    for name, text in texts.items():
        yield Place(path=Path("/etc") / name, kind=Kind.TEXT, content=text)


def _is_seen(path: Path, found: Mapping[Path, Place]) -> bool:
    """Whether a path is visible already, because the nearest folder above it that has a place is."""
    nearest = next((found[folder] for folder in (path, *path.parents) if folder in found), None)
    return nearest is not None and nearest.kind in {Kind.SEEN, Kind.WRITTEN}
