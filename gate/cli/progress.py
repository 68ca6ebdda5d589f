"""What is going on, on stderr: a live display in a terminal, a line per phase in a log, nothing when asked to be quiet.

Progress is told from several threads and must never disturb the work it tells of: it takes a lock, and what goes wrong
while writing (a closed or broken stderr) is dropped. The cursor is left alone, so that it cannot stay hidden, however
the process ends.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from types import TracebackType
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from gate.report.escape import visible
from sandbox.ports import Progress, SilentProgress

BAR_WIDTH, REFRESHES_PER_SECOND = 20, 8


def progress_on_stderr(*, quiet: bool, stream: TextIO | None = None) -> AbstractContextManager[Progress]:
    """Return the display that fits: live in a terminal, plain lines otherwise, silence when quiet.

    Args:
        quiet: Show nothing.
        stream: Where to write, if not to stderr.
    """
    stream = stream or sys.stderr
    if quiet or stream is None or stream.closed:
        return _silence()
    console = _Stderr(file=stream, highlight=False)
    return _Display(console, live=stream.isatty() and not console.is_dumb_terminal)


@contextmanager
def _silence() -> Iterator[Progress]:
    yield SilentProgress()


class _Stderr(Console):
    """A console that neither hides the cursor nor ends the process when nobody reads it any more."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - rich's signature
        return False

    def on_broken_pipe(self) -> None:
        self.quiet = True


class _Display:
    """Progress as lines for what is over and, when live, one moving line for what goes on."""

    def __init__(self, console: Console, *, live: bool) -> None:
        self._console = console
        self._lock = threading.RLock()
        self._title = ""
        self._began = 0.0
        self._done = 0
        self._total: int | None = None
        self._current = ""
        self._frames = "|/-\\" if console.options.ascii_only else "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
        self._live = (
            Live(self, console=console, transient=True, refresh_per_second=REFRESHES_PER_SECOND, redirect_stdout=False)
            if live
            else None
        )

    def __enter__(self) -> Progress:
        if self._live:
            with suppress(OSError, ValueError):
                self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._finish(succeeded=kind is None)
        if self._live:
            with suppress(OSError, ValueError):
                self._live.stop()

    def phase(self, title: str) -> None:
        """A new phase begins; the one before is over."""
        with self._lock:
            self._finish(succeeded=True)
            self._title, self._began = visible(title), time.monotonic()
            self._done, self._total, self._current = 0, None, ""

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        """Within the phase: how many resources are finished, and what is being worked on."""
        with self._lock:
            self._done, self._total, self._current = done, total, visible(current)

    def notice(self, text: str) -> None:
        """Something the user should know."""
        with self._lock:
            self._print(Text.assemble(("  ! ", "bold yellow"), visible(text)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the moving line."""
        with self._lock:
            if not self._title:
                return
            frame = self._frames[int(console.get_time() * REFRESHES_PER_SECOND) % len(self._frames)]
            line = Text.assemble((f"  {frame} ", "cyan"), self._title, (f"  {self._elapsed()}", "dim"))
            line.append_text(self._bar(ascii_only=options.ascii_only))
            line.append(f"  {self._current}" if self._current else "", style="dim")
        line.truncate(options.max_width, overflow="crop" if options.ascii_only else "ellipsis")
        line.no_wrap = True
        yield line

    def _bar(self, *, ascii_only: bool) -> Text:
        if not self._total:
            return Text(f"  {self._done}" if self._done else "", style="cyan")
        full, empty = ("#", "-") if ascii_only else ("━", "─")
        width = round(BAR_WIDTH * min(max(self._done / self._total, 0), 1))
        return Text.assemble(
            "  ", (full * width, "cyan"), (empty * (BAR_WIDTH - width), "dim"), f" {self._done}/{self._total}"
        )

    def _finish(self, *, succeeded: bool) -> None:
        """Print the line of the phase that is over."""
        if not self._title:
            return
        ascii_only = self._console.options.ascii_only
        good, bad = ("+", "x") if ascii_only else ("✓", "✗")
        sign = (f"  {good} ", "green") if succeeded else (f"  {bad} ", "bold red")
        count = f"  {self._done} resources" if self._done else ""
        self._print(Text.assemble(sign, self._title, (f"  {self._elapsed()}{count}", "dim")))
        self._title = ""

    def _elapsed(self) -> str:
        seconds = time.monotonic() - self._began
        return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60):02} s"  # noqa: PLR2004 - a minute

    def _print(self, text: Text) -> None:
        with suppress(OSError, ValueError):
            self._console.print(text, soft_wrap=True)
