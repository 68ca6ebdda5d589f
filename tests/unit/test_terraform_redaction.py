from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.executors.terraform.redaction import HIDDEN, hide, secret_values
from sandbox.executors.terraform.workspace import Workspace

DECLARED = 'variable "pin" {\n  type = string\n  sensitive = true\n}\nvariable "region" {\n  default = "x"\n}\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "variables.tf").write_text(DECLARED)
    return Workspace(name="change", source=tmp_path, root=tmp_path, top=tmp_path, digest="")


def test_declared_and_secret_looking_variables_are_hidden_and_others_are_not(workspace: Workspace) -> None:
    environment = {
        "TF_VAR_pin": "12345",
        "TF_VAR_db_password": "hunter2",
        "TF_VAR_region": "eu-west-1",
        "HOME": "/home/x",
    }

    found = secret_values(environment, ["api_token=abcdef", "size=large"], workspace)

    assert set(found) == {"12345", "hunter2", "abcdef"}


def test_the_longest_goes_first_so_that_no_part_of_it_stays(workspace: Workspace) -> None:
    found = secret_values({"TF_VAR_a_secret": "hunter2", "TF_VAR_b_secret": "hunter2hunter2"}, [], workspace)

    assert hide("x hunter2hunter2 y hunter2", found) == f"x {HIDDEN} y {HIDDEN}"


def test_values_too_short_to_be_told_from_chance_are_left(workspace: Workspace) -> None:
    assert secret_values({"TF_VAR_pin": "1"}, [], workspace) == ()


def test_a_secret_with_quotes_is_found_in_json_text() -> None:
    secret = 'pa"ss\nword'

    assert secret not in json.loads(hide(json.dumps({"m": f"a {secret} b"}), [secret]))["m"]
