"""Which roots a change touches, and what became of each: changed, new, removed, or moved to another folder.

What the base has as a root stays one, whatever the change says of it: a change cannot turn a root into somebody's
module, move it out of sight or rename it, and so escape its rehearsal.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from gate.ci.tree import Kind, Root, is_hidden, is_within, roots_in, terraform_root
from sandbox.executors.terraform.configuration import OPENTOFU_SUFFIXES
from sandbox.targets.git import Changed


class Fate(StrEnum):
    """What a change does to a root."""

    CHANGED = "changed"
    NEW = "new"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRoot:
    """A root that a change touches."""

    path: str
    """From the top of the repository, as the change has it; of a removed root, as the base has it."""
    kind: Kind
    fate: Fate
    before: str = ""
    """Its path in the base; empty for a new one."""

    @property
    def folder(self) -> str:
        """The folder that it is in, from the top."""
        return Root(path=self.path, kind=self.kind).folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which roots the user wants."""

    only: tuple[str, ...] = ()
    """Globs of paths; none for all."""
    excluded: tuple[str, ...] = ()
    var_files: tuple[str, ...] = ()
    """Files that every root module is given, relative to it."""
    parameters: str = ""
    """The file that every template is given, from the top; empty where it is none of the repository's."""

    def takes(self, path: str) -> bool:
        """Whether a root is wanted."""
        wanted = not self.only or any(fnmatchcase(path, glob) for glob in self.only)
        return wanted and not any(fnmatchcase(path, glob) for glob in self.excluded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """The two trees that are compared."""

    before: Path
    after: Path
    changed: tuple[Changed, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is another one, before or after."""
        named = (path for each in self.changed for path in (each.path, each.before) if path)
        return tuple(dict.fromkeys(named))


def changed_roots(trees: Trees, choice: Choice) -> tuple[ChangedRoot, ...]:
    """Find the roots that a change touches, in the order of their paths."""
    before, after = roots_in(trees.before), roots_in(trees.after)
    # A folder that is a root in one tree and not in the other may be somebody's module there: it is one all the same.
    before |= _taken_over(trees.before, after.keys() - before.keys())
    after |= _taken_over(trees.after, before.keys() - after.keys())
    found = [*_in_both(trees, before, after, choice), *_in_one(trees, before, after)]
    return tuple(sorted((root for root in found if choice.takes(root.path)), key=lambda root: root.path))


def _taken_over(top: Path, paths: Iterable[str]) -> Mapping[str, Root]:
    found = {path: terraform_root(top, path) for path in paths}
    return {path: root for path, root in found.items() if root is not None}


def _in_both(
    trees: Trees, before: Mapping[str, Root], after: Mapping[str, Root], choice: Choice
) -> Iterator[ChangedRoot]:
    for path in before.keys() & after.keys():
        versions = ((before[path], before), (after[path], after))
        if any(_touched(root, others, trees.paths, choice) for root, others in versions):
            yield ChangedRoot(path=path, kind=after[path].kind, fate=Fate.CHANGED, before=path)


def _touched(root: Root, others: Mapping[str, Root], paths: Sequence[str], choice: Choice) -> bool:
    if _is_handed_on(root, others):
        return False
    given = _given(root, choice)
    return any(_owns(root, others, path) or path in given for path in paths) or any(
        is_within(path, used) for used in root.uses for path in paths
    )


def _given(root: Root, choice: Choice) -> frozenset[str]:
    if root.kind is Kind.TEMPLATE and choice.parameters:
        return frozenset([choice.parameters])
    if root.kind is not Kind.TERRAFORM:
        return frozenset()
    return frozenset(posixpath.normpath(posixpath.join(root.path, name)) for name in choice.var_files)


def _is_handed_on(root: Root, others: Mapping[str, Root]) -> bool:
    """Whether it is a template that another root deploys; then it is rehearsed as a part of that, not by itself."""
    if root.kind is not Kind.TEMPLATE:
        return False
    # Two that name each other are each their own.
    return any(root.path in other.hands_on and other.path not in root.hands_on for other in others.values())


def _owns(root: Root, others: Mapping[str, Root], path: str) -> bool:
    """Whether a path lies in the root's own folder, and in no other root's that lies deeper."""
    if root.kind in {Kind.TEMPLATE, Kind.OTHER}:
        return path == root.path
    if not is_within(path, root.path) or is_hidden(posixpath.relpath(path, root.path)):
        return False
    deeper = (other for other in others.values() if other.kind in {Kind.TERRAFORM, Kind.APP} and other is not root)
    return not any(is_within(other.path, root.path) and is_within(path, other.path) for other in deeper)


def _in_one(trees: Trees, before: Mapping[str, Root], after: Mapping[str, Root]) -> Iterator[ChangedRoot]:
    new = {path: after[path] for path in after.keys() - before.keys()}
    for path in sorted(before.keys() - after.keys()):
        root = before[path]
        if _is_handed_on(root, before):
            continue
        goal = _moved_to(root, new, trees.changed)
        if goal is None:
            yield ChangedRoot(path=path, kind=root.kind, fate=Fate.REMOVED, before=path)
        else:
            del new[goal]
            yield ChangedRoot(path=goal, kind=root.kind, fate=Fate.MOVED, before=path)
    for path, root in new.items():
        if not _is_handed_on(root, after):
            yield ChangedRoot(path=path, kind=root.kind, fate=Fate.NEW)


def _moved_to(root: Root, new: Mapping[str, Root], changed: Iterable[Changed]) -> str | None:
    """The new root that most of the root's own files have gone to; None where they have not gone to one."""
    goals = Counter(
        goal
        for each in changed
        if each.before and _is_of(root, each.before)
        for goal, other in new.items()
        if other.kind is root.kind and _is_of(other, each.path)
    )
    return goals.most_common(1)[0][0] if goals else None


def _is_of(root: Root, path: str) -> bool:
    if root.kind is Kind.TERRAFORM:
        return (posixpath.dirname(path) or ".") == root.path and path.endswith(OPENTOFU_SUFFIXES)
    return path == root.path or (root.kind is Kind.APP and is_within(path, root.path))
