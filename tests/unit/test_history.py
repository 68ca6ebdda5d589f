"""What is remembered of rehearsals, and under which names a target is found again."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from policy_builders import evidence, updated

from gate.memory import Memory, memory_of
from gate.policy.settings import Whereabouts
from gate.verdict import Decision
from sandbox.clones.clone import Lineage
from sandbox.clones.used import state_used
from sandbox.history import FILE, KEPT_FOR, History, Remembered, day_of
from sandbox.rehearsal import Preparation, StateUsed
from sandbox.targets.target import ConfigTarget, EmptyTarget, GitTarget, StateTarget, Target

NOW = 1_764_000_000.0
OFF = Preparation(address="aws_db_instance.a", what="deletion_protection is off", attribute="x", left="false")


def remembered(at: float, *preparations: Preparation, target: str = "config:a") -> Remembered:
    return Remembered(target=target, change="b", decision="review", at=at, preparations=preparations)


def test_what_was_prepared_is_found_under_any_name_with_day_and_decision(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.remember(remembered(NOW, OFF), names=["one", "two"])
    history.remember(remembered(NOW, OFF), names=["other"])
    for names in (["one"], ["two", "x"], ["one", "two"]):
        [found] = history.prepared(names, now=NOW + 1)
        assert (found.address, found.day, found.decision) == (OFF.address, "2025-11-24", "review")
    assert history.prepared(["x"], now=NOW) == history.prepared([], now=NOW) == ()


def test_of_the_same_thing_the_last_time_counts(tmp_path: Path) -> None:
    history = History(tmp_path)
    for days in (3, 1, 2):
        history.remember(remembered(NOW - days * 86_400, OFF), names=["one"])
    assert [found.day for found in history.prepared(["one"], now=NOW)] == [day_of(NOW - 86_400)]


def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.remember(remembered(NOW, OFF), names=["one"])
    assert history.prepared(["one"], now=NOW + KEPT_FOR + 1) == ()
    history.remember(remembered(NOW + KEPT_FOR + 1), names=["one"])
    assert len(history.rehearsals()) == 1
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute("SELECT count(*) FROM preparations").fetchone() == (0,)


def test_rehearsals_are_listed_the_last_first(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.remember(remembered(NOW, OFF), names=["one"])
    history.remember(remembered(NOW + 1, target="git:main"), names=["two"])
    assert [each.target for each in history.rehearsals()] == ["git:main", "config:a"]
    [one] = history.rehearsals("config:a")
    assert [each.what for each in one.preparations] == [OFF.what]


def test_serials_are_kept_in_the_same_file(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.saw("l", 7, at=NOW)
    history.saw("l", 5, at=NOW)
    history.remember(remembered(NOW), names=["one"])
    assert history.newest_serial("l") == 7


@pytest.mark.parametrize("how", ["nowhere", "damaged", "a file in the way"])
def test_whoever_has_no_history_has_seen_nothing(tmp_path: Path, how: str) -> None:
    cache = tmp_path / "cache"
    if how == "damaged":
        cache.mkdir()
        (cache / FILE).write_bytes(b"no database" * 100)
    elif how == "a file in the way":
        cache.write_text("")
    history = History(None if how == "nowhere" else cache)
    history.remember(remembered(NOW, OFF), names=["one"])
    assert history.prepared(["one"], now=NOW) == history.rehearsals() == ()


# Names


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "main.tf").write_text(text)
    return path


def memory(tmp_path: Path, target: Target, change: Path, workspace: str = "default") -> Memory:
    return memory_of(
        target,
        label="t",
        change=change,
        place=Whereabouts(account="1", region="r", workspace=workspace),
        environment={"HOME": str(tmp_path)},
    )


def prepare(known: Memory, lineage: str = "") -> None:
    off = updated("aws_db_instance.a", {"deletion_protection": True}, {"deletion_protection": False})
    known.keep(evidence(off), Decision.REVIEW, lineage=lineage, now=NOW)


def finds(known: Memory, lineage: str = "") -> bool:
    return bool(known.earlier(lineage=lineage, now=NOW + 60))


def test_a_configuration_is_found_by_its_folder_and_by_what_became_of_it(tmp_path: Path) -> None:
    before, monday = folder(tmp_path / "before", "a"), folder(tmp_path / "monday", "b")
    copy, other = folder(tmp_path / "copy", "b"), folder(tmp_path / "other", "c")
    prepare(memory(tmp_path, ConfigTarget(directory=before), monday))
    assert finds(memory(tmp_path, ConfigTarget(directory=before), other))
    assert finds(memory(tmp_path, ConfigTarget(directory=copy), other))
    assert not finds(memory(tmp_path, ConfigTarget(directory=other), before))
    assert not finds(memory(tmp_path, ConfigTarget(directory=before), other, workspace="dev"))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    change = folder(tmp_path / "change", "a")
    os.mkfifo(change / "pipe.tf")
    prepare(memory(tmp_path, ConfigTarget(directory=change), change))
    assert finds(memory(tmp_path, ConfigTarget(directory=folder(tmp_path / "copy", "a")), change))


def test_a_folder_without_a_configuration_is_not_taken_for_another(tmp_path: Path) -> None:
    for name in ("one", "two", "script"):
        (tmp_path / name).mkdir()
    prepare(memory(tmp_path, ConfigTarget(directory=tmp_path / "one"), tmp_path / "script"))
    assert not finds(memory(tmp_path, ConfigTarget(directory=tmp_path / "two"), tmp_path / "script"))


def test_a_state_is_found_by_its_lineage_wherever_it_lies(tmp_path: Path) -> None:
    change = folder(tmp_path / "change", "a")
    prepare(memory(tmp_path, StateTarget(source="one.tfstate"), change), "lineage")
    assert finds(memory(tmp_path, StateTarget(source="-"), folder(tmp_path / "b", "b")), "lineage")
    assert not finds(memory(tmp_path, StateTarget(source="one.tfstate"), change), "another")
    assert not finds(memory(tmp_path, EmptyTarget(), change))


def test_a_repository_is_found_by_its_place_and_folder_whatever_the_commit(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    change = folder(tmp_path / "infra", "a")
    prepare(memory(tmp_path, GitTarget(ref="main"), change))
    assert finds(memory(tmp_path, GitTarget(ref="HEAD~1"), change))
    assert finds(memory(tmp_path, GitTarget(ref="main", directory="infra"), change))
    assert not finds(memory(tmp_path, GitTarget(ref="main", directory="other"), change))


def test_only_the_user_can_read_the_history(tmp_path: Path) -> None:
    prepare(memory(tmp_path, StateTarget(source="-"), folder(tmp_path / "a", "a")), "lineage")
    file = tmp_path / ".cache" / "sandtable" / FILE
    assert file.exists()
    assert file.parent.stat().st_mode & 0o077 == 0


def state(lineage: str, serial: int) -> bytes:
    return json.dumps({"version": 4, "lineage": lineage, "serial": serial}).encode()


@pytest.mark.parametrize(
    ("document", "target", "used"),
    [
        (None, Lineage(lineage="a", serial=9, digest=""), None),
        (b"", Lineage(lineage="a", serial=9, digest=""), StateUsed()),
        (state("a", 4), Lineage(lineage="a", serial=9, digest=""), StateUsed(lineage="a", serial=4, newest_serial=9)),
        (state("a", 4), Lineage(lineage="b", serial=9, digest=""), StateUsed(lineage="a", serial=4, newest_serial=7)),
        (state("c", 4), None, StateUsed(lineage="c", serial=4, newest_serial=4)),
        (b"{", None, StateUsed()),
        (b"[]", None, StateUsed()),
    ],
)
def test_a_state_that_a_change_brings_is_compared_with_the_newest_known(
    document: bytes | None, target: Lineage | None, used: StateUsed | None, tmp_path: Path
) -> None:
    history = History(tmp_path)
    history.saw("a", 7, at=NOW)
    assert state_used(document, target, history) == used
