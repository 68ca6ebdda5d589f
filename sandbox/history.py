"""What earlier rehearsals have seen, in a small database of the user's own: which serial each state had.

Terraform counts a state's `serial` up with each change, within one `lineage`
(https://developer.hashicorp.com/terraform/language/state/remote, internal/states/statefile). A state with a lower
serial than one already seen is an old copy, and a change that starts from it would undo what came since.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

FILE = "history.sqlite3"
_PATIENCE = 5.0
_T = TypeVar("_T")
_TABLES = """
CREATE TABLE IF NOT EXISTS states (lineage TEXT PRIMARY KEY, serial INTEGER NOT NULL, seen REAL NOT NULL);
"""


class History:
    """Never raises: whoever has no history has seen nothing yet.

    Args:
        cache: This tool's folder; None where there is none.
    """

    def __init__(self, cache: Path | None) -> None:
        self._file = None if cache is None else cache / FILE

    def newest_serial(self, lineage: str) -> int:
        """The highest serial of a lineage that was ever seen; zero where none was."""

        def ask(database: sqlite3.Connection) -> int:
            row = database.execute("SELECT serial FROM states WHERE lineage = ?", (lineage,)).fetchone()
            return int(row[0]) if row else 0

        return self._do(ask, 0) if lineage else 0

    def saw(self, lineage: str, serial: int, *, at: float) -> None:
        """Note a state.

        Args:
            lineage: Its lineage.
            serial: Its serial.
            at: Seconds since 1970.
        """

        def note(database: sqlite3.Connection) -> None:
            database.execute(
                "INSERT INTO states VALUES (?, ?, ?) ON CONFLICT (lineage) DO UPDATE "
                "SET serial = max(serial, excluded.serial), seen = excluded.seen",
                (lineage, serial, at),
            )

        if lineage:
            self._do(note, None)

    def _do(self, work: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        if self._file is None:
            return otherwise
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(sqlite3.connect(self._file, timeout=_PATIENCE)) as database, database:
                database.executescript(_TABLES)
                return work(database)
        except (sqlite3.Error, OSError):
            return otherwise
