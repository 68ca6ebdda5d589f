"""Running one Terraform command and making sense of what it says while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, assert_never

from sandbox.errors import ConfigurationError, SandtableError, TimeoutExpiredError
from sandbox.executors.terraform import process
from sandbox.executors.terraform.deadline import Deadline
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
from sandbox.executors.terraform.redaction import hide
from sandbox.executors.terraform.waits import DEV_OVERRIDES_WARNING
from sandbox.isolation.enclosure import Enclosure
from sandbox.ports import Progress, SilentProgress
from sandbox.rehearsal import ApplyOutcome, Diagnostic

Stop: TypeAlias = Callable[[Collection[str]], Sequence[Diagnostic]]
"""Given the addresses that are being worked on: the errors for which nothing comes of it any more, or nothing."""

_KEPT_LINES = 200
_KEPT_WIDTH = 4000
_NO_SPACE = "no space left on device"


class TerraformFailedError(ConfigurationError):
    """A Terraform command failed; carries its diagnostics.

    Args:
        message: What failed, with the diagnostics in words.
        hint: What to do about it.
        diagnostics: The diagnostics as Terraform gave them.
    """

    def __init__(self, message: str, *, hint: str = "", diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = diagnostics


class TerraformTimeoutError(TimeoutExpiredError):
    """A Terraform command ran into the deadline; carries what it had done until then.

    Args:
        message: What was under way.
        hint: What to do about it.
        outcome: What was applied, and what was still being worked on (as failed).
    """

    def __init__(self, message: str, *, hint: str, outcome: ApplyOutcome) -> None:
        super().__init__(message, hint=hint)
        self.outcome = outcome


@dataclass(slots=True, kw_only=True)
class Transcript:
    """What a command said, as far as anybody needs it."""

    progress: Progress
    secrets: tuple[str, ...] = ()
    """Values that no line may show."""
    total: int | None = None
    """How many changes are expected; learned from the summary where nobody knew before."""
    code: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    under_way: dict[tuple[str, str], None] = field(default_factory=dict)
    text: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))
    """Lines that are no messages."""
    _refreshed: int = 0
    _done: int = 0
    _stopped: bool = False

    def take(self, line: str) -> None:
        """Take in one line of output."""
        event = parse_event(hide(line, self.secrets))
        if event is not None:
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case Refreshed(address=address):
                self._refreshed += 1
                self.progress.resources(self._refreshed, None, address)
            case Planned():
                pass
            case Started(address=address, action=action):
                self.under_way[address, action] = None
                self.progress.resources(self._done, self.total, address)
            case Completed() | Errored():
                self._ended(event)
            case Summary(operation="plan", total=total):
                self.total = total
            case Summary():
                pass
            case Reported(diagnostic=diagnostic):
                # Neither what this tool's doing calls forth, nor what being ended does.
                if diagnostic.summary != DEV_OVERRIDES_WARNING and not self._stopped:
                    self.diagnostics.append(diagnostic)
            case Text(line=line):
                self.text.append(line[:_KEPT_WIDTH])
            case _:
                assert_never(event)

    def _ended(self, event: Completed | Errored) -> None:
        self.under_way.pop((event.address, event.action), None)
        if isinstance(event, Errored):
            self.failed.append(event.address)
        elif event.action != "read":
            self.applied.append(event.address)
        if event.action != "read":
            self._done += 1
            self.progress.resources(self._done, self.total, event.address)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error")

    def stop(self, errors: Sequence[Diagnostic]) -> None:
        """The command is ended for these errors; what it says because it is being ended is of no interest."""
        self.diagnostics += errors
        self._stopped = True

    def outcome(self) -> ApplyOutcome:
        """The command as the outcome of an apply; what was left under way counts as failed."""
        unfinished = [address for address, action in self.under_way if action != "read"]
        return ApplyOutcome(
            succeeded=self.code == 0 and not self.errors,
            diagnostics=tuple(self.diagnostics),
            applied=tuple(dict.fromkeys(self.applied)),
            failed=tuple(dict.fromkeys([*self.failed, *unfinished])),
        )


def run_command(
    command: Sequence[str],
    *,
    title: str,
    cwd: Path,
    environment: Mapping[str, str],
    deadline: Deadline,
    transcript: Transcript,
    good: frozenset[int] = frozenset({0}),
    stop: Stop | None = None,
    within: Enclosure = process.UNENCLOSED,
) -> Transcript:
    """Run one command to its end; its exit code and all it said are in the transcript.

    Args:
        command: Program and arguments.
        title: What to call it in messages: ``terraform plan of the change``.
        cwd: The copied root module.
        environment: The whole environment.
        deadline: When to end it.
        transcript: Takes in the output.
        good: The exit codes that do not stand for a failure.
        stop: Asked again and again whether it gets any further; told what is under way, it names the errors for which
            it does not.
        within: What encloses it.

    Raises:
        TerraformTimeoutError: it ran into the deadline; every process of it is gone.
        SandtableError: it could not be started, or ran out of disk.
    """

    def hopeless() -> bool:
        errors = stop(tuple(address for address, _ in transcript.under_way)) if stop else ()
        if errors:
            transcript.stop(errors)
        return bool(errors)

    finished = process.run(
        command,
        cwd=cwd,
        environment=environment,
        deadline=deadline,
        on_line=transcript.take,
        stop=hopeless,
        within=within,
    )
    transcript.code = finished.code
    if finished.exceeded:
        transcript.stop([_over_limit(finished.exceeded)])
    if finished.expired:
        raise _timeout(title, transcript)
    if finished.code not in good:
        _add_unexplained(transcript, finished)
        _check_space(title, transcript, finished)
    return transcript


def capture(
    command: Sequence[str],
    *,
    title: str,
    cwd: Path,
    environment: Mapping[str, str],
    deadline: Deadline,
    within: Enclosure = process.UNENCLOSED,
) -> str:
    """Run one command whose output is a document, and return that.

    Raises:
        TerraformFailedError: it failed.
        TerraformTimeoutError: it ran into the deadline.
        SandtableError: it could not be started, or ran out of disk.
    """
    lines: list[str] = []
    finished = process.run(
        command, cwd=cwd, environment=environment, deadline=deadline, on_line=lines.append, within=within
    )
    transcript = Transcript(progress=SilentProgress(), code=finished.code)
    if finished.exceeded:
        transcript.stop([_over_limit(finished.exceeded)])
    if finished.expired:
        raise _timeout(title, transcript)
    if finished.code != 0:
        _add_unexplained(transcript, finished)
        _check_space(title, transcript, finished)
        raise failure(title, transcript)
    return "\n".join(lines)


def failure(title: str, transcript: Transcript, *, hint: str = "") -> TerraformFailedError:
    """The error for a command whose failure ends the rehearsal."""
    told = "\n".join(describe(diagnostic) for diagnostic in transcript.errors)
    return TerraformFailedError(
        f"{title} failed:\n{told or f'exit code {transcript.code}'}",
        hint=hint or "Correct the configuration; terraform validate shows the same errors.",
        diagnostics=tuple(transcript.diagnostics),
    )


def describe(diagnostic: Diagnostic) -> str:
    """A diagnostic in one or more plain lines, with its place in the configuration."""
    place = f"{diagnostic.filename}:{diagnostic.line}: " if diagnostic.filename else ""
    address = f" ({diagnostic.address})" if diagnostic.address else ""
    return f"{place}{diagnostic.summary}{address}" + (f"\n{diagnostic.detail}" if diagnostic.detail else "")


def _over_limit(exceeded: str) -> Diagnostic:
    return Diagnostic(
        severity="error",
        summary=f"Ended by sandtable: {exceeded}",
        detail="What is replayed has limits (docs/threat-model.md), so that it cannot use up this machine.",
    )


def _add_unexplained(transcript: Transcript, finished: process.Finished) -> None:
    """A command that fails without a diagnostic (an old version, a crash) has told why in plain text."""
    if transcript.errors:
        return
    told = (*transcript.text, *finished.errors)
    lines = [hide(line, transcript.secrets) for line in told if line.strip()]
    crashed = any(line.startswith(("panic:", "fatal error:")) for line in lines)
    summary = "Terraform crashed" if crashed else f"Terraform ended with exit code {finished.code}"
    transcript.diagnostics.append(Diagnostic(severity="error", summary=summary, detail="\n".join(lines)))


def _check_space(title: str, transcript: Transcript, finished: process.Finished) -> None:
    told = [*transcript.text, *finished.errors]
    told += [f"{diagnostic.summary} {diagnostic.detail}" for diagnostic in transcript.errors]
    if any(_NO_SPACE in line.lower() for line in told):
        raise SandtableError(
            f"{title} failed because the disk of the scratch folder is full.",
            hint="Free some space, or set TMPDIR to a folder on a disk with room.",
        )


def _timeout(title: str, transcript: Transcript) -> TerraformTimeoutError:
    # Asked to stop, Terraform reports what it was working on as failed.
    unfinished = [*(address for address, _ in transcript.under_way), *transcript.failed]
    addresses = ", ".join(dict.fromkeys(unfinished))
    doing = f"; not finished: {addresses}" if addresses else ""
    return TerraformTimeoutError(
        f"{title} did not end in the time allowed{doing}. It was ended, with every process it had started.",
        hint="Allow more time with --timeout.",
        outcome=transcript.outcome(),
    )
