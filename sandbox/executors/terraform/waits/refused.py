"""How this part says no: as data to its callers, as one exception among its own modules.

Shortening the waits is a convenience. Whatever is not exactly as expected means that the provider runs at ordinary
speed and the report says why; it never means a failed rehearsal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The waits stay as they are.

    Attributes:
        reason: Why, in one line, for the report's notice.
    """

    reason: str


class NotAsExpectedError(Exception):
    """Something differs from what was checked and understood. Becomes a `Refused` at the package's edge."""
