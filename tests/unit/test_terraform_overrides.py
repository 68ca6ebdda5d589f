from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.executors.terraform.configuration import ModuleFacts, read_module
from sandbox.executors.terraform.overrides import child_override, root_override, write_override

ACCOUNT = "123456789012"
TOUCHED_ALWAYS = {
    "max_retries",
    "s3_use_path_style",
    "skip_metadata_api_check",
    "skip_region_validation",
    "skip_requesting_account_id",
}


def facts(tmp_path: Path, text: str, name: str = "main.tf") -> ModuleFacts:
    (tmp_path / name).write_text(text)
    return read_module(tmp_path)


def providers(tmp_path: Path, text: str, name: str = "main.tf") -> dict[str, Any]:
    override = root_override(facts(tmp_path, text, name), uses_aws=True, account=ACCOUNT)
    found: dict[str, Any] = override["provider"]
    return found


def test_whatever_the_backend_is_it_becomes_local(tmp_path: Path) -> None:
    text = 'terraform {\n  cloud {\n    organization = "o"\n  }\n  backend "s3" {\n    bucket = "b"\n  }\n}\n'
    override = root_override(facts(tmp_path, text), uses_aws=False, account=ACCOUNT)
    assert override == {"terraform": {"backend": {"local": {}}}}


def test_ways_to_real_credentials_and_other_endpoints_are_taken_away(tmp_path: Path) -> None:
    text = """
provider "aws" {
  region                   = "eu-west-1"
  profile                  = "prod"
  shared_config_files      = ["/home/me/.aws/config"]
  shared_credentials_files = ["/home/me/.aws/credentials"]
  access_key               = "AKIAREAL"
  secret_key               = var.secret
  token                    = "t"
  http_proxy               = "http://10.0.0.1"
  use_fips_endpoint        = true
  endpoints {
    s3 = "https://s3.amazonaws.com"
  }
  default_tags {
    tags = { team = "a" }
  }
}
"""
    [block] = providers(tmp_path, text)["aws"]
    nulled = {name for name, value in block.items() if value is None}
    assert nulled == {
        "profile",
        "shared_config_files",
        "shared_credentials_files",
        "access_key",
        "secret_key",
        "token",
        "http_proxy",
        "use_fips_endpoint",
    }
    assert block["endpoints"] == [{}]
    assert block["max_retries"] == 3
    assert block.keys() == nulled | TOUCHED_ALWAYS | {"endpoints"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf", 'provider "aws" {\n  endpoints {\n    s3 = var.endpoint\n  }\n}\n'),
        ("main.tf", 'provider "aws" {\n  dynamic "endpoints" {\n    for_each = [1]\n    content {}\n  }\n}\n'),
        ("main.tf.json", '{"provider": {"aws": {"\\u0065ndpoints": {"s3": "https://s3.amazonaws.com"}}}}'),
        ("main.tf.json", '{"provider": {"aws": [{"dynamic": {"endpoints": {"for_each": [1], "content": {}}}}]}}'),
    ],
)
def test_endpoints_that_are_written_out_or_generated_are_taken_away(tmp_path: Path, name: str, text: str) -> None:
    [block] = providers(tmp_path, text, name)["aws"]
    assert block["endpoints"] == [{}]


def test_endpoints_of_the_users_own_override_file_are_taken_away(tmp_path: Path) -> None:
    (tmp_path / "override.tf").write_text('provider "aws" {\n  endpoints {\n    s3 = "https://a.b"\n  }\n}\n')
    [block] = providers(tmp_path, 'provider "aws" {\n  region = "eu-west-1"\n}\n')["aws"]
    assert block["endpoints"] == [{}]


def test_every_alias_and_every_local_name_of_the_aws_provider_is_overridden(tmp_path: Path) -> None:
    text = """
terraform {
  required_providers {
    amazon = { source = "registry.example.com/hashicorp/aws", version = "5.100.0" }
    aws    = { source = "example/aws" }
  }
}
provider "amazon" {
  alias  = "west"
  region = "us-west-2"
}
provider "aws" { profile = "not-hashicorps" }
provider "random" {}
"""
    found = providers(tmp_path, text)
    assert found.keys() == {"amazon"}
    assert [block.get("alias") for block in found["amazon"]] == ["west", None]


def test_a_provider_without_a_block_is_overridden_where_aws_is_used(tmp_path: Path) -> None:
    module = facts(tmp_path, 'resource "aws_sns_topic" "t" {}')
    assert module.mentions_aws
    assert root_override(module, uses_aws=True, account=ACCOUNT)["provider"]["aws"][0].keys() == TOUCHED_ALWAYS
    assert "provider" not in root_override(module, uses_aws=False, account=ACCOUNT)


def test_an_assumed_role_is_kept_since_it_names_the_account(tmp_path: Path) -> None:
    text = 'provider "aws" {\n  allowed_account_ids = ["222222222222"]\n  assume_role {\n    role_arn = "r"\n  }\n}\n'
    [block] = providers(tmp_path, text)["aws"]
    assert block.keys() == TOUCHED_ALWAYS


def test_a_web_identity_keeps_the_role_and_loses_the_token_file(tmp_path: Path) -> None:
    text = """
provider "aws" {
  assume_role_with_web_identity {
    role_arn                = "arn:aws:iam::${var.account}:role/ci"
    web_identity_token_file = "/var/run/token"
  }
}
"""
    [block] = providers(tmp_path, text)["aws"]
    [identity] = block["assume_role_with_web_identity"]
    assert identity == {
        "role_arn": '${"arn:aws:iam::${var.account}:role/ci"}',
        "web_identity_token": "sandtable",
    }


@pytest.mark.parametrize(
    ("argument", "key"),
    [
        ('allowed_account_ids = ["333333333333", "444444444444"]', "333333333333"),
        ("allowed_account_ids = [var.account]", "${var.account}"),
        ("allowed_account_ids = local.accounts", "${tolist(local.accounts)[0]}"),
        (f'forbidden_account_ids = ["{ACCOUNT}"]', "123456789013"),
        ('forbidden_account_ids = ["555555555555"]', None),
    ],
)
def test_account_guards_are_honoured_by_the_access_key(tmp_path: Path, argument: str, key: str | None) -> None:
    [block] = providers(tmp_path, f'provider "aws" {{\n  {argument}\n}}\n')["aws"]
    assert block.get("access_key") == key


def test_json_configuration_is_understood_as_well(tmp_path: Path) -> None:
    text = json.dumps({"provider": {"aws": [{"profile": "p"}, {"alias": "b", "allowed_account_ids": ["${var.a}"]}]}})
    first, second = providers(tmp_path, text, "main.tf.json")["aws"]
    assert first["profile"] is None
    assert (second["alias"], second["access_key"]) == ("b", "${var.a}")


def test_blocks_are_found_however_they_are_written(tmp_path: Path) -> None:
    text = '\ufeff/* c */ provider aws { profile = "x" }\r\n'
    [block] = providers(tmp_path, text)["aws"]
    assert block["profile"] is None


def test_a_block_that_the_users_own_override_file_completes_is_one_block(tmp_path: Path) -> None:
    (tmp_path / "override.tf").write_text('provider "aws" {\n  profile = "real"\n}\n')
    [block] = providers(tmp_path, 'provider "aws" {\n  region = "eu-west-1"\n}\n')["aws"]
    assert block["profile"] is None


def test_an_empty_block_of_a_child_module_stays_a_placeholder(tmp_path: Path) -> None:
    text = 'provider "aws" {}\nprovider "aws" {\n  alias = "own"\n  profile = "x"\n}\n'
    override = child_override(facts(tmp_path, text), account=ACCOUNT)
    assert [block["alias"] for block in override["provider"]["aws"]] == ["own"]
    assert child_override(facts(tmp_path, 'provider "aws" {}\n'), account=ACCOUNT) == {}


@pytest.mark.parametrize(
    "name",
    ["override.tf", "zzzz_sandtable_override.tf.json", "zzzzz_override.tf", "~_override.tf", "\U0001f600_override.tf"],
)
def test_the_override_is_read_after_every_other_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    path = write_override(tmp_path, {"terraform": {}})
    assert path.name > name
    assert path.name.endswith("_override.tf.json")
    assert json.loads(path.read_text()) == {"terraform": {}}
