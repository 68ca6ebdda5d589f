"""What is told of an announced change beside its action: causes, renames, kept effects, what is at stake."""

from __future__ import annotations

from typing import Any

import pytest
from rehearsal_builders import attributes_of, instance, judged, planned, rehearsal, resource, rules, the, told

from diffing.change import Action, Proof, Witness
from diffing.snapshot import Resource
from diffing.values import Marker
from gate.verdict import Decision
from sandbox.rehearsal import PlannedChange

ATTACHMENT = {"role": "worker", "policy_arn": "arn:aws:iam::aws:policy/ReadOnly"}
ROLE = instance("aws_iam_role.r", {"id": "worker", "name": "worker"})


def role(*policies: str) -> Resource:
    attached = [{"PolicyArn": arn, "PolicyName": arn.rpartition("/")[2]} for arn in policies]
    return resource("IAM::Role", "worker", {"AttachedRolePolicies": attached}, born={"RoleId": "AROA1"})


def attached(address: str, **changed: Any) -> Any:
    return instance(address, {"id": "worker-1"} | ATTACHMENT | changed)


ALARM = "aws_cloudwatch_metric_alarm.a"
OLD, NEW = "aws_iam_role_policy_attachment.a", "aws_iam_role_policy_attachment.b"
REPLACED = planned(OLD, Action.REPLACE, ATTACHMENT, ATTACHMENT)


def test_a_link_made_anew_that_the_clone_shows_before_and_after_keeps_its_effect() -> None:
    carrier = role(ATTACHMENT["policy_arn"])
    observed, _ = judged(rehearsal([carrier], [carrier], plan=[REPLACED], state=[ROLE, attached(OLD)]))

    assert the(observed, OLD).effect_kept


def test_a_link_under_another_address_keeps_its_effect() -> None:
    carrier = role(ATTACHMENT["policy_arn"])
    plan = [planned(OLD, Action.DELETE, ATTACHMENT, None), planned(NEW, Action.CREATE, None, ATTACHMENT)]
    observed, _ = judged(
        rehearsal([carrier], [carrier], plan=plan, state=[ROLE, attached(OLD)], state_after=[ROLE, attached(NEW)])
    )

    assert the(observed, OLD).effect_kept


def test_a_link_made_anew_beside_another_change_of_its_carrier_keeps_its_effect() -> None:
    before = role(ATTACHMENT["policy_arn"])
    after = resource("IAM::Role", "worker", attributes_of(before), tags={"team": "a"}, born={"RoleId": "AROA1"})
    observed, _ = judged(rehearsal([before], [after], plan=[REPLACED], state=[ROLE, attached(OLD)]))

    assert the(observed, OLD).effect_kept


@pytest.mark.parametrize(
    ("before", "after", "plan"),
    [
        # A kind of link that the inventory does not show looks the same without it.
        ([role()], [role()], planned(OLD, Action.DELETE, ATTACHMENT, None)),
        ([role()], [role()], REPLACED),
        ([role(ATTACHMENT["policy_arn"])], [role()], REPLACED),
        ([role(ATTACHMENT["policy_arn"])], [], REPLACED),
        # Shown, though announced as removed: the engine did not carry it out.
        (
            [role(ATTACHMENT["policy_arn"])],
            [role(ATTACHMENT["policy_arn"])],
            planned(OLD, Action.DELETE, ATTACHMENT, None),
        ),
    ],
)
def test_an_effect_that_is_not_proved_is_not_kept(
    before: list[Resource], after: list[Resource], plan: PlannedChange
) -> None:
    state_after = [ROLE] if plan.action is Action.DELETE else [ROLE, attached(OLD)]
    observed, verdict = judged(
        rehearsal(before, after, plan=[plan], state=[ROLE, attached(OLD)], state_after=state_after)
    )

    assert not the(observed, OLD).effect_kept
    assert verdict.decision is not Decision.APPROVE


def test_an_association_that_moves_to_another_carrier_does_not_keep_its_effect() -> None:
    tables = [
        resource("EC2::RouteTable", name, {"Associations": [{"SubnetId": "subnet-1"}]}) for name in ("rtb-1", "rtb-2")
    ]
    address = "aws_route_table_association.a"
    given = {"id": "rtbassoc-1", "subnet_id": "subnet-1"}
    plan = [planned(address, Action.REPLACE, given | {"route_table_id": "rtb-1"}, given | {"route_table_id": "rtb-2"})]
    state, state_after = ([instance(address, given | {"route_table_id": name})] for name in ("rtb-1", "rtb-2"))
    observed, _ = judged(rehearsal(tables, tables, plan=plan, state=state, state_after=state_after))

    assert not the(observed, address).effect_kept


def test_causes_are_the_nearest_ones_and_found_whatever_the_instance_keys() -> None:
    plan = [
        planned("aws_ecs_cluster.c", Action.REPLACE, {"name": "a"}, {"name": "b"}),
        planned('module.m["x"].aws_ecs_service.s[0]', Action.REPLACE, {"cluster": "a"}, {"cluster": "b"}),
        planned("aws_appautoscaling_target.t", Action.REPLACE, {"resource_id": "a"}, {"resource_id": "b"}),
        planned("aws_sns_topic.unrelated", Action.CREATE, None, {"name": "x"}),
    ]
    state = [
        instance("aws_ecs_cluster.c", {"id": "a"}),
        instance('module.m["x"].aws_ecs_service.s[0]', {"id": "s"}, needs=["aws_ecs_cluster.c"]),
        instance("aws_appautoscaling_target.t", {"id": "t"}, needs=["aws_ecs_cluster.c", "module.m.aws_ecs_service.s"]),
    ]
    observed, _ = judged(rehearsal(plan=plan, state=state))

    assert the(observed, 'module.m["x"].aws_ecs_service.s[0]').causes == ("aws_ecs_cluster.c",)
    assert the(observed, "aws_appautoscaling_target.t").causes == ('module.m["x"].aws_ecs_service.s[0]',)


def test_a_cause_that_only_the_state_after_names_is_found() -> None:
    plan = [
        planned("aws_kms_key.k", Action.CREATE, None, {"description": "new"}),
        planned("aws_dynamodb_table.t", Action.REPLACE, {"kms": "a"}, {"kms": Marker.UNKNOWN}),
    ]
    state = [instance("aws_dynamodb_table.t", {"id": "t", "name": "t"})]
    state_after = [instance("aws_dynamodb_table.t", {"id": "t", "name": "t"}, needs=["aws_kms_key.k"])]
    observed, _ = judged(rehearsal(plan=plan, state=state, state_after=state_after))

    assert the(observed, "aws_dynamodb_table.t").causes == ("aws_kms_key.k",)


def test_nothing_is_created_because_something_is_deleted() -> None:
    plan = [
        planned("aws_sns_topic.old", Action.DELETE, {"name": "old"}, None),
        planned("aws_sqs_queue.q", Action.CREATE, None, {"name": "q"}),
    ]
    state_after = [instance("aws_sqs_queue.q", {"id": "q", "name": "q"}, needs=["aws_sns_topic.old"])]
    observed, _ = judged(rehearsal(plan=plan, state_after=state_after))

    assert the(observed, "aws_sqs_queue.q").causes == ()


def topic(name: str, *, created: bool) -> dict[str, Any]:
    """As the AWS provider plans it: what AWS decides is unknown before a create, and text in a state."""
    decided = Marker.UNKNOWN if created else f"arn:aws:sns:us-east-1:123456789012:{name}-2026"
    return {
        "arn": decided,
        "id": decided,
        "name": decided,
        "owner": Marker.UNKNOWN if created else "123456789012",
        "policy": decided,
        "name_prefix": f"{name}-",
        "display_name": None if created else "",
        "fifo_topic": False,
        "lambda_success_feedback_sample_rate": None if created else 0,
        "sqs_success_feedback_sample_rate": None if created else 0,
        "signature_version": Marker.UNKNOWN if created else 0,
        "tags": None,
        "tags_all": {"Service": "folders"},
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("aws_sns_topic.t[{}]", 'aws_sns_topic.t["{}"]'),
        ('aws_sns_topic.t["{1}"]', 'module.topics.aws_sns_topic.t["{1}"]'),
        ('aws_sns_topic.t["{1}"]', 'module.topics["all"].aws_sns_topic.this["{1}"]'),
    ],
)
def test_what_gets_another_address_is_recognised(old: str, new: str) -> None:
    names = ["design", "finance", "legal"]
    olds = {name: old.format(index, name) for index, name in enumerate(names)}
    news = {name: new.format(name, name) for name in names}
    plan = [
        *(planned(olds[name], Action.DELETE, topic(name, created=False), None) for name in names),
        *(planned(news[name], Action.CREATE, None, topic(name, created=True)) for name in reversed(names)),
    ]
    observed, _ = judged(rehearsal(plan=plan))

    if "this" in new:
        # Another name in the configuration, and nothing but a prefix to go by: not enough.
        assert {change.rename_of for change in observed.diff.changes} == {""}
    else:
        assert {name: the(observed, news[name]).rename_of for name in names} == olds


def test_a_rename_is_not_suspected_between_different_things() -> None:
    plan = [
        planned("aws_sns_topic.t", Action.DELETE, topic("invoices", created=False), None),
        planned("aws_sns_topic.u", Action.CREATE, None, topic("audits", created=True)),
    ]
    observed, _ = judged(rehearsal(plan=plan))

    assert the(observed, "aws_sns_topic.u").rename_of == ""


def test_a_replacement_that_makes_the_new_one_first_is_one_change() -> None:
    old, new = (resource("ECS::Cluster", name, {}, stakes={"tasks": 2}) for name in ("arn:a", "arn:b"))
    address = "aws_ecs_cluster.c"
    plan = [
        planned(
            address,
            Action.REPLACE,
            {"name": "a"},
            {"name": "b"},
            replace_paths=(("name",),),
            create_before_destroy=True,
        )
    ]
    state, state_after = ([instance(address, {"id": arn, "arn": arn})] for arn in ("arn:a", "arn:b"))
    observed, verdict = judged(rehearsal([old], [new], plan=plan, state=state, state_after=state_after))

    (change,) = observed.diff.changes
    assert (change.address, change.proof) == (address, Proof.PROVED)
    assert change.identity == old.identity
    assert rules(verdict, address) == {"resource-replaced"}


def test_what_is_forgotten_counts_what_is_still_inside() -> None:
    bucket = resource("S3::Bucket", "uploads", {}, stakes={"objects": 2})
    plan = [planned("aws_s3_bucket.b", Action.FORGET, {"bucket": "uploads"}, None)]
    state = [instance("aws_s3_bucket.b", {"id": "uploads", "bucket": "uploads"})]
    observed, verdict = judged(rehearsal([bucket], [bucket], plan=plan, state=state, state_after=[]))

    assert the(observed, "aws_s3_bucket.b").stakes_after == {"objects": 2}
    assert Witness.CLONE in the(observed, "aws_s3_bucket.b").witnesses
    assert rules(verdict, "aws_s3_bucket.b") == {"resource-forgotten"}


def test_what_the_baseline_would_restore_and_the_change_would_not_is_the_changes_doing() -> None:
    """An engine forgets an alarm's actions: the plan of the change shows nothing, that of the baseline wants them."""
    forgotten, wanted = {"alarm_actions": [], "period": 0}, {"alarm_actions": ["arn:pager"], "period": 300}
    made = rehearsal(
        plan=[planned(ALARM, Action.UPDATE, forgotten, wanted | {"alarm_actions": []})],
        noise=[planned(ALARM, Action.UPDATE, forgotten, wanted)],
        state=[instance(ALARM, forgotten)],
    )
    observed, verdict = judged(made)
    [item] = the(observed, ALARM).attributes
    assert (item.path, item.before, item.after) == (("alarm_actions", 0), "arn:pager", Marker.ABSENT)
    assert "removed-in-place" in rules(verdict, ALARM)


def test_a_plan_without_the_noise_is_a_change_as_well() -> None:
    forgotten = {"alarm_actions": []}
    made = rehearsal(
        plan=[planned(ALARM, Action.NO_OP, forgotten, forgotten)],
        noise=[planned(ALARM, Action.UPDATE, forgotten, {"alarm_actions": ["arn:pager"]})],
        state=[instance(ALARM, forgotten)],
    )
    observed, verdict = judged(made)
    assert the(observed, ALARM).action is Action.UPDATE
    assert "removed-in-place" in rules(verdict, ALARM)


def test_noise_that_the_change_repeats_stays_noise() -> None:
    forgotten, wanted = {"alarm_actions": []}, {"alarm_actions": ["arn:pager"]}
    made = rehearsal(
        plan=[planned(ALARM, Action.UPDATE, forgotten, wanted)],
        noise=[planned(ALARM, Action.UPDATE, forgotten, wanted)],
        state=[instance(ALARM, forgotten)],
    )
    observed, _ = judged(made)
    assert told(observed) == {}


def associated(subnet: str, number: str) -> Resource:
    entry = {"RouteTableAssociationId": number, "SubnetId": subnet, "RouteTableId": "rtb-1"}
    return resource("EC2::RouteTable", "rtb-1", {"Associations": [entry]})


def remade(before: Resource, after: Resource, old: dict[str, str], new: dict[str, str]) -> bool:
    address = "aws_route_table_association.a"
    observed, _ = judged(
        rehearsal(
            [before],
            [after],
            plan=[planned(address, Action.REPLACE, old, new)],
            state=[instance(address, old)],
            state_after=[instance(address, new)],
        )
    )
    return the(observed, address).effect_kept


def test_an_association_that_is_made_anew_under_another_id_has_kept_its_effect() -> None:
    old = {"id": "rtbassoc-1", "subnet_id": "subnet-1", "route_table_id": "rtb-1"}
    new = old | {"id": "rtbassoc-2"}
    assert remade(associated("subnet-1", "rtbassoc-1"), associated("subnet-1", "rtbassoc-2"), old, new)
    other = new | {"subnet_id": "subnet-2"}
    assert not remade(associated("subnet-1", "rtbassoc-1"), associated("subnet-2", "rtbassoc-2"), old, other)


@pytest.mark.parametrize(("port", "kept"), [(443, True), (22, False)])
def test_a_rule_that_is_made_anew_under_another_id_is_the_same_if_it_says_the_same(port: int, kept: bool) -> None:  # noqa: FBT001 - what is expected
    def rule(number: str, to_port: int) -> Resource:
        return resource("EC2::SecurityGroupRule", number, {"SecurityGroupRuleId": number, "ToPort": to_port})

    address = "aws_vpc_security_group_ingress_rule.a"
    observed, _ = judged(
        rehearsal(
            [rule("sgr-1", 443)],
            [rule("sgr-2", port)],
            plan=[planned(address, Action.REPLACE, {"to_port": 443}, {"to_port": port})],
            state=[instance(address, {"id": "sgr-1"})],
            state_after=[instance(address, {"id": "sgr-2"})],
        )
    )
    assert the(observed, address).effect_kept is kept
