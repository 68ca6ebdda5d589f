"""What a change is compared with, and by what it is judged: three commits, as folders, and the base branch's files.

*Tip* is where the base branch is now: policies, seeds and Rego come from there, so that a branch cannot bring along a
milder one, nor be made from an old commit that still had one. *Start* is the commit that the change was made on: what
it is compared with, so that what others have merged since is not taken for the change's. *Head* is the change.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gate.ci.selection import Trees
from gate.policy.builtin import FILE_NAME
from gate.policy.config import PolicyFile
from gate.policy_source import read_file
from sandbox.errors import ConfigurationError, UsageError
from sandbox.targets.git import changed_between, commit_named, merge_base, unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Three commits of one repository, unpacked."""

    repository: Path
    base: str
    """What names the tip."""
    tip_commit: str
    start_commit: str
    head_commit: str
    tip: Path
    trees: Trees
    """Start and head."""
    since: Trees
    """Start and tip: what was changed in the base branch meanwhile."""

    def trusted(self, path: Path) -> Path:
        """Where a file that the user named is read: if it is of the repository, as the base branch has it.

        Raises:
            ConfigurationError: the base branch has no such file.
        """
        inside = self.inside(path)
        return path if inside is None else self._of_base(inside)

    def inside(self, path: Path) -> Path | None:
        """A file's path from the top, if it is of the repository by its name or by where links lead; None otherwise."""
        named = Path(os.path.normpath(Path.cwd() / path))
        for top in (self.repository, self.repository.resolve()):
            for form in (named, named.resolve()):
                if form.is_relative_to(top):
                    return form.relative_to(top)
        return None

    def _of_base(self, path: Path) -> Path:
        found = self.tip / path
        if not found.exists() or not found.resolve().is_relative_to(self.tip.resolve()):
            raise ConfigurationError(
                f"The base branch ({self.base}) has no {path}.",
                hint="What judges a change comes from the base branch: merge it there first.",
            )
        return found


def make_basis(repository: Path, bases: Sequence[str], head: str, *, scratch: Path) -> Basis:
    """Find the three commits, and write them into a scratch folder.

    Raises:
        UsageError: one of them is not there.
        ConfigurationError: there is nothing to compare.
    """
    base, tip = _tip(repository, bases)
    head_commit = commit_named(repository, head)
    start = merge_base(repository, tip, head_commit)
    if start is None:
        raise ConfigurationError(
            f"{base} and {head} have no commit in common here.",
            hint="The clone is shallow: fetch all of it (actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0).",
        )
    if start == head_commit:
        raise ConfigurationError(
            f"{head} has nothing that {base} does not have: nothing was compared.",
            hint="Name the branch that the change is to be merged into: --base.",
        )
    folders = {commit: scratch / commit[:12] for commit in (tip, start, head_commit)}
    for commit, folder in folders.items():
        unpack(repository, commit, folder)
    before = folders[start]
    return Basis(
        repository=repository,
        base=base.removeprefix("refs/remotes/"),
        tip_commit=tip,
        start_commit=start,
        head_commit=head_commit,
        tip=folders[tip],
        trees=Trees(before=before, after=folders[head_commit], changed=changed_between(repository, start, head_commit)),
        since=Trees(before=before, after=folders[tip], changed=changed_between(repository, start, tip)),
    )


def _tip(repository: Path, bases: Sequence[str]) -> tuple[str, str]:
    for base in bases:
        try:
            return base, commit_named(repository, base)
        except UsageError:
            continue
    raise ConfigurationError(
        f"The repository has none of {', '.join(bases)}: the base branch was not fetched.",
        hint="Fetch it (actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0, git fetch), or name another: --base.",
    )


def nearest_policy(top: Path, folder: str, *, of: str) -> PolicyFile | None:
    """Read the policy that lies in a folder of a tree, or next above it; None where there is none.

    Raises:
        ConfigurationError: it cannot be read, or is not valid.
    """
    place = PurePosixPath(folder)
    for each in (place, *place.parents):
        path = top / each / FILE_NAME
        if path.is_symlink():
            raise ConfigurationError(
                f"The policy {each / FILE_NAME} of {of} is a symbolic link.", hint="Commit the file itself."
            )
        if path.exists():
            return read_file(path, name=f"{each / FILE_NAME} of {of}")
    return None
