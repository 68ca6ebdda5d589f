"""`sandtable comment REPORT.md`: post a report to a pull request, or renew the comment that is there."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from gate.ci.comments import Conversation
from gate.ci.surroundings import pull_request_of
from gate.report.escape import visible
from sandbox.errors import ConfigurationError, UsageError


def comment(options: argparse.Namespace) -> int:
    """Post the report; exits with 0 where it stands there."""
    number = pull_request_of(os.environ)
    if number is None:
        raise UsageError("This run is about no pull request.", hint="Comment only where the event is pull_request.")
    text = _read(options.file)
    place = Conversation.of(os.environ, number, author=options.author).post(text)
    print(visible(place))  # noqa: T201 - what was asked for
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.", hint="Name a summary.md.") from error
