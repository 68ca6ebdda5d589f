"""The corpus of commands, each with the right decision."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.hook.answer import respond
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


@pytest.mark.parametrize("kind", ["harmless", "destructive", "evasive"])
def test_each_command_is_answered_in_words(kind: str, folder: Path) -> None:
    for command in CORPUS[kind]:
        answer = respond("kiro", json.dumps({"tool_input": {"command": command}, "cwd": str(folder)}), {})
        assert answer.code == (0 if kind == "harmless" else 2)
        assert "\0" not in answer.stderr
        assert "hook failed" not in answer.stderr


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="terafom ply'\"`$(){}<>|&;\\\n#=*[]!-/xsh", max_size=60))
def test_no_text_brings_it_down(text: str) -> None:
    answer = respond("kiro", json.dumps({"tool_input": {"command": text}, "cwd": "/nowhere"}), {})
    assert answer.code in {0, 2}


def test_the_corpus_has_the_size_and_mixture_that_it_should_have() -> None:
    sizes = {kind: len(set(CORPUS[kind])) for kind in ("harmless", "destructive", "evasive")}
    assert sum(sizes.values()) >= 200
    assert sizes["destructive"] >= 50
    assert sizes["evasive"] >= 50
