"""The roots in a tree of files: what would be applied or deployed as one, and which files each of them is made of.

A *root* is a Terraform root module, a CloudFormation template, or a CDK app. What is found here decides what is
rehearsed, so it errs on the side of finding too much: any path that a root so much as names counts as used by it. That
is not enough to say that a rehearsal has covered a file; `coverage.py` says that, by what Terraform really reads.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sandbox.executors.terraform.configuration import OPENTOFU_SUFFIXES
from sandbox.executors.terraform.fingerprint import LEFT_OUT_FOLDERS

LARGEST = 8_000_000
"""Bytes of a file that is looked into; as much as a template may have."""
TEMPLATE_SUFFIXES = (".yaml", ".yml", ".json", ".template")
APP = "cdk.json"
ASSEMBLY = "cdk.out"
OTHERS: Mapping[str, str] = {
    "terragrunt.hcl": "Terragrunt",
    "Pulumi.yaml": "Pulumi",
    "Pulumi.yml": "Pulumi",
    "serverless.yml": "the Serverless Framework",
    "serverless.yaml": "the Serverless Framework",
    "cdktf.json": "CDK for Terraform",
}
"""What describes infrastructure in a way that cannot be rehearsed here."""
DECLARATIONS = (*OPENTOFU_SUFFIXES, ".tfvars", ".tfvars.json", ".hcl")
"""How files end that say what infrastructure is like, whatever reads them."""
OTHER_DECLARATIONS = (".tftest.hcl", ".tfmock.hcl", ".pkr.hcl", ".pkrvars.hcl")
"""How files end that say what tests and images of machines are like."""

_SKIPPED = LEFT_OUT_FOLDERS | {"node_modules"}
"""Folders that no copy of a configuration has, and other people's programs."""
_LIBRARY = "modules"
"""By convention the folder of modules that others call (Terraform, "Standard Module Structure")."""
_SETTINGS = re.compile(r'\b(?:backend\s+"|cloud\s*\{)|"(?:backend|cloud)"\s*:')
_SOURCE = re.compile(r'"?\bsource"?\s*[=:]\s*"(\.{1,2}/[^"$]*)"')
_PATH = re.compile(r"[\w.+@-]*(?:/[\w.+@-]+)+")
_QUOTED = re.compile(r'"(?:\$\{path\.\w+\}/)?([^"\n$]+)')
_FILE = re.compile(r"[\w+@-]+(?:\.[\w+@-]+)+")
_NESTED = re.compile(r"""["']?\b(?:TemplateURL|Location)["']?\s*:\s*["']?([\w./+@-]+)""")
_COMMENT = re.compile(r"(?:#|//)[^\n]*|/\*.*?\*/", re.DOTALL)
_RESOURCE = re.compile(r"""["']?Type["']?\s*:\s*["']?(?:AWS|Alexa)::\w+""")
_FORMAT = re.compile(r"""["']?AWSTemplateFormatVersion["']?\s*:""")


class Kind(StrEnum):
    """What a root is."""

    TERRAFORM = "terraform"
    TEMPLATE = "cloudformation"
    APP = "cdk"
    OTHER = "other"
    """Nothing that can be rehearsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One root in one tree."""

    path: str
    """Its folder, or its file, from the top; ``.`` for the top itself."""
    kind: Kind
    uses: frozenset[str] = frozenset()
    """Other folders and files that it names, from the top, be it in a comment."""
    hands_on: frozenset[str] = frozenset()
    """Those that it names outside comments; of a template, its nested templates."""

    @property
    def folder(self) -> str:
        """The folder that it is in."""
        is_file = self.kind in {Kind.TEMPLATE, Kind.OTHER}
        return (posixpath.dirname(self.path) or ".") if is_file else self.path


def roots_in(top: Path) -> dict[str, Root]:
    """Find the roots of a tree, by their paths.

    Args:
        top: A folder that nothing else is in.
    """
    tree = _Tree.read(top)
    called = {real for path, text in tree.modules.items() for call in _calls(path, text) for real in tree.real(call)}
    found: dict[str, Root] = {}
    for path, text in tree.modules.items():
        is_library = path in called or _LIBRARY in path.split("/")
        if not is_library or _SETTINGS.search(text):
            found[path] = tree.root(path)
    apps = {posixpath.dirname(path) or "." for path in tree.files if posixpath.basename(path) == APP}
    found |= {path: Root(path=path, kind=Kind.APP) for path in apps if path not in found}
    found |= _templates(top, tree.files)
    others = (path for path in tree.files if posixpath.basename(path) in OTHERS)
    return found | {path: Root(path=path, kind=Kind.OTHER) for path in others}


def terraform_root(top: Path, path: str) -> Root | None:
    """Take a folder as a root module, although it may not look like one in this tree; None where it is none at all."""
    tree = _Tree.read(top)
    return tree.root(path) if path in tree.modules else None


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder's, or is the very path."""
    return folder in {".", path} or path.startswith(f"{folder}/")


def is_hidden(path: str) -> bool:
    """Whether a path leads through a folder that programs keep to themselves (``.github``, ``.terraform``)."""
    return any(part.startswith(".") for part in path.split("/")[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    files: tuple[str, ...]
    modules: Mapping[str, str]
    """The folders with Terraform's configuration, and all that is written there."""
    code: Mapping[str, str]
    """The same, without comments."""
    links: Mapping[str, str]
    """Links to folders, and where they lead."""

    @classmethod
    def read(cls, top: Path) -> _Tree:
        files: list[str] = []
        links: dict[str, str] = {}
        for parent, folders, names in os.walk(top):
            folders[:] = sorted(set(folders) - _SKIPPED)
            place = Path(parent).relative_to(top).as_posix()
            files += [_joined(place, name) for name in sorted(names)]
            for name in folders:
                if (Path(parent) / name).is_symlink():
                    links[_joined(place, name)] = _joined(place, str((Path(parent) / name).readlink()))
        modules = _modules(top, files)
        code = {path: _COMMENT.sub("", text) for path, text in modules.items()}
        return cls(files=tuple(files), modules=modules, code=code, links=links)

    def root(self, path: str) -> Root:
        return Root(
            path=path,
            kind=Kind.TERRAFORM,
            uses=self._used(path, self.modules),
            hands_on=self._used(path, self.code),
        )

    def _used(self, root: str, modules: Mapping[str, str]) -> frozenset[str]:
        """Everything that a root module and the modules that it calls name by a path."""
        found: set[str] = set()
        waiting = [root]
        seen: set[str] = set()
        while waiting:
            folder = waiting.pop()
            if folder in seen or folder not in modules:
                continue
            seen.add(folder)
            text = modules[folder]
            named = {real for path in (*_named(folder, text), *_named(root, text)) for real in self.real(path)}
            found |= named
            waiting += sorted(named & modules.keys())
        return frozenset(found - {root})

    def real(self, path: str) -> Iterator[str]:
        """The path, and where it leads through links."""
        yield path
        for link, target in self.links.items():
            if is_within(path, link):
                yield _joined(target, posixpath.relpath(path, link))


def _modules(top: Path, files: Iterable[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for path in files:
        if path.endswith(OPENTOFU_SUFFIXES):
            texts = found.setdefault(posixpath.dirname(path) or ".", [])
            texts.append(_text(top, path))
            if (top / path).is_symlink():
                # What is read is elsewhere, as if the configuration named it.
                texts.append(f'"{(top / path).readlink()}"')
    return {path: "\n".join(texts) for path, texts in found.items()}


def _calls(folder: str, text: str) -> Iterator[str]:
    """The folders whose modules are called, as far as they are written out."""
    yield from (_joined(folder, match[1]) for match in _SOURCE.finditer(text))


def _named(folder: str, text: str) -> Iterator[str]:
    for match in _PATH.finditer(text):
        yield _joined(folder, match[0].removeprefix("/"))
    for match in _QUOTED.finditer(text):
        yield _joined(folder, match[1])


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _templates(top: Path, files: Iterable[str]) -> dict[str, Root]:
    texts = {}
    for path in files:
        inside = ASSEMBLY in path.split("/")
        if path.endswith(TEMPLATE_SUFFIXES) and not inside and _is_template(text := _text(top, path)):
            texts[path] = text
    uses = {path: frozenset(_beside(posixpath.dirname(path) or ".", text)) for path, text in texts.items()}
    nested = {path: frozenset(_nested(posixpath.dirname(path) or ".", text)) for path, text in texts.items()}
    return {
        path: Root(path=path, kind=Kind.TEMPLATE, uses=_reached(path, uses), hands_on=_reached(path, nested))
        for path in texts
    }


def _beside(folder: str, text: str) -> Iterator[str]:
    """As `_named`; a template also names files without quotes, beside itself."""
    yield from _named(folder, text)
    yield from (_joined(folder, match[0]) for match in _FILE.finditer(text))


def _nested(folder: str, text: str) -> Iterator[str]:
    yield from (_joined(folder, match[1]) for match in _NESTED.finditer(_COMMENT.sub("", text)))


def _is_template(text: str) -> bool:
    return _FORMAT.search(text) is not None or ("Resources" in text and _RESOURCE.search(text) is not None)


def _reached(path: str, uses: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [path]
    while waiting:
        for named in uses.get(waiting.pop(), frozenset()):
            if named not in found:
                found.add(named)
                waiting.append(named)
    return frozenset(found - {path})


def _text(top: Path, path: str) -> str:
    """What a file of the tree says; nothing where it leads out of the tree, or is too large to be a declaration."""
    try:
        file = (top / path).resolve()
        if not file.is_relative_to(top.resolve()) or not file.is_file() or file.stat().st_size > LARGEST:
            return ""
        return file.read_bytes().decode("utf-8", errors="replace")
    except (OSError, RuntimeError):
        return ""
