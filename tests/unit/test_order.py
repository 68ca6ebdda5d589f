"""The order in which tests are handed out to processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest
from order import in_order


@dataclass(frozen=True)
class Item:
    nodeid: str
    mark: str = ""

    def get_closest_marker(self, name: str) -> str | None:
        return self.mark if self.mark == name else None


def ordered(items: list[Item], processes: int) -> list[Item]:
    return cast("list[Item]", in_order(cast("list[pytest.Item]", items), processes))


QUICK = [Item(f"tests/unit/test_x.py::test_{number}") for number in range(20)]
SLOW = [Item(f"tests/contract/test_{name}.py::test_{number}", "terraform") for name in "abc" for number in range(2)]


def test_every_test_is_handed_out_once() -> None:
    for processes in (1, 2, 3, 5):
        found = ordered([*SLOW, *QUICK], processes)

        assert sorted(item.nodeid for item in found) == sorted(item.nodeid for item in [*SLOW, *QUICK])


def test_each_part_begins_with_whole_slow_modules() -> None:
    found = ordered([*QUICK, *SLOW[:4]], 2)

    parts = found[:12], found[12:]
    assert [[item.nodeid for item in part[:2]] for part in parts] == [
        ["tests/contract/test_a.py::test_0", "tests/contract/test_a.py::test_1"],
        ["tests/contract/test_b.py::test_0", "tests/contract/test_b.py::test_1"],
    ]
    assert not any(item.mark for part in parts for item in part[2:])


def test_scenarios_are_handed_out_one_by_one() -> None:
    scenarios = [Item(f"tests/scenario/test_s.py::test_s[{number}]", "terraform") for number in range(4)]

    found = ordered([*scenarios, *QUICK], 2)

    assert [item.mark for item in found].count("terraform") == 4
    assert [item.mark for item in found[:2] + found[12:14]] == ["terraform"] * 4


def test_a_part_may_be_slow_throughout() -> None:
    assert len(ordered([*SLOW, *QUICK[:1]], 5)) == 7
