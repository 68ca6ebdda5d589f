"""What earlier rehearsals have seen, in a small database of the user's own.

Terraform counts a state's `serial` up with each change, within one `lineage`
(https://developer.hashicorp.com/terraform/language/state/remote, internal/states/statefile). A state with a lower
serial than one already seen is an old copy, and a change that starts from it would undo what came since.

Of each rehearsal is kept what it was of, when, what the verdict was, and what the change prepared: protection that is
switched off in one change and a delete in the next are one delete.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sandbox.rehearsal import Preparation

FILE = "history.sqlite3"
DAY = 86_400.0
KEPT_FOR = 90 * DAY
"""Seconds for which a rehearsal is remembered."""
_PATIENCE = 5.0
_T = TypeVar("_T")
_TABLES = """
CREATE TABLE IF NOT EXISTS states (lineage TEXT PRIMARY KEY, serial INTEGER NOT NULL, seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS rehearsals (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, change TEXT NOT NULL, decision TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS names (
    rehearsal INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (name, rehearsal));
CREATE TABLE IF NOT EXISTS preparations (
    rehearsal INTEGER NOT NULL, address TEXT NOT NULL, what TEXT NOT NULL, attribute TEXT NOT NULL,
    left_at TEXT NOT NULL, of_backups INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One rehearsal, as it is remembered."""

    target: str
    """As ``--target`` was given."""
    change: str
    decision: str
    at: float
    """Seconds since 1970."""
    preparations: tuple[Preparation, ...] = ()


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

    def remember(self, rehearsal: Remembered, *, names: Iterable[str]) -> None:
        """Note a rehearsal, and forget those that are too old.

        Args:
            rehearsal: What is to be remembered.
            names: Names under which its target can be found again.
        """

        def note(database: sqlite3.Connection) -> None:
            row = (rehearsal.target, rehearsal.change, rehearsal.decision, rehearsal.at)
            number = database.execute(
                "INSERT INTO rehearsals (target, change, decision, at) VALUES (?, ?, ?, ?)", row
            ).lastrowid
            database.executemany("INSERT INTO names VALUES (?, ?)", [(number, name) for name in sorted(set(names))])
            database.executemany(
                "INSERT INTO preparations VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (number, each.address, each.what, each.attribute, each.left, each.of_backups)
                    for each in rehearsal.preparations
                ],
            )
            _forget(database, before=rehearsal.at - KEPT_FOR)

        self._do(note, None)

    def prepared(self, names: Iterable[str], *, now: float) -> tuple[Preparation, ...]:
        """What rehearsals of a target saw prepared; of the same thing, the last time.

        Args:
            names: Any of the names under which the target was remembered.
            now: Seconds since 1970.
        """
        wanted = tuple(sorted(set(names)))

        def ask(database: sqlite3.Connection) -> tuple[Preparation, ...]:
            marks = ", ".join("?" * len(wanted))
            rows = database.execute(
                "SELECT p.*, r.at, r.decision FROM preparations p JOIN rehearsals r ON r.id = p.rehearsal "  # noqa: S608 - question marks
                f"WHERE r.at >= ? AND r.id IN (SELECT rehearsal FROM names WHERE name IN ({marks})) ORDER BY r.at",
                (now - KEPT_FOR, *wanted),
            ).fetchall()
            found = (_preparation(row[1:6], at=row[6], decision=row[7]) for row in rows)
            return tuple({(each.address, each.what): each for each in found}.values())

        return self._do(ask, ()) if wanted else ()

    def rehearsals(self, target: str = "") -> tuple[Remembered, ...]:
        """Everything that is remembered, the last first; of one target only where one is named."""

        def ask(database: sqlite3.Connection) -> tuple[Remembered, ...]:
            rows = database.execute("SELECT * FROM rehearsals ORDER BY at DESC, id DESC").fetchall()
            return tuple(_remembered(database, row) for row in rows if target in {"", row[1]})

        return self._do(ask, ())

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


def day_of(at: float) -> str:
    """The day of a moment, in UTC: ``2026-12-31``."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def _remembered(database: sqlite3.Connection, row: tuple[int, str, str, str, float]) -> Remembered:
    number, target, change, decision, at = row
    rows = database.execute(
        "SELECT address, what, attribute, left_at, of_backups FROM preparations WHERE rehearsal = ?", (number,)
    ).fetchall()
    return Remembered(
        target=target,
        change=change,
        decision=decision,
        at=at,
        preparations=tuple(_preparation(each, at=at, decision=decision) for each in rows),
    )


def _preparation(row: tuple[str, str, str, str, int], *, at: float, decision: str) -> Preparation:
    address, what, attribute, left, of_backups = row
    return Preparation(
        address=address,
        what=what,
        attribute=attribute,
        left=left,
        of_backups=bool(of_backups),
        day=day_of(at),
        decision=decision,
    )


def _forget(database: sqlite3.Connection, *, before: float) -> None:
    database.execute("DELETE FROM rehearsals WHERE at < ?", (before,))
    for table in ("names", "preparations"):
        database.execute(f"DELETE FROM {table} WHERE rehearsal NOT IN (SELECT id FROM rehearsals)")  # noqa: S608 - two words
