"""The files of a repository that call the gate, and whether a change edits them.

Whoever can take the gate out of the pipeline needs no policy to be let through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from diffing.change import Proof
from gate.verdict import Finding, Level
from sandbox.targets.materialise import committed
from sandbox.targets.target import ConfigTarget, GitTarget, Target

GATE_CHANGED = "gate-changed"
"""The name of the finding; no rule of a policy, and not for one to change."""
NAME = b"sandtable"
FILES = frozenset(
    {".gitlab-ci.yml", ".pre-commit-config.yaml", ".pre-commit-config.yml", ".travis.yml", "Jenkinsfile"}
    | {".circleci/config.yml", "atlantis.yaml", "azure-pipelines.yml", "bitbucket-pipelines.yml"}
    | {".claude/settings.json", ".codex/hooks.json", ".cursor/hooks.json", ".gemini/settings.json"}
)
"""Where pipelines, hooks of git and hooks of agents are configured (documentation of each)."""
FOLDERS = (".github/workflows/", ".github/actions/", ".gitlab/", ".buildkite/")
MOST_BYTES = 1_000_000

_REMEDY = "Change what calls the gate in a change of its own, which a person approves."


def edited_callers(target: Target, change_dir: Path) -> tuple[Finding, ...]:
    """Find each file of the target's repository that names this tool, and is another one beside the change.

    Where the target is in no repository, its own folder is taken for the top of one; some targets have no files.
    """
    before = _before(target, change_dir)
    if not before:
        return ()
    top = _top(change_dir)
    after = _read(top)
    return tuple(
        _finding(path, "removes" if path not in after else "edits")
        for path, content in sorted(before.items())
        if NAME in content.lower() and after.get(path) != content
    )


def _before(target: Target, change_dir: Path) -> Mapping[str, bytes]:
    match target:
        case GitTarget():
            return committed(target, _is_caller, change_dir=change_dir)
        case ConfigTarget(directory=directory):
            top = _top(directory)
            return {} if top == _top(change_dir) else _read(top)
        case _:
            return {}


def _is_caller(path: str) -> bool:
    return path in FILES or path.startswith(FOLDERS)


def _top(folder: Path) -> Path:
    known = folder.resolve()
    return next((each for each in (known, *known.parents) if (each / ".git").exists()), known)


def _read(top: Path) -> Mapping[str, bytes]:
    return {path: content for path, content in _contents(top) if content is not None}


def _contents(top: Path) -> Iterator[tuple[str, bytes | None]]:
    for name in sorted(FILES):
        yield name, _content(top / name)
    for folder in FOLDERS:
        if (top / folder).resolve() != top / folder:
            # It leads elsewhere, perhaps through all of the disk.
            continue
        for path in sorted((top / folder).rglob("*")):
            yield path.relative_to(top).as_posix(), _content(path)


def _content(path: Path) -> bytes | None:
    """What is in a regular file; something else, or something that cannot be read, is no such file."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError:
        return None


def _finding(path: str, what: str) -> Finding:
    return Finding(
        rule=GATE_CHANGED,
        level=Level.REVIEW,
        address=path,
        message=f"the change {what} this file, which calls the gate",
        proof=Proof.PROVED,
        remediation=_REMEDY,
    )
