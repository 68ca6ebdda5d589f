from __future__ import annotations

from typing import Any

import pytest
from policy_builders import created, deleted, found, messages, replaced, updated
from rehearsal_builders import call

from diffing.values import Marker
from gate.policy.bookkeeping import Bookkeeping, Kind
from gate.policy.rule import Policy
from gate.verdict import Level

RULE = "link-removed"
LINK = "aws_iam_role_policy_attachment.reader"
EQUAL = {"role": "app", "policy_arn": "arn:aws:iam::1:policy/a", "id": "app-1"}


def test_a_link_that_is_removed_is_for_a_person() -> None:
    [finding] = found(RULE, deleted(LINK, EQUAL))
    assert finding.level is Level.REVIEW
    assert finding.message.startswith("is removed; nothing is lost with it (relates a role and a policy")


def test_a_link_made_anew_with_equal_effect_passes_and_is_noted() -> None:
    change = replaced(LINK, EQUAL, EQUAL | {"id": "app-2"}, effect_kept=True)
    assert messages(RULE, change) == []
    assert [finding.level for finding in found("bookkeeping", change)] == [Level.NOTE]


@pytest.mark.parametrize(
    "change",
    [
        replaced(LINK, EQUAL, EQUAL),
        # The clone shows no difference, but the plan does: the engine does not carry the link.
        replaced(LINK, EQUAL, EQUAL | {"policy_arn": "arn:aws:iam::1:policy/b"}, effect_kept=True),
        replaced("aws_s3_bucket_policy.a", {"policy": "{}"}, {"policy": '{"Statement": []}'}, effect_kept=True),
    ],
)
def test_a_link_made_anew_with_another_effect_is_for_a_person(change: Any) -> None:
    assert [text.split(";")[0] for text in messages(RULE, change)] == ["is made anew with another effect"]
    assert found("bookkeeping", change) == []


def test_what_is_not_known_yet_does_not_contradict_the_clone() -> None:
    change = replaced(LINK, EQUAL, EQUAL | {"role": Marker.UNKNOWN}, effect_kept=True)
    assert messages(RULE, change) == []


def test_an_unchanged_clone_does_not_prove_that_a_delete_has_no_effect() -> None:
    assert len(messages(RULE, deleted(LINK, EQUAL, effect_kept=True), created(LINK + "2", EQUAL))) == 1


def test_a_revision_is_renewed_freely_and_removed_by_a_person() -> None:
    assert messages(RULE, replaced("aws_ecs_task_definition.a")) == []
    assert len(messages(RULE, deleted("aws_ecs_task_definition.a"))) == 1


@pytest.mark.parametrize("change", [deleted("terraform_data.a"), replaced("random_pet.a")])
def test_what_is_only_in_the_state_has_no_effect(change: Any) -> None:
    assert messages(RULE, change) == []
    assert len(found("bookkeeping", change)) == 1


def test_a_teams_row_vouches_for_delete_and_replace() -> None:
    row = Bookkeeping(kind=Kind.VOUCHED, reason="counts log lines")
    team = Policy(name="p", digest="", bookkeeping={"aws_cloudwatch_log_metric_filter": row})
    change = deleted("aws_cloudwatch_log_metric_filter.a")
    assert messages(RULE, change, policy=team) == []
    assert messages("bookkeeping", change, policy=team) == ["delete of a bookkeeping resource: counts log lines"]


def test_what_goes_with_a_rejected_owner_is_not_told_again() -> None:
    assert messages(RULE, deleted("aws_iam_role.app"), deleted(LINK, owner="aws_iam_role.app")) == []
    assert len(messages(RULE, deleted("terraform_data.a"), deleted(LINK, owner="terraform_data.a"))) == 1


def test_a_rule_revoked_behind_the_plan_is_a_link() -> None:
    rule = "AWS::EC2::SecurityGroupRule/sgr-1"
    assert len(messages(RULE, deleted(rule, calls=(3,)))) == 1
    assert messages(RULE, deleted(rule, calls=(3,), owner="aws_security_group.a")) == []
    assert found("bookkeeping", deleted(rule)) == []


@pytest.mark.parametrize(
    "change",
    [
        created("aws_iam_role_policy_attachments_exclusive.a"),
        updated("aws_iam_policy_attachment.a", {"roles": ["a"]}, {"roles": ["a", "b"]}),
    ],
)
def test_an_exclusive_attachment_takes_away_what_nobody_names(change: Any) -> None:
    [text] = messages(RULE, change)
    assert text.endswith("also what this configuration does not manage")


def test_each_exclusive_attachment_is_told_of_what_it_took_away_itself() -> None:
    attachment = updated("aws_iam_policy_attachment.a", {"roles": ["a"]}, {"roles": ["a", "b"]})
    inline = created("aws_iam_role_policies_exclusive.web", {"role_name": "web"})
    other = created("aws_iam_role_policies_exclusive.job", {"role_name": "job"})
    calls = (
        call("iam:DetachRolePolicy", parameters={"RoleName": "audit", "PolicyArn": "arn:aws:p"}),
        call("iam:DeleteRolePolicy", parameters={"RoleName": "web", "PolicyName": "tracing"}),
    )
    findings = found(RULE, attachment, inline, other, calls=calls)
    assert [(each.address, each.message) for each in findings if each.level is Level.REJECT] == [
        (attachment.address, "takes arn:aws:p away from audit, which somebody else had given it"),
        (inline.address, "takes tracing away from web, which somebody else had given it"),
    ]


@pytest.mark.parametrize(
    "change", [created(LINK), deleted("aws_iam_role_policy_attachments_exclusive.a"), updated(LINK, {"a": 1}, {"a": 2})]
)
def test_other_changes_of_links_pass(change: Any) -> None:
    assert messages(RULE, change) == []
