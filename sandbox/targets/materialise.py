"""Making a target's configuration available as a folder.

A repository that is reviewed may be hostile, and git runs programs that a repository's configuration names: hooks, file
system monitors, pagers, helpers of a lazy fetch, and filters (which `git archive` runs too, as a checkout does). So the
objects are read as they are, by `git ls-tree` and `git cat-file`, and what else could start a program is switched off
on the command line and in the environment, which win over any configuration file.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, assert_never

from sandbox.errors import ConfigurationError, MissingToolError, SandtableError, TimeoutExpiredError, UsageError
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

GIT_TIMEOUT = 120.0

_SAFE = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    f"core.attributesFile={os.devnull}",
    "-c",
    "core.pager=cat",
    "-c",
    "core.sshCommand=false",
    "-c",
    "core.askPass=false",
    "-c",
    "credential.helper=",
)
_ENVIRONMENT: Mapping[str, str] = {
    "PATH": os.defpath + ":/usr/local/bin",
    "LC_ALL": "C",
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Older versions know only this: no transport is allowed, whatever the repository says.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    # Paths mean what they say: no patterns.
    "GIT_LITERAL_PATHSPECS": "1",
}
_LINK = "120000"


class _Entry(NamedTuple):
    """A row of `git ls-tree`."""

    mode: str
    kind: str
    object: str
    path: PurePosixPath


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
    repository = _repository(change)
    path = _directory(target, change, repository) / name
    row = _git(
        repository, "ls-tree", "-z", "--full-tree", _commit(repository, target.ref), "--", path.as_posix()
    ).stdout
    if not row:
        return None
    entry = _entry(row.rstrip(b"\0"))
    if entry.kind != "blob" or entry.mode == _LINK:
        raise ConfigurationError(
            f"{path} is not a regular file in the commit {target.ref}.", hint="Commit it as a file, not as a link."
        )
    return _git(repository, "cat-file", "blob", entry.object).stdout


def _from_git(target: GitTarget, change_dir: Path, scratch: Path) -> Path:
    change = _folder_of_change(change_dir)
    repository = _repository(change)
    commit = _commit(repository, target.ref)
    directory = _directory(target, change, repository)
    destination = scratch / "git" / commit
    if not destination.exists():
        _unpack(repository, commit, destination)
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


def _repository(change: Path) -> Path:
    # Looked for here and not by git, so that no configuration can name another work tree.
    top = next((folder for folder in (change, *change.parents) if (folder / ".git").exists()), None)
    if top is None:
        raise UsageError(
            f"The change {change} is not in a git repository, so a git: target has no meaning.",
            hint="Name the target's folder instead: --target config:DIR",
        )
    return top


def _commit(repository: Path, ref: str) -> str:
    answer = _ask_git(repository, ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"))
    if answer.returncode != 0:
        told = answer.stderr.decode(errors="replace").strip()
        raise UsageError(
            f'The repository {repository} has no commit "{ref}".' + (f" Git says: {told}" if told else ""),
            hint="Name a branch, a tag or a commit id that exists here; a shallow clone may lack it (git fetch).",
        )
    return answer.stdout.decode("ascii").strip()


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


def _unpack(repository: Path, commit: str, destination: Path) -> None:
    entries = _entries(repository, commit)
    try:
        destination.mkdir(parents=True, mode=0o700)
        with tempfile.TemporaryFile(dir=destination.parent) as contents:
            request = "".join(f"{entry.object}\n" for entry in entries).encode("ascii")
            _git(repository, "cat-file", "--batch", request=request, output=contents)
            contents.seek(0)
            # Links are made last, so that no file can be written through one.
            links = [(entry, data) for entry in entries if (data := _place(entry, contents, destination)) is not None]
        for entry, data in links:
            (destination / entry.path).symlink_to(os.fsdecode(data))
        # Marks the top, so that links and modules inside the commit are known to be inside a repository.
        (destination / ".git").mkdir()
    except OSError as error:
        raise SandtableError(
            f"The commit {commit} could not be written to {destination}: {error.strerror or error}.",
            hint="Check the disk of the scratch folder, or use --target config:DIR",
        ) from error


def _entries(repository: Path, commit: str) -> tuple[_Entry, ...]:
    answer = _git(repository, "ls-tree", "-r", "-z", "--full-tree", commit)
    entries = [_entry(row) for row in answer.stdout.split(b"\0") if row]
    return tuple(entry for entry in entries if entry.kind == "blob" and _is_inside(entry.path))


def _entry(row: bytes) -> _Entry:
    head, _, path = row.partition(b"\t")
    mode, kind, name = head.decode("ascii").split(" ")
    return _Entry(mode, kind, name, PurePosixPath(os.fsdecode(path)))


def _is_inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts and not any(part.lower() == ".git" for part in path.parts)


def _place(entry: _Entry, contents: IO[bytes], destination: Path) -> bytes | None:
    """Write the next object as a file; return its content if it is a link instead."""
    header = contents.readline().split()
    if header[1:2] != [b"blob"]:
        raise SandtableError(
            f"The file {entry.path} of the commit is not in the repository.",
            hint="The clone is partial: fetch the commit in full, or use --target config:DIR",
        )
    data = contents.read(int(header[2]))
    contents.read(1)
    if entry.mode == _LINK:
        return data
    path = destination / entry.path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 | int(entry.mode, 8) & 0o100), "wb"
    ) as file:
        file.write(data)
    return None


def _git(
    repository: Path, *arguments: str, request: bytes = b"", output: IO[bytes] | None = None
) -> subprocess.CompletedProcess[bytes]:
    answer = _ask_git(repository, arguments, request, output)
    if answer.returncode != 0:
        told = answer.stderr.decode(errors="replace").strip()
        raise SandtableError(
            f"git {arguments[0]} in {repository} failed: {told}", hint="Check the repository with: git fsck"
        )
    return answer


def _ask_git(
    repository: Path, arguments: Sequence[str], request: bytes = b"", output: IO[bytes] | None = None
) -> subprocess.CompletedProcess[bytes]:
    # The repository may belong to somebody else (a container, a CI runner); it is only read, with nothing of it run.
    command = ["git", *_SAFE, "-c", f"safe.directory={repository}", "-C", str(repository), *arguments]
    try:
        return subprocess.run(
            command,
            env=dict(_ENVIRONMENT),
            input=request,
            stdout=subprocess.PIPE if output is None else output,
            stderr=subprocess.PIPE,
            timeout=GIT_TIMEOUT,
            check=False,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise MissingToolError("git is not installed.", hint="Install git, or use --target config:DIR") from error
    except subprocess.TimeoutExpired as error:
        raise TimeoutExpiredError(
            f"git {arguments[0]} in {repository} did not end within {GIT_TIMEOUT:.0f} s.",
            hint="Use --target config:DIR with a folder that you have checked out yourself.",
        ) from error


def committed(target: GitTarget, wanted: Callable[[str], bool], *, change_dir: Path) -> Mapping[str, bytes]:
    """Read files of a commit, by their paths from the top of the repository.

    Args:
        target: The commit.
        wanted: Tells which files, by such a path.
        change_dir: The folder of the change, as in `materialise`.

    Raises:
        UsageError: there is no such repository or commit.
    """
    repository = _repository(_folder_of_change(change_dir))
    entries = [each for each in _entries(repository, _commit(repository, target.ref)) if wanted(str(each.path))]
    return {str(each.path): _git(repository, "cat-file", "blob", each.object).stdout for each in entries}
