"""A fixture for teams' tests: `sandtable_clone`, an emulated AWS with what a target describes in it (docs/pytest.md).

Every run of pytest loads this, so it imports nothing but pytest until a test asks for a clone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gate.testing import SandtableClone

_MARK = "sandtable"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a project can set for all of its tests."""
    parser.addini("sandtable_target", "what clones are made from, as --target takes it", default="empty")
    parser.addini("sandtable_engine", "which engine carries them, as --engine takes it", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(target, seed, engine, region): what the test's clone is made from, and how (docs/pytest.md)",
    )


@pytest.fixture
def sandtable_clone(request: pytest.FixtureRequest) -> Iterator[SandtableClone]:
    """A clone for one test, gone afterwards."""
    from gate.testing import standing  # noqa: PLC0415 - see above

    mark = request.node.get_closest_marker(_MARK)
    if mark is not None and mark.args:
        raise pytest.UsageError("Name what the mark sandtable is given: target=…, seed=…, engine=…, region=…")
    options = {
        "target": request.config.getini("sandtable_target"),
        "engine": request.config.getini("sandtable_engine"),
        **(mark.kwargs if mark is not None else {}),
    }
    with standing(**options) as clone:
        yield clone
