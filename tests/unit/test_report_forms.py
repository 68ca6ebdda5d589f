"""Every form of every sample, held to its schema and to the limits of those who take it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from report_large import large
from report_samples import SAMPLES

sys.path.append(str(Path(__file__).parent.parent))

from report_forms import assert_valid_forms

from gate.report.jsonfmt import to_document


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample(name: str) -> None:
    assert_valid_forms(to_document(SAMPLES[name]()))


def test_two_thousand_changes() -> None:
    assert_valid_forms(to_document(large()))
