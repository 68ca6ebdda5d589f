"""What pipelines say is to be compared; hostile names included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gate.ci.surroundings import Surroundings, pull_request_of, read_surroundings
from sandbox.errors import ConfigurationError, SandtableError, UsageError

ONE, TWO, THREE, NONE = "1" * 40, "2" * 40, "3" * 40, "0" * 40
MAIN = "refs/remotes/origin/main"


def github(tmp_path: Path, name: str, event: Any, **more: str) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_SHA": THREE,
        **more,
    }


def pull_request(**base: str) -> dict[str, Any]:
    return {"pull_request": {"number": 7, "base": {"ref": "main", "sha": ONE, **base}, "head": {"ref": "$(id)"}}}


def test_a_pull_request_is_compared_with_its_base_branch(tmp_path: Path) -> None:
    environment = github(tmp_path, "pull_request", pull_request())
    expected = Surroundings(system="github", bases=(MAIN, ONE), head=THREE, pull_request=7)
    assert read_surroundings(environment) == expected
    assert pull_request_of(environment) == 7


def test_a_merge_queue_and_a_push_to_the_default_branch_are_compared_with_what_was_there(tmp_path: Path) -> None:
    group = github(tmp_path, "merge_group", {"merge_group": {"base_sha": ONE}})
    assert read_surroundings(group).bases == (ONE,)
    event = {"before": ONE, "repository": {"default_branch": "main"}}
    pushed = github(tmp_path, "push", event, GITHUB_REF="refs/heads/main")
    assert read_surroundings(pushed).bases == (ONE, f"{THREE}^1")


def test_a_push_to_another_branch_is_not_compared_with_an_earlier_push(tmp_path: Path) -> None:
    event = {"before": ONE, "repository": {"default_branch": "main"}}
    pushed = github(tmp_path, "push", event, GITHUB_REF="refs/heads/feature")
    assert read_surroundings(pushed).bases == (MAIN,)
    gitlab = {"GITLAB_CI": "true", "CI_COMMIT_SHA": THREE, "CI_COMMIT_BEFORE_SHA": ONE, "CI_DEFAULT_BRANCH": "main"}
    assert read_surroundings({**gitlab, "CI_COMMIT_BRANCH": "feature"}).bases == (MAIN,)
    assert read_surroundings({**gitlab, "CI_COMMIT_BRANCH": "main"}).bases == (ONE, f"{THREE}^1")


@pytest.mark.parametrize(
    ("environment", "bases"),
    [
        (
            {
                "GITLAB_CI": "true",
                "CI_COMMIT_SHA": THREE,
                "CI_MERGE_REQUEST_IID": "7",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": TWO,
            },
            (MAIN, TWO),
        ),
        (
            {
                "BUILDKITE": "true",
                "BUILDKITE_COMMIT": THREE,
                "BUILDKITE_PULL_REQUEST": "7",
                "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
            },
            (MAIN,),
        ),
    ],
    ids=["gitlab", "buildkite"],
)
def test_other_systems_name_their_target_branch(environment: dict[str, str], bases: tuple[str, ...]) -> None:
    found = read_surroundings(environment)
    assert (found.bases, found.head, found.pull_request) == (bases, THREE, 7)


def test_before_a_push_the_remotes_own_head_counts() -> None:
    found = read_surroundings({"PRE_COMMIT_FROM_REF": ONE, "PRE_COMMIT_TO_REF": TWO})
    assert (found.bases, found.head) == (("refs/remotes/origin/HEAD", ONE), TWO)


def test_what_the_user_names_goes_first(tmp_path: Path) -> None:
    assert read_surroundings({}, base="main") == Surroundings(system="none", bases=("main",))
    found = read_surroundings(github(tmp_path, "pull_request", pull_request()), base="v1", head="v2")
    assert (found.bases, found.head) == (("v1",), "v2")


@pytest.mark.parametrize("base", ["", "--upload-pack=x", "a\nb"])
def test_without_a_base_nothing_is_compared(base: str) -> None:
    with pytest.raises(UsageError):
        read_surroundings({}, base=base)


def test_an_event_with_a_token_that_may_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pull_request_target"):
        read_surroundings(github(tmp_path, "pull_request_target", pull_request()), base="main")


@pytest.mark.parametrize(
    "event",
    [
        "not json",
        "[]",
        "[" * 100_000,
        {"pull_request": "x"},
        pull_request(ref="--upload-pack=touch /tmp/x"),
        pull_request(ref="a..b"),
        pull_request(ref="a b"),
        pull_request(ref="main@{1}"),
        pull_request(sha="$(id)"),
        pull_request(sha="abc"),
        {"pull_request": {"number": "7; id", "base": {"ref": "main", "sha": ONE}}},
    ],
    ids=lambda event: str(event)[:40],
)
def test_an_event_that_makes_no_sense_is_one_clear_error(event: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_surroundings(github(tmp_path, "pull_request", event))
    assert caught.value.hint


@pytest.mark.parametrize("change", [{"GITHUB_EVENT_PATH": "/nowhere"}, {"GITHUB_SHA": "HEAD"}, {"GITHUB_SHA": ""}])
def test_variables_that_make_no_sense_are_errors(change: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(SandtableError):
        read_surroundings({**github(tmp_path, "pull_request", pull_request()), **change})
