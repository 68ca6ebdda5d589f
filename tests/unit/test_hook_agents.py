"""Each agent's events and answers, and its configuration."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

from gate.cli.hook import PLACES, command_of, install
from gate.cli.main import run
from gate.hook import awscli
from gate.hook.agents import AGENTS, EventError, read_event
from gate.hook.answer import respond
from sandbox.errors import SandtableError, UsageError
from sandbox.recorder.kinds import kind_of
from sandbox.rehearsal import CallKind

EVENTS = {
    "claude-code": {
        "session_id": "s",
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": "COMMAND", "description": "d"},
        "cwd": "CWD",
    },
    "codex": {"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "COMMAND"}, "cwd": "CWD"},
    "gemini": {
        "hook_event_name": "BeforeTool",
        "tool_name": "run_shell_command",
        "tool_input": {"command": "COMMAND", "dir_path": "."},
        "cwd": "CWD",
    },
    "cursor": {"hook_event_name": "beforeShellExecution", "command": "COMMAND", "cwd": "CWD", "workspace_roots": ["/"]},
    "kiro": {
        "hook_event_name": "preToolUse",
        "cwd": "CWD",
        "tool_name": "execute_bash",
        "tool_input": {"command": "COMMAND"},
    },
}


def event(agent: str, command: str, cwd: Path) -> str:
    return json.dumps(EVENTS[agent]).replace('"COMMAND"', json.dumps(command)).replace('"CWD"', json.dumps(str(cwd)))


def reason(agent: str, command: str, cwd: Path, **environment: str) -> str:
    answer = respond(agent, event(agent, command, cwd), environment)
    match agent:
        case "claude-code" | "codex":
            decision = json.loads(answer.stdout)["hookSpecificOutput"]
            assert decision.keys() == {"hookEventName", "permissionDecision", "permissionDecisionReason"}
            assert decision["permissionDecision"] == "deny"
            return str(decision["permissionDecisionReason"])
        case "gemini":
            assert json.loads(answer.stdout)["decision"] == "deny"
            return str(json.loads(answer.stdout)["reason"])
        case "cursor":
            assert json.loads(answer.stdout)["permission"] == "deny"
            return str(json.loads(answer.stdout)["agent_message"])
        case _:
            assert (answer.stdout, answer.code) == ("", 2)
            return answer.stderr


@pytest.mark.parametrize("agent", AGENTS)
def test_a_change_is_held_back_in_the_agents_own_language(agent: str, tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text("")
    text = reason(agent, "cd infra && terraform apply -auto-approve -var 'a=b c'", tmp_path)
    expected = "terraform -chdir=infra state pull | sandtable rehearse terraform infra --target tfstate:- --var 'a=b c'"
    assert expected in text.splitlines()[3].strip()


@pytest.mark.parametrize("agent", AGENTS)
def test_what_reads_is_left_to_the_agents_own_rules(agent: str, tmp_path: Path) -> None:
    answer = respond(agent, event(agent, "terraform plan", tmp_path), {})
    assert answer.code == 0
    assert answer.stdout.strip() in {"", "{}"}


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("text", ["", "{", "[]", '{"tool_input": {"command": 5}}', "x" * ((1 << 20) + 1)])
def test_what_is_no_event_holds_back(agent: str, text: str) -> None:
    assert respond(agent, text, {}).code == 2


def test_other_tools_are_none_of_our_business() -> None:
    assert read_event('{"tool_name": "Read", "tool_input": {"file_path": "/x"}}').command is None
    mcp = '{"hook_event_name": "beforeMCPExecution", "command": "terraform apply"}'
    assert read_event(mcp).command is None
    assert read_event('{"tool_input": {"command": ["bash", "-lc", "a b"]}}').command == "'bash' '-lc' 'a b'"
    with pytest.raises(EventError):
        read_event("null")


def test_the_state_in_the_folder_is_the_target_that_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfstate").write_text("{}")
    text = reason("kiro", "terraform destroy -auto-approve", tmp_path)
    assert "sandtable rehearse command --target tfstate:terraform.tfstate -- terraform destroy -auto-approve" in text
    text = reason("kiro", "terraform apply", tmp_path, SANDTABLE_TARGET="git:main")
    assert "sandtable rehearse terraform . --target git:main" in text


def test_what_cannot_be_told_is_asked_to_be_written_out(tmp_path: Path) -> None:
    assert "Write the command out" in reason("claude-code", "$TF apply", tmp_path)
    assert "on a line of its own" in reason("claude-code", "sudo terraform apply", tmp_path)


def test_the_program_answers_and_starts_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from gate.hook.answer import main; code = main('kiro');"
        "print(sorted(set(sys.modules) & {'argparse','botocore','dataclasses','pathlib','yaml','hcl2','subprocess'}));"
        "sys.exit(code)"
    )
    finished = subprocess.run(
        [sys.executable, "-I", "-c", code],
        input=event("kiro", "aws s3 rb s3://b", tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    assert finished.stdout == "[]\n"
    assert "held back" in finished.stderr


def options(agent: str, **more: object) -> argparse.Namespace:
    return argparse.Namespace(**({"agent": agent, "user": False, "yes": True, "hook_target": ""} | more))


@pytest.mark.parametrize("agent", AGENTS)
def test_installing_adds_to_what_is_there_once(agent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / PLACES[agent].file
    file.parent.mkdir(parents=True)
    event_key = PLACES[agent].event
    before = {"theme": "dark", "hooks": {event_key: [{"mine": 1}]} if event_key else [{"mine": 1}]}
    file.write_text(json.dumps(before))
    assert install(options(agent)) == 0
    written = json.loads(file.read_text())
    entries = written["hooks"][event_key] if event_key else written["hooks"]
    assert written["theme"] == "dark"
    assert entries[0] == {"mine": 1}
    assert command_of(agent, "") in json.dumps(entries[1])
    assert json.loads(file.with_name(file.name + ".bak").read_text()) == before
    text = file.read_text()
    assert install(options(agent)) == 0
    assert file.read_text() == text


def test_installing_makes_the_file_for_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert install(options("cursor", user=True, hook_target="git:main")) == 0
    hooks = json.loads((tmp_path / ".cursor/hooks.json").read_text())
    assert hooks == {
        "version": 1,
        "hooks": {"beforeShellExecution": [{"command": "sandtable hook cursor --target git:main || exit 2"}]},
    }


@pytest.mark.parametrize("text", ['{"hooks": []}', "// comment\n{}", '{"hooks": {"PreToolUse": {}}}', "[]"])
def test_a_file_that_is_laid_out_otherwise_is_not_touched(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ".claude/settings.json"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(SandtableError):
        install(options("claude-code"))
    assert file.read_text() == text


def test_nothing_is_written_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        install(options("gemini", yes=False))
    assert not (tmp_path / ".gemini").exists()


def test_the_command_line_knows_hooks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hook", "nobody"]) == 64
    assert "nobody" in capsys.readouterr().err


def test_every_read_in_the_table_reads() -> None:
    session = Session()
    known = set(session.get_available_services())
    lines = Path(awscli.TABLE).read_text(encoding="utf-8").splitlines()
    assert len(lines) > 300
    checked = {"ec2", "s3", "iam", "dynamodb", "rds", "cognito-idp", "sqs", "lambda", "apigateway", "kms"}
    for service, *reads in (line.split() for line in lines if line.split()[0] in checked & known):
        model = session.get_service_model(service)
        names = {xform_name(name, "-"): name for name in model.operation_names}
        for read in set(reads) & names.keys():
            method = model.operation_model(names[read]).http.get("method", "")
            assert kind_of(service, names[read], method=method) is CallKind.READ
        assert {name for name in names if name.startswith("delete-")}.isdisjoint(reads)
