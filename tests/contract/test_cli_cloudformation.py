"""`sandtable rehearse cloudformation`: what is asked wrongly is one clear error, before any engine starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.cli.main import run

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
    Path("needs.yaml").write_text("Parameters: {Stage: {Type: String}}\n" + GOOD)
    target = [] if "--target" in arguments else ["--target", "empty"]

    assert run(["rehearse", "cloudformation", *arguments, *target, "--quiet"]) == expected[0]
    told = capsys.readouterr()
    assert expected[1] in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml", "good.yaml", "needs.yaml"]
