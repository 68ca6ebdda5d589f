from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cloning_samples import PROVIDER, document, instance, resource, state

from sandbox.cloning import tfstate
from sandbox.cloning.tfstate import Output, ProviderReference, parse_state, read_state
from sandbox.errors import ConfigurationError, UsageError


def test_keeps_addresses_modules_and_keys() -> None:
    found = state(
        resource("aws_vpc", "v", {"id": "x"}, index_key="a", module='module.m["k"].module.n'),
        resource("aws_vpc", "w", {"id": "y"}, index_key=1),
        resource("aws_ami", "d", {"id": "ami"}, mode="data"),
    ).instances

    assert [each.address for each in found] == [
        'module.m["k"].module.n.aws_vpc.v["a"]',
        "aws_vpc.w[1]",
        "data.aws_ami.d",
    ]
    assert [each.configuration_address for each in found] == [
        "module.m.module.n.aws_vpc.v",
        "aws_vpc.w",
        "data.aws_ami.d",
    ]
    assert [each.managed for each in found] == [True, True, False]


def test_a_key_with_brackets_and_quotes_is_no_part_of_the_configuration_address() -> None:
    found = instance("aws_vpc", "v", {}, module='module.m["a\\"][0]"]')
    assert found.configuration_address == "module.m.aws_vpc.v"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROVIDER, ProviderReference(address="registry.terraform.io/hashicorp/aws")),
        (f"{PROVIDER}.west", ProviderReference(address="registry.terraform.io/hashicorp/aws", alias="west")),
        (
            f"module.a.module.b.{PROVIDER}.west",
            ProviderReference(address="registry.terraform.io/hashicorp/aws", alias="west", module="module.a.module.b"),
        ),
    ],
)
def test_reads_which_provider_configuration_it_is(text: str, expected: ProviderReference) -> None:
    assert instance("aws_vpc", "v", {}, provider=text).provider == expected


def test_deposed_and_tainted_objects_are_kept_apart() -> None:
    current, deposed = state(
        resource("aws_vpc", "v", {}, status="tainted"), resource("aws_vpc", "v", {}, deposed="00aa")
    ).instances
    assert current.tainted
    assert not deposed.tainted
    assert deposed.deposed == "00aa"
    assert deposed.address == "aws_vpc.v (deposed object 00aa)"


def test_serial_lineage_outputs_and_digest_are_kept() -> None:
    found = state(outputs={"o": {"value": {"a": 1}, "type": "string", "sensitive": True}})
    assert (found.serial, found.lineage, found.terraform_version) == (7, "l", "1.11.4")
    assert found.outputs == (Output(name="o", value={"a": 1}, sensitive=True),)
    assert found.digest != state().digest


def test_no_repr_shows_an_attribute() -> None:
    found = state(
        resource("aws_db_instance", "d", {"password": "planted"}), outputs={"o": {"value": "planted", "type": "string"}}
    )
    assert found.instances[0].attributes["password"] == "planted"
    assert "planted" not in repr(found)


def test_sensitive_paths_are_read() -> None:
    raw = resource("aws_db_instance", "d", {"password": "p"})
    raw["instances"][0]["sensitive_attributes"] = [
        [{"type": "get_attr", "value": "password"}],
        [{"type": "get_attr", "value": "l"}, {"type": "index", "value": {"type": "number", "value": 0}}],
    ]
    assert state(raw).instances[0].sensitive == (("password",), ("l", 0))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"),
        (b"planted", "not JSON"),
        (document(resource("aws_vpc", "v", {"id": "planted"}))[:-20], "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "no format version"),
        (b'{"version": 3, "modules": []}', "format is 3"),
        (b'{"version": 4, "resources": [{"instances": [{}]}]}', "does not have the form"),
        (b'{"version": 4, "resources": [{"instances": "planted"}]}', "does not have the form"),
        (b'{"version": 4, "serial": "planted"}', "does not have the form"),
    ],
)
def test_refuses_what_is_no_state_and_does_not_quote_it(content: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        parse_state(content)
    assert caught.value.hint
    assert "planted" not in caught.value.message


def test_refuses_a_state_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfstate, "LARGEST", 100)
    (tmp_path / "s").write_bytes(document(resource("aws_vpc", "v", {"id": "x" * 100})))
    with pytest.raises(ConfigurationError, match="larger than"):
        read_state(str(tmp_path / "s"))


def test_reads_a_file_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = document(resource("aws_vpc", "v", {"id": "x"}))
    (tmp_path / "s").write_bytes(content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert read_state(str(tmp_path / "s")) == read_state("-")


def test_a_state_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.tfstate"):
        read_state(str(tmp_path / "missing.tfstate"))


def test_a_state_of_fifty_megabytes_is_read() -> None:
    raw = json.dumps(resource("aws_ssm_parameter", "p", {"id": "p", "value": "x" * 1000}))
    content = document()[:-2].replace(b'"resources": [', b'"resources": [' + b",".join([raw.encode()] * 40_000))
    assert len(content + b"]}") > 48_000_000
    assert len(parse_state(content + b"]}").instances) == 40_000
