"""The corpus of commands, each with the right decision."""

from pathlib import Path

import pytest
import yaml

from gate.hook.judge import judge

CORPUS = yaml.safe_load((Path(__file__).parent / "hook_corpus.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, content in CORPUS["files"].items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", CORPUS["harmless"])
def test_what_is_harmless_goes_through(command: str, folder: Path) -> None:
    assert not judge(command, str(folder)).findings


@pytest.mark.parametrize("command", CORPUS["destructive"] + CORPUS["evasive"])
def test_what_changes_infrastructure_is_held_back(command: str, folder: Path) -> None:
    assert judge(command, str(folder)).findings


def test_the_corpus_has_the_size_and_mixture_that_it_should_have() -> None:
    sizes = {kind: len(set(CORPUS[kind])) for kind in ("harmless", "destructive", "evasive")}
    assert sum(sizes.values()) >= 200
    assert sizes["destructive"] >= 50
    assert sizes["evasive"] >= 50
