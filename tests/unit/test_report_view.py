"""What people are shown, before any format: order, words, and what is folded."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from enum import Enum
from types import MappingProxyType

import pytest
from report_samples import SAMPLES, attribute, change, failed_apply, finding, reject, report, review_gaps, verdict

from diffing.change import Action, Lifespan, ResourceChange, StateDiff, Witness
from diffing.values import Marker, freeze
from gate.report.card import Group
from gate.report.jsonfmt import to_document
from gate.report.prose import Code, Paragraph, Span, parse_prose, plain
from gate.report.valuetext import DiffLine, line_diff, pair_text, value_text
from gate.report.view import View, build_view
from gate.verdict import Decision, Finding, Level
from sandbox.errors import ConfigurationError


def viewed(*changes: ResourceChange, findings: tuple[Finding, ...] = (), decision: Decision = Decision.APPROVE) -> View:
    return build_view(to_document(report(diff=StateDiff(changes=changes), verdict=verdict(decision, *findings))))


def texts(node: object) -> Iterator[str]:
    if isinstance(node, str) and not isinstance(node, Enum):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from texts(item)
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from texts(getattr(node, field.name))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_text_is_visible(name: str) -> None:
    found = list(texts(build_view(to_document(SAMPLES[name]()))))
    assert len(found) > 20
    assert [text for text in found if not text.replace("\n", "").isprintable()] == []


def test_what_is_not_a_report_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        build_view({})


def test_a_reject_reads_in_the_order_of_the_questions() -> None:
    view = build_view(to_document(reject()))
    assert view.headline == "1 resource is deleted and 2 are replaced; lost: 3 items, 2 objects and 52,480 bytes."
    assert [card.address for card in view.destructive][:2] == [
        "aws_s3_bucket.exports",
        "aws_dynamodb_table.cost_records",
    ]
    assert [card.address for card in view.attention] == ["aws_iam_role_policy.api"]
    assert [card.address for card in view.excused] == ["terraform_data.stamp"]
    assert len(view.unchanged) == 3
    assert dict(view.counts)[Action.REPLACE] == "3 replaced"
    assert [finding.rule for finding in view.general] == ["blast-radius"]


def test_the_forcing_attribute_comes_first() -> None:
    table = build_view(to_document(reject())).destructive[1]
    assert [(item.path, item.forces) for item in table.attributes] == [
        ("name", True),
        ("read_capacity", False),
        ("arn", False),
    ]


def test_a_forcing_path_without_values_is_still_named() -> None:
    (card,) = viewed(change("a.b", Action.REPLACE, replace_paths=(("name",),))).excused
    assert [(item.path, item.forces) for item in card.attributes] == [("name", True)]


def test_consequences_are_counted_with_their_owner() -> None:
    bucket = build_view(to_document(reject())).destructive[0]
    assert bucket.consequences == ("2 AWS::S3::Object deleted",)


def test_a_destroyed_consequence_of_a_harmless_change_has_a_card_of_its_own() -> None:
    view = viewed(
        change("aws_s3_bucket_lifecycle_configuration.l", Action.UPDATE),
        change("AWS::S3::Object/b/k", Action.DELETE, owner="aws_s3_bucket_lifecycle_configuration.l"),
    )
    assert [card.address for card in view.excused] == ["AWS::S3::Object/b/k"]


def test_changes_that_own_each_other_are_not_lost() -> None:
    view = viewed(change("a.a", Action.DELETE, owner="a.b"), change("a.b", Action.DELETE, owner="a.a"))
    assert {card.address for card in view.excused} == {"a.a", "a.b"}


def test_a_resource_made_anew_in_passing_is_destructive_though_nothing_differs() -> None:
    (card,) = viewed(change("a.b", Action.NO_OP, lifespan=Lifespan.RECREATED)).excused
    assert (card.symbol, card.verb, card.group) == ("-/+", "deleted and created again", Group.EXCUSED)


def test_an_emptied_resource_is_destructive() -> None:
    emptied = change("a.b", Action.UPDATE, stakes={"items": 3}, stakes_after=MappingProxyType({"items": 1}))
    view = viewed(emptied, findings=(finding("data", Level.REJECT, "a.b", "x"),), decision=Decision.REJECT)
    assert view.destructive[0].stakes == ("items: 3 → 1",)
    assert view.headline == "1 resource is stripped of data; lost: 2 items."


def test_data_inside_goes_with_what_the_clone_shows_to_be_gone() -> None:
    lost = change("a.b", Action.REPLACE, stakes={"items": 3, "shards": 0}, stakes_after=MappingProxyType({}))
    assert viewed(lost).excused[0].stakes == ("items: 3 → 0",)


def test_data_inside_is_not_known_where_only_the_plan_speaks() -> None:
    planned = change("a.b", Action.REPLACE, stakes={"items": 3}, stakes_after=MappingProxyType({}))
    planned = dataclasses.replace(planned, witnesses=frozenset({Witness.PLAN}))
    assert viewed(planned).excused[0].stakes == ("items: 3 → not known",)


def test_what_tells_little_comes_last_and_what_tells_something_does_not() -> None:
    items = (
        attribute("arn", "arn:a", "arn:b"),
        attribute("description", "", None),
        attribute("protected", before=True, after=False),
        attribute("name", "a", "b", forces=True),
    )
    (card,) = viewed(change("a.b", Action.REPLACE, attributes=items)).excused
    assert [(item.path, item.minor) for item in card.attributes] == [
        ("name", False),
        ("protected", False),
        ("arn", True),
        ("description", True),
    ]


def test_resources_with_data_inside_come_first() -> None:
    view = viewed(change("a.empty", Action.DELETE), change("a.full", Action.REPLACE, stakes={"items": 1}))
    assert [card.address for card in view.excused] == ["a.full", "a.empty"]


def test_a_destruction_that_no_rule_objects_to_is_said_in_the_headline() -> None:
    view = viewed(change("terraform_data.a", Action.REPLACE))
    assert view.headline == "1 resource is replaced, which the policy allows; nothing else is destroyed."


def test_gaps_carry_the_remediation_of_their_finding() -> None:
    view = build_view(to_document(review_gaps()))
    assert view.general == ()
    assert [plain(gap.remediation)[:8] for gap in view.gaps] == ["A person", "A person"]
    assert view.headline == "2 things could not be proved."


def test_a_failed_apply_is_told_once() -> None:
    view = build_view(to_document(failed_apply()))
    assert view.general == ()
    assert view.diagnostics[0].place == "main.tf:12"
    assert plain(view.diagnostics[0].remediation).startswith("In production")
    assert view.headline == "The change fails when it is applied."


def test_a_disagreement_that_is_a_finding_is_told_once() -> None:
    service = build_view(to_document(reject())).destructive[2]
    assert service.disagreements == ()
    assert "no recorded call deletes it" in plain(service.findings[1].message)


def test_equal_markers_may_hide_a_difference_and_equal_values_do_not() -> None:
    items = (
        attribute("secret", Marker.SENSITIVE, Marker.SENSITIVE),
        attribute("same", "x", "x"),
        attribute("flag", 0, False),  # noqa: FBT003 - the value under test
    )
    (card,) = viewed(change("a.b", Action.UPDATE, attributes=items)).others
    assert [item.path for item in card.attributes] == ["secret", "flag"]


def test_values_are_written_for_people() -> None:
    assert value_text(freeze({"a": [1, None, True, "x"]})) == '{a: [1, null, true, "x"]}'
    assert value_text((Marker.ABSENT, Marker.UNKNOWN, Marker.SENSITIVE)) == "[(none), (known after apply), (sensitive)]"


def test_long_values_are_cut_to_what_differs() -> None:
    before, after = pair_text("x" * 500 + "old" + "y" * 500, "x" * 500 + "new" + "y" * 500, 40)
    assert "old" in before
    assert "new" in after
    assert max(len(before), len(after)) <= 40


def test_policy_documents_are_compared_line_by_line() -> None:
    assert line_diff('{"Action": "s3:Get", "Effect": "Allow"}', '{"Action": "s3:*", "Effect": "Allow"}') == (
        DiffLine(" ", "{"),
        DiffLine("-", '  Action: "s3:Get"'),
        DiffLine("+", '  Action: "s3:*"'),
        DiffLine(" ", '  Effect: "Allow"'),
        DiffLine(" ", "}"),
    )


def test_values_nested_beyond_measure_are_cut() -> None:
    deep = freeze("leaf")
    for _ in range(200):
        deep = (deep,)
    assert "…" in value_text(deep)
    assert line_diff(deep, "x")


@pytest.mark.parametrize("text", ["[" * 50_000, "{" * 50_000, '{"a": NaN', "[1" + "0" * 5_000 + "]"])
def test_strings_that_only_look_like_json_do_no_harm(text: str) -> None:
    assert value_text(text)
    line_diff(text, "x")


def test_prose_knows_code_spans_and_blocks() -> None:
    assert parse_prose("Use `untaint`:\nmoved {\n  from = a\n}\nor else\n\n    indented\n```\nfenced\n```") == (
        Paragraph((Span("Use "), Span("untaint", code=True), Span(":"))),
        Code("moved {\n  from = a\n}"),
        Paragraph((Span("or else"),)),
        Code("indented"),
        Code("fenced"),
    )


@pytest.mark.parametrize("text", ["", "\n\n", "```", "moved {", "` `` `", "  ", "``````\n```"])
def test_prose_that_is_not_finished_is_text(text: str) -> None:
    parse_prose(text)
