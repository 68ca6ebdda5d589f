"""Progress on stderr: in a real terminal (a pseudo-terminal), in a log, and quiet."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import termios
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from gate.cli.progress import progress_on_stderr
from sandbox.ports import Progress

Work = Callable[[Progress], None]


def in_a_log(work: Work) -> str:
    stream = io.StringIO()
    with progress_on_stderr(quiet=False, stream=stream) as progress:
        work(progress)
    return stream.getvalue()


def in_a_terminal(work: Work, *, error: type[Exception] | None = None) -> str:
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    output: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(leader, output))
    reader.start()
    with (
        suppress(*([error] if error else [])),
        os.fdopen(follower, "w", encoding="utf-8") as stream,
        progress_on_stderr(quiet=False, stream=stream) as progress,
    ):
        work(progress)
        if error:
            raise error
    reader.join()
    os.close(leader)
    return b"".join(output).decode()


def _read_all(leader: int, output: list[bytes]) -> None:
    with suppress(OSError):  # EIO: the other end is closed
        while data := os.read(leader, 65536):
            output.append(data)


def two_phases(progress: Progress) -> None:
    progress.phase("Cloning the target")
    progress.resources(1, 3, "aws_sqs_queue.a")
    progress.resources(3, 3)
    progress.notice("one table is large")
    progress.phase("Planning the change")


@pytest.fixture(autouse=True)
def _ordinary_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_a_log_gets_one_line_per_phase_and_notice() -> None:
    lines = in_a_log(two_phases).splitlines()
    assert [line.split("  ")[1] for line in lines] == [
        "! one table is large",
        "✓ Cloning the target",
        "✓ Planning the change",
    ]
    assert lines[1].endswith(" s  3 resources")


def test_a_log_gets_no_escape_sequences() -> None:
    assert "\x1b" not in in_a_log(two_phases)


def test_forced_colour_does_not_animate_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert len(in_a_log(two_phases).splitlines()) == 3


def test_a_terminal_shows_what_goes_on() -> None:
    shown = threading.Event()

    def work(progress: Progress) -> None:
        two_phases(progress)
        progress.resources(1, 2, "aws_lb.front")
        shown.wait(0.5)  # several refreshes; nothing is asserted about how many

    text = in_a_terminal(work)
    assert "Planning the change" in text
    assert "1/2" in text
    assert "aws_lb.front" in text
    assert "✓" in text


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_the_cursor_is_never_hidden(error: type[Exception] | None) -> None:
    assert "\x1b[?25l" not in in_a_terminal(two_phases, error=error)


def test_the_phase_that_failed_is_marked() -> None:
    assert "✗" in in_a_terminal(two_phases, error=RuntimeError)


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in in_a_terminal(two_phases)


def test_quiet_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_on_stderr(quiet=True) as progress:
        two_phases(progress)
    assert capfd.readouterr() == ("", "")


def test_stdout_stays_free(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_on_stderr(quiet=False) as progress:
        two_phases(progress)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Cloning the target" in captured.err


def test_names_cannot_act_on_the_terminal() -> None:
    def work(progress: Progress) -> None:
        progress.phase("\x1b[2J[red]wipe[/red]\n")
        progress.notice("\x1b]0;title\x07")

    assert r"\x1b[2J[red]wipe[/red]\n" in in_a_log(work)
    text = in_a_terminal(work)
    assert "\x1b]0;" not in text
    assert "\x1b[2J" not in text


def test_many_threads_may_tell_at_once() -> None:
    def work(progress: Progress) -> None:
        progress.phase("Cloning")
        threads = [
            threading.Thread(target=lambda: [progress.resources(n, 50) or progress.notice(f"n{n}") for n in range(50)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    lines = in_a_log(work).splitlines()
    assert len(lines) == 201
    assert all(line.startswith(("  ! n", "  ✓ Cloning")) for line in lines)


@pytest.mark.parametrize("closed", ["before", "during"])
def test_a_closed_stderr_does_not_disturb_the_work(closed: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", buffering=1)
    with progress_on_stderr(quiet=False, stream=stream) as progress:
        if closed == "during":
            with suppress(BrokenPipeError):
                stream.close()
        two_phases(progress)
    with suppress(BrokenPipeError):
        stream.close()
