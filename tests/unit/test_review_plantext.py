"""Bytes in, parsed JSON out, or one clear error that says what the file is instead."""

from __future__ import annotations

import codecs
import json

import pytest
from review_plans_made import change, plan, text

from sandbox.errors import ConfigurationError
from sandbox.executors.terraform import largeplan
from sandbox.executors.terraform.plantext import MANY, READ, decode_plan
from sandbox.executors.terraform.savedplan import read_saved_plan

PLAN = plan(change("aws_sns_topic.ä", "create", None, {"name": "größe"}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_of_unicode_is_read(encoding: str) -> None:
    content = json.dumps(PLAN, ensure_ascii=False).encode(encoding)
    assert decode_plan(content, name="p")["resource_changes"] == PLAN["resource_changes"]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf16_with_a_mark_is_read(mark: bytes) -> None:
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    assert decode_plan(mark + json.dumps(PLAN).encode(encoding), name="p")["format_version"] == "1.2"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"PK\x03\x04tfplan", "binary plan"),
        (b"Terraform will perform the following actions:\n", "people read"),
        (b"\x1b[0m\x1b[1mTerraform used the selected providers", "people read"),
        (b"OpenTofu will perform the following actions:", "people read"),
        (b"No changes. Your infrastructure matches the configuration.", "people read"),
        (b"aws_instance.web: Refreshing state... [id=i-1]\nPlan: 1 to add", "people read"),
        (b'{"@level":"info","@message":"Terraform 1.11.4"}\n{"@level":"info"}\n', "log of `terraform plan -json`"),
        (b'{"version": 4, "serial": 3, "lineage": "x", "resources": []}', "state file"),
        (b'{"format_version": "1.0"}', "of a state"),
        (b'{"format_version": "1.0", "values": {"root_module": {}}}', "of a state"),
        (b'{"format_version": "1.0", "provider_schemas": {}}', "schemas"),
        (b"[]", "not a JSON object"),
        (b"{}", "format_version"),
        (b'{"resource_changes": []}', "format_version"),
        (b'{"format_version": "2.0", "resource_changes": []}', "'2.0'"),
        (b'{"format_version": 1, "resource_changes": []}', "'1'"),
        (b'{"format_version": "1.0", "resource_changes": NaN}', "NaN"),
        (b'{"format_version": "1.0", "resource_changes": [', "JSON"),
        (b'{"format_version": "1.0", "resource_changes": ' + b"[" * 100_000, "too deeply"),
        (b'{"format_version": "1.0", "resource_changes": [], "x": ' + b"1" * 5000 + b"}", "not a plan in JSON"),
        (b'{"format_version": "1.0", "a": "\xff"}', "not a plan in JSON"),
        (codecs.BOM_UTF16_LE + b"\x00", "UTF-16"),
    ],
)
def test_what_is_no_plan_is_named(content: bytes, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        decode_plan(content, name="given.json")
    assert what in caught.value.message
    assert caught.value.hint


def test_the_last_of_two_equal_names_counts() -> None:
    twice = text(change("aws_sns_topic.a", "create", None, {})).replace(
        b'"actions": ["create"]', b'"actions": ["create"], "actions": ["delete"]'
    )
    [entry] = decode_plan(twice, name="p")["resource_changes"]
    assert entry["change"]["actions"] == ["delete"]
    assert _large(twice)["resource_changes"] == [entry]


def _large(content: bytes) -> dict[str, object]:
    found = largeplan.decode(content)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "value", ["1e400", "-1e400", '"\\ud800"', "1" * 400, "9007199254740993", "0.1", "-0", "1.0", '"\\u0000"', "1e5"]
)
def test_both_decoders_read_the_same(value: str) -> None:
    content = text(change("aws_sns_topic.a", "create", None, {"x": "HERE"})).replace(b'"HERE"', value.encode())
    padded = content[:-1] + b', "prior_state": {' + b'"x": 0, ' * (2 * MANY) + b'"y": 0}}'
    small, large = decode_plan(content, name="p"), decode_plan(padded, name="p")
    assert repr(small["resource_changes"]) == repr(large["resource_changes"])
    read_saved_plan(padded, name="p")


@pytest.mark.parametrize(("members", "quick"), [(MANY // 2, False), (2 * MANY, True)])
def test_the_quick_decoder_is_loaded_for_plans_of_many_members(
    monkeypatch: pytest.MonkeyPatch, members: int, *, quick: bool
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(largeplan, "decode", lambda content: asked.append(len(content)))
    start = text(change("aws_sns_topic.a", "create"))[:-1]

    decode_plan(start + b', "prior_state": {' + b'"x": 0, ' * members + b'"y": 0}}', name="p")

    assert bool(asked) is quick


def test_a_large_plan_is_read_without_what_does_not_count() -> None:
    found = _large(text(change("aws_sns_topic.a", "create"), prior_state={"values": {}}, checks=[]))
    assert found.keys() == {
        "format_version",
        "terraform_version",
        "planned_values",
        "resource_changes",
        "configuration",
        "checks",
    }
    assert found["planned_values"] is None
    assert found.keys() - {"planned_values"} <= set(READ)


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"a": NaN}', b'{"checks": 1e999}', b'{"checks": "\\ud800"}'])
def test_what_the_quick_decoder_refuses_is_left_to_the_other(content: bytes) -> None:
    assert largeplan.decode(content) is None


def test_a_large_file_that_is_no_plan_is_named_as_well() -> None:
    with pytest.raises(ConfigurationError, match="people read"):
        decode_plan(b"Terraform will perform the following actions:" + b' "x":' * (2 * MANY), name="p")
