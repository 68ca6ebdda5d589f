"""Images of emulators from what is on this machine: its Python, and the packages that this environment has installed.

One archive holds the interpreter with the libraries that it loads, and the emulators with what they need; the images
differ in what they start. No image is fetched from anywhere.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType
from typing import Any

BASE = "base"
COMMANDS = {
    "ministack": ["-m", "ministack"],
    "moto": ["-m", "moto.server", "-H", "0.0.0.0"],  # noqa: S104 - of its own network
    "silent": ["-c", "import time; print('I listen to nobody', flush=True); time.sleep(1000)"],
    "broken": ["-c", "raise SystemExit('the disk is on fire')"],
}
"""Emulator, or what is none → the interpreter's arguments."""
ROOTS = ("ministack", "cryptography", "moto", "flask", "flask-cors", "docker", "py-partiql-parser", "pyyaml")
NONE: Mapping[str, str] = MappingProxyType({})
_LARGE = frozenset({"sympy", "mpmath", "cfn-lint", "networkx", "awscli"})
_NOT_NEEDED = frozenset(
    {"site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data"}
)
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")


def archive(
    roots: Sequence[str] = ROOTS, *, without: frozenset[str] = _LARGE, programs: Mapping[str, str] = NONE
) -> bytes:
    """The root file system as an uncompressed tar archive.

    Args:
        roots: The packages that are there, with all that they require.
        without: Packages that are left out.
        programs: Programs of this machine that are there beside the interpreter, and where.
    """
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", dereference=True) as tar:
        for folder in ("tmp", "var/tmp", "run", "proc", "sys", "dev", "etc"):
            tar.addfile(_folder(folder))
        python = tarfile.TarInfo("usr/bin/python3")
        python.type, python.linkname = tarfile.SYMTYPE, str(_interpreter())
        tar.addfile(python)
        passwords = b"root:x:0:0:root:/:/\n"
        tar.addfile(_file("etc/passwd", len(passwords)), io.BytesIO(passwords))
        for source, target in sorted(_content(roots, without, programs), key=lambda pair: pair[1]):
            tar.add(source, arcname=target, recursive=False, filter=_plain)
    return content.getvalue()


def names(*, tag: str) -> dict[str, str]:
    """What the images are called: a tag of each run's own, so that two runs on one Docker Engine do not meet."""
    return {name: f"sandtable-test/{name}:{tag.lower()}" for name in (*COMMANDS, BASE)}


def build(client: Any, images: dict[str, str]) -> None:
    """Make the images on a Docker Engine."""
    changes = [f"ENTRYPOINT {_json([str(_interpreter())])}", "ENV PYTHONPATH=/packages PYTHONUNBUFFERED=1"]
    repository, _, tag = images[BASE].partition(":")
    client.api.import_image_from_data(archive(), repository=repository, tag=tag, changes=changes)
    for name, arguments in COMMANDS.items():
        text = f"FROM {images[BASE]}\nCMD {_json(arguments)}\n"
        client.images.build(fileobj=io.BytesIO(text.encode()), tag=images[name], rm=True)


def remove(client: Any, images: dict[str, str]) -> None:
    """Remove the images again."""
    for name in images.values():
        client.images.remove(name, force=True)


def _content(roots: Sequence[str], without: frozenset[str], programs: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """What goes in: a file of this machine, and its path in the image."""
    interpreter = _interpreter()
    library = Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix}))
    files = [interpreter, *_below(library)]
    packages = [*_packages(roots, without)]
    found = {Path(place).resolve(): target for name, target in programs.items() if (place := shutil.which(name))}
    yield from found.items()
    loading = [path for path in (*files, *(source for source, _ in packages)) if _is_loaded(path)]
    loaded = _libraries([*loading, *found])
    yield from ((path, str(path).lstrip("/")) for path in {*files, *loaded})
    yield from packages


def _interpreter() -> Path:
    return Path(sys.executable).resolve()


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_NEEDED and not name.startswith("config-")]
        yield from (Path(parent, name) for name in names)


def _packages(roots: Sequence[str], without: frozenset[str]) -> Iterator[tuple[Path, str]]:
    for found in _closure(roots, without):
        for file in found.files or ():
            if ".." not in file.parts:
                path = Path(str(file.locate()))
                if path.is_file():
                    yield path, f"packages/{file}"


def _closure(roots: Sequence[str], without: frozenset[str]) -> tuple[Distribution, ...]:
    """Packages and everything that they require, as far as it is installed."""
    found: dict[str, Distribution] = {}
    waiting = list(roots)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or name in without:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        required = [line for line in found[name].requires or () if "extra ==" not in line]
        waiting += [re.split(r"[ ;<>=!~\[(]", line, maxsplit=1)[0] for line in required]
    return tuple(found.values())


def _is_loaded(path: Path) -> bool:
    return path == _interpreter() or ".so" in path.suffixes


def _libraries(loading: list[Path]) -> set[Path]:
    """The shared libraries that programs and modules load, as ldd(1) tells."""
    done = subprocess.run(["ldd", *map(str, loading)], capture_output=True, text=True, check=False)
    return {Path(match[1]) for match in _LIBRARY.finditer(done.stdout) if Path(match[1]).is_file()}


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Root's, and readable: the container's root has no privilege to read what is another's."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode |= 0o444
    return member


def _folder(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755
    return member


def _file(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def _json(words: list[str]) -> str:
    import json  # noqa: PLC0415 - for this alone

    return json.dumps(words)
