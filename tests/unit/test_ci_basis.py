"""Three commits: the tip of the base branch judges, the start is compared with, the head is the change."""

from __future__ import annotations

from pathlib import Path

import pytest
from ci_repository import Repository

from gate.ci.basis import Basis, make_basis, nearest_policy
from sandbox.errors import ConfigurationError, SandtableError

POLICY = "version: 1\npreset: %s\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository", {"a.tf": "# 1\n", "sandtable.yaml": POLICY % "tiered"})
    made.commit({"a.tf": "# 2\n", "mine.yaml": "x"})
    return made


def basis_of(repository: Repository, tmp_path: Path, base: str = "main", head: str = "HEAD") -> Basis:
    return make_basis(repository.top, (base,), head, scratch=tmp_path / "scratch")


def test_what_others_merged_since_is_not_taken_for_the_changes(repository: Repository, tmp_path: Path) -> None:
    repository.on_main({"b.tf": "# theirs\n"})
    basis = basis_of(repository, tmp_path)
    assert basis.trees.paths == ("a.tf", "mine.yaml")
    assert basis.since.paths == ("b.tf",)
    assert (basis.trees.before / "a.tf").read_text() == "# 1\n"
    assert not (basis.trees.before / "b.tf").exists()


def test_an_old_branch_does_not_bring_the_policy_that_held_then(repository: Repository, tmp_path: Path) -> None:
    repository.on_main({"sandtable.yaml": POLICY % "strict"})
    basis = basis_of(repository, tmp_path)
    found = nearest_policy(basis.tip, "live/a", of="the base branch")
    assert found is not None
    assert str(found.base.preset) == "strict"


def test_the_nearest_policy_counts(repository: Repository, tmp_path: Path) -> None:
    repository.on_main({"live/sandtable.yaml": POLICY % "strict", "live/a/x": ""})
    tip = basis_of(repository, tmp_path).tip
    for folder, preset in (("live/a", "strict"), ("live", "strict"), ("other/b", "tiered"), (".", "tiered")):
        found = nearest_policy(tip, folder, of="the base branch")
        assert found is not None
        assert str(found.base.preset) == preset


def test_a_policy_that_is_a_link_is_refused(repository: Repository, tmp_path: Path) -> None:
    (repository.top / "live").mkdir()
    (repository.top / "live/sandtable.yaml").symlink_to("/dev/null")
    repository.commit({})
    after = basis_of(repository, tmp_path).trees.after
    with pytest.raises(ConfigurationError, match="symbolic link"):
        nearest_policy(after, "live", of="the change")


def test_a_file_of_the_repository_that_is_to_judge_is_read_from_the_base_branch(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.top)
    (repository.top / "sandtable.yaml").write_text(POLICY % "strict")
    outside = tmp_path / "outside.yaml"
    outside.write_text(POLICY % "strict")
    basis = basis_of(repository, tmp_path)
    for name in (Path("sandtable.yaml"), repository.top / "sandtable.yaml", Path("x/../sandtable.yaml")):
        assert "tiered" in basis.trusted(name).read_text()
    assert basis.trusted(outside) == outside
    with pytest.raises(ConfigurationError, match=r"has no mine\.yaml"):
        basis.trusted(Path("mine.yaml"))


def test_a_link_in_the_work_tree_does_not_lead_to_another_policy(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.top)
    milder = tmp_path / "milder.yaml"
    milder.write_text(POLICY % "tiered")
    (repository.top / "policy.yaml").symlink_to(milder)
    with pytest.raises(ConfigurationError):
        basis_of(repository, tmp_path).trusted(Path("policy.yaml"))


@pytest.mark.parametrize(
    ("base", "head"), [("nowhere", "HEAD"), ("main", "nowhere"), ("HEAD", "HEAD"), ("HEAD", "main")]
)
def test_nothing_is_approved_where_nothing_is_compared(
    base: str, head: str, repository: Repository, tmp_path: Path
) -> None:
    with pytest.raises(SandtableError) as caught:
        basis_of(repository, tmp_path, base, head)
    assert caught.value.hint


def test_branches_that_have_nothing_in_common_are_not_compared(repository: Repository, tmp_path: Path) -> None:
    repository.git("checkout", "-q", "--orphan", "other")
    repository.commit({"c.tf": ""})
    with pytest.raises(ConfigurationError, match="no commit in common"):
        basis_of(repository, tmp_path)
