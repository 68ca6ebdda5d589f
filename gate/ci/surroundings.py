"""What a pipeline says of itself: which commits are to be compared, and which pull request it is about.

Everything here may have been written by whoever opened the pull request (names of branches, the text of an event), so
commits are ids of hexadecimal digits, branches are looked for as branches of the remote and nothing else, and nothing
is ever handed to a shell. A push to another branch than the default one is compared with the default one, not with what
was pushed before: the policy that judges is the base's, and an earlier push is the same author's.

Sources: GitHub, "Variables reference" and "Events that trigger workflows"; GitLab, "Predefined CI/CD variables
reference"; Buildkite, "Environment variables"; pre-commit.com, "pre-commit during push".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.errors import ConfigurationError, UsageError

MOST_BYTES = 25_000_000
"""Of an event's file: GitHub sends no more than 25 MB."""

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NOTHING = re.compile(r"0+")
_BRANCH = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]*")
"""What may be a branch's name (git-check-ref-format(1)), as far as it could be taken for something else."""
_PRIVILEGED = "pull_request_target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A pipeline's run, or a person's."""

    system: str
    """``github``, ``gitlab``, ``buildkite``, ``pre-commit`` or ``none``."""
    bases: tuple[str, ...] = ()
    """What may name the tip of the base branch, the best first; the first that the repository has is taken."""
    head: str = "HEAD"
    pull_request: int | None = None


def read_surroundings(environment: Mapping[str, str], *, base: str = "", head: str = "") -> Surroundings:
    """Read what is to be compared.

    Args:
        environment: The process's variables.
        base: What the user names as the base; goes before everything else.
        head: What the user names as the head.

    Raises:
        UsageError: nothing says what the base is, or the event is one that must not run code of the change.
        ConfigurationError: the pipeline's own variables or event make no sense.
    """
    found = _found(environment)
    found = replace(found, bases=(base,) if base else found.bases, head=head or found.head)
    for ref in (*found.bases, found.head):
        if ref.startswith("-") or not ref.isprintable():
            raise UsageError(f"{ref!r} names no commit.", hint="Name a branch, a tag or a commit id.")
    if not found.bases:
        raise UsageError(
            "Nothing says what the change is compared with.",
            hint="Name the base branch: sandtable ci --base origin/main",
        )
    return found


def pull_request_of(environment: Mapping[str, str]) -> int | None:
    """The number of the pull request that a run is about; None where it is about none.

    Raises:
        UsageError: the event is one that must not run code of the change.
        ConfigurationError: the pipeline's own variables or event make no sense.
    """
    return _found(environment).pull_request


def _found(environment: Mapping[str, str]) -> Surroundings:
    if environment.get("GITHUB_ACTIONS") == "true":
        return _github(environment)
    if environment.get("GITLAB_CI"):
        return _gitlab(environment)
    if environment.get("BUILDKITE") == "true":
        return _buildkite(environment)
    if environment.get("PRE_COMMIT_TO_REF"):
        # Set by the user's own pre-commit; what it names may be a branch.
        before = environment.get("PRE_COMMIT_FROM_REF", "")
        bases = ("refs/remotes/origin/HEAD", *([before] if before and not _NOTHING.fullmatch(before) else []))
        return Surroundings(system="pre-commit", bases=bases, head=environment["PRE_COMMIT_TO_REF"])
    return Surroundings(system="none")


def _github(environment: Mapping[str, str]) -> Surroundings:
    name, event = environment.get("GITHUB_EVENT_NAME", ""), _event(environment.get("GITHUB_EVENT_PATH", ""))
    head = _commit(environment.get("GITHUB_SHA", ""))
    if name == _PRIVILEGED:
        raise UsageError(
            f"This was started by {_PRIVILEGED}, where code of a stranger runs beside a token that may write.",
            hint="Start it by pull_request: nothing here needs a secret, the clone is local (docs/ci.md).",
        )
    if name == "merge_group":
        group = _member(event, "merge_group")
        return Surroundings(system="github", bases=_commits(_text(group, "base_sha")), head=head)
    if name == "push":
        default = _text(_member(event, "repository"), "default_branch")
        onto = environment.get("GITHUB_REF") == f"refs/heads/{default}"
        bases = _pushed(default, head, _text(event, "before"), onto_default=onto)
        return Surroundings(system="github", bases=bases, head=head)
    if "pull_request" not in event:
        return Surroundings(system="github", head=head)
    request = _member(event, "pull_request")
    base = _member(request, "base")
    return Surroundings(
        system="github",
        bases=(*_branches(_text(base, "ref")), *_commits(_text(base, "sha"))),
        head=head,
        pull_request=_number(request.get("number")),
    )


def _gitlab(environment: Mapping[str, str]) -> Surroundings:
    head = _commit(environment.get("CI_COMMIT_SHA", ""))
    request = environment.get("CI_MERGE_REQUEST_IID", "")
    if request:
        return Surroundings(
            system="gitlab",
            bases=(
                *_branches(environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")),
                *_commits(environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "")),
            ),
            head=head,
            pull_request=_number(request),
        )
    default = environment.get("CI_DEFAULT_BRANCH", "")
    onto = environment.get("CI_COMMIT_BRANCH") == default
    bases = _pushed(default, head, environment.get("CI_COMMIT_BEFORE_SHA", ""), onto_default=onto)
    return Surroundings(system="gitlab", bases=bases, head=head)


def _buildkite(environment: Mapping[str, str]) -> Surroundings:
    head = _commit(environment.get("BUILDKITE_COMMIT", ""))
    request = environment.get("BUILDKITE_PULL_REQUEST", "false")
    if request != "false":
        branch = environment.get("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "")
        return Surroundings(system="buildkite", bases=_branches(branch), head=head, pull_request=_number(request))
    default = environment.get("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "")
    onto = environment.get("BUILDKITE_BRANCH") == default
    return Surroundings(system="buildkite", bases=_pushed(default, head, "", onto_default=onto), head=head)


def _pushed(default: str, head: str, before: str, *, onto_default: bool) -> tuple[str, ...]:
    """What a push is compared with; on the default branch that is what was there before."""
    return (*_commits(before), f"{head}^1") if onto_default and default else _branches(default)


def _event(path: str) -> Mapping[str, Any]:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        document = json.loads(content) if len(content) <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise _nonsense(f"the event {path!r} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise _nonsense("the event is no JSON object of a sensible size")
    return document


def _member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    member = document.get(name)
    if not isinstance(member, dict):
        raise _nonsense(f"the event has no {name}")
    return member


def _text(document: Mapping[str, Any], name: str) -> str:
    text = document.get(name, "")
    if not isinstance(text, str):
        raise _nonsense(f"{name} in the event is no text")
    return text


def _number(value: Any) -> int:
    text = str(value)
    if not text.isascii() or not text.isdigit():
        raise _nonsense(f"{text!r} is no number of a pull request")
    return int(text)


def _commit(text: str) -> str:
    if not _COMMIT.fullmatch(text):
        raise _nonsense(f"{text!r} is no commit's id")
    return text


def _commits(text: str) -> tuple[str, ...]:
    """One commit, or none: pipelines write zeros for a commit that does not exist."""
    return () if not text or _NOTHING.fullmatch(text) else (_commit(text),)


def _branches(name: str) -> tuple[str, ...]:
    """The branch of the remote, and that one only: a local branch or a tag of that name may be the change's."""
    if not name:
        return ()
    if not _BRANCH.fullmatch(name) or ".." in name or "@{" in name:
        raise _nonsense(f"{name!r} is no branch's name")
    return (f"refs/remotes/origin/{name}",)


def _nonsense(problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"The pipeline's variables make no sense: {problem}.",
        hint="Name the commits: sandtable ci --base origin/main --head HEAD",
    )
