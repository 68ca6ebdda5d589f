from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.executors.terraform.remotestate import FOLDER, remote_states, turn_to_recorded

SUFFIXES = (".tf", ".tf.json")


def state(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"version": 4, "resources": list(resources)}).encode()


def read(name: str, outputs: dict[str, Any], *, module: str = "", keys: tuple[Any, ...] = (None,)) -> dict[str, Any]:
    kinds = dict.fromkeys(outputs, "string")
    attributes = {"backend": "s3", "outputs": {"value": outputs, "type": ["object", kinds]}}
    instances = [
        {"attributes": attributes} if key is None else {"index_key": key, "attributes": attributes} for key in keys
    ]
    inside = {"module": module} if module else {}
    return {"mode": "data", "type": "terraform_remote_state", "name": name, "instances": instances, **inside}


def overrides(folder: Path) -> dict[str, Any]:
    [file] = folder.glob("*sandtable_override.tf.json")
    return json.loads(file.read_text())["data"]["terraform_remote_state"]


def test_what_was_recorded_is_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('data "terraform_remote_state" "net" {\n  backend = "s3"\n}\n')
    turned = turn_to_recorded(tmp_path, remote_states(state(read("net", {"vpc": "vpc-1"}))), SUFFIXES)

    assert turned == ("data.terraform_remote_state.net",)
    block = overrides(tmp_path)["net"]
    assert block["backend"] == "local"
    written = json.loads(Path(block["config"]["path"]).read_text())
    assert written["outputs"] == {"vpc": {"value": "vpc-1", "type": "string"}}


def test_each_instance_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('data terraform_remote_state "each" {\n}\n')
    turn_to_recorded(tmp_path, remote_states(state(read("each", {"a": "1"}, keys=("eu", "us")))), SUFFIXES)

    assert overrides(tmp_path)["each"]["config"]["path"].endswith("_${each.key}.tfstate")
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == ["_each_eu.tfstate", "_each_us.tfstate"]


def test_a_module_of_the_list_is_found(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('module "app" {\n  source = "./app"\n}\n')
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.tf").write_text('data "terraform_remote_state" "net" {}\n')
    (tmp_path / ".terraform" / "modules").mkdir(parents=True)
    listed = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "app", "Dir": "app"}]}
    (tmp_path / ".terraform" / "modules" / "modules.json").write_text(json.dumps(listed))
    turned = turn_to_recorded(
        tmp_path, remote_states(state(read("net", {"vpc": "vpc-1"}, module='module.app["x"]'))), SUFFIXES
    )

    assert turned == ("module.app.data.terraform_remote_state.net",)
    assert "net" in overrides(tmp_path / "app")


def test_what_the_change_has_removed_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "terraform_data" "x" {}\n')
    assert turn_to_recorded(tmp_path, remote_states(state(read("net", {"vpc": "vpc-1"}))), SUFFIXES) == ()
    assert [path.name for path in tmp_path.iterdir()] == ["main.tf"]


def test_nonsense_holds_none() -> None:
    for document in (b"", b"[]", b"{}", b'{"resources": 3}', b'{"resources": [{"mode": "data"}]}'):
        assert remote_states(document) == ()
