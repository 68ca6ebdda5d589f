from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from policy_builders import deleted, evidence, replaced

from gate.policy.config import FILE_NAME, STRICT
from gate.policy.settings import NOWHERE, Whereabouts
from gate.policy_source import MOST_BYTES, Policies, Wanted, find_policies
from gate.verdict import Decision, Level
from sandbox.errors import ConfigurationError, UsageError
from sandbox.targets.target import ConfigTarget, EmptyTarget, GitTarget, Target

LAX = "version: 1\nrules: {resource-deleted: off}\n"
STRICTER = "version: 1\nrules: {bookkeeping: reject}\n"
EVIDENCE = evidence(deleted("aws_sqs_queue.a"), replaced("random_id.a"))


@pytest.fixture
def change(tmp_path: Path) -> Path:
    folder = tmp_path / "change"
    folder.mkdir()
    return folder


@pytest.fixture
def standing(tmp_path: Path) -> Path:
    folder = tmp_path / "standing"
    folder.mkdir()
    return folder


def found(change: Path, standing: Path | None = None, explicit: Path | None = None) -> Policies:
    target: Target = EmptyTarget() if standing is None else ConfigTarget(directory=standing)
    return find_policies(explicit, change_dir=change, target=target)


def test_without_a_file_the_strict_policy_judges(change: Path, standing: Path) -> None:
    assert found(change) == found(change, standing) == Policies(asked=STRICT)


def test_the_targets_policy_judges_a_change_that_has_none(change: Path, standing: Path) -> None:
    (standing / FILE_NAME).write_text(LAX)
    policies = found(change, standing)
    assert (policies.asked.name, policies.standing) == ("sandtable.yaml of the target", None)
    assert policies.judge(EVIDENCE).decision is Decision.APPROVE


def test_the_very_same_file_counts_in_full(change: Path, standing: Path) -> None:
    for folder in (change, standing):
        (folder / FILE_NAME).write_text(LAX)
    policies = found(change, standing)
    assert policies.standing is None
    assert policies.judge(EVIDENCE).decision is Decision.APPROVE


@pytest.mark.parametrize("has_standing", [True, False])
def test_a_change_cannot_loosen_the_policy_that_judges_it(change: Path, standing: Path, *, has_standing: bool) -> None:
    (change / FILE_NAME).write_text(LAX)
    if has_standing:
        (standing / FILE_NAME).write_text("version: 1\n")
    verdict = found(change, standing).judge(EVIDENCE)
    assert verdict.decision is Decision.REJECT
    assert [(item.rule, item.level) for item in verdict.findings] == [
        ("resource-deleted", Level.REJECT),
        ("policy-changed", Level.REVIEW),
        ("policy-changed", Level.NOTE),
        ("bookkeeping", Level.NOTE),
    ]
    how = "edits the policy that judges it (rules)" if has_standing else "brings a policy, and the target has none"
    assert verdict.findings[1].message == f"the change {how}"
    assert "says approve, the one that stands says reject" in verdict.findings[2].message


def test_a_change_may_be_judged_by_a_stricter_policy_of_its_own(change: Path, standing: Path) -> None:
    (change / FILE_NAME).write_text(STRICTER)
    (standing / FILE_NAME).write_text(LAX)
    verdict = found(change, standing).judge(EVIDENCE)
    assert verdict.decision is Decision.REJECT
    # Each finding once, with the heavier of its two levels.
    assert [item.level for item in verdict.findings if item.rule == "bookkeeping"] == [Level.REJECT]


def test_policies_that_agree_say_nothing_of_each_other(change: Path, standing: Path) -> None:
    (change / FILE_NAME).write_text("version: 1 # other\n")
    (standing / FILE_NAME).write_text("version: 1\n")
    verdict = found(change, standing).judge(EVIDENCE)
    assert [item.rule for item in verdict.findings] == ["resource-deleted", "bookkeeping"]


def test_whoever_names_a_policy_vouches_for_it(change: Path, standing: Path, tmp_path: Path) -> None:
    (change / FILE_NAME).write_text("version: 9\n")
    (standing / FILE_NAME).write_text("version: 9\n")
    named = tmp_path / "mine.yaml"
    named.write_text(LAX)
    policies = found(change, standing, named)
    assert (policies.asked.name, policies.standing) == (str(named), None)
    assert policies.judge(EVIDENCE).decision is Decision.APPROVE


def test_a_named_policy_may_be_reached_by_a_link(change: Path, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(LAX)
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    assert found(change, explicit=tmp_path / "link.yaml").asked.levels == {"resource-deleted": None}


@pytest.mark.parametrize("leads_to", ["real.yaml", "nowhere.yaml"])
def test_a_policy_beside_the_change_is_no_link(change: Path, leads_to: str) -> None:
    (change / "real.yaml").write_text(LAX)
    (change / FILE_NAME).symlink_to(leads_to)
    with pytest.raises(ConfigurationError, match="is a symbolic link"):
        found(change)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_binary(path: Path) -> None:
    path.write_bytes(b"version: 1\n\xff\xfe")


def make_huge(path: Path) -> None:
    path.write_bytes(b"#" * (MOST_BYTES + 1))


def make_wrong(path: Path) -> None:
    path.write_text("version: 2")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (make_folder, "it is not a regular file"),
        (make_pipe, "it is not a regular file"),
        (make_binary, "can't decode byte"),
        (make_huge, "it is larger than"),
        (make_wrong, "`version: 1` is missing"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_what_cannot_be_read_as_a_policy_is_one_clear_error(
    change: Path, tmp_path: Path, make: object, problem: str, *, named: bool
) -> None:
    path = tmp_path / "named.yaml" if named else change / FILE_NAME
    make(path)
    with pytest.raises(ConfigurationError) as raised:
        found(change, explicit=path if named else None)
    assert str(path) in raised.value.message
    assert problem in raised.value.message
    assert raised.value.hint


def test_a_named_policy_that_is_not_there_is_an_error(change: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        found(change, explicit=change / "nowhere.yaml")


def test_a_path_that_leads_through_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        found(tmp_path / "file")


def test_a_standing_policy_that_is_not_valid_is_an_error(change: Path, standing: Path) -> None:
    (standing / FILE_NAME).write_text("rules: {}")
    with pytest.raises(ConfigurationError, match=r"sandtable\.yaml of the target is not valid"):
        found(change, standing)


def test_a_target_without_files_does_not_say_whether_a_policy_was_changed(change: Path) -> None:
    (change / FILE_NAME).write_text(STRICTER)
    assert [item.level for item in found(change).judge(EVIDENCE).findings if item.rule == "policy-changed"] == []


PIPELINE = "jobs: {gate: {steps: [{run: sandtable rehearse terraform infra --target git:main}]}}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "infra").mkdir(parents=True)
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "gate.yml").write_text(PIPELINE)
    (workflows / "other.yml").write_text("jobs: {}\n")
    (folder / ".pre-commit-config.yaml").write_text("repos: [{repo: x, hooks: [{id: sandtable-review}]}]\n")
    (folder / "infra" / FILE_NAME).write_text("version: 1\n")
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True)
    return folder


def of_git(repository: Path) -> list[tuple[str, Level, str, str]]:
    policies = find_policies(None, change_dir=repository / "infra", target=GitTarget(ref="main"))
    return [(item.rule, item.level, item.address, item.message) for item in policies.judge(evidence()).findings]


def test_a_change_that_leaves_the_gate_alone_is_told_nothing_of_it(repository: Path) -> None:
    (repository / ".github" / "workflows" / "other.yml").write_text("jobs: {new: {}}\n")
    (repository / ".github" / "workflows" / "more.yml").write_text(PIPELINE)
    assert of_git(repository) == []


def test_a_change_that_edits_or_removes_what_calls_the_gate_goes_to_a_person(repository: Path) -> None:
    (repository / ".github" / "workflows" / "gate.yml").write_text(PIPELINE.replace("main", "HEAD"))
    (repository / ".pre-commit-config.yaml").unlink()
    how = "the change {} this file, which calls the gate"
    assert of_git(repository) == [
        ("gate-changed", Level.REVIEW, ".github/workflows/gate.yml", how.format("edits")),
        ("gate-changed", Level.REVIEW, ".pre-commit-config.yaml", how.format("removes")),
    ]


def test_a_caller_that_becomes_a_link_is_none_any_more(repository: Path) -> None:
    path = repository / ".github" / "workflows" / "gate.yml"
    path.unlink()
    path.symlink_to("other.yml")
    assert [row[3] for row in of_git(repository)] == ["the change removes this file, which calls the gate"]


def test_a_folder_of_callers_that_leads_elsewhere_has_none(repository: Path) -> None:
    workflows = repository / ".github" / "workflows"
    workflows.rename(repository / "workflows")
    workflows.symlink_to("/")
    assert [row[3] for row in of_git(repository)] == ["the change removes this file, which calls the gate"]


def test_a_change_that_edits_its_waivers_goes_to_a_person(repository: Path) -> None:
    waiver = "{rule: access-widened, address: a.b, reason: x y, author: me, expires: 2999-01-01}"
    (repository / "infra" / FILE_NAME).write_text(f"version: 1\nwaivers: [{waiver}]\n")
    told = [row[3] for row in of_git(repository) if row[1] is Level.REVIEW]
    assert told == ["the change edits the policy that judges it (waivers)"]
    (repository / "infra" / FILE_NAME).unlink()
    assert [row[3] for row in of_git(repository)] == ["the change removes the policy that the target has"]


def test_the_callers_of_two_folders_are_compared_as_well(change: Path, standing: Path) -> None:
    (standing / ".gitlab-ci.yml").write_text("gate: {script: [sandtable rehearse]}\n")
    told = found(change, standing).judge(EVIDENCE)
    assert [item.address for item in told.findings if item.rule == "gate-changed"] == [".gitlab-ci.yml"]
    (change / ".gitlab-ci.yml").write_text("gate: {script: [sandtable rehearse]}\n")
    assert "gate-changed" not in {item.rule for item in found(change, standing).judge(EVIDENCE).findings}


def test_a_place_out_of_scope_is_rejected_before_anything_is_rehearsed(change: Path, standing: Path) -> None:
    for folder in (change, standing):
        (folder / FILE_NAME).write_text("version: 1\nscope: {accounts: ['111111111111']}\n")
    policies = found(change, standing)
    verdict = policies.misplaced(Whereabouts(account="222222222222"))
    assert verdict is not None
    assert (verdict.decision, verdict.policy_digest) == (Decision.REJECT, policies.asked.digest)
    assert policies.misplaced(Whereabouts(account="111111111111")) is None
    assert policies.misplaced(NOWHERE) is None


def test_an_environment_of_a_policy_that_has_none_is_wrong_usage(change: Path) -> None:
    with pytest.raises(UsageError, match="There is no environment 'prod'"):
        find_policies(None, change_dir=change, target=EmptyTarget(), wanted=Wanted(environment="prod"))
