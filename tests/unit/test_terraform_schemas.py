"""The schemas that a configuration names, and what stands in for a provider until it is needed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.schemas import NamedTypes, schemas_of, stand_in
from sandbox.executors.terraform.waits import ShortenedProvider
from sandbox.isolation.none import NoIsolation

SUFFIXES = (".tf", ".tf.json")


def field(number: int, content: bytes) -> bytes:
    """A delimited field of a protobuf message (protobuf.dev, Encoding)."""
    size, length = len(content), bytearray()
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


def entry(name: str, size: int = 300) -> bytes:
    return field(1, name.encode()) + field(2, b"s" * size)


ANSWER = b"".join(
    [
        field(1, b"provider"),
        field(2, entry("aws_instance")),
        field(2, entry("aws_s3_bucket")),
        field(3, entry("aws_ami", 3)),
        field(3, entry("aws_vpc", 3)),
        field(6, b"\x08\x01"),
        field(7, entry("arn_parse")),
        field(8, entry("aws_secret")),
    ]
)


def named(top: Path, state: bytes = b"") -> NamedTypes:
    found = NamedTypes.of(top, SUFFIXES, state)
    assert found is not None
    return found


def test_names_come_from_every_module_from_json_and_from_the_state(tmp_path: Path) -> None:
    (tmp_path / "root" / ".terraform" / "modules" / "net").mkdir(parents=True)
    (tmp_path / "root" / "main.tf").write_text('resource "aws_instance" "a" {}\nmoved { from = aws_eip.a }\n')
    (tmp_path / "root" / "more.tf.json").write_text('{"data": {"aws_ami": {"a": {}}}}')
    (tmp_path / "root" / ".terraform" / "modules" / "net" / "main.tf").write_text('resource "aws_vpc" "a" {}')
    (tmp_path / "root" / "notes.txt").write_text("aws_sqs_queue")

    found = named(tmp_path, b'{"type": "aws_s3_bucket"}')

    assert found.names == {b"aws_instance", b"aws_eip", b"aws_ami", b"aws_vpc", b"aws_s3_bucket"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("main.tf", 'resource "aws\\u005finstance" "a" {}'), ("main.tf.json", '{"resource": {"\\u0061ws_instance": {}}}')],
)
def test_where_names_may_be_written_with_escapes_nothing_is_left_out(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    assert NamedTypes.of(tmp_path, SUFFIXES, b"") is None


def test_of_more_than_a_configuration_can_be_nothing_is_left_out(tmp_path: Path) -> None:
    with (tmp_path / "main.tf").open("wb") as file:
        file.truncate(65 << 20)

    assert NamedTypes.of(tmp_path, SUFFIXES, b"") is None


def test_a_link_that_was_put_among_the_files_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.tf").write_text("aws_instance")
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "main.tf").symlink_to(tmp_path / "outside.tf")

    assert NamedTypes.of(tmp_path / "top", SUFFIXES, b"") is None


def test_only_types_are_left_out_and_the_rest_stays_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("aws_s3_bucket aws_ami aws_secret_of_another_name")

    kept = named(tmp_path).of_schemas(ANSWER)

    assert kept == ANSWER.replace(field(2, entry("aws_instance")), b"").replace(field(3, entry("aws_vpc", 3)), b"")


def test_a_name_that_begins_like_another_is_not_that_one(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("aws_s3_bucket_policy")

    assert b"aws_s3_bucket" not in named(tmp_path).of_schemas(ANSWER)


@pytest.mark.parametrize("broken", [ANSWER[:-1], b"\x10\x01", b"\x12\xff"])
def test_what_is_no_answer_is_an_error(tmp_path: Path, broken: bytes) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        named(tmp_path).of_schemas(broken)


def test_an_answer_that_was_kept_is_used_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    kept = tmp_path / "answers" / "v1-abc"
    kept.parent.mkdir()
    kept.write_bytes(hashlib.sha256(ANSWER).digest() + ANSWER)
    missing = tmp_path / "no-provider"

    def ask() -> bytes | None:
        return schemas_of(missing, "abc", cache=tmp_path, isolation=NoIsolation())

    assert ask() == ANSWER
    kept.write_bytes(kept.read_bytes()[:-1])
    assert ask() is None


def test_what_ends_without_an_answer_is_done_without(tmp_path: Path) -> None:
    provider = tmp_path / "provider"
    provider.write_text("#!/bin/sh\necho '1|6|unix|/nowhere|grpc|'\n")
    provider.chmod(0o700)

    found = schemas_of(provider, "abc", cache=tmp_path / "cache", isolation=NoIsolation())

    assert found is None
    assert not (tmp_path / "cache").exists()


def test_the_first_start_is_for_schemas_and_every_other_is_the_provider(tmp_path: Path) -> None:
    copy = tmp_path / "co'py"
    copy.mkdir()
    (copy / "terraform-provider-aws_v5").write_text('#!/bin/sh\necho "the provider $*"\n')
    (copy / "terraform-provider-aws_v5").chmod(0o700)
    provider = ShortenedProvider(
        directory=copy,
        source_address="registry.terraform.io/hashicorp/aws",
        original_sha256="0" * 64,
        call_sites=10,
        go_version="go1.23",
        cap_milliseconds=100,
    )
    found = stand_in(tmp_path, ANSWER, provider, "terraform-provider-aws_v5")
    assert found is not None
    folder = Path(found.environment["TF_CLI_CONFIG_FILE"]).parent
    assert f'"{folder}"' in (folder / "terraform.tfrc").read_text()
    environment = {"TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    launcher = str(folder / "terraform-provider-aws_v5")

    with subprocess.Popen([launcher], env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline().startswith(f"1|5|unix|{tmp_path}/plugin")
        second = subprocess.run([launcher, "-x"], env=environment, capture_output=True, text=True, check=True)
        first.kill()

    assert second.stdout == "the provider -x\n"
