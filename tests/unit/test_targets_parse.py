from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.errors import UsageError
from sandbox.targets import ConfigTarget, EmptyTarget, GitTarget, Target, materialise, parse_target
from sandbox.targets.target import LiveStackTarget, LiveTarget, SnapshotTarget, StackTarget, StateTarget

ARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/7bb52096-cf21"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("config:live", ConfigTarget(directory=Path("live"))),
        ("config:C:/odd:name", ConfigTarget(directory=Path("C:/odd:name"))),
        ("git:main", GitTarget(ref="main")),
        ("git:v1.0^{commit}:envs/prod", GitTarget(ref="v1.0^{commit}", directory="envs/prod")),
        ("tfstate:prod.tfstate", StateTarget(source="prod.tfstate")),
        ("tfstate:-", StateTarget(source="-")),
        ("snapshot:prod.snapshot", SnapshotTarget(file=Path("prod.snapshot"))),
        ("cloudformation:app.yaml", StackTarget(template=Path("app.yaml"))),
        ("cloudformation-stack:shop", LiveStackTarget(stack="shop")),
        ("cloudformation-stack:prod:shop", LiveStackTarget(stack="shop", profile="prod")),
        (f"cloudformation-stack:{ARN}", LiveStackTarget(stack="shop", arn=ARN, region="eu-west-1")),
        (f"cloudformation-stack:a:b:{ARN}", LiveStackTarget(stack="shop", arn=ARN, region="eu-west-1", profile="a:b")),
        ("aws:prod", LiveTarget(profile="prod")),
        ("aws:", LiveTarget()),
        ("empty", EmptyTarget()),
    ],
)
def test_the_kinds_are_understood(text: str, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "config",
        "config:",
        "git",
        "git:",
        "git::dir",
        "git:--output=/tmp/x",
        "git:a\nb",
        "empty:",
        "live",
        "cloudformation-stack:",
        "cloudformation-stack:a/b",
        "cloudformation-stack:7up",
        "cloudformation-stack:arn:aws:cloudformation:eu-west-1:123456789012:stackset/shop:1",
        "Config:x",
    ],
)
def test_anything_else_is_no_target(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert caught.value.hint


def test_folders_need_no_work(tmp_path: Path) -> None:
    def result(target: ConfigTarget) -> Path:
        return materialise(target, change_dir=tmp_path, scratch=tmp_path / "scratch")

    assert result(ConfigTarget(directory=tmp_path)) == tmp_path
    with pytest.raises(UsageError, match="not a folder"):
        result(ConfigTarget(directory=tmp_path / "missing"))
    assert not (tmp_path / "scratch").exists()
