"""What is recommended instead of a replacement or of a delete and a create: from tables with sources, or in general."""

from __future__ import annotations

import pytest
from policy_builders import created, deleted, found, replaced

from diffing.renames import handover_blocks
from gate.policy.alternatives import ALTERNATIVES, alternatives
from gate.policy.successors import SUCCESSORS


def remediation(type_: str, *paths: str) -> str:
    change = replaced(f"{type_}.a", replace_paths=tuple((path,) for path in paths))
    [finding] = found("resource-replaced", change)
    return finding.remediation


def test_every_row_says_something_and_where_it_is_from() -> None:
    for row in ALTERNATIVES:
        assert row.types
        assert row.text.endswith(".")
        assert len(row.source.split()) > 2
    keys = [(type_, name) for row in ALTERNATIVES for type_ in row.types for name in row.attributes or ("",)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("type_", "path", "words"),
    [
        ("aws_dynamodb_table", "name", "export the items to S3"),
        ("aws_security_group", "description", "into tags"),
        ("aws_security_group", "name", "create_before_destroy"),
        ("aws_db_instance", "storage_encrypted", "Copy a snapshot"),
        ("aws_db_instance", "engine", "blue/green"),
        ("aws_instance", "ami", "ignore_changes"),
        ("aws_kms_key", "customer_master_key_spec", "alias"),
    ],
)
def test_the_forcing_attribute_decides_what_is_recommended(type_: str, path: str, words: str) -> None:
    text = remediation(type_, path)
    assert text.startswith(f"Leave {path} as it is. If it must change: ")
    assert words in text
    assert "(Source: " in text


def test_what_is_not_in_the_table_gets_general_advice_and_no_source() -> None:
    assert "Source" not in remediation("aws_dynamodb_table", "billing_mode")
    assert "beside the old one" in remediation("aws_something_new", "name")


def test_two_forcing_attributes_with_one_answer_get_it_once() -> None:
    change = replaced("aws_dynamodb_table.a", replace_paths=(("hash_key",), ("name",)))
    assert len(list(alternatives(change))) == 1


def test_a_type_that_took_anothers_place_is_handed_over() -> None:
    old = deleted("aws_s3_bucket_object.logo", {"bucket": "assets", "key": "logo.png"})
    new = created("aws_s3_object.logo", {"bucket": "assets", "key": "logo.png"})
    [finding] = found("resource-deleted", old, new)
    assert finding.remediation.endswith(handover_blocks(old.address, new.address, "assets/logo.png"))
    other = created("aws_s3_object.logo", {"bucket": "assets", "key": "icon.png"})
    [finding] = found("resource-deleted", old, other)
    assert "import {" not in finding.remediation


def test_the_blocks_of_a_handover_are_what_terraform_reads() -> None:
    assert handover_blocks("aws_alb.a", 'module.m["x"].aws_lb.a', "arn:${x}") == (
        "removed {\n  from = aws_alb.a\n\n  lifecycle {\n    destroy = false\n  }\n}\n\n"
        'import {\n  to = module.m["x"].aws_lb.a\n  id = "arn:$${x}"\n}\n'
    )
    with pytest.raises(ValueError, match="on its own"):
        handover_blocks("aws_alb.a[0]", "aws_lb.a", "arn")


def test_an_instance_of_several_gets_the_general_advice() -> None:
    old = deleted("aws_alb.a[0]", {"name": "front", "arn": "arn:front"})
    [finding] = found("resource-deleted", old, created("aws_lb.a", {"name": "front"}))
    assert "import {" not in finding.remediation


def test_every_successor_can_be_told_and_imported() -> None:
    for old, row in SUCCESSORS.items():
        assert old != row.type
        assert row.names
        assert row.import_id
