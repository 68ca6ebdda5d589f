"""Which changed files no rehearsal has looked at, although they say what infrastructure is like.

A root is found by all that it names (`tree.py`). Here the question is the other one: what has Terraform really read?
The module calls are parsed, so that a comment which names a folder covers nothing in it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.ci.selection import ChangedRoot, Choice, Fate, Trees
from gate.ci.tree import DECLARATIONS, OTHER_DECLARATIONS, Kind, is_within
from sandbox.executors.terraform.configuration import OPENTOFU_SUFFIXES, is_local, read_module

_BY_ITSELF = (".auto.tfvars", ".auto.tfvars.json")
_BY_NAME = frozenset({"terraform.tfvars", "terraform.tfvars.json", ".terraform.lock.hcl"})
"""Files that Terraform reads in a root module without being told (Terraform, "Input Variables")."""


def uncovered(trees: Trees, roots: Iterable[ChangedRoot], choice: Choice) -> tuple[str, ...]:
    """List the changed files that declare infrastructure and that belong to none of the roots.

    Args:
        trees: What is compared.
        roots: The roots that the change touches.
        choice: What the user wants; what is excluded needs no covering.
    """
    covers = _Covers.of(trees, tuple(roots), choice)
    declaring = (path for path in trees.paths if _declares(path) and choice.takes(posixpath.dirname(path) or "."))
    return tuple(sorted(path for path in declaring if not covers.holds(path)))


def _declares(path: str) -> bool:
    name = posixpath.basename(path)
    return path.endswith(DECLARATIONS) and not path.endswith(OTHER_DECLARATIONS) and not name.startswith(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Covers:
    modules: frozenset[str]
    """Folders whose configuration is read, root modules among them."""
    roots: frozenset[str]
    """Folders of root modules."""
    files: frozenset[str]
    apps: frozenset[str]

    @classmethod
    def of(cls, trees: Trees, roots: tuple[ChangedRoot, ...], choice: Choice) -> _Covers:
        terraform = [root for root in roots if root.kind is Kind.TERRAFORM]
        sides = [(trees.after, root.path) for root in terraform if root.fate is not Fate.REMOVED]
        sides += [(trees.before, root.before) for root in terraform if root.before]
        folders = frozenset(folder for _, folder in sides)
        given = (posixpath.normpath(f"{folder}/{name}") for folder in folders for name in choice.var_files)
        single = (root for root in roots if root.kind in {Kind.TEMPLATE, Kind.OTHER})
        return cls(
            modules=frozenset(module for top, folder in sides for module in _read(top, folder)),
            roots=folders,
            files=frozenset({*given, *(path for root in single for path in (root.path, root.before))}),
            apps=frozenset(path for root in roots if root.kind is Kind.APP for path in (root.path, root.before)),
        )

    def holds(self, path: str) -> bool:
        folder, name = posixpath.dirname(path) or ".", posixpath.basename(path)
        if path in self.files or any(is_within(path, app) for app in self.apps if app):
            return True
        if path.endswith(OPENTOFU_SUFFIXES):
            return folder in self.modules
        return folder in self.roots and (name in _BY_NAME or name.endswith(_BY_ITSELF))


def _read(top: Path, root: str) -> Iterator[str]:
    """The folders whose configuration Terraform reads for a root module, from the top."""
    seen: set[Path] = set()
    base = top.resolve()
    waiting = [base / root]
    while waiting:
        folder = waiting.pop().resolve()
        if folder in seen or not folder.is_dir() or not folder.is_relative_to(base):
            continue
        seen.add(folder)
        yield folder.relative_to(base).as_posix()
        try:
            waiting += [folder / call for call in read_module(folder, OPENTOFU_SUFFIXES).calls if is_local(call)]
        except OSError:
            # Whoever rehearses it says so.
            continue
