"""`sandtable hook AGENT`: read an event, judge it, answer. Nothing fails open: what goes wrong in here holds back."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from gate.hook.agents import BLOCKED, Answer, EventError, held_back, read_event, through

_LARGEST = 1 << 20
"""Characters of an event."""


def main(agent: str, target: str = "") -> int:
    """Answer the event on standard input; return the exit code.

    Args:
        agent: One of `AGENTS`.
        target: What the team rehearses against; empty to look for a state.
    """
    try:
        text = sys.stdin.buffer.read(_LARGEST + 1).decode("utf-8", "replace")
        answer = respond(agent, text, os.environ, target=target)
    except Exception as error:  # noqa: BLE001 - whatever it is, the command must not run because of it
        answer = Answer(stderr=f"sandtable: the hook failed, so the command is held back: {error!r}\n", code=BLOCKED)
    sys.stdout.write(answer.stdout)
    sys.stderr.write(answer.stderr)
    return answer.code


def respond(agent: str, text: str, environment: Mapping[str, str], *, target: str = "") -> Answer:
    """Answer one event."""
    if len(text) > _LARGEST:
        return Answer(stderr="sandtable: the event is too large to be judged.\n", code=BLOCKED)
    try:
        event = read_event(text)
    except EventError as error:
        return Answer(stderr=f"sandtable: {error}, so it cannot be judged.\n", code=BLOCKED)
    if event.command is None:
        return through(agent)
    # Loaded only for what is a shell command: an agent asks about every file that it reads, too.
    from gate.hook.judge import judge  # noqa: PLC0415

    judgement = judge(event.command, event.cwd)
    if not judgement.findings:
        return through(agent)
    from gate.hook.advice import advice  # noqa: PLC0415
    from gate.hook.permit import permitted  # noqa: PLC0415

    if permitted(judgement, environment):
        return through(agent)
    return held_back(agent, advice(judgement, event.cwd, environment, target=target))
