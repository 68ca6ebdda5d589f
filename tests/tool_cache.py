"""A cache of a test's own, for clones, passes and a history that are nobody else's, without making the tools anew.

What is kept of a provider (the copy with short waits, 700 MB, and its schemas) goes by the digest of its executable and
is checked before it is used: it is the same for all tests, and shared with the user's own rehearsals.
"""

from __future__ import annotations

import os
from pathlib import Path

SHARED = ("shortened", "answers", "schemas")


def own_cache(folder: Path) -> str:
    """A folder to be named in ``XDG_CACHE_HOME``; it is made where it is not there yet."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    own, shared = folder / "sandtable", Path(home) / "sandtable"
    if not own.exists():
        own.mkdir(parents=True, mode=0o700)
        for name in SHARED:
            (shared / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            (own / name).symlink_to(shared / name)
    return str(folder)
