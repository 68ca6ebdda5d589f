"""Two engines compared, and what follows for the decision."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from policy_builders import changed, created, deleted, evidence, replaced, updated
from report_samples import SAMPLES
from rich.console import Console

from diffing.change import Action, Lifespan, ResourceChange
from gate.opinion import SecondOpinion, Topic
from gate.policy.config import STRICT
from gate.policy.evaluate import evaluate
from gate.report import html, jsonfmt, markdown, terminal
from gate.secondopinion import NAME, Side, Unavailable, compare, unavailable, with_second
from gate.verdict import Decision, Level, Verdict
from sandbox.rehearsal import Diagnostic, EngineInfo, Gap, GapKind

TABLE, TOPIC = "aws_dynamodb_table.orders", "aws_sns_topic.news"
FULL = {"stakes_before": {"items": 3}, "stakes_after": {"items": 0}}


def side(*changes: ResourceChange, name: str = "moto", **given: Any) -> Side:
    seen = evidence(*changes, **given)
    return Side(
        engine=EngineInfo(name=name, version="1"),
        diff=seen.diff,
        gaps=seen.gaps,
        outcome=seen.outcome,
        verdict=evaluate(seen, STRICT),
    )


def judged(first: Side, second: Side) -> tuple[SecondOpinion, Verdict]:
    opinion = compare(first, second)
    return opinion, with_second(first.verdict, opinion, second.verdict)


def told(first: Side, second: Side) -> list[tuple[str, Topic, str, str, bool]]:
    return [
        (item.address, item.topic, item.first, item.second, item.blocking)
        for item in compare(first, second).disagreements
    ]


def test_where_both_agree_nothing_is_added() -> None:
    changes = (replaced(TABLE, **FULL), updated(TOPIC, {"a": 1}, {"a": 2}), created("aws_sqs_queue.q"))

    opinion, verdict = judged(side(*changes), side(*reversed(changes)))

    assert opinion.disagreements == ()
    assert opinion.decision is Decision.REJECT
    assert verdict == side(*changes).verdict


def test_a_destruction_on_one_side_only_is_for_a_person() -> None:
    link = "aws_lambda_permission.p"
    kept = replaced(link, effect_kept=True)

    opinion, verdict = judged(side(kept), side())

    assert told(side(kept), side()) == [(link, Topic.CHANGE, "replace", "nothing", True)]
    assert opinion.decision is Decision.APPROVE
    assert verdict.decision is Decision.REVIEW
    assert [(finding.rule, finding.level) for finding in verdict.findings if finding.level is not Level.NOTE] == [
        (NAME, Level.REVIEW)
    ]


@pytest.mark.parametrize("swapped", [False, True], ids=["second", "first"])
def test_a_rejection_by_either_stays_one(*, swapped: bool) -> None:
    mild, strict = side(updated(TABLE, {"a": 1}, {"a": 2})), side(replaced(TABLE))
    first, second = (strict, mild) if swapped else (mild, strict)

    opinion, verdict = judged(first, second)

    assert verdict.decision is Decision.REJECT
    assert [item.topic for item in opinion.disagreements] == [Topic.ACTION]
    if not swapped:
        assert any("on moto, resource-replaced" in finding.message for finding in verdict.findings)


def test_what_destroys_nothing_is_listed_and_changes_nothing() -> None:
    opinion, verdict = judged(side(updated(TOPIC, {"a": 1}, {"a": 2})), side(created("aws_sqs_queue.q")))

    assert [(item.address, item.blocking) for item in opinion.disagreements] == [
        (TOPIC, False),
        ("aws_sqs_queue.q", False),
    ]
    assert verdict.decision is Decision.APPROVE
    assert NAME not in {finding.rule for finding in verdict.findings}


@pytest.mark.parametrize(
    ("mine", "other", "blocking"),
    [
        ({"items": 3}, {"items": 5}, True),
        ({"items": 3}, {}, True),
        ({"tasks": 1}, {"tasks": 2}, False),
        ({"items": 0}, {}, None),
    ],
)
def test_different_stakes(mine: dict[str, int], other: dict[str, int], *, blocking: bool | None) -> None:
    found = told(side(replaced(TABLE, stakes_before=mine)), side(replaced(TABLE, stakes_before=other)))

    assert [(item[1], item[4]) for item in found] == ([] if blocking is None else [(Topic.STAKES, blocking)])


def test_data_lost_on_one_side_only_blocks_though_both_update() -> None:
    bucket = "aws_s3_bucket.b"
    mine = updated(bucket, {"a": 1}, {"a": 2})

    _, verdict = judged(side(mine), side(replace(mine, stakes_before={"objects": 4}, stakes_after={"objects": 0})))

    assert verdict.decision is Decision.REJECT
    assert any("data-destroyed" in finding.message for finding in verdict.findings)


def test_an_apply_that_fails_on_one_side_only() -> None:
    broken = Diagnostic(severity="error", summary="updating: 501", address=TABLE)

    opinion, verdict = judged(side(), side(succeeded=False, diagnostics=(broken,)))

    [item] = opinion.disagreements
    assert (item.topic, item.blocking) == (Topic.APPLY, True)
    assert item.first == "the apply succeeds"
    assert item.second == f"the apply fails ({TABLE}: updating: 501)"
    assert verdict.decision is Decision.REVIEW
    assert told(side(succeeded=False), side(succeeded=False)) == []


def test_a_clone_that_is_complete_on_one_side_only() -> None:
    gap = Gap(kind=GapKind.INCOMPLETE, subject=TABLE, reason="it could not be cloned: 501")

    assert told(side(), side(gaps=(gap,))) == [(TABLE, Topic.CLONE, "it is cloned", gap.reason, True)]
    assert judged(side(), side(gaps=(gap,)))[1].decision is Decision.REVIEW


def test_a_gap_of_the_second_engine_is_not_the_first_ones() -> None:
    gap = Gap(kind=GapKind.UNSUPPORTED, subject="ec2:DescribeX", reason="not implemented")

    opinion, verdict = judged(side(), side(gaps=(gap,)))

    assert (opinion.decision, verdict.decision) == (Decision.REVIEW, Decision.APPROVE)


def test_what_terraform_does_not_manage_goes_by_type_and_number() -> None:
    def interface(number: int) -> ResourceChange:
        return deleted(f"AWS::EC2::NetworkInterface/eni-{number}")

    assert told(side(interface(1), interface(2)), side(interface(3), interface(4))) == []
    [(address, topic, first, second, blocking)] = told(side(interface(1), interface(2)), side(interface(3)))
    assert (address, topic, blocking) == ("AWS::EC2::NetworkInterface", Topic.CHANGE, True)
    assert (first, second) == ("2 × AWS::EC2::NetworkInterface: delete", "1 × AWS::EC2::NetworkInterface: delete")


def test_consequences_of_what_both_destroy_do_not_count() -> None:
    gone = deleted(TABLE)
    part = deleted("AWS::DynamoDB::Part/p", owner=TABLE)

    assert [item[4] for item in told(side(gone, part), side(gone))] == [False]
    assert [item[4] for item in told(side(gone, part), side())] == [True, True]


def test_made_anew_behind_an_update_is_another_action() -> None:
    update = changed(TABLE, Action.UPDATE)

    [(_, topic, first, second, blocking)] = told(side(update), side(replace(update, lifespan=Lifespan.RECREATED)))
    assert (topic, first, second, blocking) == (Topic.ACTION, "update", "update (deleted and made anew)", True)


def test_an_opinion_that_could_not_be_had_is_no_consent() -> None:
    opinion = unavailable(Unavailable(engine=EngineInfo(name="moto", version=""), problem="moto died"))

    verdict = with_second(side().verdict, opinion, None)

    assert (opinion.decision, verdict.decision) == (None, Decision.REVIEW)
    assert "moto died" in verdict.findings[0].message
    assert with_second(side(deleted(TABLE)).verdict, opinion, None).decision is Decision.REJECT


def test_every_page_tells_it() -> None:
    document = jsonfmt.to_document(SAMPLES["second-opinion"]())
    shown = StringIO()
    terminal.render(document, Console(file=shown, width=120, no_color=True))

    for page in (shown.getvalue(), markdown.render(document), html.render(document)):
        assert "Second opinion: moto 5.2.5" in page
        assert "Rejected there" in page
        assert "aws_dynamodb_table.orders" in page
        assert "replace (lost: items: 3)" in page
    assert "<script>alert(1)" not in html.render(document)
    assert "second_opinion" not in jsonfmt.to_document(SAMPLES["approve-empty"]())
