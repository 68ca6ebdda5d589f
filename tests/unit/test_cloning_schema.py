from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloning.schema import Attribute, Schemas, resource_schemas
from sandbox.errors import ConfigurationError

PROVIDER = "registry.terraform.io/hashicorp/aws"
DOCUMENT = {
    "provider_schemas": {
        PROVIDER: {
            "resource_schemas": {
                "aws_a": {
                    "block": {
                        "attributes": {
                            "id": {"type": "string", "optional": True, "computed": True},
                            "names": {"type": ["set", "string"], "required": True},
                            "rules": {"type": ["list", ["object", {"a": "string"}]], "optional": True},
                            "old": {"type": "string", "optional": True, "deprecated": True},
                            "secret_wo": {"type": "string", "optional": True, "write_only": True},
                        },
                        "block_types": {
                            "one": {
                                "nesting_mode": "set",
                                "block": {"attributes": {"x": {"type": "number", "required": True}}},
                            },
                            "gone": {"nesting_mode": "list", "block": {"deprecated": True}},
                        },
                    }
                },
                "aws_b": {"block": {}},
            }
        }
    }
}


class Terraform:
    """Answers as Terraform does, and counts how often it is asked."""

    def __init__(self, document: Any = None) -> None:
        self.asked = 0
        self._text = json.dumps(DOCUMENT if document is None else document)

    def __call__(self) -> str:
        self.asked += 1
        return self._text


def schemas(terraform: Terraform, cache: Path | None, *types: str, version: str = "5.1.0") -> Schemas:
    return resource_schemas(types, provider=PROVIDER, version=version, cache=cache, ask=terraform)


def test_keeps_what_it_takes_to_write_a_configuration() -> None:
    found = schemas(Terraform(), None, "aws_a")["aws_a"]
    assert dict(found.attributes) == {
        "id": Attribute(optional=True, computed=True),
        "names": Attribute(required=True, is_set=True),
        "rules": Attribute(optional=True, is_objects=True),
        "old": Attribute(optional=True, deprecated=True),
        "secret_wo": Attribute(optional=True, write_only=True),
    }
    assert found.blocks["one"].is_set
    assert found.blocks["one"].block.attributes["x"] == Attribute(required=True)
    assert found.blocks["gone"].deprecated


def test_terraform_is_asked_once_for_each_version(tmp_path: Path) -> None:
    terraform = Terraform()
    first = schemas(terraform, tmp_path, "aws_a")
    assert schemas(terraform, tmp_path, "aws_a", "aws_b", "aws_unheard_of").keys() == {"aws_a", "aws_b"}
    assert schemas(terraform, tmp_path, "aws_a") == first
    assert terraform.asked == 1
    schemas(terraform, tmp_path, "aws_a", version="5.2.0")
    assert terraform.asked == 2


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    terraform = Terraform()
    schemas(terraform, tmp_path, "aws_a")
    kept = next((tmp_path / "schemas").iterdir())
    kept.write_bytes(kept.read_bytes()[:-5])
    schemas(terraform, tmp_path, "aws_a")
    assert terraform.asked == 2


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file in the way")
    assert schemas(Terraform(), tmp_path, "aws_b").keys() == {"aws_b"}


@pytest.mark.parametrize("document", [[], {"provider_schemas": {}}, {"provider_schemas": {PROVIDER: 1}}])
def test_what_is_not_understood_is_said(document: Any) -> None:
    with pytest.raises(ConfigurationError, match="not understood"):
        schemas(Terraform(document), None, "aws_a")
