"""Which roots a change touches, and which of its files no rehearsal would look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from ci_repository import QUEUE, TABLE, Repository

from gate.ci.basis import Basis, make_basis
from gate.ci.coverage import uncovered
from gate.ci.selection import Choice, changed_roots

TOPIC = 'resource "aws_sns_topic" "%s" {\n  name = "%s"\n}\n'
CALL = 'module "x" {\n  source = "%s"\n}\n'
LONG = "".join(TOPIC % (f"t{number}", f"t{number}") for number in range(10))


def basis_of(tmp_path: Path, before: Mapping[str, str], change: Mapping[str, str | None]) -> Basis:
    repository = Repository(tmp_path / "repository", before)
    repository.commit(change)
    return make_basis(repository.top, ("main",), "HEAD", scratch=tmp_path / "scratch")


def found(
    tmp_path: Path, before: Mapping[str, str], change: Mapping[str, str | None], **choice: tuple[str, ...]
) -> tuple[list[tuple[str, str, str]], tuple[str, ...]]:
    """The roots, each with its kind and what became of it, and the files that none of them covers."""
    basis = basis_of(tmp_path, before, change)
    wanted = Choice(**choice)
    roots = changed_roots(basis.trees, wanted)
    rows = [(root.path, root.kind.value, f"{root.fate.value} {root.before}".strip()) for root in roots]
    return rows, uncovered(basis.trees, roots, wanted)


ESTATE = {
    "live/a/main.tf": TOPIC % ("a", "a") + CALL % "../../modules/shared",
    "live/b/main.tf": LONG,
    "modules/shared/main.tf": TOPIC % ("s", "s") + CALL % "../inner",
    "modules/inner/main.tf": TOPIC % ("i", "i"),
    "modules/unused/main.tf": TOPIC % ("u", "u"),
    "stacks/queue.yaml": QUEUE % 0,
    "README.md": "words\n",
}
"""Two root modules, one of them with modules, one template, and what is no root."""


def changed(path: str) -> tuple[str, str, str]:
    return (path, "cloudformation" if path.endswith(".yaml") else "terraform", f"changed {path}")


@pytest.mark.parametrize(
    ("path", "touched"),
    [
        ("live/a/main.tf", ["live/a"]),
        ("live/b/main.tf", ["live/b"]),
        ("modules/shared/main.tf", ["live/a"]),
        ("modules/inner/main.tf", ["live/a"]),
        ("stacks/queue.yaml", ["stacks/queue.yaml"]),
        ("README.md", []),
    ],
)
def test_a_root_is_touched_by_its_own_files_and_by_those_of_its_modules(
    path: str, touched: list[str], tmp_path: Path
) -> None:
    rows, files = found(tmp_path, ESTATE, {path: ESTATE[path] + "# more\n"})
    assert rows == [changed(each) for each in touched]
    assert files == ()


def test_a_module_that_nobody_calls_is_for_a_person(tmp_path: Path) -> None:
    rows, files = found(tmp_path, ESTATE, {"modules/unused/main.tf": LONG})
    assert (rows, files) == ([], ("modules/unused/main.tf",))


def test_a_root_that_is_new_removed_or_moved_is_one(tmp_path: Path) -> None:
    change = {
        "live/c/main.tf": TOPIC % ("c", "c") + "# new\n" * 30,
        "live/a/main.tf": None,
        "live/b/main.tf": None,
        "elsewhere/main.tf": LONG,
        "stacks/queue.yaml": None,
        "stacks/jobs.yaml": QUEUE % 0,
        "stacks/table.yaml": TABLE % "orders",
    }
    rows, _ = found(tmp_path, ESTATE, change)
    assert rows == [
        ("elsewhere", "terraform", "moved live/b"),
        ("live/a", "terraform", "removed live/a"),
        ("live/c", "terraform", "new"),
        ("stacks/jobs.yaml", "cloudformation", "moved stacks/queue.yaml"),
        ("stacks/table.yaml", "cloudformation", "new"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"live/c/main.tf": CALL % "../b"},
        {"live/c/main.tf": 'locals {\n  # source = "../b"\n}\n'},
    ],
    ids=["by calling it", "by a comment"],
)
def test_a_root_cannot_be_made_a_module_to_escape_its_rehearsal(change: dict[str, str | None], tmp_path: Path) -> None:
    rows, _ = found(tmp_path, ESTATE, {**change, "live/b/main.tf": TOPIC % ("t0", "t0")})
    assert changed("live/b") in rows


def test_a_new_root_that_only_a_comment_calls_a_module_is_for_a_person(tmp_path: Path) -> None:
    change = {"live/a/more.tf": '# source = "./evil"\n', "live/a/evil/main.tf": TOPIC % ("e", "e")}
    rows, files = found(tmp_path, ESTATE, change)
    assert (rows, files) == ([changed("live/a")], ("live/a/evil/main.tf",))


def test_a_new_root_under_modules_is_for_a_person(tmp_path: Path) -> None:
    rows, files = found(tmp_path, ESTATE, {"modules/evil/main.tf": TOPIC % ("e", "e")})
    assert (rows, files) == ([], ("modules/evil/main.tf",))


def test_no_folder_is_out_of_sight(tmp_path: Path) -> None:
    rows, files = found(tmp_path / "1", ESTATE, {"live/b/main.tf": None, ".b/main.tf": LONG})
    assert rows == [(".b", "terraform", "moved live/b")]
    assert files == ()
    rows, files = found(tmp_path / "2", ESTATE, {"live/b/main.tf": None, "node_modules/b/main.tf": LONG})
    assert rows == [("live/b", "terraform", "removed live/b")]
    assert files == ("node_modules/b/main.tf",)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('x = file("${path.module}/../../texts/a b.json")', "texts/a b.json"),
        ('x = templatefile("../../texts/p.tpl", {})', "texts/p.tpl"),
        ('x = fileset("${path.module}/../../texts", "*")', "texts/new.txt"),
        ('x = "${path.module}/../../texts/${var.name}.json"', "texts/prod.json"),
    ],
)
def test_a_root_is_touched_by_every_file_that_it_names(text: str, path: str, tmp_path: Path) -> None:
    before = {"live/a/main.tf": f"locals {{\n  {text}\n}}\n", "texts/p.tpl": "", "texts/a b.json": ""}
    rows, _ = found(tmp_path, before, {path: "{}"})
    assert rows == [changed("live/a")]


def test_a_root_is_touched_through_links(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", ESTATE)
    repository.git("checkout", "-q", "main")
    (repository.top / "live/b/common.tf").symlink_to("../../texts/common.txt")
    (repository.top / "live/b/lib").symlink_to("../../libraries")
    repository.commit(
        {
            "live/b/call.tf": CALL % "./lib/one",
            "texts/common.txt": TOPIC % ("c", "c"),
            "libraries/one/main.tf": TOPIC % ("o", "o"),
        }
    )
    repository.git("checkout", "-q", "-B", "change")
    for path in ("texts/common.txt", "libraries/one/main.tf"):
        repository.git("checkout", "-q", "-B", "change", "main")
        repository.commit({path: "\n"})
        basis = make_basis(repository.top, ("main",), "HEAD", scratch=tmp_path / path.replace("/", "-"))
        assert [root.path for root in changed_roots(basis.trees, Choice())] == ["live/b"]


def test_a_folder_inside_a_root_that_is_a_root_itself_is_its_own(tmp_path: Path) -> None:
    before = {"main.tf": LONG, "deeper/main.tf": TOPIC % ("d", "d"), ".github/x.yml": ""}
    rows, _ = found(tmp_path, before, {"deeper/main.tf": LONG, ".github/x.yml": "x"})
    assert rows == [changed("deeper")]


def test_variables_count_where_they_are_read(tmp_path: Path) -> None:
    change = {"live/a/terraform.tfvars": "x = 1\n", "live/a/prod.tfvars": "x = 1\n", "envs/prod.tfvars": "x = 2\n"}
    assert found(tmp_path / "1", ESTATE, change) == ([changed("live/a")], ("envs/prod.tfvars", "live/a/prod.tfvars"))
    rows, files = found(tmp_path / "2", ESTATE, change, var_files=("../../envs/prod.tfvars", "prod.tfvars"))
    assert (rows, files) == ([changed("live/a"), changed("live/b")], ())


def test_roots_can_be_chosen_and_left_out(tmp_path: Path) -> None:
    change = {"live/a/main.tf": "", "live/b/main.tf": "", "modules/unused/main.tf": ""}
    rows, files = found(tmp_path / "1", ESTATE, change, only=("live/*",), excluded=("*/b",))
    assert (rows, files) == ([changed("live/a")], ())


def test_a_template_that_a_module_hands_on_is_that_modules(tmp_path: Path) -> None:
    before = {"a/main.tf": 'x = file("${path.module}/stack.yaml")\n', "a/stack.yaml": QUEUE % 0}
    rows, _ = found(tmp_path, before, {"a/stack.yaml": QUEUE % 1, "a/main.tf": before["a/main.tf"] + "\n"})
    assert rows == [changed("a")]


def test_a_nested_template_touches_its_parent(tmp_path: Path) -> None:
    parent = (
        "Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: nested/queue.yaml}\n"
    )
    rows, _ = found(tmp_path, {"app.yaml": parent, "nested/queue.yaml": QUEUE % 0}, {"nested/queue.yaml": QUEUE % 1})
    assert rows == [changed("app.yaml")]


def test_a_template_that_only_a_comment_names_is_a_root(tmp_path: Path) -> None:
    before = {"app.yaml": QUEUE % 0 + "# TemplateURL: other.yaml\n", "a/main.tf": "# ../other.yaml\n"}
    rows, _ = found(tmp_path, before, {"other.yaml": QUEUE % 1})
    assert ("other.yaml", "cloudformation", "new") in rows


def test_two_templates_that_name_each_other_are_both_roots(tmp_path: Path) -> None:
    nested = "Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: %s.yaml}\n"
    rows, _ = found(tmp_path, {"x": ""}, {"a.yaml": nested % "b", "b.yaml": nested % "a"})
    assert [row[0] for row in rows] == ["a.yaml", "b.yaml"]


def test_what_cannot_be_rehearsed_is_a_root_too(tmp_path: Path) -> None:
    rows, files = found(tmp_path, {"x": ""}, {"a/terragrunt.hcl": "", "b/cdk.json": "{}", "c/Pulumi.yaml": ""})
    assert rows == [("a/terragrunt.hcl", "other", "new"), ("b", "cdk", "new"), ("c/Pulumi.yaml", "other", "new")]
    assert files == ()
