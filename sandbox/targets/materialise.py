"""Making a target's configuration available as a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import assert_never

from sandbox.errors import ConfigurationError, UsageError
from sandbox.targets.git import LINK, commit_named, entries_of, entry_of, repository_of, run_git, unpack
from sandbox.targets.target import (
    ConfigTarget,
    EmptyTarget,
    GitTarget,
    LiveStackTarget,
    LiveTarget,
    SnapshotTarget,
    StackTarget,
    StateTarget,
    Target,
)


def materialise(target: ConfigTarget | GitTarget, *, change_dir: Path, scratch: Path) -> Path:
    """Return the folder of the root module that describes the target.

    Args:
        target: The target.
        change_dir: The folder of the change; a commit is looked for in the repository that it is in.
        scratch: A folder of this rehearsal's own, for what has to be unpacked.

    Raises:
        UsageError: there is no such folder, repository or commit.
        MissingToolError: git is not installed.
    """
    match target:
        case ConfigTarget(directory=directory):
            if not directory.is_dir():
                raise UsageError(
                    f"The target config:{directory} is not a folder.",
                    hint="Name the folder of a Terraform root module.",
                )
            return directory
        case GitTarget():
            return _from_git(target, change_dir, scratch)
        case _:
            assert_never(target)


def read_text(target: Target, name: str, *, change_dir: Path) -> str | None:
    """Read a text file of the target's root module; None where there is none (and in a target that has no files).

    Args:
        target: The target.
        name: The file's name in the root module.
        change_dir: The folder of the change, as in `materialise`.

    Raises:
        UsageError: there is no such folder, repository or commit.
        ConfigurationError: the file is there and is no readable text.
    """
    match target:
        case EmptyTarget() | StateTarget() | SnapshotTarget() | LiveTarget() | LiveStackTarget():
            return None
        case ConfigTarget(directory=directory):
            data = _read_file(directory / name)
        case StackTarget(template=template):
            data = _read_file((template if template.is_dir() else template.parent) / name)
        case GitTarget():
            data = _read_blob(target, name, change_dir)
        case _:
            assert_never(target)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The file {name} of the target is not UTF-8 text.", hint="Save it as UTF-8."
        ) from error


def _read_file(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(
            f"The file {path} of the target cannot be read: {error.strerror}.", hint="Make it a readable file."
        ) from error


def _read_blob(target: GitTarget, name: str, change_dir: Path) -> bytes | None:
    change = _folder_of_change(change_dir)
    repository = repository_of(change)
    path = _directory(target, change, repository) / name
    row = run_git(
        repository, "ls-tree", "-z", "--full-tree", commit_named(repository, target.ref), "--", path.as_posix()
    ).stdout
    if not row:
        return None
    entry = entry_of(row.rstrip(b"\0"))
    if entry.kind != "blob" or entry.mode == LINK:
        raise ConfigurationError(
            f"{path} is not a regular file in the commit {target.ref}.", hint="Commit it as a file, not as a link."
        )
    return run_git(repository, "cat-file", "blob", entry.object).stdout


def _from_git(target: GitTarget, change_dir: Path, scratch: Path) -> Path:
    change = _folder_of_change(change_dir)
    repository = repository_of(change)
    commit = commit_named(repository, target.ref)
    directory = _directory(target, change, repository)
    destination = scratch / "git" / commit
    if not destination.exists():
        unpack(repository, commit, destination)
    root = destination / directory
    if not root.is_dir():
        raise UsageError(
            f"The commit {target.ref} ({commit[:12]}) has no folder {directory}.",
            hint="Name the folder: git:REF:DIR, relative to the top of the repository.",
        )
    return root


def _folder_of_change(change_dir: Path) -> Path:
    if not change_dir.is_dir():
        raise UsageError(
            f"The change {change_dir} is not a folder.", hint="Name the folder of a Terraform root module."
        )
    return change_dir.resolve()


def _directory(target: GitTarget, change: Path, repository: Path) -> Path:
    if not target.directory:
        return change.relative_to(repository)
    path = PurePosixPath(target.directory)
    if path.is_absolute() or ".." in path.parts:
        raise UsageError(
            f"The folder {target.directory} of the target leads out of the repository.",
            hint="Name it relative to the top of the repository.",
        )
    return Path(path)


def committed(target: GitTarget, wanted: Callable[[str], bool], *, change_dir: Path) -> Mapping[str, bytes]:
    """Read files of a commit, by their paths from the top of the repository.

    Args:
        target: The commit.
        wanted: Tells which files, by such a path.
        change_dir: The folder of the change, as in `materialise`.

    Raises:
        UsageError: there is no such repository or commit.
    """
    repository = repository_of(_folder_of_change(change_dir))
    entries = [each for each in entries_of(repository, commit_named(repository, target.ref)) if wanted(str(each.path))]
    return {str(each.path): run_git(repository, "cat-file", "blob", each.object).stdout for each in entries}
