"""What a change says of real ids, in the words of an engine that drew its own."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType

import pytest

from sandbox.cloning.graft import LARGEST_FILE, Translation
from sandbox.cloning.idmap import IdMap

REAL, DRAWN = "vpc-0a1b2c3d4e5f60718", "vpc-11112222333344445"


@pytest.fixture
def words() -> Translation:
    nothing: MappingProxyType[str, str] = MappingProxyType({})
    return Translation(
        IdMap(
            tokens={DRAWN: REAL},
            wholes={"10.0.0.7": "172.16.4.9"},
            locals=MappingProxyType({}),
            diverged=nothing,
            misreported=nothing,
        )
    )


def test_real_ids_become_the_engines_wherever_they_stand(words: Translation) -> None:
    text = f'vpc = "{REAL}" # arn:aws:ec2:eu-west-1:123456789012:vpc/{REAL}, at 172.16.4.9'
    assert words.text(text) == text.replace(REAL, DRAWN).replace("172.16.4.9", "10.0.0.7")
    assert words.text(f"{REAL}9 my{REAL}") == f"{REAL}9 my{REAL}", "longer words are other words"


def test_a_document_stays_one(words: Translation) -> None:
    document = {"id": REAL, "policy": json.dumps({"Resource": [REAL]}), "by": {REAL: 1}}
    translated = json.loads(words.document(json.dumps(document).encode()))
    assert translated == json.loads(json.dumps(document).replace(REAL, DRAWN))


def test_a_folder_is_translated_but_for_what_is_no_source(words: Translation, tmp_path: Path) -> None:
    kept = {"big.json": REAL * (LARGEST_FILE // len(REAL) + 1), ".terraform/modules/m/main.tf": REAL}
    for name, content in {"main.tf": REAL, "modules/net/ids.auto.tfvars": REAL, **kept}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "fn.zip").write_bytes(b"PK\xff" + REAL.encode())
    outside = tmp_path.with_name("outside.txt")
    outside.write_text(REAL)
    (tmp_path / "link.txt").symlink_to(outside)
    words.folder(tmp_path)
    assert (tmp_path / "main.tf").read_text() == DRAWN
    assert (tmp_path / "modules/net/ids.auto.tfvars").read_text() == DRAWN
    assert {name: (tmp_path / name).read_text() for name in kept} == kept
    assert (tmp_path / "fn.zip").read_bytes().endswith(REAL.encode())
    assert outside.read_text() == REAL
