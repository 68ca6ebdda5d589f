"""Where in the repository a finding belongs: the file and the line of the block that declares its resource.

Code scanning shows a result at a line of a file, and asks for one (GitHub, "SARIF support for code scanning"). What is
not found, because it is gone or is made by something else, is shown at the beginning of the root's first file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gate.ci.tree import LARGEST, Kind
from sandbox.executors.terraform.configuration import OPENTOFU_SUFFIXES, configuration_files

_ADDRESS = re.compile(r"(?:module\.(?P<module>[\w-]+)|(?P<data>data\.)?(?P<type>\w+)\.(?P<name>[\w-]+))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file, from the top of the repository."""

    path: str
    line: int = 1


def place_of(address: str, top: Path, root: str, kind: Kind) -> Place:
    """Find where a resource is declared.

    Args:
        address: As the report has it.
        top: The tree.
        root: The root's path in it.
        kind: What the root is.
    """
    files = _files(top / root, kind)
    wanted = _declaration(address, kind)
    for file in files if wanted is not None else ():
        text = _text(file, top)
        if wanted is not None and (match := wanted.search(text)) is not None:
            return Place(path=_relative(file, top), line=text.count("\n", 0, match.start("here")) + 1)
    return Place(path=_relative(files[0], top) if files else root)


def _files(place: Path, kind: Kind) -> tuple[Path, ...]:
    if kind is not Kind.TERRAFORM:
        return (place,) if place.is_file() else ()
    return configuration_files(place, OPENTOFU_SUFFIXES) if place.is_dir() else ()


def _declaration(address: str, kind: Kind) -> re.Pattern[str] | None:
    """What a declaration looks like; of what is in a module, the call is what the root declares."""
    if kind is not Kind.TERRAFORM:
        name = re.escape(address.rpartition("/")[2])
        return re.compile(rf"""^[ \t]*(?P<here>["']?{name}["']?[ \t]*:)""", re.MULTILINE)
    match = _ADDRESS.match(address)
    if match is None:
        return None
    if match["module"]:
        labels = f'module[ \\t]+"{re.escape(match["module"])}"'
    else:
        block = "data" if match["data"] else "resource"
        labels = f'{block}[ \\t]+"{match["type"]}"[ \\t]+"{re.escape(match["name"])}"'
    return re.compile(rf"^[ \t]*(?P<here>{labels})", re.MULTILINE)


def _text(file: Path, top: Path) -> str:
    try:
        if not file.resolve().is_relative_to(top.resolve()) or file.stat().st_size > LARGEST:
            return ""
        return file.read_bytes().decode("utf-8", errors="replace")
    except (OSError, RuntimeError):
        return ""


def _relative(file: Path, top: Path) -> str:
    return file.relative_to(top).as_posix()
