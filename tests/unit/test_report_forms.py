"""Every form of every sample, held to its schema and to the limits of those who take it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from golden_files import assert_golden
from report_large import large
from report_samples import GOLDEN, SAMPLES

sys.path.append(str(Path(__file__).parent.parent))

from report_forms import assert_valid_forms

from gate.report import junit, sarif, workflow
from gate.report.jsonfmt import to_document


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize(
    ("render", "ending"), [(sarif.render, "sarif"), (junit.render, "junit.xml"), (workflow.render, "annotations.txt")]
)
def test_golden(render: Callable[[dict[str, Any]], str], ending: str, name: str) -> None:
    assert_golden(f"{name}.{ending}", render(to_document(GOLDEN[name]())))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample(name: str) -> None:
    assert_valid_forms(to_document(SAMPLES[name]()))


def test_two_thousand_changes() -> None:
    assert_valid_forms(to_document(large()))
