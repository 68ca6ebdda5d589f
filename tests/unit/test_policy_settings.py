"""What a policy says beyond levels: protection, scope, caps, budgets, waivers, the preset, and the history it sees."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from policy_builders import created, deleted, evidence, replaced, updated
from rehearsal_builders import call, identity

from diffing.change import Action, Proof, ResourceChange, Reversibility
from gate.policy.config import STRICT, parse_policy
from gate.policy.evaluate import evaluate
from gate.policy.preparing import preparations
from gate.policy.rule import Evidence, Policy
from gate.policy.settings import Whereabouts, matches
from gate.verdict import Decision, Finding, Level
from sandbox.rehearsal import Gap, GapKind, Preparation

TODAY = "2026-11-25"
TABLE = "aws_dynamodb_table.orders"


def policy(text: str) -> Policy:
    return parse_policy(f"version: 1\n{text}", name="p")


def about(*changes: ResourceChange, tags: Mapping[str, Mapping[str, str]] | None = None, **given: Any) -> Evidence:
    fields = {name: given.pop(name) for name in ("place", "earlier", "made_first", "rehearsed") if name in given}
    return replace(evidence(*changes, **given), today=TODAY, tags=tags or {}, **fields)


def said(rule: str, of: Evidence, by: Policy) -> list[Finding]:
    return [item for item in evaluate(of, by).findings if item.rule == rule]


def told(rule: str, of: Evidence, by: Policy) -> list[tuple[str, str]]:
    return [(item.level.value, item.message) for item in said(rule, of, by)]


# Globs


@pytest.mark.parametrize(
    ("glob", "text", "fits"),
    [
        ("aws_vpc.main", "aws_vpc.main", True),
        ("aws_vpc.main", "aws_vpc.main2", False),
        ("module.*", "module.a.aws_vpc.b", True),
        ('aws_vpc.a["b"]', 'aws_vpc.a["b"]', True),
        ("aws_vpc.a[0]", "aws_vpc.a0", False),
        ("aws_vpc.a[?]", "aws_vpc.a[7]", True),
        ("aws_vpc.[!a]", "aws_vpc.b", False),
        ("*", "", True),
        ("a.b", "axb", False),
        ("a", "a\n", False),
    ],
)
def test_a_glob_knows_stars_and_question_marks_and_no_classes(glob: str, text: str, *, fits: bool) -> None:
    assert matches((glob,), text) is fits


def test_the_digest_of_the_built_in_policy_is_that_of_what_it_says_of_itself() -> None:
    assert STRICT.digest == hashlib.sha256(b"built-in strict 1").hexdigest()


def test_a_glob_of_many_stars_takes_no_time_beyond_measure() -> None:
    assert not matches(("*a" * 60 + "b",), "a" * 5_000)


# Protected


PROTECTING = "protected: {addresses: ['module.billing.*'], tags: {tier: crit*}}\n"


@pytest.mark.parametrize(
    "change",
    [
        deleted("module.billing.aws_sns_topic.a"),
        replaced("module.billing.random_id.a"),
        replace(updated("module.billing.aws_vpc.a", {}, {}), action=Action.FORGET),
        updated("module.billing.aws_s3_bucket.a", {}, {}, stakes_before={"objects": 2}, stakes_after={"objects": 1}),
        replace(deleted("aws_sns_topic.a"), previous_address="module.billing.aws_sns_topic.a"),
        deleted("AWS::EC2::NetworkInterface/eni-1", owner="module.billing.aws_lb.a"),
    ],
)
def test_what_is_protected_by_its_address_is_never_destroyed(change: ResourceChange) -> None:
    lax = policy(PROTECTING + "rules: {resource-deleted: off, resource-forgotten: off, data-destroyed: off}")
    [(level, message)] = told("protected", about(change), lax)
    assert (level, "is protected by its address" in message) == ("reject", True)


def test_what_is_protected_may_be_changed_in_place() -> None:
    change = updated("module.billing.aws_sns_topic.a", {"display_name": "a"}, {"display_name": "b"})
    assert evaluate(about(change), policy(PROTECTING)).decision is Decision.APPROVE


def test_a_tag_protects_and_may_not_be_taken_away() -> None:
    tags = {"aws_sns_topic.a": {"tier": "critical"}, "aws_sns_topic.b": {"tier": "low"}}
    gone = [deleted(address) for address in tags]
    by = policy(PROTECTING + "rules: {resource-deleted: off}")
    [(level, message)] = told("protected", about(*gone, tags=tags), by)
    assert (level, message) == ("reject", "is protected by its tag tier = critical, and is destroyed")
    for after in ({}, {"tier": "low"}):
        taken = updated("aws_sns_topic.a", {"tags": {"tier": "critical"}}, {"tags": after})
        [(level, message)] = told("protected", about(taken, tags=tags), by)
        assert (level, "loses a tag that protects it" in message) == ("reject", True)


def test_where_tags_protect_and_are_not_known_a_person_decides() -> None:
    by = policy(PROTECTING + "rules: {resource-deleted: off}")
    assert [level for level, _ in told("protected", about(deleted("aws_sns_topic.a")), by)] == ["review"]


def test_on_what_is_protected_a_review_is_a_rejection_and_a_gap_stays_one() -> None:
    change = updated("module.billing.aws_db_instance.a", {"skip_final_snapshot": False}, {"skip_final_snapshot": True})
    gap = Gap(kind=GapKind.UNSUPPORTED, subject=change.address, reason="no such call")
    levels = {item.rule: item.level for item in evaluate(about(change, gaps=(gap,)), policy(PROTECTING)).findings}
    assert levels == {"protection-removed": Level.REJECT, "gap": Level.REVIEW}


# Scope


def test_what_is_outside_of_the_addresses_is_rejected_whatever_it_is() -> None:
    by = policy("scope: {addresses: ['module.shop.*']}")
    of = about(created("module.shop.aws_vpc.a"), created("aws_vpc.b"), updated("random_id.c", {"a": 1}, {"a": 2}))
    assert [item.address for item in said("out-of-scope", of, by)] == ["aws_vpc.b", "random_id.c"]


def test_what_has_not_the_tags_of_the_scope_is_rejected_or_not_known() -> None:
    by = policy("scope: {tags: {team: pay*}}")
    tags = {"aws_vpc.a": {"team": "payments"}, "aws_vpc.b": {"team": "other"}, "aws_vpc.c": {}}
    of = about(*(updated(f"aws_vpc.{name}", {"a": 1}, {"a": 2}) for name in "abcd"), tags=tags)
    assert [(item.address, item.level.value) for item in said("out-of-scope", of, by)] == [
        ("aws_vpc.b", "reject"),
        ("aws_vpc.c", "reject"),
        ("aws_vpc.d", "review"),
    ]


def test_calls_and_identities_tell_accounts_and_regions() -> None:
    by = policy("scope: {accounts: ['123456789012'], regions: [eu-*]}")
    calls = (
        call("sqs:DeleteQueue", "a", account="999999999999", region="eu-west-1"),
        call("sqs:DeleteQueue", "b", region="us-east-1"),
        call("iam:DeleteRole", "c", region="us-east-1"),
        call("sqs:CreateQueue", "d", region="us-east-1", phase="baseline"),
    )
    elsewhere = replace(identity("SQS::Queue", "e"), account="999999999999")
    of = about(
        deleted("aws_sqs_queue.e", identity=elsewhere),
        calls=calls,
        place=Whereabouts(account="123456789012", region="eu-west-1"),
    )
    assert [(item.address, item.message) for item in said("out-of-scope", of, by)] == [
        ("", "it writes to the account 999999999999 (sqs:DeleteQueue), which is out of scope"),
        ("", "it writes to the region us-east-1 (sqs:DeleteQueue), which is out of scope"),
        ("aws_sqs_queue.e", "is in the account 999999999999, which is out of scope"),
    ]


def test_the_wrong_place_is_rejected_and_an_unknown_one_goes_to_a_person() -> None:
    by = policy("scope: {accounts: ['123456789012'], workspaces: [dev]}")
    wrong = about(place=Whereabouts(account="999999999999", workspace="prod"))
    assert [level for level, _ in told("out-of-scope", wrong, by)] == ["reject", "reject"]
    assert [level for level, _ in told("out-of-scope", about(), by)] == ["review", "review"]
    right = about(place=Whereabouts(account="123456789012", workspace="dev"))
    assert evaluate(right, by).decision is Decision.APPROVE


# Caps and budgets


def test_a_cap_counts_what_it_names() -> None:
    of = about(
        deleted("aws_sqs_queue.a"),
        deleted("aws_sqs_queue.b"),
        replaced("aws_sqs_queue.c"),
        replaced("random_id.d"),
        created("aws_sqs_queue.e"),
        deleted("AWS::EC2::NetworkInterface/eni-1", owner="aws_sqs_queue.a"),
    )
    for text, expected in (
        ("max_delete: 1", "2 resources are deleted, and the policy's cap is 1: aws_sqs_queue.a, aws_sqs_queue.b"),
        ("max_replace: 0", "1 resource is made anew, and the policy's cap is 0: aws_sqs_queue.c"),
        ("max_change: 4", "5 resources are changed, and the policy's cap is 4: "),
    ):
        [(level, message)] = told("cap-exceeded", of, policy(f"caps: {{{text}}}"))
        assert level == "reject"
        assert message.startswith(expected)
    assert not said("cap-exceeded", of, policy("caps: {max_delete: 2, max_replace: 1, max_change: 5}"))


def test_a_budget_counts_calls() -> None:
    of = about(calls=tuple(call("sns:ListTopics", agent="aws-cli") for _ in range(8)))
    assert not said("call-budget", of, STRICT)
    for text in ("calls: 7", "same_call: 7"):
        assert [level for level, _ in told("call-budget", of, policy(f"budgets: {{{text}}}"))] == ["review"]
    assert not said("call-budget", of, policy("budgets: {calls: 8, same_call: 8}"))


# Types


def test_a_type_is_taken_off_the_list_with_a_reason() -> None:
    of = about(replaced("random_id.a"))
    assert evaluate(of, STRICT).decision is Decision.APPROVE
    by = policy("stateful: {random_*: names of buckets are made from it}")
    assert evaluate(of, by).decision is Decision.REJECT
    both = policy("stateful: {random_id: names are made from it}\nbookkeeping: {random_id: it is harmless}")
    assert evaluate(of, both).decision is Decision.REJECT


# Waivers


def waiving(rule: str, address: str, expires: str = "2026-12-31") -> Policy:
    return policy(
        f"waivers: [{{rule: {rule}, address: '{address}', reason: a good one, author: A. Name, expires: {expires}}}]"
    )


@pytest.mark.parametrize("expires", [TODAY, "2027-01-01"])
def test_a_waiver_lets_one_finding_pass_until_its_day(expires: str) -> None:
    verdict = evaluate(about(deleted(TABLE)), waiving("resource-deleted", TABLE, expires))
    assert verdict.decision is Decision.APPROVE
    [finding] = verdict.findings
    assert finding.level is Level.NOTE
    assert finding.message.endswith(f"(waived by A. Name until {expires}: a good one)")


def test_a_waiver_that_ran_out_counts_no_more_and_is_told() -> None:
    verdict = evaluate(about(deleted(TABLE)), waiving("resource-deleted", TABLE, "2026-11-24"))
    assert verdict.decision is Decision.REJECT
    assert [item.message for item in verdict.findings if item.rule == "waiver"] == [
        "the waiver of resource-deleted by A. Name ran out on 2026-11-24; it does not count any more"
    ]


def test_a_waiver_of_nothing_is_told() -> None:
    by = waiving("resource-deleted", TABLE)
    assert told("waiver", about(deleted("aws_sqs_queue.a")), by) == [
        ("note", "the waiver of resource-deleted by A. Name matches nothing in this change")
    ]
    assert (
        told("waiver", about(deleted("aws_sqs_queue.a")), replace(by, levels={"waiver": Level.REVIEW}))[0][0]
        == "review"
    )


def test_where_nobody_says_what_day_it_is_no_waiver_counts() -> None:
    verdict = evaluate(evidence(deleted(TABLE)), waiving("resource-deleted", TABLE))
    assert verdict.decision is Decision.REJECT
    assert "cannot be dated" in next(item.message for item in verdict.findings if item.rule == "waiver")


def test_what_is_not_known_is_not_waived() -> None:
    unknown = replace(deleted(TABLE), proof=Proof.UNKNOWN)
    assert evaluate(about(unknown), waiving("resource-deleted", TABLE)).decision is Decision.REJECT


def test_what_is_protected_is_not_waived() -> None:
    by = waiving("resource-deleted", TABLE)
    guarded = replace(
        by, settings=replace(by.settings, protected=policy("protected: {addresses: ['*']}").settings.protected)
    )
    assert evaluate(about(deleted(TABLE)), guarded).decision is Decision.REJECT


# The preset


def classified(change: ResourceChange, kind: Reversibility | None, dependents: int = 0) -> ResourceChange:
    return replace(change, reversibility=kind, dependents=tuple(f"aws_x.y{number}" for number in range(dependents)))


@pytest.mark.parametrize(
    ("kind", "dependents", "first", "level"),
    [
        (Reversibility.REVERSIBLE, 0, False, "note"),
        (Reversibility.REVERSIBLE, 2, False, "note"),
        (Reversibility.REVERSIBLE, 3, False, "review"),
        (Reversibility.SLOW, 0, False, "review"),
        (Reversibility.SLOW, 0, True, "note"),
        (Reversibility.SLOW, 3, True, "review"),
        (Reversibility.IRREVERSIBLE, 0, True, "reject"),
        (None, 0, True, "reject"),
    ],
)
def test_tiered_goes_by_reversibility_and_blast_radius(
    kind: Reversibility | None,
    dependents: int,
    level: str,
    *,
    first: bool,
) -> None:
    change = classified(replaced("aws_launch_template.a"), kind, dependents)
    made_first = frozenset({change.address}) if first else frozenset()
    by = policy("preset: tiered")
    assert [got for got, _ in told("resource-replaced", about(change, made_first=made_first), by)] == [level]
    assert evaluate(about(change), STRICT).decision is Decision.REJECT


def test_tiered_has_its_limits() -> None:
    change = classified(deleted("aws_launch_template.a"), Reversibility.REVERSIBLE)
    by = policy("preset: tiered\nlarge_from: 0")
    assert told("resource-deleted", about(change), by)[0][0] == "review"
    assert told("resource-deleted", about(change, rehearsed=False), policy("preset: tiered"))[0][0] == "review"
    stateful = policy("preset: tiered\nstateful: {aws_launch_template: it is all we have}")
    assert told("resource-deleted", about(change), stateful)[0][0] == "reject"
    # A level that the policy sets goes before the preset.
    assert (
        told("resource-deleted", about(change), policy("preset: tiered\nrules: {resource-deleted: reject}"))[0][0]
        == "reject"
    )


# Environments


FILE = """
preset: tiered
rules: {gap: reject}
environments:
  production:
    match: {accounts: ['111111111111'], workspaces: [prod*]}
    preset: strict
    rules: {waiver: review}
    caps: {max_delete: 0}
  anything:
    match: {workspaces: ['*']}
"""
PRODUCTION = Whereabouts(account="111111111111", region="eu-west-1", workspace="prod-eu")


def taken(place: Whereabouts, environment: str = "") -> Policy:
    return parse_policy(f"version: 1\n{FILE}", name="p", place=place, environment=environment)


def test_the_first_environment_that_matches_is_taken_and_goes_before_the_rest() -> None:
    chosen = taken(PRODUCTION)
    assert (chosen.name, chosen.settings.preset.value, chosen.settings.caps.max_delete) == (
        "p (production)",
        "strict",
        0,
    )
    assert chosen.levels == {"gap": Level.REJECT, "waiver": Level.REVIEW}
    other = taken(replace(PRODUCTION, account="222222222222"))
    assert (other.name, other.settings.preset.value, other.settings.caps.max_delete) == ("p (anything)", "tiered", None)


def test_an_environment_asked_for_by_name_limits_the_scope_to_what_it_is_known_by() -> None:
    wrong = Whereabouts(account="222222222222", region="eu-west-1", workspace="dev")
    verdict = evaluate(about(place=wrong), taken(wrong, "production"))
    assert verdict.decision is Decision.REJECT
    assert [item.message for item in verdict.findings] == [
        "the account is 222222222222, and the policy's scope is 111111111111",
        "the workspace is dev, and the policy's scope is prod*",
    ]
    assert evaluate(about(place=PRODUCTION), taken(PRODUCTION, "production")).decision is Decision.APPROVE


# The history


def earlier(address: str, what: str = "x is off", **fields: Any) -> Preparation:
    return Preparation(address=address, what=what, day="2026-11-23", decision="review", **fields)


def test_a_delete_that_was_prepared_is_rejected_and_names_the_day() -> None:
    lax = policy("rules: {resource-deleted: note}")
    of = about(deleted(TABLE), earlier=(earlier(TABLE),))
    assert told("earlier-preparation", of, lax) == [
        (
            "reject",
            f"is destroyed, and that was prepared: on 2026-11-23 a rehearsal (review) saw that of {TABLE}, x is off",
        )
    ]
    assert not said("earlier-preparation", about(deleted("aws_sqs_queue.a"), earlier=(earlier(TABLE),)), lax)
    assert not said("earlier-preparation", about(replaced("random_id.a"), earlier=(earlier("random_id.a"),)), lax)


def test_what_was_protected_again_was_not_prepared() -> None:
    prepared = earlier(TABLE, attribute="deletion_protection_enabled", left="false")
    for now, expected in ((False, 1), (True, 0)):
        gone = deleted(TABLE, {"deletion_protection_enabled": now})
        assert len(said("earlier-preparation", about(gone, earlier=(prepared,)), STRICT)) == expected


def test_the_settings_of_something_prepare_its_end_too() -> None:
    gone = replace(deleted("aws_s3_bucket.a"), dependents=("aws_s3_bucket_versioning.a",))
    assert said("earlier-preparation", about(gone, earlier=(earlier("aws_s3_bucket_versioning.a"),)), STRICT)


def test_data_may_be_destroyed_in_what_stays() -> None:
    emptied = updated("aws_s3_bucket.a", {}, {}, stakes_before={"objects": 4}, stakes_after={})
    assert told("earlier-preparation", about(emptied, earlier=(earlier("aws_s3_bucket.a"),)), STRICT)[0][0] == "reject"


def test_copies_that_went_before_send_a_destruction_to_a_person() -> None:
    lax = policy("rules: {resource-deleted: note}")
    copies = earlier("aws_db_snapshot.a", "it kept copies, and was deleted", of_backups=True)
    assert [level for level, _ in told("earlier-preparation", about(deleted(TABLE), earlier=(copies,)), lax)] == [
        "review"
    ]


def test_the_same_change_rehearsed_again_does_not_prepare_itself() -> None:
    snapshot = deleted("aws_db_snapshot.a")
    [prepared] = preparations(about(snapshot, deleted(TABLE)))
    assert prepared.of_backups
    known = replace(prepared, day="2026-11-24", decision="reject")
    assert not said("earlier-preparation", about(snapshot, deleted(TABLE), earlier=(known,)), STRICT)
    assert said("earlier-preparation", about(deleted(TABLE), earlier=(known,)), STRICT)


def test_what_a_change_prepares_is_told_with_the_value_it_leaves() -> None:
    off = updated(TABLE, {"deletion_protection_enabled": True}, {"deletion_protection_enabled": False})
    cut = updated("aws_cloudwatch_log_group.a", {"retention_in_days": 365}, {"retention_in_days": 1})
    harmless = updated("aws_sqs_queue.a", {"name": "a"}, {"name": "b"})
    assert [(each.address, each.attribute, each.left) for each in preparations(about(off, cut, harmless))] == [
        (TABLE, "deletion_protection_enabled", "false"),
        ("aws_cloudwatch_log_group.a", "retention_in_days", "1"),
    ]
