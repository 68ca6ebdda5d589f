"""Files of steps: what they may say, and one clear error for anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.stepsfile import LARGEST, MOST_STEPS, read_steps
from sandbox.errors import ConfigurationError, UsageError
from sandbox.proposal import Budget, CloudFormationProposal, CommandProposal, TerraformProposal

BUDGET = Budget(writes=7, failures=2)


def written(folder: Path, text: str) -> Path:
    (folder / "infra").mkdir(exist_ok=True)
    path = folder / "steps.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_steps_are_read_in_their_order(tmp_path: Path) -> None:
    text = """
steps:
  - command: [python3, migrate.py, "a b"]
    dir: infra
  - terraform: infra
  - terraform: infra
    state: none
  - command: aws s3 ls "a b"
  - cloudformation: app.yaml
    stack: app
    parameters: prod.json
  - cloudformation: infra
"""
    for name in ("app.yaml", "prod.json"):
        (tmp_path / name).touch()
    sequence = read_steps(written(tmp_path, text), budget=BUDGET)
    assert sequence.directory == tmp_path
    assert sequence.steps == (
        CommandProposal(command=("python3", "migrate.py", "a b"), directory=tmp_path / "infra", budget=BUDGET),
        TerraformProposal(directory=tmp_path / "infra"),
        TerraformProposal(directory=tmp_path / "infra", state=b""),
        CommandProposal(command=("aws", "s3", "ls", "a b"), directory=tmp_path / ".", budget=BUDGET),
        CloudFormationProposal(template=tmp_path / "app.yaml", stack="app", parameters=tmp_path / "prod.json"),
        CloudFormationProposal(template=tmp_path / "infra"),
    )


def test_a_template_without_a_name_is_of_the_stack_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").touch()
    text = "- cloudformation: app.yaml\n- {cloudformation: app.yaml, stack: other}\n- cloudformation: infra\n"
    sequence = read_steps(written(tmp_path, text), budget=BUDGET, stack="app")
    assert [step.stack for step in sequence.stacks] == ["app", "other", ""]
    assert sequence.stack_before() == "app"


def test_which_stack_the_targets_template_describes_has_to_be_clear(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").touch()
    text = "- {cloudformation: app.yaml, stack: a}\n- {cloudformation: app.yaml, stack: %s}\n"
    assert read_steps(written(tmp_path, text % "a"), budget=BUDGET).stack_before() == "a"
    assert read_steps(written(tmp_path, "- terraform: infra"), budget=BUDGET).stack_before() == ""
    with pytest.raises(UsageError, match="several stacks"):
        read_steps(written(tmp_path, text % "b"), budget=BUDGET).stack_before()


def test_a_list_alone_will_do(tmp_path: Path) -> None:
    assert len(read_steps(written(tmp_path, "- terraform: infra\n"), budget=BUDGET).steps) == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no steps"),
        ("steps: []", "no steps"),
        ("steps: {}", "no steps"),
        ("steps:\n" + "- terraform: infra\n" * (MOST_STEPS + 1), "more than"),
        ("more: 1\nsteps: [terraform: infra]", "unknown keys: more"),
        ("- infra", "step 1 is not exactly one of"),
        ("- {}", "step 1 is not exactly one of"),
        ("- terraform: infra\n- {terraform: infra, command: [a]}", "step 2 is not exactly one of"),
        ("- {terraform: infra, dir: x}", "unknown keys: dir"),
        ("- {command: [a], 3: x}", "unknown keys: 3"),
        ("- terraform: nowhere", "there is no folder nowhere"),
        ("- terraform: [infra]", "is not a text"),
        ("- {command: [a], dir: nowhere}", "there is no folder nowhere"),
        ("- cloudformation: nowhere.yaml", "there is no nowhere.yaml"),
        ("- {cloudformation: infra, parameters: nowhere.json}", "there is no nowhere.json"),
        ("- {cloudformation: infra, stack: [a]}", "a stack's name is not a text"),
        ("- {cloudformation: infra, dir: x}", "unknown keys: dir"),
        ("- command: []", "a command is a list of texts"),
        ("- command: [a, 1]", "a command is a list of texts"),
        ("- command: {a: b}", "a command is a list of texts"),
        ("- command: 'a \"b'", "No closing quotation"),
        ("- [", "it is not YAML"),
        ("- !!python/object/apply:os.system [ls]", "it is not YAML"),
        ("[" * 5_000, "it is not YAML"),
        ("- terraform: " + "a" * LARGEST, "too large"),
    ],
)
def test_anything_else_is_one_clear_error(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word) as caught:
        read_steps(written(tmp_path, text), budget=BUDGET)
    assert caught.value.hint


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_steps(path, budget=BUDGET)
