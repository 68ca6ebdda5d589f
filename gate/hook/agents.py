"""Each agent's own language: the event that its hook gets on standard input, and the answer that holds a command back.

| agent | documentation |
| --- | --- |
| Claude Code | https://code.claude.com/docs/en/hooks (PreToolUse) |
| Codex | https://developers.openai.com/codex/hooks (PreToolUse; fields it does not know make the hook fail) |
| Gemini CLI | https://geminicli.com/docs/hooks/reference (BeforeTool) |
| Cursor | https://cursor.com/docs/agent/hooks (beforeShellExecution) |
| Kiro | https://kiro.dev/docs/cli/hooks (PreToolUse) |

A command that goes through is answered with nothing that counts as consent: whether a person is asked is the agent's
own affair, as without the hook.
"""

from __future__ import annotations

import json
import os.path
from typing import Any

from diffing.record import dataclass

AGENTS = ("claude-code", "kiro", "cursor", "gemini", "codex")
BLOCKED = 2
"""The exit code that holds a call back in all of them, whatever was printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What an agent is about to do."""

    command: str | None
    """The shell command; None for what is no shell command."""
    cwd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the hook says."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


class EventError(Exception):
    """Standard input is not an event."""


def read_event(text: str) -> Event:
    """Read an event of any of the agents: they differ only in where the command stands.

    Raises:
        EventError: it is none.
    """
    try:
        event = json.loads(text)
    except ValueError as error:
        raise EventError("standard input is not JSON") from error
    if not isinstance(event, dict):
        raise EventError("standard input is not a JSON object")
    given = event.get("tool_input")
    tool: dict[str, Any] = given if isinstance(given, dict) else {}
    command = tool.get("command", event.get("command"))
    if event.get("hook_event_name") == "beforeMCPExecution" or command is None:
        return Event(command=None, cwd=None)
    if isinstance(command, list):
        # An argument vector, as `bash -lc TEXT`.
        command = " ".join(_quoted(str(word)) for word in command)
    if not isinstance(command, str):
        raise EventError("the command in the event is not text")
    return Event(command=command, cwd=_cwd(event, tool))


def _cwd(event: dict[str, Any], tool: dict[str, Any]) -> str:
    roots = event.get("workspace_roots")
    first = roots[0] if isinstance(roots, list) and roots else ""
    base = next((each for each in (event.get("cwd"), first) if isinstance(each, str) and each), "")
    inner = next(
        (tool[name] for name in ("dir_path", "directory", "workdir", "cwd") if isinstance(tool.get(name), str)), ""
    )
    return os.path.realpath(os.path.join(base or os.getcwd(), inner))


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\"'\"'") + "'"


def through(agent: str) -> Answer:
    """The answer that leaves a command to the agent's own rules."""
    return Answer(stdout="{}\n") if agent in {"cursor", "gemini"} else Answer()


def held_back(agent: str, reason: str) -> Answer:
    """The answer that holds a command back, with the reason for the agent."""
    match agent:
        case "claude-code" | "codex":
            decision = {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            }
            return Answer(stdout=_line({"hookSpecificOutput": decision}))
        case "gemini":
            return Answer(stdout=_line({"decision": "deny", "reason": reason}))
        case "cursor":
            user = reason.partition("\n")[0]
            return Answer(stdout=_line({"permission": "deny", "user_message": user, "agent_message": reason}))
        case _:
            return Answer(stderr=f"{reason}\n", code=BLOCKED)


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document) + "\n"
