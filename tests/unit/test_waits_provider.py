"""A shortened copy: made once, right or not at all, and never anything but the clone's."""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_waits_samples import Program

from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.waits import (
    InstalledProvider,
    Refused,
    ShortenedProvider,
    cli_configuration,
    installed_providers,
    shorten,
)
from sandbox.executors.terraform.waits.digests import sha256_of
from sandbox.executors.terraform.waits.locate import locate
from sandbox.executors.terraform.waits.lockfile import directory_hash, read_lock_file
from sandbox.executors.terraform.waits.refused import NotAsExpectedError

ADDRESS = "registry.terraform.io/hashicorp/aws"
NAME = "terraform-provider-aws_v5.100.0_x5"
ENDPOINT = "http://127.0.0.1:4566"
IMAGE = Program(padding=300_000).build()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A working folder after `terraform init`, and a cache."""

    folder: Path
    cache: Path

    @property
    def lock_file(self) -> Path:
        return self.folder / ".terraform.lock.hcl"

    @property
    def installed(self) -> InstalledProvider:
        (provider,) = installed_providers(self.folder)
        return provider

    @property
    def copies(self) -> list[str]:
        return sorted(path.name for path in (self.cache / "copies").glob("*"))

    def install(self, content: bytes, *, version: str = "5.100.0") -> Path:
        package = self.folder / ".terraform/providers" / ADDRESS / version / "linux_amd64"
        package.mkdir(parents=True, exist_ok=True)
        (package / "LICENSE.txt").write_text("MPL-2.0\n")
        binary = package / NAME
        binary.write_bytes(content)
        binary.chmod(0o755)
        os.utime(binary, (1, 1))
        return package

    def lock(self, package: Path, *, version: str = "5.100.0", hashes: tuple[str, ...] | None = None) -> None:
        recorded = (h1(package), "zh:" + "0" * 64) if hashes is None else hashes
        listed = "".join(f'    "{value}",\n' for value in recorded)
        self.lock_file.write_text(
            '# This file is maintained automatically by "terraform init".\n'
            f'\nprovider "{ADDRESS}" {{\n  version     = "{version}"\n  constraints = ">= 5.0.0, < 6.0.0"\n'
            f"  hashes = [\n{listed}  ]\n}}\n"
        )

    def shorten(
        self,
        *,
        endpoint: str = ENDPOINT,
        source_address: str = ADDRESS,
        cap_milliseconds: int = 100,
        lock_file: Path | None = None,
    ) -> ShortenedProvider | Refused:
        return shorten(
            provider_binary=self.installed.binary,
            source_address=source_address,
            lock_file=lock_file or self.lock_file,
            package_dir=self.installed.package_dir,
            cache_dir=self.cache,
            endpoint=endpoint,
            cap_milliseconds=cap_milliseconds,
        )

    def shortened(self) -> ShortenedProvider:
        result = self.shorten()
        assert isinstance(result, ShortenedProvider), result
        return result

    def refusal(self) -> str:
        result = self.shorten()
        assert isinstance(result, Refused)
        return result.reason


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    made = Workspace(folder=tmp_path / "work", cache=tmp_path / "cache")
    made.lock(made.install(IMAGE))
    return made


def h1(folder: Path) -> str:
    """The formula as Go documents it, in the words of coreutils."""
    script = "find . -type f | sed 's,^./,,' | LC_ALL=C sort | xargs -d '\\n' sha256sum"
    listing = subprocess.run(["sh", "-c", script], cwd=folder, check=True, capture_output=True).stdout
    return "h1:" + base64.b64encode(hashlib.sha256(listing).digest()).decode()


def content(result: ShortenedProvider) -> bytes:
    return (result.directory / NAME).read_bytes()


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class TestCopy:
    def test_is_the_original_but_for_the_stubs_and_the_calls(self, workspace: Workspace) -> None:
        copy = content(workspace.shortened())
        findings = locate(IMAGE)
        offset = findings.executable.offset_of
        allowed = {offset(findings.room, 64) + i for i in range(64)}
        allowed |= {offset(site.address, 5) + 1 + i for site in findings.sites for i in range(4)}
        assert len(copy) == len(IMAGE)
        differing = {i for i, (a, b) in enumerate(zip(copy, IMAGE, strict=True)) if a != b}
        assert differing
        assert differing <= allowed

    def test_says_what_it_is(self, workspace: Workspace) -> None:
        result = workspace.shortened()
        assert result == ShortenedProvider(
            directory=result.directory,
            source_address=ADDRESS,
            original_sha256=hashlib.sha256(IMAGE).hexdigest(),
            call_sites=7,
            go_version="go1.23.10",
            cap_milliseconds=100,
        )
        assert stat.S_IMODE((result.directory / NAME).stat().st_mode) == 0o555

    def test_the_installed_provider_is_not_touched(self, workspace: Workspace) -> None:
        binary = workspace.installed.binary
        before = binary.stat()
        workspace.shortened()
        assert binary.read_bytes() == IMAGE
        assert (binary.stat().st_mtime_ns, binary.stat().st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)

    def test_is_made_once(self, workspace: Workspace) -> None:
        first = workspace.shortened()
        before = (first.directory / NAME).stat()
        assert workspace.shortened() == first
        after = (first.directory / NAME).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_each_cap_has_its_own(self, workspace: Workspace) -> None:
        contents = {
            content(result)
            for cap in (1, 10, 2000)
            if isinstance(result := workspace.shorten(cap_milliseconds=cap), ShortenedProvider)
        }
        assert len(contents) == 3
        assert len(workspace.copies) == 3


class TestDamagedCache:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda file: file.write_bytes(b"\0" + file.read_bytes()[1:]),
            lambda file: file.write_bytes(file.read_bytes()[:-1]),
            lambda file: file.write_bytes(file.read_bytes() + b"\0"),
            lambda file: file.write_bytes(IMAGE),
            lambda file: file.write_bytes(b""),
            lambda file: file.unlink(),
            lambda file: (file.unlink(), file.mkdir()),
            lambda file: (file.unlink(), file.symlink_to("/bin/true")),
            lambda file: file.chmod(0o777),
            lambda file: shutil.rmtree(file.parent),
            lambda file: (shutil.rmtree(file.parent), file.parent.write_text("a file")),
            lambda file: (shutil.rmtree(file.parent), file.parent.symlink_to("/nowhere")),
        ],
    )
    def test_is_made_anew(self, workspace: Workspace, damage: Callable[[Path], object]) -> None:
        first = workspace.shortened()
        right = content(first)
        (first.directory / NAME).chmod(0o700)
        damage(first.directory / NAME)

        assert workspace.shortened() == first

        assert content(first) == right
        assert not (first.directory / NAME).is_symlink()
        assert stat.S_IMODE((first.directory / NAME).stat().st_mode) == 0o555
        assert workspace.copies == [first.directory.name]

    @pytest.mark.parametrize("manifest", ["", "{", "[]", "{}", '{"call_sites": 1, "go_version": "x"}', "\0\xff"])
    def test_a_lost_manifest_costs_a_comparison_only(self, workspace: Workspace, manifest: str) -> None:
        first = workspace.shortened()
        before = (first.directory / NAME).stat()
        (first.directory / "manifest.json").write_text(manifest, encoding="latin-1")

        assert workspace.shortened() == first

        assert (first.directory / NAME).stat().st_ino == before.st_ino

    def test_a_copy_moved_here_from_elsewhere_is_compared_not_believed(self, workspace: Workspace) -> None:
        first = workspace.shortened()
        right = content(first)
        manifest = (first.directory / "manifest.json").read_text()
        shutil.rmtree(first.directory)
        first.directory.mkdir()
        (first.directory / "manifest.json").write_text(manifest)
        (first.directory / NAME).write_bytes(right[:-1] + b"!")
        (first.directory / NAME).chmod(0o555)
        os.utime(first.directory / NAME, ns=tuple(json.loads(manifest)["identity"][3:]))

        assert content(workspace.shortened()) == right

    def test_a_wrong_remembered_digest_is_not_used(self, workspace: Workspace) -> None:
        first = workspace.shortened()
        time.sleep(0.01)
        binary = workspace.installed.binary
        binary.write_bytes(IMAGE[:-1] + b"!")
        workspace.lock(binary.parent)
        second = workspace.shortened()
        assert second.original_sha256 == digest(binary) != first.original_sha256
        assert len(workspace.copies) == 2


class TestCacheKeeping:
    def test_leftovers_and_unused_copies_are_removed(self, workspace: Workspace) -> None:
        first = workspace.shortened()
        copies = workspace.cache / "copies"
        (copies / ".building-x").mkdir()
        (copies / ".building-x" / NAME).write_bytes(b"half")
        (copies / ".discarded-x").mkdir()
        old, recent = copies / "v1-old-100ms", copies / "v1-recent-100ms"
        for entry, age in ((old, 40), (recent, 10)):
            entry.mkdir()
            (entry / "manifest.json").write_text("{}")
            os.utime(entry / "manifest.json", (time.time() - age * 86400,) * 2)
        shutil.rmtree(first.directory)

        workspace.shortened()

        assert workspace.copies == sorted([first.directory.name, recent.name])

    def test_use_keeps_a_copy(self, workspace: Workspace) -> None:
        manifest = workspace.shortened().directory / "manifest.json"
        os.utime(manifest, (1, 1))
        workspace.shortened()
        assert time.time() - manifest.stat().st_mtime < 3600

    def test_many_at_once_make_one(self, workspace: Workspace) -> None:
        context = multiprocessing.get_context("fork")
        with context.Pool(4) as pool:
            results = pool.map(shorten_in_process, [workspace] * 8)
        assert {type(result) for result in results} == {ShortenedProvider}
        assert len(set(results)) == 1
        assert len(workspace.copies) == 1

    def test_a_full_disk_leaves_nothing_behind(self, workspace: Workspace) -> None:
        context = multiprocessing.get_context("fork")
        with context.Pool(1) as pool:
            result = pool.apply(shorten_with_little_room, [workspace])
        assert isinstance(result, Refused)
        assert "File too large" in result.reason
        assert workspace.copies == []
        workspace.shortened()

    @pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
    def test_a_cache_that_others_may_write_to_is_refused(self, workspace: Workspace, mode: int) -> None:
        workspace.cache.mkdir()
        workspace.cache.chmod(mode)
        assert "not this user's alone" in workspace.refusal()

    @pytest.mark.parametrize("name", ["${x}", "a\nb", "a\x7fb"])
    def test_a_cache_that_cannot_be_named_is_refused(self, workspace: Workspace, name: str) -> None:
        odd = Workspace(folder=workspace.folder, cache=workspace.cache / name)
        assert "cannot stand in" in odd.refusal()

    def test_a_cache_that_is_a_file_is_refused(self, workspace: Workspace) -> None:
        workspace.cache.write_text("")
        assert str(workspace.cache) in workspace.refusal()


def shorten_in_process(workspace: Workspace) -> ShortenedProvider | Refused:
    return workspace.shorten()


def shorten_with_little_room(workspace: Workspace) -> ShortenedProvider | Refused:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    return workspace.shorten()


class TestGuards:
    @pytest.mark.parametrize(
        "endpoint",
        [
            "",
            "127.0.0.1:4566",
            "http://",
            "http://localhost:4566",
            "http://0.0.0.0:4566",
            "http://10.0.0.1:4566",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@sts.amazonaws.com",
            "http://user@127.0.0.1:4566",
            "http://[::ffff:8.8.8.8]:80",
            "http://[::1",
            "http://2130706433:80",
            "https://sqs.us-east-1.amazonaws.com",
            "ftp://127.0.0.1",
        ],
    )
    def test_only_this_machine(self, workspace: Workspace, endpoint: str) -> None:
        result = workspace.shorten(endpoint=endpoint)
        assert isinstance(result, Refused)
        assert "address of this machine" in result.reason
        assert not workspace.cache.exists()

    @pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "https://127.8.9.1", "http://[::1]:4566/"])
    def test_this_machine(self, workspace: Workspace, endpoint: str) -> None:
        assert isinstance(workspace.shorten(endpoint=endpoint), ShortenedProvider)

    @pytest.mark.parametrize("address", ["hashicorp/aws", "registry.terraform.io/hashicorp/google", "x/y/aws", ""])
    def test_only_the_aws_provider(self, workspace: Workspace, address: str) -> None:
        result = workspace.shorten(source_address=address)
        assert isinstance(result, Refused)
        assert "only the AWS provider" in result.reason

    @pytest.mark.parametrize("cap", [-1, 0, 2001, 10**12])
    def test_only_caps_that_make_sense(self, workspace: Workspace, cap: int) -> None:
        assert isinstance(workspace.shorten(cap_milliseconds=cap), Refused)

    def test_a_binary_from_elsewhere(self, workspace: Workspace, tmp_path: Path) -> None:
        other = tmp_path / NAME
        other.write_bytes(IMAGE)
        result = shorten(
            provider_binary=other,
            source_address=ADDRESS,
            lock_file=None,
            package_dir=workspace.installed.package_dir,
            cache_dir=workspace.cache,
            endpoint=ENDPOINT,
        )
        assert isinstance(result, Refused)
        assert "not the executable of the package" in result.reason

    def test_a_package_that_is_gone(self, workspace: Workspace) -> None:
        installed = workspace.installed
        shutil.rmtree(installed.package_dir)
        result = shorten(
            provider_binary=installed.binary,
            source_address=ADDRESS,
            lock_file=None,
            package_dir=installed.package_dir,
            cache_dir=workspace.cache,
            endpoint=ENDPOINT,
        )
        assert isinstance(result, Refused)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"#!/bin/sh\n",
            IMAGE[:-400_000],
            Program(main_package="example.com/other").build(),
            Program(machine=183).build(),
        ],
    )
    def test_another_program(self, workspace: Workspace, content: bytes) -> None:
        workspace.lock(workspace.install(content))
        assert workspace.refusal()
        assert workspace.copies == []


class TestLockFile:
    def test_one_changed_byte_in_the_binary(self, workspace: Workspace) -> None:
        workspace.install(IMAGE[:-1] + b"!")
        assert "none of the lock file's checksums" in workspace.refusal()

    def test_an_added_file(self, workspace: Workspace) -> None:
        (workspace.installed.package_dir / "more.txt").write_text("")
        assert "none of the lock file's checksums" in workspace.refusal()

    def test_archive_checksums_alone_do_not_do(self, workspace: Workspace) -> None:
        workspace.lock(workspace.installed.package_dir, hashes=("zh:" + "0" * 64,))
        assert "none of the lock file's checksums" in workspace.refusal()

    def test_without_checksums_the_version_decides(self, workspace: Workspace) -> None:
        workspace.lock(workspace.installed.package_dir, hashes=())
        workspace.shortened()
        workspace.lock(workspace.installed.package_dir, hashes=(), version="5.99.0")
        assert "the lock file names 5.99.0" in workspace.refusal()

    def test_a_version_left_behind_by_an_earlier_init(self, workspace: Workspace) -> None:
        old = workspace.install(IMAGE, version="5.99.0")
        addresses = [(p.version, p.package_dir == old) for p in installed_providers(workspace.folder)]
        assert addresses == [("5.100.0", False), ("5.99.0", True)]
        result = shorten(
            provider_binary=old / NAME,
            source_address=ADDRESS,
            lock_file=workspace.lock_file,
            package_dir=old,
            cache_dir=workspace.cache,
            endpoint=ENDPOINT,
        )
        assert isinstance(result, Refused)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            'provider "registry.terraform.io/hashicorp/other" {\n  version = "1.0.0"\n}\n',
            "provider",
            "provider {",
            f'provider "{ADDRESS}" {{',
            f'provider "{ADDRESS}" {{ }}',
            f'provider "{ADDRESS}" {{ version = }}',
            f'provider "{ADDRESS}" {{ version = 5 }}',
            f'provider "{ADDRESS}" {{ version = "5.100.0" hashes = [ }}',
            f'provider "{ADDRESS}" {{ version = "5.100.0" }}\n' * 2,
            "<<<<<<< HEAD",
            "\0",
        ],
    )
    def test_any_other_text_is_refused(self, workspace: Workspace, text: str) -> None:
        workspace.lock_file.write_text(text)
        assert workspace.refusal()

    def test_bytes_that_are_no_text(self, workspace: Workspace) -> None:
        workspace.lock_file.write_bytes(b"\xff\xfe")
        assert "not of the form" in workspace.refusal()

    def test_a_missing_lock_file(self, workspace: Workspace) -> None:
        workspace.lock_file.unlink()
        assert "No such file" in workspace.refusal()

    def test_comments_and_one_line_lists_are_read(self, tmp_path: Path) -> None:
        file = tmp_path / "lock"
        file.write_text('/* a */ // b\nprovider "a/b/c" { version = "1.0.0" # c\n hashes = ["h1:x", "zh:y"] }\n')
        (locked,) = read_lock_file(file)
        assert (locked.source_address, locked.version, locked.hashes) == ("a/b/c", "1.0.0", ("h1:x", "zh:y"))

    def test_folder_hash_is_gos(self, tmp_path: Path) -> None:
        package = tmp_path / "package"
        for name in ("b", "a/z", "a.txt", "a/B", "ä", "LICENSE"):
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(name)
        assert directory_hash(package, digest_of=digest) == h1(package)

    def test_a_folder_with_something_else_has_no_hash(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(NotAsExpectedError):
            directory_hash(tmp_path, digest_of=digest)


class TestInstalled:
    def test_links_into_a_mirror_are_resolved(self, workspace: Workspace, tmp_path: Path) -> None:
        package = workspace.installed.package_dir
        mirror = tmp_path / "mirror" / ADDRESS / "5.100.0" / "linux_amd64"
        mirror.parent.mkdir(parents=True)
        package.rename(mirror)
        package.symlink_to(mirror)
        assert workspace.installed == InstalledProvider(
            source_address=ADDRESS, version="5.100.0", binary=mirror / NAME, package_dir=mirror
        )
        assert isinstance(workspace.shortened(), ShortenedProvider)

    def test_other_platforms_and_packages_without_executables_are_left_out(self, workspace: Workspace) -> None:
        version = workspace.installed.package_dir.parent
        shutil.copytree(version / "linux_amd64", version / "darwin_arm64")
        empty = version.parent.parent / "awscc/1.0.0/linux_amd64"
        empty.mkdir(parents=True)
        (empty / "terraform-provider-awsccx").write_text("")
        assert [provider.source_address for provider in installed_providers(workspace.folder)] == [ADDRESS]


class TestDigest:
    def test_a_file_that_just_changed_is_not_remembered(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"one")
        assert sha256_of(file, memory=tmp_path / "memory") == digest(file)
        assert not (tmp_path / "memory").exists()

    def test_a_settled_file_is_remembered_until_it_changes(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"one")
        memory = tmp_path / "memory"
        deadline = time.monotonic() + 30
        while not memory.exists() and time.monotonic() < deadline:
            assert sha256_of(file, memory=memory) == digest(file)
            time.sleep(0.2)
        (note,) = memory.iterdir()
        note.write_text(note.read_text().replace(digest(file), "f" * 64))
        assert sha256_of(file, memory=memory) == "f" * 64
        file.write_bytes(b"two")
        assert sha256_of(file, memory=memory) == digest(file)


class TestCliConfiguration:
    PROVIDER = ShortenedProvider(
        directory=Path('/cache/a "b"'),
        source_address=ADDRESS,
        original_sha256="0" * 64,
        call_sites=1,
        go_version="go1.23.10",
        cap_milliseconds=100,
    )
    BLOCK = f'\n  dev_overrides {{\n    "{ADDRESS}" = "/cache/a \\"b\\""\n  }}\n'

    def test_in_front_of_the_other_methods(self) -> None:
        base = (
            'disable_checkpoint = true\nprovider_installation {\n  direct {}\n}\ncredentials "x.io" { token = "{" }\n'
        )
        assert cli_configuration(base, [self.PROVIDER]) == base.replace(
            "provider_installation {", "provider_installation {" + self.BLOCK
        )

    @pytest.mark.parametrize(
        "base", ["", 'plugin_cache_dir = "/x"', "# provider_installation {\n", 'x = "provider_installation {"\n']
    )
    def test_where_there_are_none(self, base: str) -> None:
        written = cli_configuration(base, [self.PROVIDER])
        assert written.startswith(base)
        assert written.endswith(f"provider_installation {{{self.BLOCK}  direct {{}}\n}}\n")

    def test_beside_other_overrides(self) -> None:
        base = 'provider_installation {\n  dev_overrides {\n    "x/y" = "/z"\n  }\n  direct {}\n}\n'
        written = cli_configuration(base, [self.PROVIDER])
        assert written.count("dev_overrides") == 1
        assert written.index("hashicorp/aws") < written.index('"x/y"')

    def test_without_providers_nothing_changes(self) -> None:
        assert cli_configuration("anything {", []) == "anything {"

    @pytest.mark.parametrize("base", ["provider_installation {", "}", "x = <<EOT\nEOT\n", 'x = "', "{}}"])
    def test_what_cannot_be_read_is_an_error(self, base: str) -> None:
        with pytest.raises(ConfigurationError):
            cli_configuration(base, [self.PROVIDER])
