"""`sandtable ci` on repositories: real Terraform, real engines, and what each system says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ci_repository import QUEUE, TABLE, Repository
from cli_runs import PROVIDER, leftovers, run

JOBS = PROVIDER + 'resource "aws_sqs_queue" "jobs" {\n  name          = "jobs"\n  delay_seconds = %d\n}\n'
ORDERS = (
    PROVIDER
    + """resource "aws_dynamodb_table" "orders" {
  name         = "%s"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
"""
)
TOLD = PROVIDER + 'module "topic" {\n  source = "../../modules/topic"\n}\n'
TOPIC = 'resource "aws_sns_topic" "told" {\n  name         = "told"\n  display_name = "%s"\n}\n'
STRICT = "version: 1\npreset: strict\n"
NOWHERE = {"GITHUB_ACTIONS": "", "GITLAB_CI": "", "BUILDKITE": "", "PRE_COMMIT_TO_REF": ""}
"""No pipeline, even where these tests run in one."""
LAX = "version: 1\nrules:\n  resource-replaced: note\n  resource-deleted: note\n  data-destroyed: note\n"


def rehearsed(
    repository: Repository, tmp_path: Path, *arguments: str, **environment: str
) -> tuple[int, dict[str, Any]]:
    out = tmp_path / "report"
    done = run(
        tmp_path,
        *("ci", "--repository", str(repository.top), "--out", str(out), *arguments),
        timeout=850,
        **{**NOWHERE, **environment},
    )
    assert "Traceback" not in done.stderr
    assert leftovers(tmp_path) == []
    assert (out / "summary.json").exists(), done.stderr
    document = json.loads((out / "summary.json").read_text())
    assert document["exit_code"] == done.returncode
    for root in document["roots"]:
        if root["report"]:
            assert json.loads((out / root["report"]).read_text())["verdict"]["decision"] == root["decision"]
    return done.returncode, document


def decisions(document: dict[str, Any]) -> dict[str, str]:
    return {root["path"]: root["decision"] for root in document["roots"]}


@pytest.mark.engine
@pytest.mark.terraform
def test_three_roots_are_rehearsed_and_the_policy_of_the_base_wins(tmp_path: Path) -> None:
    repository = Repository(
        tmp_path / "repository",
        {
            "sandtable.yaml": STRICT,
            "live/queue/main.tf": JOBS % 0,
            "live/table/main.tf": ORDERS % "orders",
            "live/told/main.tf": TOLD,
            "live/untouched/main.tf": JOBS % 0,
            "modules/topic/main.tf": TOPIC % "a",
        },
    )
    repository.commit(
        {
            "sandtable.yaml": LAX,
            "live/queue/main.tf": JOBS % 5,
            "live/table/main.tf": ORDERS % "order",
            "modules/topic/main.tf": TOPIC % "b",
        }
    )

    code, document = rehearsed(repository, tmp_path, "--base", "main")

    assert decisions(document) == {"live/queue": "approve", "live/table": "reject", "live/told": "approve"}
    assert code == 1
    assert [(item["rule"], item["address"]) for item in document["findings"]] == [("policy-changed", "sandtable.yaml")]
    report = json.loads((tmp_path / "report/roots/live-table/report.json").read_text())
    [finding] = [item for item in report["verdict"]["findings"] if item["rule"] == "resource-replaced"]
    assert finding["level"] == "reject"
    assert report["target"]["source"] == "git:main:live/table"
    runs = json.loads((tmp_path / "report/summary.sarif").read_text())["runs"]
    [place] = [
        result["locations"][0]["physicalLocation"]
        for run in runs
        for result in run["results"]
        if result["ruleId"] == "resource-replaced"
    ]
    line = (ORDERS % "order").splitlines().index('resource "aws_dynamodb_table" "orders" {') + 1
    assert place == {"artifactLocation": {"uri": "live/table/main.tf"}, "region": {"startLine": line}}
    assert str(tmp_path) not in json.dumps(document)


@pytest.mark.engine
@pytest.mark.terraform
def test_a_root_that_is_removed_destroys_and_one_that_is_broken_is_no_pass(tmp_path: Path) -> None:
    before = {"live/told/main.tf": TOLD, "modules/topic/main.tf": TOPIC % "a", "live/queue/main.tf": JOBS % 0}
    repository = Repository(tmp_path / "repository", before)
    repository.commit({"live/told/main.tf": None, "live/queue/main.tf": JOBS % 0 + "nonsense {\n"})

    code, document = rehearsed(repository, tmp_path, "--base", "main")

    assert decisions(document) == {"live/queue": "failed", "live/told": "reject"}
    assert code == 1
    assert "sandtable-" not in json.dumps(document["roots"])
    report = json.loads((tmp_path / "report/roots/live-told/report.json").read_text())
    assert {(item["address"], item["action"]) for item in report["diff"]["changes"]} >= {
        ("module.topic.aws_sns_topic.told", "delete")
    }
    assert "pipeline" in {item["rule"] for item in report["verdict"]["findings"]}

    code, document = rehearsed(repository, tmp_path, "--base", "main", "--exclude", "live/told")
    assert (code, decisions(document)) == (3, {"live/queue": "failed"})


STACKS = {"stacks/queue.yaml": QUEUE % 0, "stacks/orders.yaml": TABLE % "orders"}


@pytest.mark.engine
def test_stacks_are_roots_and_an_old_branch_is_judged_by_the_policy_that_holds_now(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", {**STACKS, "sandtable.yaml": LAX})
    repository.commit({"stacks/queue.yaml": QUEUE % 5, "stacks/orders.yaml": TABLE % "order"})
    repository.on_main({"sandtable.yaml": STRICT, "stacks/queue.yaml": QUEUE % 1})
    repository.fetched()
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "base": {"ref": "main", "sha": "1" * 40}}}))

    code, document = rehearsed(
        repository,
        tmp_path,
        GITHUB_ACTIONS="true",
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_EVENT_PATH=str(event),
        GITHUB_SHA=repository.git("rev-parse", "HEAD"),
        GITHUB_OUTPUT=str(tmp_path / "output"),
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
    )

    assert (code, decisions(document)) == (1, {"stacks/orders.yaml": "reject", "stacks/queue.yaml": "review"})
    report = json.loads((tmp_path / "report/roots/stacks-queue.yaml/report.json").read_text())
    [finding] = [item for item in report["verdict"]["findings"] if item["level"] == "review"]
    assert finding["message"].startswith("the base branch has changed this root since")
    assert document["pull_request"] == 7
    assert document["base"]["commit"] == repository.git("rev-parse", "main")
    assert "decision=reject\n" in (tmp_path / "output").read_text()
    assert "Reject" in (tmp_path / "summary").read_text()


@pytest.mark.engine
def test_a_value_that_changes_is_a_change_of_the_stack(tmp_path: Path) -> None:
    template = "Parameters:\n  Name: {Type: String}\n" + (TABLE % "!Ref Name").partition("\n")[2]
    repository = Repository(
        tmp_path / "repository", {"stacks/orders.yaml": template, "prod.json": json.dumps({"Name": "orders"})}
    )
    repository.commit({"prod.json": json.dumps({"Name": "order"})})
    parameters = str(repository.top / "prod.json")
    code, document = rehearsed(repository, tmp_path, "--base", "main", "--parameters", parameters)
    assert (code, decisions(document)) == (1, {"stacks/orders.yaml": "reject"})


@pytest.mark.engine
def test_a_new_stack_is_approved_and_a_change_of_the_gate_is_for_a_person(tmp_path: Path) -> None:
    workflow = "on: pull_request\njobs:\n  gate:\n    steps:\n      - run: sandtable ci\n"
    repository = Repository(tmp_path / "repository", {".github/workflows/gate.yml": workflow, "README.md": "x"})
    repository.commit({"stacks/queue.yaml": QUEUE % 0})
    code, document = rehearsed(repository, tmp_path, "--base", "main")
    assert (code, decisions(document)) == (0, {"stacks/queue.yaml": "approve"})

    repository.commit({".github/workflows/gate.yml": workflow + "        continue-on-error: true\n"})
    code, document = rehearsed(repository, tmp_path, "--base", "main")
    assert code == 2
    assert [item["rule"] for item in document["findings"]] == ["gate-changed"]


def test_a_change_that_touches_no_root_takes_no_rehearsal(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", {**STACKS, "README.md": "a"})
    repository.commit({"README.md": "b"})
    code, document = rehearsed(repository, tmp_path, "--base", "main")
    assert (code, document["roots"]) == (0, [])


def test_what_cannot_be_rehearsed_is_no_pass(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", {"app/cdk.json": "{}", "app/app.py": "1"})
    repository.commit({"app/app.py": "2", "live/terragrunt.hcl": ""})
    code, document = rehearsed(repository, tmp_path, "--base", "main")
    assert (code, decisions(document)) == (3, {"app": "failed", "live/terragrunt.hcl": "failed"})


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 64, "Nothing says what the change is compared with"),
        (("--base", "nowhere"), 3, "was not fetched"),
        (("--base=--output=x",), 64, "names no commit"),
        (("--base", "main", "--assembly", "x"), 64, "names no assemblies"),
        (("--base", "main", "--var-file", "/REPOSITORY/x.tfvars"), 64, "relative to each root module"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_error(
    arguments: tuple[str, ...], code: int, told: str, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "repository", STACKS)
    repository.commit({"stacks/queue.yaml": QUEUE % 5})
    arguments = tuple(word.replace("/REPOSITORY", str(repository.top)) for word in arguments)
    done = run(tmp_path, "ci", "--repository", str(repository.top), *arguments, **NOWHERE)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "hint:" in done.stderr
