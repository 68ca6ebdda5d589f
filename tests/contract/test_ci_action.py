"""`action.yml`: its own steps, run in order on simulated events, against a small GitHub."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ci_repository import QUEUE, TABLE, Repository
from cli_runs import scratch_of
from composite_action import Run
from somebodys_github import BOT, GitHub, github

from gate.report.markdown import MARKER

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
STEPS = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
STRICT = "version: 1\npreset: strict\n"
LAX = "version: 1\nrules:\n  resource-replaced: note\n"
OURS = "octocat/Hello-World"


@pytest.fixture
def hub() -> Iterator[GitHub]:
    with github() as made:
        yield made


def repository_of(tmp_path: Path, change: dict[str, str | None]) -> Repository:
    made = Repository(tmp_path / "w", {"q.yaml": QUEUE % 0, "t.yaml": TABLE % "orders", "sandtable.yaml": STRICT})
    made.commit(change)
    made.fetched()
    return made


def run_of(
    tmp_path: Path,
    repository: Repository,
    hub: GitHub,
    *,
    event_name: str = "pull_request",
    whose: str = OURS,
    branch: str = "change",
    **inputs: str,
) -> Run:
    base = {"ref": "main", "sha": repository.git("rev-parse", "main"), "repo": {"full_name": OURS}}
    head = {"ref": branch, "sha": repository.git("rev-parse", "HEAD"), "repo": {"full_name": whose}}
    return Run(
        action=ACTION,
        workspace=repository.top,
        temp=tmp_path / "runner",
        event_name=event_name,
        event={"pull_request": {"number": 7, "base": base, "head": head}},
        inputs={"install": "false", **{name.replace("_", "-"): value for name, value in inputs.items()}},
        environment={
            "GITHUB_SHA": head["sha"],
            "GITHUB_REPOSITORY": OURS,
            "GITHUB_API_URL": hub.url,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(scratch_of(tmp_path)),
        },
        token=hub.token,
    )


@pytest.mark.engine
def test_a_change_that_destroys_is_stopped_whatever_policy_it_brings_along(tmp_path: Path, hub: GitHub) -> None:
    repository = repository_of(tmp_path, {"t.yaml": TABLE % "order", "q.yaml": QUEUE % 5, "sandtable.yaml": LAX})
    hub.add("somebody", "looks good")
    run = run_of(tmp_path, repository, hub, sarif="true")

    outputs = run.carry_out()

    assert outputs["decision"] == "reject"
    assert run.exit_codes["Decide"] == 1
    assert run.used == ["actions/cache", "actions/upload-artifact", "github/codeql-action/upload-sarif"]
    assert Path(outputs["report"]).read_text() == hub.comments[1]["body"]
    assert hub.comments[1]["body"].startswith(MARKER)
    assert "Reject" in run.summary
    assert hub.token not in str(run.environments["Rehearse"])


@pytest.mark.engine
def test_a_harmless_change_passes_and_its_comment_is_renewed(tmp_path: Path, hub: GitHub) -> None:
    repository = repository_of(tmp_path, {"q.yaml": QUEUE % 5})
    theirs = hub.add("mallory", f"{MARKER}\n## ✅ Approve")
    ours = hub.add(BOT, f"{MARKER}\n## ⛔ Reject")
    run = run_of(tmp_path, repository, hub)

    outputs = run.carry_out()

    assert (outputs["decision"], run.exit_codes["Decide"]) == ("approve", 0), run.log
    assert len(hub.comments) == 2
    assert theirs["body"] == f"{MARKER}\n## ✅ Approve"
    assert "Approve: 1 root is touched" in ours["body"]


@pytest.mark.engine
def test_a_fork_gets_summary_and_artifact_and_no_token(tmp_path: Path, hub: GitHub) -> None:
    repository = repository_of(tmp_path, {"q.yaml": QUEUE % 5})
    run = run_of(tmp_path, repository, hub, whose="mallory/Hello-World", sarif="true")

    outputs = run.carry_out()

    assert outputs["decision"] == "approve"
    assert hub.asked == []
    assert run.skipped[-2:] == ["Upload to code scanning", "Comment"]
    assert "actions/upload-artifact" in run.used
    assert "Approve" in run.summary


@pytest.mark.engine
def test_a_comment_that_is_refused_changes_nothing_about_the_decision(tmp_path: Path, hub: GitHub) -> None:
    hub.writable = False
    run = run_of(tmp_path, repository_of(tmp_path, {"q.yaml": QUEUE % 5}), hub)
    assert run.carry_out()["decision"] == "approve"
    assert run.exit_codes["Decide"] == 0
    assert "pull-requests: write" in run.log
    assert hub.token not in run.log


@pytest.mark.engine
@pytest.mark.parametrize(("on_review", "code"), [("fail", 2), ("pass", 0), ("PASS", 2)])
def test_what_a_person_must_decide_stops_unless_the_job_says_otherwise(
    on_review: str, code: int, tmp_path: Path, hub: GitHub
) -> None:
    run = run_of(tmp_path, repository_of(tmp_path, {"sandtable.yaml": LAX}), hub, on_review=on_review)
    assert run.carry_out()["decision"] == "review"
    assert run.exit_codes["Decide"] == code


def test_a_rehearsal_that_does_not_come_to_its_end_is_no_pass(tmp_path: Path, hub: GitHub) -> None:
    repository = repository_of(tmp_path, {"q.yaml": QUEUE % 5})
    crashing = tmp_path / "bin"
    crashing.mkdir()
    (crashing / "sandtable").write_text('#!/bin/sh\necho decision=approve >> "$GITHUB_OUTPUT"\nkill -9 $$\n')
    (crashing / "sandtable").chmod(0o755)
    run = run_of(tmp_path, repository, hub)
    run.environment = {**run.environment, "PATH": f"{crashing}{os.pathsep}{os.environ['PATH']}"}
    assert run.carry_out()["decision"] == "failed"
    assert run.exit_codes["Decide"] == 3


def test_the_event_with_a_token_for_strangers_is_refused(tmp_path: Path, hub: GitHub) -> None:
    run = run_of(tmp_path, repository_of(tmp_path, {"q.yaml": QUEUE % 5}), hub, event_name="pull_request_target")
    assert run.carry_out()["decision"] == "failed"
    assert run.exit_codes["Decide"] == 3
    assert "pull_request_target" in run.log


def test_hostile_names_are_nothing_but_names(tmp_path: Path, hub: GitHub) -> None:
    proof = tmp_path / "proof"
    hostile = f"$(touch {proof})`touch {proof}`;touch {proof}"
    repository = repository_of(tmp_path, {"README.md": "x"})
    (repository.top / "venv.py").write_text(f"open({str(proof)!r}, 'w')")
    run = run_of(tmp_path, repository, hub, branch=hostile, roots=f"{hostile}\n--output=x", policy=hostile)
    assert run.carry_out()["decision"] == "failed"
    assert not proof.exists()


def test_no_script_contains_an_expression() -> None:
    assert [step["name"] for step in STEPS if "${{" in step.get("run", "")] == []
    assert [step["name"] for step in STEPS if "run" in step and step["shell"] != "bash"] == []


def test_python_never_looks_into_the_checkout() -> None:
    scripts = "".join(step.get("run", "") for step in STEPS)
    assert re.findall(r"python3?(?! -I)\b[^ ]* -", scripts) == []


def test_it_has_the_shape_that_github_publishes() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    subprocess.run([checker, "--builtin-schema", "vendor.github-actions", ACTION], check=True, capture_output=True)


def test_installing_puts_the_program_on_the_path(tmp_path: Path, hub: GitHub) -> None:
    repository = repository_of(tmp_path, {"README.md": "x"})
    (repository.top / "venv.py").write_text("raise SystemExit('code of the checkout was run')")
    run = run_of(tmp_path, repository, hub, install="true", artifact="")
    run.environment = {**run.environment, "PIP_NO_COMPILE": "1"}
    run.carry_out()
    assert run.exit_codes["Install sandtable"] == 0, run.log
    assert (tmp_path / "runner/path").read_text() == f"{tmp_path / 'runner'}/sandtable-venv/bin\n"
    assert (tmp_path / "runner/sandtable-venv/bin/sandtable").exists()
