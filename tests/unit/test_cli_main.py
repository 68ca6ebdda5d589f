"""A command in somebody else's process: signals end it, and are as before afterwards."""

from __future__ import annotations

import os
import signal
import time

import pytest

from gate.cli import main
from gate.cli.main import FAILED, USAGE, run

ENDING = (signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_a_command_and_is_as_before_afterwards(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(_options: object) -> int:
        os.kill(os.getpid(), number)
        time.sleep(60)
        return 0

    monkeypatch.setattr(main, "_load", lambda _place: command)
    before = [signal.getsignal(each) for each in ENDING]

    assert run(["review", "plan.json"]) == FAILED

    assert "interrupted" in capsys.readouterr().err
    assert [signal.getsignal(each) for each in ENDING] == before


def test_signals_are_as_before_after_a_command_that_fails() -> None:
    before = [signal.getsignal(each) for each in ENDING]

    assert run(["review", "no-such-plan.json"]) == USAGE

    assert [signal.getsignal(each) for each in ENDING] == before
