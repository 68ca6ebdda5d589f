from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.errors import ConfigurationError, SandtableError, UsageError
from sandbox.executors.terraform.workspace import prepare
from sandbox.targets import ConfigTarget, EmptyTarget, GitTarget, Target, materialise, read_text

AUTHOR = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "PATH": os.environ["PATH"],
}


def git(repo: Path, *arguments: str, given: bytes = b"") -> str:
    command = ["git", "-C", str(repo), *arguments]
    return subprocess.run(command, env=AUTHOR, input=given, capture_output=True, check=True).stdout.decode()


def commit(repo: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "x")
    return git(repo, "rev-parse", "HEAD").strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    commit(
        path, {"live/main.tf": "# first\n", "live/run.sh": "", "modules/m/main.tf": "# m\n", "other/main.tf": "# o\n"}
    )
    return path


def materialised(repo: Path, tmp_path: Path, ref: str, directory: str = "", change: str = "live") -> Path:
    found = materialise(GitTarget(ref=ref, directory=directory), change_dir=repo / change, scratch=tmp_path / "scratch")
    assert found is not None
    return found


def test_the_same_folder_of_another_commit_is_unpacked_and_the_work_tree_is_left_alone(
    repo: Path, tmp_path: Path
) -> None:
    commit(repo, {"live/main.tf": "# second\n", "live/ünïcode \n.tf": "# u\n"})
    (repo / "live/main.tf").write_text("# not committed\n")
    status = git(repo, "status", "--porcelain")

    root = materialised(repo, tmp_path, "main~1")

    assert (root / "main.tf").read_text() == "# first\n"
    assert (root / "../modules/m/main.tf").read_text() == "# m\n"
    assert (materialised(repo, tmp_path, "main") / "ünïcode \n.tf").read_text() == "# u\n"
    assert (repo / "live/main.tf").read_text() == "# not committed\n"
    assert git(repo, "status", "--porcelain") == status


def test_a_folder_can_be_named_and_a_commit_serves_twice(repo: Path, tmp_path: Path) -> None:
    assert (materialised(repo, tmp_path, "main", "other") / "main.tf").read_text() == "# o\n"
    assert (materialised(repo, tmp_path, "HEAD") / "main.tf").read_text() == "# first\n"
    assert (materialised(repo, tmp_path, "HEAD", ".") / "live/main.tf").exists()


@pytest.mark.parametrize(
    ("ref", "directory"), [("nope", ""), ("main", "missing"), ("main", "../x"), ("main", "/etc"), ("HEAD^{tree}", "")]
)
def test_what_does_not_exist_is_a_wrong_request(repo: Path, tmp_path: Path, ref: str, directory: str) -> None:
    with pytest.raises(UsageError) as caught:
        materialised(repo, tmp_path, ref, directory)
    assert caught.value.hint


def test_a_change_outside_any_repository_has_no_git_target(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    with pytest.raises(UsageError, match="not in a git repository"):
        materialised(tmp_path, tmp_path, "main")


def test_executable_bits_and_links_are_kept_and_links_out_are_refused_later(repo: Path, tmp_path: Path) -> None:
    (repo / "live/run.sh").chmod(0o755)
    (repo / "live/m.tf").symlink_to("../modules/m/main.tf")
    commit(repo, {})
    root = materialised(repo, tmp_path, "main")
    assert os.access(root / "run.sh", os.X_OK)
    assert (root / "m.tf").is_symlink()
    assert (prepare(root, tmp_path / "copy").root / "m.tf").read_text() == "# m\n"

    (repo / "live/leak.tf").symlink_to("/etc/passwd")
    commit(repo, {})
    with pytest.raises(UsageError, match="leads out"):
        prepare(materialised(repo, tmp_path, "main"), tmp_path / "copy-2")


def test_nothing_that_the_repository_names_is_run(repo: Path, tmp_path: Path) -> None:
    proof = tmp_path / "run"
    script = tmp_path / "evil.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {proof}\ncat\n')
    script.chmod(0o755)
    commit(repo, {".gitattributes": "*.tf filter=evil diff=evil export-subst\n*.sh export-ignore\n"})
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "core.editor", "core.gitProxy"):
        git(repo, "config", name, str(script))
    for name in (
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "diff.evil.textconv",
        "tar.tar.command",
    ):
        git(repo, "config", name, str(script))
    git(repo, "config", "filter.evil.required", "true")
    git(repo, "config", "alias.ls-tree", f"!{script}")
    git(repo, "config", "core.hooksPath", str(tmp_path))
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        (tmp_path / hook).symlink_to(script)

    root = materialised(repo, tmp_path, "main")

    assert (root / "main.tf").read_text() == "# first\n"
    assert (root / "run.sh").exists()
    assert not proof.exists()


def test_a_missing_object_is_not_fetched_from_where_the_repository_says(repo: Path, tmp_path: Path) -> None:
    proof = tmp_path / "run"
    blob = git(repo, "rev-parse", "main:live/main.tf").strip()
    (repo / ".git/objects" / blob[:2] / blob[2:]).unlink()
    git(repo, "config", "remote.evil.url", f"ext::sh -c touch% {proof}")
    git(repo, "config", "remote.evil.promisor", "true")
    git(repo, "config", "core.repositoryFormatVersion", "1")
    git(repo, "config", "extensions.partialClone", "evil")
    git(repo, "config", "protocol.ext.allow", "always")

    with pytest.raises(SandtableError) as caught:
        materialised(repo, tmp_path, "main")

    assert caught.value.hint
    assert not proof.exists()


def test_a_tree_that_reaches_out_of_its_folder_is_contained(repo: Path, tmp_path: Path) -> None:
    blob = git(repo, "hash-object", "-w", "--stdin", given=b"evil").strip()
    link = git(repo, "hash-object", "-w", "--stdin", given=str(tmp_path).encode()).strip()
    folder = git(repo, "mktree", given=f"100644 blob {blob}\tpwned\n".encode()).strip()
    rows = f"040000 tree {folder}\t..\n040000 tree {folder}\t.GIT\n120000 blob {link}\tlive\n100644 blob {blob}\tz\n"
    tree = git(repo, "mktree", given=rows.encode()).strip()
    evil = git(repo, "commit-tree", tree, "-m", "x").strip()

    root = materialised(repo, tmp_path, evil, ".")

    assert {path.name for path in root.iterdir()} == {"z", "live", ".git"}
    assert not list(tmp_path.rglob("pwned"))


def test_a_file_of_the_target_can_be_read(repo: Path) -> None:
    commit(repo, {"live/policy.yaml": "a: 1\n", "live/*.yaml": "star"})
    (repo / "live/policy.yaml").write_text("a: 2\n")

    def text(target: Target, name: str = "policy.yaml") -> str | None:
        return read_text(target, name, change_dir=repo / "live")

    assert text(GitTarget(ref="main")) == "a: 1\n"
    assert text(GitTarget(ref="main", directory="other")) is None
    assert text(GitTarget(ref="main~1")) is None
    assert text(GitTarget(ref="main~1"), "*") is None
    assert text(ConfigTarget(directory=repo / "live")) == "a: 2\n"
    assert text(ConfigTarget(directory=repo / "other")) is None
    assert text(EmptyTarget()) is None
    with pytest.raises(UsageError):
        text(GitTarget(ref="nope"))

    (repo / "live/link.yaml").symlink_to("/etc/passwd")
    (repo / "live/bytes.yaml").write_bytes(b"\xff")
    commit(repo, {})
    for target in (GitTarget(ref="main"), ConfigTarget(directory=repo)):
        name = "bytes.yaml" if isinstance(target, GitTarget) else "live/bytes.yaml"
        with pytest.raises(ConfigurationError, match="UTF-8"):
            text(target, name)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        text(GitTarget(ref="main"), "link.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        text(ConfigTarget(directory=repo), "live")


def test_a_folder_that_holds_nothing_but_links_is_unpacked(repo: Path, tmp_path: Path) -> None:
    (repo / "links").mkdir()
    (repo / "links/main.tf").symlink_to("../live/main.tf")
    commit(repo, {})

    assert (materialised(repo, tmp_path, "HEAD", "links") / "main.tf").read_text() == "# first\n"
