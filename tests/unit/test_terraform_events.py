from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.executors.terraform.events import (
    Completed,
    Errored,
    Event,
    Planned,
    Refreshed,
    Reported,
    Started,
    Summary,
    Text,
    parse_event,
)
from sandbox.executors.terraform.run import Transcript, describe
from sandbox.ports import SilentProgress
from sandbox.rehearsal import Diagnostic


def hook(kind: str, address: str, action: str = "create") -> str:
    return json.dumps({"type": kind, "hook": {"resource": {"addr": address}, "action": action}})


ERROR: dict[str, Any] = {
    "severity": "error",
    "summary": "Unsupported argument",
    "detail": "No.",
    "address": "a.b",
    "range": {"filename": "main.tf", "start": {"line": 3}},
    "snippet": {"code": 'password = "hush"'},
}


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (hook("refresh_complete", "a.b"), Refreshed(address="a.b")),
        (hook("apply_start", "a.b"), Started(address="a.b", action="create")),
        (hook("apply_complete", "a.b", "delete"), Completed(address="a.b", action="delete")),
        (hook("apply_errored", "a.b"), Errored(address="a.b", action="create")),
        (
            '{"type": "planned_change", "change": {"resource": {"addr": "a.b"}, "action": "replace"}}',
            Planned(address="a.b", action="replace"),
        ),
        (
            '{"type": "change_summary", "changes": {"add": 1, "change": 2, "remove": 3, "operation": "plan"}}',
            Summary(operation="plan", total=6),
        ),
        ('{"type": "version"}', None),
        ('{"type": "apply_start"}', Started(address="", action="")),
        ("", None),
        ("panic: oh", Text(line="panic: oh")),
        ("{broken", Text(line="{broken")),
        ('{"type": 7}', None),
    ],
)
def test_lines_become_events(line: str, event: Event | None) -> None:
    assert parse_event(line) == event


def test_a_diagnostic_keeps_its_place_and_loses_the_excerpt() -> None:
    event = parse_event(json.dumps({"type": "diagnostic", "diagnostic": ERROR}))
    assert isinstance(event, Reported)
    assert event.diagnostic == Diagnostic(
        severity="error", summary="Unsupported argument", detail="No.", address="a.b", filename="main.tf", line=3
    )
    assert describe(event.diagnostic) == "main.tf:3: Unsupported argument (a.b)\nNo."


class Recording(SilentProgress):
    def __init__(self) -> None:
        self.seen: list[tuple[int, int | None, str]] = []

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        self.seen.append((done, total, current))


def test_a_transcript_counts_and_says_what_was_left_unfinished() -> None:
    progress = Recording()
    transcript = Transcript(progress=progress, code=1)
    for line in (
        '{"type": "change_summary", "changes": {"add": 3, "change": 0, "remove": 1, "operation": "plan"}}',
        hook("apply_start", "data.d.d", "read"),
        hook("apply_complete", "data.d.d", "read"),
        hook("apply_start", "a.replaced", "delete"),
        hook("apply_complete", "a.replaced", "delete"),
        hook("apply_start", "a.replaced"),
        hook("apply_complete", "a.replaced"),
        hook("apply_start", "a.broken"),
        hook("apply_errored", "a.broken"),
        hook("apply_start", "a.cut_off"),
    ):
        transcript.take(line)
    outcome = transcript.outcome()
    assert outcome.applied == ("a.replaced",)
    assert outcome.failed == ("a.broken", "a.cut_off")
    assert not outcome.succeeded
    assert progress.seen[-1] == (3, 4, "a.cut_off")
