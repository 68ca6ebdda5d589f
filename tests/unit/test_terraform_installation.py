from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.installation import override_remote_modules
from sandbox.executors.terraform.workspace import Workspace, prepare

SUFFIXES = (".tf", ".tf.json")
PROFILE = 'provider "aws" {\n  profile = "real"\n}\n'


def workspace_with(tmp_path: Path, text: str, folder: str = ".terraform/modules/m") -> tuple[Workspace, Path]:
    source = tmp_path / "conf"
    source.mkdir()
    (source / "main.tf").write_text("locals {}\n")
    workspace = prepare(source, tmp_path / "copy")
    module = workspace.root / folder
    module.mkdir(parents=True)
    (module / "main.tf").write_text(text)
    manifest = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "m", "Source": "s", "Dir": folder}]}
    path = workspace.root / ".terraform/modules/modules.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest))
    return workspace, module


def test_providers_of_downloaded_modules_are_overridden(tmp_path: Path) -> None:
    workspace, module = workspace_with(tmp_path, PROFILE)
    override_remote_modules(workspace, account="123456789012", suffixes=SUFFIXES)
    [path] = module.glob("*_override.tf.json")
    [block] = json.loads(path.read_text())["provider"]["aws"]
    assert block["profile"] is None
    assert not list(workspace.root.glob("*_override*"))


def test_a_downloaded_module_without_providers_is_left_alone(tmp_path: Path) -> None:
    text = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
    workspace, module = workspace_with(tmp_path, text)
    override_remote_modules(workspace, account="123456789012", suffixes=SUFFIXES)
    assert [path.name for path in module.iterdir()] == ["main.tf"]


def test_a_downloaded_module_that_cannot_be_overridden_is_refused(tmp_path: Path) -> None:
    workspace, module = workspace_with(tmp_path, "")
    elsewhere = tmp_path / "elsewhere"
    module.rename(elsewhere)
    module.symlink_to(elsewhere)
    (elsewhere / "main.tf").write_text(PROFILE)
    with pytest.raises(ConfigurationError, match="elsewhere"):
        override_remote_modules(workspace, account="123456789012", suffixes=SUFFIXES)
    assert [path.name for path in elsewhere.iterdir()] == ["main.tf"]

    (elsewhere / "main.tf").write_text('provider "aws" {')
    with pytest.raises(ConfigurationError, match="cannot be overridden"):
        override_remote_modules(workspace, account="123456789012", suffixes=SUFFIXES)


@pytest.mark.parametrize("text", ["", "{}", '{"Modules": [{}]}', "[]"])
def test_a_broken_list_of_modules_is_reported(tmp_path: Path, text: str) -> None:
    workspace, _ = workspace_with(tmp_path, "")
    (workspace.root / ".terraform/modules/modules.json").write_text(text)
    with pytest.raises(ConfigurationError, match="list of downloaded modules"):
        override_remote_modules(workspace, account="123456789012", suffixes=SUFFIXES)
