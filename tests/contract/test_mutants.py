"""A sample of the mutants that `make mutants` counts: each is caught, and each is one that Terraform plans."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gate.scenarios import scenario_named

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from mutants import is_benign, tried_mutants
from mutation import Operator

pytestmark = [pytest.mark.terraform, pytest.mark.engine]


@pytest.mark.parametrize(
    ("name", "operator", "least"),
    [
        # Two moved blocks of three: the setting of a bucket is bookkeeping.
        ("moved-refactor", Operator.BLOCK, 2),
        ("bucket-tags", Operator.VALUE, 2),
        ("bucket-tags", Operator.PROTECTION, 8),
    ],
)
def test_mutants_of_what_passes_are_caught(name: str, operator: Operator, least: int) -> None:
    scenario = scenario_named(name)
    assert is_benign(scenario)
    tried = [each for each in tried_mutants(scenario, only=(operator,)) if each.counts]
    assert len([each for each in tried if each.caught]) >= least
    assert [each.mutant.where for each in tried if not each.caught] == []
