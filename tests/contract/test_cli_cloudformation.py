"""`sandtable rehearse cloudformation`: what is asked wrongly is one clear error, before any engine starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.cli.main import run

ARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/7bb52096-cf21"
DEPLOYED = "cloudformation-stack:shop"
GOOD = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere.yaml"], (64, "There is no template nowhere.yaml")),
        ([], (64, "Neither a template nor --delete was given")),
        (["."], (64, "There is no template .")),
        (["good.yaml", "--parameters", "nowhere.json"], (3, "nowhere.json cannot be read")),
        (["good.yaml", "--parameters", "bad.yaml"], (3, "parameters file")),
        (["good.yaml", "--stack-policy", "bad.yaml"], (3, "stack policy")),
        (["bad.yaml"], (3, "has no Type")),
        (["needs.yaml"], (3, "needs values for Stage")),
        (["good.yaml", "--target", "cloudformation:nowhere.yaml"], (64, "There is no template nowhere.yaml")),
        (["good.yaml", "--target", "cloudformation:bad.yaml"], (3, "has no Type")),
        (["good.yaml", "--target", "cloudformation-stack:a/b"], (64, "names no stack")),
        (["good.yaml", "--target", DEPLOYED, "--region", "Ireland"], (64, "not the name of an AWS region")),
        (["good.yaml", "--target", DEPLOYED, "--region", "eu-west-1", "--region", "eu-west-2"], (64, "in one region")),
        (["good.yaml", "--target", f"cloudformation-stack:nobody:{ARN}", "--region", "us-east-2"], (64, "is not in")),
        (["good.yaml", "--target", f"cloudformation-stack:nobody:{ARN}"], (3, "The AWS profile 'nobody'")),
        (["good.yaml", "--target", "config:root"], (64, "does not tell which stacks there are")),
        (["good.yaml", "--timeout", "0"], (64, "--timeout")),
    ],
)
def test_wrong_input_is_one_clear_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    expected: tuple[int, str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD)
    Path("bad.yaml").write_text("Resources: {Q: {}}")
    Path("root").mkdir()
    Path("root/main.tf").write_text('resource "aws_sqs_queue" "q" {}')
    Path("needs.yaml").write_text("Parameters: {Stage: {Type: String}}\n" + GOOD)
    target = [] if "--target" in arguments else ["--target", "empty"]

    assert run(["rehearse", "cloudformation", *arguments, *target, "--quiet"]) == expected[0]
    told = capsys.readouterr()
    assert expected[1] in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml", "good.yaml", "needs.yaml", "root"]


@pytest.mark.parametrize("option", [["--stack", "shop"], ["--target-parameters", "values.json"]])
def test_what_is_about_stacks_needs_stacks(capsys: pytest.CaptureFixture[str], option: list[str]) -> None:
    assert run(["clone", "--target", "empty", "--out", "empty.snapshot", *option, "--quiet"]) == 64
    assert "are about stacks" in capsys.readouterr().err
