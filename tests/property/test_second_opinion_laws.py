"""Laws of the second opinion: it never makes a decision milder, and agreement is agreement."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffing.change import Action, Lifespan, Proof, ResourceChange, StateDiff, Witness
from gate.policy.config import STRICT, parse_policy
from gate.policy.evaluate import evaluate
from gate.policy.rule import Evidence, Policy
from gate.secondopinion import Side, compare, with_second
from gate.verdict import Decision
from sandbox.rehearsal import ApplyOutcome, EngineInfo, Gap, GapKind

LAW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WEIGHT = {Decision.APPROVE: 0, Decision.REVIEW: 1, Decision.REJECT: 2}
TYPES = ("aws_dynamodb_table", "aws_lambda_permission", "aws_sns_topic", "terraform_data")
POLICIES = (
    STRICT,
    parse_policy("version: 1\nrules: {gap: reject, apply-failed: reject, resource-deleted: review}", name="p"),
    parse_policy("version: 1\nrules: {resource-replaced: off, link-removed: reject}", name="p"),
)
ADDRESSES = st.sampled_from([*(f"{kind}.{name}" for kind in TYPES for name in "ab"), "AWS::S3::Object/b/1"])
COUNTS = st.dictionaries(st.sampled_from(["items", "tasks"]), st.integers(0, 2))


@st.composite
def change(draw: Any) -> ResourceChange:
    address = draw(ADDRESSES)
    return ResourceChange(
        address=address,
        type=address.partition("/" if "::" in address else ".")[0],
        action=draw(st.sampled_from(Action)),
        proof=Proof.PROVED,
        lifespan=draw(st.sampled_from(Lifespan)),
        witnesses=frozenset(Witness),
        stakes_before=draw(COUNTS),
        stakes_after=draw(COUNTS),
        owner=draw(st.sampled_from(["", "aws_dynamodb_table.a"])),
        effect_kept=draw(st.booleans()),
    )


@st.composite
def sides(draw: Any) -> tuple[Side, Side]:
    """Two engines, judged by one policy."""
    policy = draw(st.sampled_from(POLICIES))
    return draw(side(policy)), draw(side(policy))


@st.composite
def side(draw: Any, policy: Policy = STRICT) -> Side:
    changes = tuple({item.address: item for item in draw(st.lists(change(), max_size=4))}.values())
    gaps = tuple(
        Gap(kind=kind, subject="s", reason="r") for kind in draw(st.sets(st.sampled_from(GapKind), max_size=2))
    )
    outcome = ApplyOutcome(succeeded=draw(st.booleans()))
    diff = StateDiff(changes=changes)
    verdict = evaluate(Evidence(diff=diff, gaps=gaps, outcome=outcome, calls=()), policy)
    return Side(engine=EngineInfo(name="other", version="1"), diff=diff, gaps=gaps, outcome=outcome, verdict=verdict)


@LAW
@given(sides())
def test_a_second_opinion_never_makes_a_decision_milder(both: tuple[Side, Side]) -> None:
    first, second = both
    verdict = with_second(first.verdict, compare(first, second), second.verdict)

    assert WEIGHT[verdict.decision] >= WEIGHT[first.verdict.decision]
    assert set(first.verdict.findings) <= set(verdict.findings)


@LAW
@given(sides())
def test_a_rejection_by_either_is_a_rejection(both: tuple[Side, Side]) -> None:
    first, second = both
    verdict = with_second(first.verdict, compare(first, second), second.verdict)

    assert (verdict.decision is Decision.REJECT) is (
        Decision.REJECT in {first.verdict.decision, second.verdict.decision}
    )


@LAW
@given(sides())
def test_a_blocking_disagreement_is_never_approved(both: tuple[Side, Side]) -> None:
    first, second = both
    opinion = compare(first, second)
    verdict = with_second(first.verdict, opinion, second.verdict)

    if any(item.blocking for item in opinion.disagreements):
        assert verdict.decision is not Decision.APPROVE


@LAW
@given(side())
def test_who_agrees_with_himself_adds_nothing(both: Side) -> None:
    opinion = compare(both, both)

    assert opinion.disagreements == ()
    assert with_second(both.verdict, opinion, both.verdict) == both.verdict


@LAW
@given(sides())
def test_disagreements_are_the_same_from_either_side(both: tuple[Side, Side]) -> None:
    first, second = both
    there = {(i.address, i.topic, i.first, i.second, i.blocking) for i in compare(first, second).disagreements}
    back = {(i.address, i.topic, i.second, i.first, i.blocking) for i in compare(second, first).disagreements}

    assert there == back
