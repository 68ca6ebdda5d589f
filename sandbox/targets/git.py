"""Reading a repository's commits, and running nothing that it names.

A repository that is reviewed may be hostile, and git runs programs that a repository's configuration names: hooks, file
system monitors, pagers, helpers of a lazy fetch, and filters (which `git archive` runs too, as a checkout does). So the
objects are read as they are, by `git ls-tree` and `git cat-file`, and what else could start a program is switched off
on the command line and in the environment, which win over any configuration file.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from sandbox.errors import MissingToolError, SandtableError, TimeoutExpiredError, UsageError

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
LINK = "120000"


class Entry(NamedTuple):
    """A row of `git ls-tree`."""

    mode: str
    kind: str
    object: str
    path: PurePosixPath


class Changed(NamedTuple):
    """A file that two commits do not have alike."""

    path: str
    """From the top; of a renamed file, its new path."""
    before: str = ""
    """Of a renamed file, its old path."""


def repository_of(change: Path) -> Path:
    """Find the top of the repository that a folder is in.

    Raises:
        UsageError: it is in none.
    """
    # Looked for here and not by git, so that no configuration can name another work tree.
    top = next((folder for folder in (change, *change.parents) if (folder / ".git").exists()), None)
    if top is None:
        raise UsageError(
            f"The change {change} is not in a git repository, so a git: target has no meaning.",
            hint="Name the target's folder instead: --target config:DIR",
        )
    return top


def commit_named(repository: Path, ref: str) -> str:
    """Return the id of the commit that a branch, a tag or an id names.

    Raises:
        UsageError: there is no such commit.
    """
    answer = ask_git(repository, ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"))
    if answer.returncode != 0:
        told = answer.stderr.decode(errors="replace").strip()
        raise UsageError(
            f'The repository {repository} has no commit "{ref}".' + (f" Git says: {told}" if told else ""),
            hint="Name a branch, a tag or a commit id that exists here; a shallow clone may lack it (git fetch).",
        )
    return answer.stdout.decode("ascii").strip()


def merge_base(repository: Path, first: str, second: str) -> str | None:
    """Return the id of the commit from which two have parted; None where they have nothing in common (here)."""
    answer = ask_git(repository, ("merge-base", first, second))
    return answer.stdout.decode("ascii").strip() if answer.returncode == 0 else None


def changed_between(repository: Path, before: str, after: str) -> tuple[Changed, ...]:
    """List the files in which two commits differ, renames as such (git-diff-tree(1), "Raw output format").

    Args:
        repository: Its top.
        before: A commit's id.
        after: A commit's id.
    """
    fields = run_git(repository, "diff-tree", "-r", "-z", "--find-renames=75%", before, after).stdout.split(b"\0")
    found, rest = [], iter(fields)
    for head in rest:
        if head:
            path = os.fsdecode(next(rest))
            renamed = head.split(b" ")[-1].startswith(b"R")
            found.append(Changed(os.fsdecode(next(rest)), path) if renamed else Changed(path))
    return tuple(found)


def unpack(repository: Path, commit: str, destination: Path) -> None:
    """Write the files of a commit into a new folder; submodules are left out.

    Raises:
        SandtableError: it cannot be written, or the repository lacks a part of it.
    """
    entries = entries_of(repository, commit)
    try:
        destination.mkdir(parents=True, mode=0o700)
        with tempfile.TemporaryFile(dir=destination.parent) as contents:
            request = "".join(f"{entry.object}\n" for entry in entries).encode("ascii")
            run_git(repository, "cat-file", "--batch", request=request, output=contents)
            contents.seek(0)
            # Links are made last, so that no file can be written through one.
            links = [(entry, data) for entry in entries if (data := _place(entry, contents, destination)) is not None]
        for entry, _ in links:
            (destination / entry.path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for entry, data in links:
            (destination / entry.path).symlink_to(os.fsdecode(data))
        # Marks the top, so that links and modules inside the commit are known to be inside a repository.
        (destination / ".git").mkdir()
    except OSError as error:
        raise SandtableError(
            f"The commit {commit} could not be written to {destination}: {error.strerror or error}.",
            hint="Check the disk of the scratch folder, or use --target config:DIR",
        ) from error


def entries_of(repository: Path, commit: str) -> tuple[Entry, ...]:
    """List the files of a commit."""
    answer = run_git(repository, "ls-tree", "-r", "-z", "--full-tree", commit)
    entries = [entry_of(row) for row in answer.stdout.split(b"\0") if row]
    return tuple(entry for entry in entries if entry.kind == "blob" and _is_inside(entry.path))


def entry_of(row: bytes) -> Entry:
    """Parse a row of `git ls-tree -z`."""
    head, _, path = row.partition(b"\t")
    mode, kind, name = head.decode("ascii").split(" ")
    return Entry(mode, kind, name, PurePosixPath(os.fsdecode(path)))


def _is_inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts and not any(part.lower() == ".git" for part in path.parts)


def _place(entry: Entry, contents: IO[bytes], destination: Path) -> bytes | None:
    """Write the next object as a file; return its content if it is a link instead."""
    header = contents.readline().split()
    if header[1:2] != [b"blob"]:
        raise SandtableError(
            f"The file {entry.path} of the commit is not in the repository.",
            hint="The clone is partial: fetch the commit in full, or use --target config:DIR",
        )
    data = contents.read(int(header[2]))
    contents.read(1)
    if entry.mode == LINK:
        return data
    path = destination / entry.path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 | int(entry.mode, 8) & 0o100), "wb"
    ) as file:
        file.write(data)
    return None


def run_git(
    repository: Path, *arguments: str, request: bytes = b"", output: IO[bytes] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of git that has to succeed.

    Raises:
        SandtableError: it did not.
    """
    answer = ask_git(repository, arguments, request, output)
    if answer.returncode != 0:
        told = answer.stderr.decode(errors="replace").strip()
        raise SandtableError(
            f"git {arguments[0]} in {repository} failed: {told}", hint="Check the repository with: git fsck"
        )
    return answer


def ask_git(
    repository: Path, arguments: Sequence[str], request: bytes = b"", output: IO[bytes] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of git, and return what came of it, whatever that is.

    Raises:
        MissingToolError: git is not installed.
        TimeoutExpiredError: it did not end.
    """
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
