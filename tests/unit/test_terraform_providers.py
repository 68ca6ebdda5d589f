from __future__ import annotations

from pathlib import Path

import hcl2
import pytest

from sandbox.executors.terraform.providers import (
    MEMORY,
    ProviderAddress,
    discover,
    parse_addresses,
    provider_sources,
    remember,
    remembered,
    write_cli_config,
)

AWS = ProviderAddress(host="registry.example.com", namespace="hashicorp", type="aws")
OTHER = ProviderAddress(host="registry.example.com", namespace="acme", type="other")


def mirror(folder: Path, address: ProviderAddress = AWS) -> Path:
    (folder / address.host / address.namespace / address.type / "1.0.0" / "linux_amd64").mkdir(parents=True)
    return folder


def test_addresses_are_read_from_terraforms_own_listing() -> None:
    listing = """
Providers required by configuration:
.
├── provider[registry.example.com/hashicorp/aws] ~> 5.0
├── provider[terraform.io/builtin/terraform]
└── module.m
    ├── provider[registry.example.com/acme/other]
    └── provider[registry.example.com/hashicorp/aws]

Providers required by state:

    provider[registry.example.com/hashicorp/aws]
"""
    assert parse_addresses(listing) == (OTHER, AWS)


@pytest.mark.parametrize("below", ["", "mirror"])
def test_a_mirror_in_a_system_place_is_found(tmp_path: Path, below: str) -> None:
    folder = mirror(tmp_path / "opt" / below)
    assert discover([AWS, OTHER], {}, [tmp_path / "missing", tmp_path / "opt"]) == {folder: (AWS,)}


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        ("HOME", ".terraform.d/plugins"),
        ("HOME", ".local/share/terraform/plugins"),
        ("XDG_DATA_HOME", "terraform/plugins"),
        ("XDG_DATA_DIRS", "terraform/plugins"),
    ],
)
def test_a_mirror_of_the_users_is_found(tmp_path: Path, variable: str, below: str) -> None:
    folder = mirror(tmp_path / below)
    assert discover([AWS], {variable: str(tmp_path)}, []) == {folder: (AWS,)}


def test_an_empty_folder_is_no_mirror(tmp_path: Path) -> None:
    (tmp_path / AWS.host / AWS.namespace / AWS.type).mkdir(parents=True)
    assert discover([AWS], {}, [tmp_path]) == {}


def test_the_cli_configuration_takes_from_the_mirror_only_what_it_has(tmp_path: Path) -> None:
    path = write_cli_config(tmp_path / "tfrc", {Path('/opt/a "b"'): (AWS,)})
    [installation] = hcl2.loads(path.read_text())["provider_installation"]
    assert installation["filesystem_mirror"][0]["path"] == '"/opt/a \\"b\\""'
    assert installation["filesystem_mirror"][0]["include"] == [f'"{AWS}"']
    assert installation["direct"][0]["exclude"] == [f'"{AWS}"']


def test_the_choice_is_remembered_as_long_as_it_exists(tmp_path: Path) -> None:
    first, second = mirror(tmp_path / "one"), mirror(tmp_path / "two", OTHER)
    cache = tmp_path / "cache/sandtable"
    assert remembered(cache) == {}
    remember(cache, {first: (AWS,), second: (OTHER,)})
    assert remembered(cache) == {first: (AWS,), second: (OTHER,)}
    second.rename(tmp_path / "gone")
    assert remembered(cache) == {first: (AWS,)}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": ["b"]}', "\0"])
def test_a_broken_memory_is_no_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / MEMORY).write_text(text)
    assert remembered(tmp_path) == {}


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file", {})
    assert remembered(tmp_path / "file") == {}


def test_mirrors_of_the_aws_provider_are_listed(tmp_path: Path) -> None:
    folder = mirror(tmp_path / "opt" / "mirror")
    mirror(tmp_path / "opt" / "others", OTHER)
    assert provider_sources({}, [tmp_path / "opt"]) == (folder,)
    assert provider_sources({"HOME": str(tmp_path)}, []) == ()
