from __future__ import annotations

import pytest

from diffing.change import Proof
from gate.verdict import Decision, Finding, Level, decide


def finding(level: Level) -> Finding:
    return Finding(rule="r", level=level, address="a", message="m", proof=Proof.PROVED)


@pytest.mark.parametrize(
    ("levels", "decision"),
    [
        ([], Decision.APPROVE),
        ([Level.NOTE], Decision.APPROVE),
        ([Level.NOTE, Level.REVIEW], Decision.REVIEW),
        ([Level.REVIEW, Level.REJECT, Level.NOTE], Decision.REJECT),
    ],
)
def test_the_worst_finding_decides(levels: list[Level], decision: Decision) -> None:
    assert decide(finding(level) for level in levels) is decision


def test_exit_codes_are_the_public_contract() -> None:
    assert {decision: decision.exit_code for decision in Decision} == {
        Decision.APPROVE: 0,
        Decision.REJECT: 1,
        Decision.REVIEW: 2,
    }
