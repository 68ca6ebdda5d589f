"""On which line a resource is declared: the right one, or none."""

from __future__ import annotations

from pathlib import Path

import hcl2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.executors.terraform.declarations import blocks_of, declared, line_of
from sandbox.rehearsal import SourceLine

MAIN = """\
# resource "aws_a" "commented" {}
/* resource "aws_a" "out" {
*/
locals {
  text = <<-EOT
    resource "aws_a" "in_a_heredoc" {
    }
  EOT
  brace = "a } in \\" a { string"
}

resource "aws_s3_bucket" "b" {
  bucket = "x-${var.names["b"]}"
  lifecycle {
    prevent_destroy = true
  }
}
  resource aws_sqs_queue q { # unquoted labels are accepted
  }
data "aws_caller_identity" "me" {}
module "net" {
  source = "../modules/net"
}
module "registry" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.0.0"
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "infra").mkdir()
    (tmp_path / "modules" / "net").mkdir(parents=True)
    (tmp_path / "infra" / "main.tf").write_text(MAIN)
    (tmp_path / "modules" / "net" / "net.tf").write_text('\n\nresource "aws_vpc" "v" {\n}\n')
    return tmp_path / "infra"


def test_resources_modules_and_data_have_the_line_of_their_header(root: Path) -> None:
    lines = MAIN.split("\n")
    assert declared(root) == {
        address: SourceLine(file="main.tf", line=lines.index(text) + 1)
        for address, text in {
            "aws_s3_bucket.b": 'resource "aws_s3_bucket" "b" {',
            "aws_sqs_queue.q": "  resource aws_sqs_queue q { # unquoted labels are accepted",
            "data.aws_caller_identity.me": 'data "aws_caller_identity" "me" {}',
            "module.net": 'module "net" {',
            "module.registry": 'module "registry" {',
        }.items()
    } | {"module.net.aws_vpc.v": SourceLine(file="../modules/net/net.tf", line=3)}


def test_an_instance_has_the_line_of_its_block_and_a_foreign_module_that_of_its_call(root: Path) -> None:
    places = declared(root)
    assert line_of('aws_s3_bucket.b["a.b"]', places) == places["aws_s3_bucket.b"]
    assert line_of('module.net["x"].aws_vpc.v[0]', places) == places["module.net.aws_vpc.v"]
    assert line_of("module.registry.module.inner.aws_subnet.s", places) == places["module.registry"]
    assert line_of("aws_s3_bucket.gone", places) is None
    assert line_of("module.gone.aws_vpc.v", places) is None
    assert line_of("AWS::S3::Object/b/k", places) is None
    assert line_of("", places) is None


def test_what_is_declared_twice_has_no_line(root: Path) -> None:
    (root / "more.tf").write_text('resource "aws_s3_bucket" "b" {}\nresource "aws_a" "x" {}\n')
    assert set(declared(root)) & {"aws_s3_bucket.b", "aws_a.x"} == {"aws_a.x"}


@pytest.mark.parametrize("name", ["override.tf", "x_override.tf", "a.tf.json", ".hidden.tf"])
def test_files_that_declare_nothing_by_themselves_are_left_out(root: Path, name: str) -> None:
    (root / name).write_text('resource "aws_s3_bucket" "b" {}\n')
    assert declared(root)["aws_s3_bucket.b"].file == "main.tf"


@pytest.mark.parametrize("text", ["}\n", "x {\n", "\xff", 'resource "a" "b" {\n  x = "${y["}"]}"\n}\n'])
def test_a_file_that_cannot_be_followed_gives_no_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "main.tf").write_bytes(b'resource "aws_a" "x" {}\n' + text.encode("latin-1"))
    assert declared(tmp_path) == {}


def test_modules_that_call_each_other_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('module "a" {\n  source = "./."\n}\nmodule "b" {\n  source = "./"\n}\n')
    assert declared(tmp_path)["module.a.module.b"].line == 4


words = st.sampled_from(
    ["resource", "a", '"b"', "{", "}", "\n", '"${x["k"]}"', "# {\n", "/*", "*/", "<<E\n", "E\n", "="]
)


@given(st.lists(words, max_size=30))
def test_no_text_is_read_otherwise_than_the_parser_does(parts: list[str]) -> None:
    text = " ".join(parts)
    try:
        known = hcl2.loads(text + "\n")
    except Exception:  # noqa: BLE001 - whatever is wrong with it, Terraform would not take it
        return
    expected = {
        f"{kind} {name}".replace('"', "")
        for block in known.get("resource", [])
        for kind, named in block.items()
        for name in named
    }
    assert {" ".join(each.words[1:]) for each in blocks_of(text) if each.words[0] == "resource"} == expected
