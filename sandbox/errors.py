"""The errors this tool raises on purpose. Each says what was tried and what happened, and hints at what to do."""

from __future__ import annotations


class SandtableError(Exception):
    """Base of all: the tool could not do its work. The command line turns it into exit code 3.

    Args:
        message: What was tried, on what, and what happened; one or more plain lines.
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SandtableError):
    """The request itself is wrong (a directory that does not exist, a bad reference): exit code 64."""


class MissingToolError(SandtableError):
    """A program or package that this run needs is not installed."""


class ConfigurationError(SandtableError):
    """The user's Terraform configuration, policy or scenario is not valid; carries the tool's own diagnostics."""


class EngineError(SandtableError):
    """The engine did not start, died, or stopped answering."""


class TimeoutExpiredError(SandtableError):
    """A step ran longer than allowed and was ended, with every process it had started."""
