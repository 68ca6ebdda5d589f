from __future__ import annotations

import json
from pathlib import Path

from sandbox.executors.terraform.guards import guarded

GUARDED = 'resource "aws_s3_bucket" "a" {\n  bucket = "x"\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'


def test_what_must_not_be_destroyed_is_found_in_every_local_module(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(GUARDED + 'resource "aws_sqs_queue" "b" {}\n')
    store = tmp_path / "modules" / "store"
    store.mkdir(parents=True)
    (store / "main.tf.json").write_text(
        json.dumps({"resource": {"aws_dynamodb_table": {"t": {"lifecycle": {"prevent_destroy": True}}}}})
    )
    (tmp_path / "shop.tf").write_text('module "shop" {\n  source = "./modules/shop"\n}\n')
    (tmp_path / "modules" / "shop").mkdir()
    (tmp_path / "modules" / "shop" / "main.tf").write_text('module "store" {\n  source = "../store"\n}\n')

    assert guarded(tmp_path) == {"aws_s3_bucket.a", "module.shop.module.store.aws_dynamodb_table.t"}


def test_what_is_not_protected_or_cannot_be_read_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "off.tf").write_text(GUARDED.replace("= true", "= false"))
    (tmp_path / "comment.tf").write_text('# prevent_destroy\nresource "aws_sqs_queue" "b" {}\n')
    (tmp_path / "broken.tf").write_text(GUARDED[:-10])
    (tmp_path / "remote.tf").write_text('module "far" {\n  source = "example/far"\n}\n')

    assert guarded(tmp_path) == frozenset()
