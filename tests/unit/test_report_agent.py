"""The report for agents: bounded, worst first, nothing dropped in silence."""

import re

import pytest
from golden_files import assert_golden
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import GOLDEN, NASTIES, SAMPLES, change, finding, reject, report, verdict

from diffing.change import Action, StateDiff
from gate.report import agent
from gate.report.jsonfmt import to_document
from gate.report.model import Report
from gate.verdict import Decision, Level


def rendered(sample: Report) -> str:
    return agent.render(to_document(sample))


@pytest.mark.parametrize("name", ["reject", "approve-empty", "review-gaps"])
def test_golden(name: str) -> None:
    assert_golden(f"{name}.agent.txt", rendered(GOLDEN[name]()))


@pytest.mark.parametrize("name", SAMPLES)
def test_it_fits_and_says_the_decision_first(name: str) -> None:
    sample = SAMPLES[name]()
    text = rendered(sample)
    assert len(text.encode()) <= agent.LARGEST == 14_000
    assert text.startswith(f"decision: {sample.verdict.decision.value}\n")


@settings(max_examples=30, deadline=None)
@given(number=st.integers(1, 400), text=st.sampled_from(NASTIES), length=st.integers(1, 60))
def test_every_objection_is_there_or_counted(number: int, text: str, length: int) -> None:
    names = [f"aws_s3_bucket.b{index}" for index in range(number)]
    findings = [
        finding("resource-deleted", Level.REJECT, name, f"{name} {text * length}", f"Keep it, {index} {text}")
        for index, name in enumerate(names)
    ]
    sample = report(
        diff=StateDiff(changes=tuple(change(name, Action.DELETE) for name in names)),
        verdict=verdict(Decision.REJECT, *findings),
    )
    output = rendered(sample)
    assert len(output.encode(errors="replace")) <= agent.LARGEST
    shown = len(re.findall(r"^reject: aws_s3_bucket", output, re.MULTILINE))
    left_out = re.search(r"^left out: ([\d,]+) more", output, re.MULTILINE)
    assert shown + (int(left_out[1].replace(",", "")) if left_out else 0) == number


def test_rejections_come_before_what_needs_a_person() -> None:
    sample = report(
        verdict=verdict(
            Decision.REJECT,
            finding("gap", Level.REVIEW, "a.b", "m"),
            finding("resource-deleted", Level.REJECT, "c.d", "m"),
        )
    )
    text = rendered(sample)
    assert text.index("reject: c.d") < text.index("review: a.b")


def test_a_remedy_is_written_out_once() -> None:
    sample = report(
        verdict=verdict(
            Decision.REJECT,
            *(finding("resource-deleted", Level.REJECT, name, "m", "Use moved blocks.") for name in ("a.a", "b.b")),
        )
    )
    text = rendered(sample)
    assert text.count("Use moved blocks.") == 1
    assert "instead: as for a.a" in text


def test_the_cause_of_a_replacement_is_named() -> None:
    assert "forces replacement" in rendered(reject())
