from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gate.policy.evaluate import RULES
from gate.scenarios import Scenario, catalogue_folder, scenario_named, scenarios
from gate.wiring import ENGINES
from sandbox.errors import ConfigurationError, UsageError

ALL = scenarios()
DESTRUCTIVE = [item for item in ALL if item.expect.decision == "reject"]

each = pytest.mark.parametrize("scenario", ALL, ids=lambda item: item.name)


def test_every_folder_of_the_catalogue_is_a_scenario() -> None:
    folders = {path.name for path in catalogue_folder().iterdir() if path.is_dir()}
    assert {item.name for item in ALL} == folders
    assert len(DESTRUCTIVE) >= 5


@each
def test_a_bundled_scenario_is_whole(scenario: Scenario) -> None:
    files = "template.yaml" if scenario.kind == "cloudformation" else "*.tf"
    assert list(scenario.before.glob(files))
    assert list(scenario.change.glob("*" if scenario.command else files))
    assert bool(scenario.command) == (scenario.kind == "command")
    assert (scenario.folder / "README.md").is_file()
    assert (scenario.seed is not None) == (scenario.folder / "seed.yaml").exists()
    assert set(scenario.engines) <= ENGINES.keys()
    assert scenario.engines
    assert set(scenario.expect.findings) <= RULES.keys()
    assert {rule for rules in scenario.expect.findings_at.values() for rule in rules} <= RULES.keys()
    assert set(scenario.expect.replace_paths) <= set(scenario.expect.changes)


@each
def test_a_near_miss_is_there_and_is_decided_otherwise(scenario: Scenario) -> None:
    if scenario in DESTRUCTIVE:
        assert scenario.near_miss
    if scenario.near_miss:
        assert scenario_named(scenario.near_miss).expect.decision != scenario.expect.decision


def test_a_name_that_no_scenario_has_is_a_usage_error() -> None:
    assert scenario_named("kiro").name == "kiro"
    with pytest.raises(UsageError, match=r"There is no scenario '\.\./kiro'") as raised:
        scenario_named("../kiro")
    assert "kiro-near-miss" in raised.value.hint


VALID: dict[str, Any] = {
    "title": "A title",
    "summary": "A summary",
    "catalogue": "pass",
    "engines": ["moto"],
    "expect": {"decision": "approve"},
}


def written(folder: Path, content: object) -> Path:
    (folder / "one").mkdir()
    text = content if isinstance(content, bytes) else yaml.safe_dump(content).encode()
    (folder / "one" / "scenario.yaml").write_bytes(text)
    return folder


def test_what_is_left_out_is_empty(tmp_path: Path) -> None:
    [scenario] = scenarios(written(tmp_path, VALID))
    assert (scenario.name, scenario.near_miss, scenario.incident, scenario.seed) == ("one", "", "", None)
    assert (scenario.expect.changes, scenario.expect.findings, scenario.expect.mentions) == ({}, (), ())


def test_what_is_given_is_read(tmp_path: Path) -> None:
    expect = {"decision": "reject", "changes": {"aws_vpc.a": "replace"}, "replace_paths": {"aws_vpc.a": ["cidr_block"]}}
    [scenario] = scenarios(written(tmp_path, VALID | {"expect": expect, "near_miss": "two"}))
    assert scenario.expect.changes == {"aws_vpc.a": "replace"}
    assert scenario.expect.replace_paths == {"aws_vpc.a": ("cidr_block",)}
    assert scenario.near_miss == "two"


def test_where_and_with_which_state_is_read(tmp_path: Path) -> None:
    place = {"account": "210987654321", "region": "eu-west-1", "workspace": "prod"}
    [scenario] = scenarios(written(tmp_path, VALID | {"state": "none", "place": place, "environment": "production"}))
    assert (scenario.state, scenario.place, scenario.environment) == ("none", place, "production")
    assert scenario.target == f"config:{tmp_path / 'one' / 'before'}"


def test_a_state_beside_the_environment_is_the_target(tmp_path: Path) -> None:
    folder = written(tmp_path, VALID | {"state": "old.tfstate"}) / "one"
    (folder / "before").mkdir()
    for file in (folder / "old.tfstate", folder / "before" / "terraform.tfstate"):
        file.write_text("{}")
    [scenario] = scenarios(tmp_path)
    assert scenario.target == f"tfstate:{folder / 'before' / 'terraform.tfstate'}"
    assert scenario.state == "old.tfstate"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "a mapping of names is expected"),
        (b"- 1", "a mapping of names is expected"),
        (b"a: [", "expected"),
        (b"title: 2024-99-99", "month"),
        (b"\xff\xfe\xff", "codec"),
        (b"[" * 5000, "recursion"),
        ({key: value for key, value in VALID.items() if key != "summary"}, "summary is missing"),
        ({key: value for key, value in VALID.items() if key != "expect"}, "expect is missing"),
        (VALID | {"expect": {}}, "decision is missing"),
        (VALID | {"expect": []}, "a mapping of names is expected"),
        (VALID | {"title": 7}, "title is no text"),
        (VALID | {"summary": " "}, "summary is no text"),
        (VALID | {"engines": "moto"}, "a list of texts is expected"),
        (VALID | {"engines": [1]}, "a list of texts is expected"),
        (VALID | {"engine": ["moto"]}, "unknown key engine"),
        (VALID | {"state": "old.tfstate"}, "there is no state old.tfstate"),
        (VALID | {"place": {"zone": "a"}}, "unknown key zone"),
        (VALID | {"place": {"account": 123}}, "account is no text"),
        (VALID | {"expect": {"decision": "maybe"}}, "'maybe' is not a valid Decision"),
        (VALID | {"expect": {"decision": "approve", "changes": {"a.b": "destroy"}}}, "'destroy' is not a valid Action"),
        (VALID | {"expect": {"decision": "approve", "changes": ["a.b"]}}, "a mapping of names is expected"),
        (VALID | {"expect": {"decision": "approve", "findings": "gap"}}, "a list of texts is expected"),
        (VALID | {"expect": {"decision": "approve", "replace_paths": {"a.b": "name"}}}, "a list of texts is expected"),
        (VALID | {"expect": {"decision": "approve", "finding": []}}, "unknown key finding"),
    ],
)
def test_a_manifest_that_is_not_valid_is_one_clear_error(tmp_path: Path, content: object, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        scenarios(written(tmp_path, content))
    assert raised.value.message.startswith("The scenario one is not valid: ")
    assert problem in raised.value.message


def test_a_manifest_that_is_no_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "one" / "scenario.yaml").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="The scenario one is not valid"):
        scenarios(tmp_path)
