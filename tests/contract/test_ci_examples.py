"""What lies under `examples/`, and the hook of pre-commit: each run as its system would run it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from ci_repository import QUEUE, TABLE, Repository
from cli_runs import PROVIDER, scratch_of, write

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
STRICT = "version: 1\npreset: strict\n"
LAX = "version: 1\nrules:\n  resource-replaced: note\n"
DESTROYS: dict[str, str | None] = {"t.yaml": TABLE % "order", "q.yaml": QUEUE % 5, "sandtable.yaml": LAX}
HARMLESS: dict[str, str | None] = {"q.yaml": QUEUE % 5}
STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 1,
    "lineage": "5f0d2c1e-2b1b-4a53-9d5e-7d3a3c9b1a10",
    "outputs": {},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_sqs_queue",
            "name": "jobs",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [
                {
                    "schema_version": 0,
                    "attributes": {
                        "id": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
                        "url": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
                        "arn": "arn:aws:sqs:eu-west-1:123456789012:jobs",
                        "name": "jobs",
                    },
                }
            ],
        }
    ],
}
NOWHERE = {"GITHUB_ACTIONS": "", "GITLAB_CI": "", "BUILDKITE": "", "PRE_COMMIT_TO_REF": ""}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A branch beside a remote whose `main` it has not fetched."""
    made = Repository(tmp_path / "w", {"q.yaml": QUEUE % 0, "t.yaml": TABLE % "orders", "sandtable.yaml": STRICT})
    made.git("clone", "-q", "--bare", str(made.top), str(tmp_path / "origin.git"))
    made.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    return made


def bash(tmp_path: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As runners do: one script, ended by the first command that fails."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=tmp_path / "w",
        env={
            **os.environ,
            **NOWHERE,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(scratch_of(tmp_path)),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def summary(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return document


@pytest.mark.engine
@pytest.mark.parametrize(("change", "code"), [(DESTROYS, 1), (HARMLESS, 0)], ids=["destroys", "harmless"])
def test_gitlabs_job_stops_what_destroys(
    change: dict[str, str | None], code: int, repository: Repository, tmp_path: Path
) -> None:
    job = yaml.safe_load((EXAMPLES / "gitlab/sandtable.gitlab-ci.yml").read_text())["sandtable"]
    head = repository.commit(change)
    predefined = {
        "GITLAB_CI": "true",
        "CI_COMMIT_SHA": head,
        "CI_JOB_ID": "4711",
        "CI_REGISTRY": "registry.example.com",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    }
    variables = {name: Template(value).safe_substitute(predefined) for name, value in job["variables"].items()}

    done = bash(tmp_path, "\n".join(job["script"]), **predefined, **variables)

    assert done.returncode == code, done.stderr
    assert summary(repository.top / "sandtable-report-4711")["pull_request"] == 7
    report = Template(job["artifacts"]["reports"]["junit"]).substitute(predefined)
    assert (repository.top / report).exists()


@pytest.mark.engine
def test_buildkites_step_stops_what_destroys(repository: Repository, tmp_path: Path) -> None:
    [step] = yaml.safe_load((EXAMPLES / "buildkite/pipeline.yml").read_text())["steps"]
    done = bash(
        tmp_path,
        step["command"].replace("$$", "$"),
        BUILDKITE="true",
        BUILDKITE_COMMIT=repository.commit(DESTROYS),
        BUILDKITE_JOB_ID="j",
        BUILDKITE_PULL_REQUEST="7",
        BUILDKITE_PULL_REQUEST_BASE_BRANCH="main",
        BUILDKITE_PIPELINE_DEFAULT_BRANCH="trunk",
    )
    assert done.returncode == 1, done.stderr
    assert summary(repository.top / "sandtable-report-j")["decision"] == "reject"


@pytest.mark.engine
def test_a_push_is_held_back_by_pre_commit(repository: Repository, tmp_path: Path) -> None:
    hooks = Repository(tmp_path / "hooks", {"x": ""})
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks.top)
    # The program is here already; that it can be installed, the action's test shows.
    hook = {"id": "sandtable", "language": "system"}
    config = {"repos": [{"repo": str(hooks.top), "rev": hooks.commit({}), "hooks": [hook]}]}
    repository.on_main({".pre-commit-config.yaml": yaml.safe_dump(config)})
    repository.git("push", "-q", "origin", "main")
    repository.git("remote", "set-head", "origin", "main")
    repository.git("reset", "-q", "--hard", "main")
    home = {"PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    assert bash(tmp_path, "pre-commit install --hook-type pre-push", **home).returncode == 0

    repository.commit(DESTROYS)
    held = bash(tmp_path, "git push origin change", **home)
    assert held.returncode != 0
    assert "REJECT: 2 roots are touched" in held.stdout + held.stderr

    repository.git("reset", "-q", "--hard", "main")
    repository.commit(HARMLESS)
    let = bash(tmp_path, "git push origin change", **home)
    assert let.returncode == 0, let.stdout + let.stderr


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("gitlab-ci", "gitlab/sandtable.gitlab-ci.yml"),
        ("github-workflows", "github/sandtable.yml"),
        ("buildkite", "buildkite/pipeline.yml"),
    ],
)
def test_an_example_has_the_shape_that_its_system_publishes(schema: str, file: str) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    subprocess.run([checker, "--builtin-schema", f"vendor.{schema}", EXAMPLES / file], check=True, capture_output=True)


def test_the_workflow_uses_inputs_that_the_action_has() -> None:
    workflow = yaml.safe_load((EXAMPLES / "github/sandtable.yml").read_text())
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    [step] = [step for step in workflow["jobs"]["rehearse"]["steps"] if "sandtable" in step["uses"]]
    assert set(step["with"]) <= set(action["inputs"])
    # YAML 1.1 reads the key `on` as a truth value.
    assert "pull_request_target" not in workflow[True]


def test_the_hook_is_one_that_pre_commit_takes() -> None:
    checker = [sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"]
    subprocess.run(checker, check=True, capture_output=True)


ATLANTIS = PROVIDER + 'resource "aws_sqs_queue" "jobs" {\n  name = "%s"\n}\n'


@pytest.mark.engine
@pytest.mark.terraform
def test_atlantis_fails_the_plan_of_what_destroys(tmp_path: Path) -> None:
    configuration = yaml.safe_load((EXAMPLES / "atlantis/repos.yaml").read_text())
    steps = configuration["workflows"][configuration["repos"][0]["workflow"]]["plan"]["steps"]
    assert steps[:2] == ["init", "plan"]
    folder = write(tmp_path / "w", ATLANTIS % "jobs")
    policy = tmp_path / "policy.yaml"
    policy.write_text(STRICT)
    # What a pull request brings along does not count.
    (folder / "sandtable.yaml").write_text(LAX)

    def plan() -> subprocess.CompletedProcess[str]:
        """As Atlantis runs a custom command: by `sh -c`, with what its documentation lists."""
        shell = f"exec sh -c {shlex.quote(steps[2]['run'])}"
        given = {"ATLANTIS_TERRAFORM_VERSION": "", "WORKSPACE": "default", "SANDTABLE_POLICY": str(policy)}
        return bash(tmp_path, shell, **given)

    first = plan()
    assert first.returncode == 0, first.stdout + first.stderr

    (folder / "terraform.tfstate").write_text(json.dumps(STATE))
    (folder / "main.tf").write_text(ATLANTIS % "job")
    second = plan()
    assert second.returncode == 1, second.stdout + second.stderr
    assert "resource-replaced" in second.stdout
