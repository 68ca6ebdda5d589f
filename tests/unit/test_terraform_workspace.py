from __future__ import annotations

import errno
import hashlib
import os
import socket
from pathlib import Path

import pytest

from sandbox.errors import UsageError
from sandbox.executors.terraform import fingerprint as fingerprints
from sandbox.executors.terraform.workspace import copy_folder, copying_error, folder_extent, prepare


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def fingerprint(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        total.update(f"{path}{info.st_mode}{info.st_mtime_ns}{info.st_size}".encode())
    return total.hexdigest()


def copied(top: Path) -> set[str]:
    return {path.relative_to(top).as_posix() for path in top.rglob("*") if not path.is_dir()}


def test_the_copy_holds_the_configuration_and_leaves_out_states_caches_and_reports(tmp_path: Path) -> None:
    source = tmp_path / "repo"
    for kept in ("main.tf", "terraform.tfvars", "x.auto.tfvars", ".terraform.lock.hcl", "policies/a.json", "run.sh"):
        write(source / kept, kept)
    (source / "run.sh").chmod(0o755)
    for left_out in (
        ".terraform/providers/x",
        ".git/config",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "terraform.tfstate.d/prod/terraform.tfstate",
        "old.tfplan",
        "sandtable-report/report.json",
        "crash.log",
    ):
        write(source / left_out, "secret")
    before = fingerprint(source)

    workspace = prepare(source, tmp_path / "copy")

    assert copied(workspace.top) == {
        "main.tf",
        "terraform.tfvars",
        "x.auto.tfvars",
        ".terraform.lock.hcl",
        "policies/a.json",
        "run.sh",
    }
    assert os.access(workspace.root / "run.sh", os.X_OK)
    assert not os.access(workspace.root / "main.tf", os.X_OK)
    assert fingerprint(source) == before


def test_local_modules_are_copied_recursively_and_keep_their_relative_places(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    write(repo / "envs/prod/main.tf", 'module "a" {\n  source = "../../modules/a"\n}\n')
    write(repo / "modules/a/main.tf.json", '{"module": {"b": {"source": "../b"}}}')
    write(repo / "modules/b/main.tf", 'module "back" { source = "../a" }')
    write(repo / "modules/unused/main.tf")
    write(repo / "envs/dev/main.tf")

    workspace = prepare(repo / "envs/prod", tmp_path / "copy")

    assert copied(workspace.top) == {"envs/prod/main.tf", "modules/a/main.tf.json", "modules/b/main.tf"}
    assert workspace.root == tmp_path / "copy/envs/prod"
    assert set(workspace.modules) == {workspace.top / path for path in ("envs/prod", "modules/a", "modules/b")}


def test_a_module_that_is_the_repository_itself_is_copied_whole(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    write(repo / ".git/HEAD")
    write(repo / "main.tf", "")
    write(repo / "examples/complete/main.tf", 'module "it" {\n  source = "../.."\n}\n')

    workspace = prepare(repo / "examples/complete", tmp_path / "copy")

    assert copied(workspace.top) == {"main.tf", "examples/complete/main.tf"}
    assert (workspace.root / "../..").resolve() == workspace.top


def test_files_that_are_named_by_a_path_upwards_come_along_inside_a_repository_only(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    write(repo / ".git/HEAD")
    text = 'locals {\n  a = file("${path.module}/../policies/a.json")\n  b = "../src/${local.c}.zip"\n'
    write(repo / "live/main.tf", text + '  d = "../../outside.txt"\n  e = "../.env"\n}\n')
    for path in ("policies/a.json", "policies/b.json", "src/x.zip", ".env"):
        write(repo / path)
    write(tmp_path / "outside.txt", "private")

    workspace = prepare(repo / "live", tmp_path / "copy")

    assert copied(workspace.top) == {"live/main.tf", "policies/a.json", "src/x.zip"}


def test_the_digest_depends_on_names_and_contents_and_not_on_the_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name / "main.tf", "locals {}")
    first = prepare(tmp_path / "one", tmp_path / "copy-1").digest
    assert prepare(tmp_path / "two", tmp_path / "copy-2").digest == first

    write(tmp_path / "two/main.tf", "locals { }")
    assert prepare(tmp_path / "two", tmp_path / "copy-3").digest != first
    (tmp_path / "one/main.tf").rename(tmp_path / "one/other.tf")
    assert prepare(tmp_path / "one", tmp_path / "copy-4").digest != first


def test_links_inside_the_repository_are_followed(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    write(repo / ".git/HEAD")
    write(repo / "common/providers.tf", "locals {}")
    write(repo / "prod/main.tf")
    (repo / "prod/providers.tf").symlink_to("../common/providers.tf")
    (repo / "prod/shared").symlink_to("../common")
    (repo / "prod/nowhere").symlink_to("missing")

    workspace = prepare(repo / "prod", tmp_path / "copy")

    assert not (workspace.root / "providers.tf").is_symlink()
    assert (workspace.root / "providers.tf").read_text() == "locals {}"
    assert (workspace.root / "shared/providers.tf").read_text() == "locals {}"
    assert any("nowhere" in notice for notice in workspace.notices)


@pytest.mark.parametrize("target", ["../home/.aws", "../home/.aws/credentials", "/etc/passwd", "loop", ".git/config"])
def test_a_link_out_of_the_repository_is_refused(tmp_path: Path, target: str) -> None:
    write(tmp_path / "home/.aws/credentials", "AKIAREAL")
    repo = tmp_path / "repo"
    write(repo / ".git/config", "token")
    write(repo / "main.tf")
    (repo / "loop").mkdir()
    (repo / "loop/again").symlink_to("..")
    (repo / "leak").symlink_to(target)

    with pytest.raises(UsageError, match="link"):
        prepare(repo, tmp_path / "copy")

    assert "AKIAREAL" not in "".join(path.read_text() for path in (tmp_path / "copy").rglob("*") if path.is_file())


def test_a_link_to_a_state_does_not_bring_the_state_along(tmp_path: Path) -> None:
    write(tmp_path / "main.tf")
    write(tmp_path / "terraform.tfstate", "secret")
    (tmp_path / "innocent.txt").symlink_to("terraform.tfstate")
    assert copied(prepare(tmp_path, tmp_path / "copy").top) == {"main.tf"}


def test_special_files_are_left_out_with_a_notice_and_do_not_block(tmp_path: Path) -> None:
    source = tmp_path / "conf"
    write(source / "main.tf")
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
        workspace = prepare(source, tmp_path / "copy")
    assert copied(workspace.top) == {"main.tf"}
    assert len(workspace.notices) == 2


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("../../outside", "leads out of the repository"),
        ("/etc", "absolute path"),
        ("file:///etc", "absolute path"),
        ("git::file:///srv/x", "absolute path"),
    ],
)
def test_a_module_outside_the_repository_is_refused(tmp_path: Path, source: str, told: str) -> None:
    repo = tmp_path / "repo"
    write(repo / ".git/HEAD")
    write(tmp_path / "outside/main.tf")
    write(repo / "live/main.tf", f'module "m" {{\n  source = "{source}"\n}}\n')
    with pytest.raises(UsageError, match=told) as caught:
        prepare(repo / "live", tmp_path / "copy")
    assert caught.value.hint


def test_the_home_folder_is_no_module(tmp_path: Path) -> None:
    write(tmp_path / "home/.aws/credentials", "AKIAREAL")
    write(tmp_path / "home/conf/main.tf", 'module "m" {\n  source = "../"\n}\n')
    with pytest.raises(UsageError, match="not copied as a whole"):
        prepare(tmp_path / "home/conf", tmp_path / "copy", protected=(tmp_path / "home",))


@pytest.mark.parametrize("make", ["missing", "file", "empty"])
def test_what_is_no_configuration_is_refused_with_a_hint(tmp_path: Path, make: str) -> None:
    source = tmp_path / "conf"
    if make == "file":
        write(source)
    elif make == "empty":
        write(source / "README.md")
    with pytest.raises(UsageError, match="conf") as caught:
        prepare(source, tmp_path / "copy")
    assert caught.value.hint


def test_variable_files_are_copied_from_the_configuration_and_from_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "conf/main.tf")
    write(tmp_path / "conf/prod.tfvars", "a = 1")
    elsewhere = write(tmp_path / "shared/prod.tfvars", "a = 2")
    workspace = prepare(tmp_path / "conf", tmp_path / "copy", var_files=(Path("prod.tfvars"), elsewhere))
    assert [path.read_text() for path in workspace.var_files] == ["a = 1", "a = 2"]
    assert all(path.is_relative_to(workspace.top) for path in workspace.var_files)

    with pytest.raises(UsageError, match=r"dev\.tfvars"):
        prepare(tmp_path / "conf", tmp_path / "copy-2", var_files=(Path("dev.tfvars"),))


def test_a_full_disk_is_not_called_a_mistake_of_the_users(tmp_path: Path) -> None:
    error = copying_error(tmp_path / "conf", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "copy")))
    assert not isinstance(error, UsageError)
    assert "full disk" in error.message
    assert "TMPDIR" in error.hint


def test_a_file_that_cannot_be_parsed_is_named(tmp_path: Path) -> None:
    write(tmp_path / "conf/main.tf", 'provider "aws" {\n')
    workspace = prepare(tmp_path / "conf", tmp_path / "copy")
    assert workspace.unparsed == ("main.tf",)


def test_a_link_to_a_file_of_a_programs_folder_stays_a_link(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in ("tool", "bin", "data.tfstate"):
        (source / folder).mkdir(parents=True)
    (source / "tool/run.js").write_text("require('./lib')")
    (source / "data.tfstate/x").write_text("left out")
    (tmp_path / "outside").write_text("secret")
    (source / "bin/run").symlink_to("../tool/run.js")
    (source / "bin/again").symlink_to("run")
    (source / "bin/leak").symlink_to(tmp_path / "outside")
    (source / "bin/state").symlink_to("../data.tfstate/x")

    copied = copy_folder(source, tmp_path / "copy", largest=1 << 20)

    for name in ("run", "again"):
        link = copied.root / "bin" / name
        assert not link.readlink().is_absolute()
        assert link.resolve() == copied.root / "tool/run.js"
    assert sorted(path.name for path in (copied.root / "bin").iterdir()) == ["again", "run", "state"]
    # What is left out of the copy cannot be linked to.
    assert not (copied.root / "bin/state").is_symlink()
    assert copied.digest == fingerprints.fingerprint(folder_extent(source))
