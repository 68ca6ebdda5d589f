"""Something destructive happens beside what the plan announces: it is always told, and never excused."""

from __future__ import annotations

import pytest
from rehearsal_builders import (
    call,
    identity,
    instance,
    judged,
    planned,
    rehearsal,
    resource,
    rules,
    the,
    told,
)

from diffing.change import Action, Lifespan, Proof, Witness
from diffing.snapshot import Resource
from gate.verdict import Decision
from sandbox.rehearsal import ApplyOutcome, CallKind, GapKind, PlannedChange, StateInstance
from sandbox.witnesses.calls import PROVIDER

BUCKET = instance("aws_s3_bucket.b", {"id": "uploads", "bucket": "uploads", "arn": "arn:aws:s3:::uploads"})
TABLE = instance("aws_dynamodb_table.t", {"id": "orders", "name": "orders", "arn": "arn:orders"})
ROLE = instance("aws_iam_role.r", {"id": "worker", "name": "worker", "arn": "arn:worker"})
POLICY = instance("aws_iam_policy.p", {"id": "arn:p", "arn": "arn:p", "name": "p"})
TAGGED = {"tags": {"team": "a"}, "tags_all": {"team": "a"}}
TAG_TABLE = planned("aws_dynamodb_table.t", Action.UPDATE, {"name": "orders"}, {"name": "orders"} | TAGGED)
TAG_BUCKET = planned("aws_s3_bucket.b", Action.UPDATE, {"bucket": "uploads"}, {"bucket": "uploads"} | TAGGED)
RELEASE = planned("terraform_data.release", Action.REPLACE, {"triggers_replace": "1"}, {"triggers_replace": "2"})
LIFECYCLE = planned(
    "aws_s3_bucket_lifecycle_configuration.b", Action.CREATE, None, {"bucket": "uploads", "rule": [{"id": "tmp"}]}
)
LIFECYCLE_STATE = instance("aws_s3_bucket_lifecycle_configuration.b", {"id": "uploads", "bucket": "uploads"})
AGENTS = pytest.mark.parametrize("agent", ["aws-cli", "", "terraform-provider-aws"])
"""A program that says who it is, one that does not, and one that lies."""


def table(*, pitr: str = "ENABLED", items: int = 3, born: str = "t-1", tags: dict[str, str] | None = None) -> Resource:
    return resource(
        "DynamoDB::Table",
        "orders",
        {"TableName": "orders", "ContinuousBackups": {"Status": pitr}},
        aliases=["arn:orders"],
        stakes={"items": items},
        born={"TableId": born},
        tags=tags,
    )


def bucket(objects: int = 2, **attributes: object) -> Resource:
    return resource("S3::Bucket", "uploads", attributes, aliases=["arn:aws:s3:::uploads"], stakes={"objects": objects})


def role(*policies: str, trust: str = "ec2") -> Resource:
    attached = [{"PolicyArn": arn, "PolicyName": arn.rpartition(":")[2]} for arn in policies]
    return resource(
        "IAM::Role",
        "worker",
        {"AssumeRolePolicyDocument": trust, "AttachedRolePolicies": attached},
        aliases=["arn:worker"],
        born={"RoleId": "AROA1"},
    )


@AGENTS
def test_a_table_deleted_while_the_plan_tags_it_is_rejected_and_does_not_excuse_itself(agent: str) -> None:
    observed, verdict = judged(
        rehearsal(
            [table()], [], plan=[TAG_TABLE], state=[TABLE], calls=[call("dynamodb:DeleteTable", "orders", agent=agent)]
        )
    )

    side_effect = the(observed, "aws_dynamodb_table.t", announced=False)
    assert side_effect.action is Action.DELETE
    assert side_effect.owner == ""
    assert verdict.decision is Decision.REJECT
    assert "resource-deleted" in rules(verdict, "aws_dynamodb_table.t")


@AGENTS
def test_a_table_deleted_and_made_again_under_its_name_is_rejected(agent: str) -> None:
    calls = [call("dynamodb:DeleteTable", "orders", agent=agent), call("dynamodb:CreateTable", "orders", agent=agent)]
    observed, verdict = judged(
        rehearsal([table()], [table(born="t-2", items=0)], plan=[TAG_TABLE], state=[TABLE], calls=calls)
    )

    assert the(observed, "aws_dynamodb_table.t", announced=False).lifespan is Lifespan.RECREATED
    assert verdict.decision is Decision.REJECT


@pytest.mark.parametrize(
    "plan", [[], [planned("aws_sns_topic.a", Action.UPDATE, {"name": "alerts"}, {"name": "alerts"} | TAGGED)]]
)
def test_a_topic_made_again_without_a_trace_is_told_by_the_call_that_deleted_it(plan: list[PlannedChange]) -> None:
    topic = resource("SNS::Topic", "arn:alerts", {"DisplayName": ""})
    state = [instance("aws_sns_topic.a", {"id": "arn:alerts", "arn": "arn:alerts", "name": "alerts"})]
    calls = [call("sns:DeleteTopic", "arn:alerts"), call("sns:CreateTopic", "alerts", "arn:alerts")]
    observed, verdict = judged(rehearsal([topic], [topic], plan=plan, state=state, calls=calls))

    change = the(observed, "aws_sns_topic.a", announced=False)
    assert (change.action, change.lifespan) == (Action.REPLACE, Lifespan.RECREATED)
    assert change.witnesses == {Witness.CALLS}
    assert verdict.decision is Decision.REJECT


@AGENTS
def test_what_comes_back_otherwise_on_an_engine_that_knows_no_birth_was_made_anew_all_the_same(agent: str) -> None:
    old, new = (resource("ECS::Service", "arn:web", {"DesiredCount": n}, aliases=["web"]) for n in (2, 1))
    state = [instance("aws_ecs_service.web", {"id": "arn:web", "name": "web"})]
    calls = [call("ecs:DeleteService", "web", agent=agent), call("ecs:CreateService", "web", "arn:web", agent=agent)]
    observed, verdict = judged(rehearsal([old], [new], state=state, calls=calls, announced=False))

    change = the(observed, "aws_ecs_service.web")
    assert (change.action, change.lifespan) == (Action.REPLACE, Lifespan.RECREATED)
    assert verdict.decision is Decision.REJECT


def test_a_bucket_emptied_while_the_plan_tags_it_loses_data() -> None:
    _, verdict = judged(rehearsal([bucket(2)], [bucket(0)], plan=[TAG_BUCKET], state=[BUCKET]))

    assert "data-destroyed" in rules(verdict, "aws_s3_bucket.b")
    assert verdict.decision is Decision.REJECT


def test_a_bucket_emptied_while_its_setting_is_planned_loses_data() -> None:
    after = bucket(0, LifecycleConfiguration={"Rules": [{"ID": "tmp"}]})
    state_after = [BUCKET, LIFECYCLE_STATE]
    observed, verdict = judged(
        rehearsal([bucket(2)], [after], plan=[LIFECYCLE], state=[BUCKET], state_after=state_after)
    )

    assert the(observed, "aws_s3_bucket.b").owner == ""
    assert verdict.decision is Decision.REJECT


def test_an_object_exchanged_for_another_is_lost_though_the_count_is_the_same() -> None:
    home = bucket(2)
    kept, lost, new = (resource("S3::Object", f"uploads/{name}", {"ETag": "1"}, parent=home) for name in "abc")
    observed, verdict = judged(rehearsal([home, kept, lost], [home, kept, new], plan=[RELEASE], state=[BUCKET]))

    change = the(observed, "aws_s3_bucket.b")
    assert change.stakes_after == {"objects": 1}
    assert [row.path for row in change.attributes] == [("data", "uploads/b"), ("data", "uploads/c")]
    assert verdict.decision is Decision.REJECT


def test_an_overwritten_object_is_told_though_nothing_else_differs() -> None:
    home = bucket(1)
    old, new = (resource("S3::Object", "uploads/a", {"ETag": tag}, parent=home) for tag in "12")
    observed, verdict = judged(rehearsal([home, old], [home, new], plan=[TAG_BUCKET], state=[BUCKET]))

    assert "uploads/a" in the(observed, "aws_s3_bucket.b").disagreements[0]
    assert verdict.decision is Decision.REVIEW


def test_backups_switched_off_while_the_plan_tags_the_table_contradict_the_plan() -> None:
    after = table(pitr="DISABLED", tags={"team": "a"})
    observed, verdict = judged(rehearsal([table()], [after], plan=[TAG_TABLE], state=[TABLE]))

    (text,) = the(observed, "aws_dynamodb_table.t").disagreements
    assert "ContinuousBackups.Status" in text
    assert "tags" not in text
    assert verdict.decision is Decision.REVIEW


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"DeletionProtectionEnabled": True}, {"DeletionProtectionEnabled": False}),
        ({"BackupRetentionPeriod": 30}, {"BackupRetentionPeriod": 1}),
        ({"ResourcePolicy": None}, {"ResourcePolicy": "{}"}),
        ({"Replicas": [{"RegionName": "eu-west-1"}]}, {"Replicas": []}),
    ],
)
def test_what_is_taken_away_beside_a_configured_attribute_contradicts_the_plan(
    before: dict[str, object], after: dict[str, object]
) -> None:
    old, new = (
        resource("DynamoDB::Table", "orders", {"StreamEnabled": on} | values)
        for on, values in ((False, before), (True, after))
    )
    plan = [planned("aws_dynamodb_table.t", Action.UPDATE, {"stream_enabled": False}, {"stream_enabled": True})]
    observed, verdict = judged(rehearsal([old], [new], plan=plan, state=[TABLE]))

    assert next(iter(before)) in the(observed, "aws_dynamodb_table.t").disagreements[0]
    assert verdict.decision is Decision.REVIEW


def test_a_default_version_switched_while_the_policy_is_only_tagged_contradicts_the_plan() -> None:
    old, new = (resource("IAM::ManagedPolicy", "arn:p", {"DefaultVersionId": version}) for version in ("v2", "v1"))
    plan = [planned("aws_iam_policy.p", Action.UPDATE, {"name": "p"}, {"name": "p"} | TAGGED)]
    observed, _ = judged(rehearsal([old], [new], plan=plan, state=[POLICY]))

    assert "DefaultVersionId" in the(observed, "aws_iam_policy.p").disagreements[0]


@AGENTS
def test_versioning_suspended_while_the_lifecycle_is_planned_is_told(agent: str) -> None:
    before = bucket(2, Versioning={"Status": "Enabled"})
    after = bucket(2, Versioning={"Status": "Suspended"}, LifecycleConfiguration={"Rules": [{"ID": "tmp"}]})
    calls = [
        call("s3:PutBucketLifecycleConfiguration", "uploads"),
        call("s3:PutBucketVersioning", "uploads", agent=agent),
    ]
    state_after = [BUCKET, LIFECYCLE_STATE]
    observed, verdict = judged(
        rehearsal([before], [after], plan=[LIFECYCLE], state=[BUCKET], state_after=state_after, calls=calls)
    )

    assert the(observed, "aws_s3_bucket.b").owner == ""
    assert verdict.decision is not Decision.APPROVE


@AGENTS
def test_a_policy_detached_while_the_plan_updates_the_policy_is_no_consequence_of_that(agent: str) -> None:
    policy = resource("IAM::ManagedPolicy", "arn:p", {"Document": "1"})
    changed = resource("IAM::ManagedPolicy", "arn:p", {"Document": "2"})
    plan = [planned("aws_iam_policy.p", Action.UPDATE, {"policy": "1"}, {"policy": "2"})]
    calls = [
        call("iam:CreatePolicyVersion", "arn:p"),
        call("iam:DetachRolePolicy", "worker", "arn:p", agent=agent),
    ]
    observed, verdict = judged(
        rehearsal([role("arn:p"), policy], [role(), changed], plan=plan, state=[ROLE, POLICY], calls=calls)
    )

    assert the(observed, "aws_iam_role.r").owner == ""
    assert rules(verdict, "aws_iam_role.r") == {"plan-mismatch"}


def test_trust_changed_while_an_attachment_is_planned_is_told() -> None:
    attachment = {"role": "worker", "policy_arn": "arn:q"}
    plan = [planned("aws_iam_role_policy_attachment.q", Action.CREATE, None, attachment)]
    state_after = [ROLE, instance("aws_iam_role_policy_attachment.q", attachment)]
    observed, _ = judged(
        rehearsal([role()], [role("arn:q", trust="anybody")], plan=plan, state=[ROLE], state_after=state_after)
    )

    assert not the(observed, "aws_iam_role.r").announced


def test_trust_changed_while_a_policy_of_the_role_is_planned_is_told() -> None:
    home = role()
    policies = [resource("IAM::RolePolicy", "worker:inline", {"Document": text}, parent=home) for text in "12"]
    plan = [planned("aws_iam_role_policy.i", Action.UPDATE, {"policy": "1"}, {"policy": "2"})]
    state = [ROLE, instance("aws_iam_role_policy.i", {"id": "worker:inline", "role": "worker", "name": "inline"})]
    observed, _ = judged(rehearsal([home, policies[0]], [role(trust="anybody"), policies[1]], plan=plan, state=state))

    assert the(observed, "aws_iam_role_policy.i").disagreements == ()
    assert the(observed, "aws_iam_role.r").owner == ""


def test_data_lost_through_a_call_that_names_something_announced_are_no_consequence_of_it() -> None:
    before, after = (resource("SQS::Queue", "jobs", {}, aliases=["arn:jobs"], stakes={"messages": n}) for n in (5, 0))
    topic = resource("SNS::Topic", "arn:alerts", {})
    plan = [planned("aws_sns_topic.a", Action.CREATE, None, {"name": "alerts"})]
    state_after = [instance("aws_sns_topic.a", {"id": "arn:alerts", "arn": "arn:alerts"})]
    calls = [call("sqs:PurgeQueue", "arn:jobs", "arn:alerts")]
    observed, verdict = judged(rehearsal([before], [after, topic], plan=plan, state_after=state_after, calls=calls))

    assert the(observed, "AWS::SQS::Queue/jobs").owner == ""
    assert verdict.decision is Decision.REJECT


@pytest.mark.parametrize("state", [[], [instance("aws_security_group.g", {"id": "sg-1"})]])
def test_what_is_managed_or_holds_data_does_not_simply_go_with_a_network(state: list[StateInstance]) -> None:
    network = resource("EC2::VPC", "vpc-1", {"VpcId": "vpc-1"})
    stakes = {} if state else {"records": 1}
    group = resource("EC2::SecurityGroup", "sg-1", {"VpcId": "vpc-1"}, stakes=stakes)
    plan = [planned("aws_vpc.v", Action.DELETE, {"id": "vpc-1"}, None)]
    state = [*state, instance("aws_vpc.v", {"id": "vpc-1"})]
    observed, _ = judged(rehearsal([network, group], [], plan=plan, state=state, state_after=[]))

    address = "aws_security_group.g" if not stakes else "AWS::EC2::SecurityGroup/sg-1"
    assert the(observed, address).owner == ""


@AGENTS
def test_an_unmanaged_table_deleted_in_a_service_that_the_plan_touches_is_rejected(agent: str) -> None:
    other = resource("DynamoDB::Table", "ledger", {"TableName": "ledger"}, stakes={"items": 9})
    calls = [call("dynamodb:TagResource", "arn:orders"), call("dynamodb:DeleteTable", "ledger", agent=agent)]
    after = [table(tags={"team": "a"})]
    observed, verdict = judged(rehearsal([table(), other], after, plan=[TAG_TABLE], state=[TABLE], calls=calls))

    assert the(observed, "AWS::DynamoDB::Table/ledger").owner == ""
    assert "resource-deleted" in rules(verdict, "AWS::DynamoDB::Table/ledger")


def test_a_deletion_that_no_call_names_is_not_excused_by_some_planned_replacement() -> None:
    """A stack that a provisioner deletes takes a table with it: no call names the table."""
    other = resource("DynamoDB::Table", "ledger", {"TableName": "ledger"})
    calls = [call("dynamodb:TagResource", "arn:orders"), call("cloudformation:DeleteStack", "legacy", agent="aws-cli")]
    after = [table(tags={"team": "a"})]
    observed, verdict = judged(
        rehearsal([table(), other], after, plan=[TAG_TABLE, RELEASE], state=[TABLE], calls=calls)
    )

    assert the(observed, "AWS::DynamoDB::Table/ledger").owner == ""
    assert verdict.decision is Decision.REJECT


def test_two_machines_ended_by_one_call_do_not_excuse_each_other() -> None:
    mine, other = (resource("EC2::Instance", name, {"InstanceId": name}) for name in ("i-mine", "i-other"))
    plan = [planned("aws_instance.m", Action.DELETE, {"id": "i-mine"}, None)]
    state = [instance("aws_instance.m", {"id": "i-mine"})]
    calls = [call("ec2:TerminateInstances", "i-mine", "i-other")]
    observed, verdict = judged(rehearsal([mine, other], [], plan=plan, state=state, state_after=[], calls=calls))

    assert the(observed, "AWS::EC2::Instance/i-other").owner == ""
    assert "resource-deleted" in rules(verdict, "AWS::EC2::Instance/i-other")


@AGENTS
def test_items_overwritten_without_a_trace_in_the_clone_are_told_by_the_calls(agent: str) -> None:
    calls = [call("dynamodb:PutItem", "orders", agent=agent)]
    observed, verdict = judged(rehearsal([table()], [table()], plan=[RELEASE], state=[TABLE], calls=calls))

    change = the(observed, "aws_dynamodb_table.t")
    assert (change.action, change.proof, change.witnesses) == (Action.UPDATE, Proof.UNKNOWN, {Witness.CALLS})
    assert verdict.decision is Decision.REVIEW


@pytest.mark.parametrize("agent", ["aws-cli", "boto3", "curl"])
def test_a_write_by_another_program_to_what_is_announced_contradicts_it(agent: str) -> None:
    calls = [call("dynamodb:TagResource", "arn:orders"), call("dynamodb:PutItem", "orders", agent=agent)]
    after = [table(tags={"team": "a"})]
    observed, verdict = judged(rehearsal([table()], after, plan=[TAG_TABLE], state=[TABLE], calls=calls))

    assert the(observed, "aws_dynamodb_table.t").disagreements == (
        f"not only Terraform wrote to it: dynamodb:PutItem by {agent}",
    )
    assert verdict.decision is Decision.REVIEW


def test_a_setting_written_by_another_program_is_not_the_planned_one() -> None:
    after = bucket(2, LifecycleConfiguration={"Rules": [{"ID": "everything"}]})
    calls = [call("s3:PutBucketLifecycleConfiguration", "uploads", agent=agent) for agent in (PROVIDER, "aws-cli")]
    state_after = [BUCKET, LIFECYCLE_STATE]
    observed, verdict = judged(
        rehearsal([bucket(2)], [after], plan=[LIFECYCLE], state=[BUCKET], state_after=state_after, calls=calls)
    )

    assert the(observed, "aws_s3_bucket.b").witnesses == {Witness.CALLS, Witness.CLONE}
    assert "plan-mismatch" in rules(verdict, "aws_s3_bucket.b")


def test_a_write_by_another_program_to_the_carrier_of_what_is_planned_is_told_though_nothing_differs() -> None:
    plan = [planned("aws_s3_bucket_versioning.b", Action.UPDATE, {"mfa": "a"}, {"mfa": "b"})]
    state = [BUCKET, instance("aws_s3_bucket_versioning.b", {"id": "uploads", "bucket": "uploads"})]
    calls = [call("s3:PutObject", "uploads", "uploads/a", agent="boto3")]
    observed, _ = judged(rehearsal([bucket(2)], [bucket(2)], plan=plan, state=state, calls=calls))

    assert the(observed, "aws_s3_bucket.b").witnesses == {Witness.CALLS}


def test_a_write_to_nothing_that_the_inventory_shows_is_a_gap() -> None:
    calls = [call("rds-data:ExecuteStatement", "arn:cluster", agent="aws-cli")]
    observed, verdict = judged(rehearsal(plan=[RELEASE], calls=calls))

    assert [(gap.kind, gap.subject, gap.blocking) for gap in observed.gaps] == [
        (GapKind.UNREADABLE, "rds-data:ExecuteStatement", True)
    ]
    assert verdict.decision is Decision.REVIEW


@pytest.mark.parametrize(
    "fields",
    [
        {"phase": "plan"},
        {"kind": CallKind.UNKNOWN},
        {"status": 0},
        {"status": 500},
        {"phase": "seed"},  # by a URL that the engine handed out, while the change is planned
    ],
)
def test_what_may_have_written_counts_as_a_write(fields: dict[str, object]) -> None:
    calls = [
        call("dynamodb:DescribeTable", "orders", phase="noise", kind=CallKind.READ),
        call("dynamodb:PutItem", "orders", agent="aws-cli", **fields),
    ]
    observed, _ = judged(rehearsal([table()], [table()], state=[TABLE], calls=calls))

    assert told(observed) == {"aws_dynamodb_table.t": "update"}


@pytest.mark.parametrize("fields", [{"status": 403}, {"phase": "seed"}, {"phase": "noise"}, {"kind": CallKind.READ}])
def test_what_cannot_have_been_a_write_of_the_change_is_none(fields: dict[str, object]) -> None:
    calls = [
        call("dynamodb:PutItem", "orders", agent="aws-cli", **fields),
        call("dynamodb:DescribeTable", "orders", kind=CallKind.READ),
    ]
    observed, verdict = judged(rehearsal([table()], [table()], state=[TABLE], calls=calls))

    assert told(observed) == {}
    assert verdict.decision is Decision.APPROVE


def test_a_planned_create_that_takes_over_what_was_there_is_told() -> None:
    plan = [planned("aws_s3_bucket.b", Action.CREATE, None, {"bucket": "uploads"})]
    observed, verdict = judged(rehearsal([bucket(2)], [bucket(0)], plan=plan, state_after=[BUCKET]))

    assert "taken over" in the(observed, "aws_s3_bucket.b", announced=True).disagreements[0]
    assert verdict.decision is Decision.REJECT


def test_a_planned_create_that_removes_what_was_there_is_told() -> None:
    """A bucket has one notification configuration: creating it in Terraform replaces the one that was there."""
    before = bucket(2, NotificationConfiguration={"QueueConfigurations": [{"Id": "old", "QueueArn": "arn:q"}]})
    after = bucket(2, NotificationConfiguration={"TopicConfigurations": [{"Id": "new", "TopicArn": "arn:t"}]})
    plan = [planned("aws_s3_bucket_notification.b", Action.CREATE, None, {"bucket": "uploads"})]
    state_after = [BUCKET, instance("aws_s3_bucket_notification.b", {"id": "uploads", "bucket": "uploads"})]
    observed, verdict = judged(rehearsal([before], [after], plan=plan, state=[BUCKET], state_after=state_after))

    (text,) = the(observed, "aws_s3_bucket_notification.b").disagreements
    assert "arn:q" in text or "QueueConfigurations" in text
    assert verdict.decision is Decision.REVIEW


def test_an_exclusive_attachment_that_detaches_others_is_told_at_them() -> None:
    policy = [resource("IAM::ManagedPolicy", "arn:p", {"Document": "1"})]
    plan = [planned("aws_iam_policy_attachment.x", Action.CREATE, None, {"policy_arn": "arn:p", "roles": ["new"]})]
    state_after = [ROLE, POLICY, instance("aws_iam_policy_attachment.x", {"id": "x", "policy_arn": "arn:p"})]
    calls = [call("iam:DetachRolePolicy", "worker", "arn:p")]
    observed, verdict = judged(
        rehearsal(
            [role("arn:p"), *policy],
            [role(), *policy],
            plan=plan,
            state=[ROLE, POLICY],
            state_after=state_after,
            calls=calls,
        )
    )

    assert the(observed, "aws_iam_role.r").owner == ""
    assert "plan-mismatch" in rules(verdict, "aws_iam_role.r")


def test_a_key_made_for_a_planned_user_is_no_consequence_of_planning_it() -> None:
    user = resource("IAM::User", "deploy", {"UserName": "deploy"})
    key = resource("IAM::AccessKey", "AKIA1", {"UserName": "deploy"}, parent=user)
    plan = [planned("aws_iam_user.u", Action.CREATE, None, {"name": "deploy"})]
    state_after = [instance("aws_iam_user.u", {"id": "deploy", "name": "deploy", "arn": "arn:deploy"})]
    calls = [call("iam:CreateUser", "deploy"), call("iam:CreateAccessKey", "deploy", "AKIA1")]
    observed, verdict = judged(rehearsal([], [user, key], plan=plan, state_after=state_after, calls=calls))

    assert the(observed, "AWS::IAM::AccessKey/AKIA1").owner == ""
    assert verdict.decision is Decision.REVIEW


def test_an_imported_bucket_that_is_emptied_loses_data() -> None:
    plan = [
        planned("aws_s3_bucket.b", Action.UPDATE, {"bucket": "uploads"}, {"bucket": "uploads"} | TAGGED, importing=True)
    ]
    _, verdict = judged(rehearsal([bucket(2)], [bucket(0)], plan=plan, state_after=[BUCKET]))

    assert "data-destroyed" in rules(verdict, "aws_s3_bucket.b")


def test_what_is_moved_and_deleted_is_rejected_under_its_new_address() -> None:
    moved = planned("module.m.aws_dynamodb_table.t", Action.NO_OP, {}, {}, previous_address="aws_dynamodb_table.t")
    observed, verdict = judged(rehearsal([table()], [], plan=[moved], state=[TABLE], state_after=[]))

    assert the(observed, "module.m.aws_dynamodb_table.t", announced=False).action is Action.DELETE
    assert verdict.decision is Decision.REJECT


def test_what_is_forgotten_and_deleted_all_the_same_is_rejected() -> None:
    plan = [planned("aws_dynamodb_table.t", Action.FORGET, {"name": "orders"}, None)]
    calls = [call("dynamodb:DeleteTable", "orders")]
    _, verdict = judged(rehearsal([table()], [], plan=plan, state=[TABLE], state_after=[], calls=calls))

    assert verdict.decision is Decision.REJECT


def test_of_two_addresses_of_one_resource_the_planned_one_does_not_hide_a_deletion() -> None:
    twin = instance("aws_dynamodb_table.twin", {"id": "orders", "name": "orders", "arn": "arn:orders"})
    _, verdict = judged(rehearsal([table()], [], plan=[TAG_TABLE], state=[TABLE, twin], state_after=[]))

    assert verdict.decision is Decision.REJECT


def test_what_cannot_be_joined_is_told_by_its_identity_when_it_goes() -> None:
    stray = instance("aws_dynamodb_table.t", {"id": "elsewhere"})
    observed, verdict = judged(rehearsal([table()], [], state=[stray]))

    assert told(observed) == {"AWS::DynamoDB::Table/orders": "delete"}
    assert verdict.decision is Decision.REJECT


def test_an_apply_that_fails_half_way_still_tells_what_went_beside_the_plan() -> None:
    outcome = ApplyOutcome(succeeded=False, failed=("aws_dynamodb_table.t",))
    observed, verdict = judged(
        rehearsal([bucket(2), table()], [table()], plan=[TAG_TABLE], state=[BUCKET, TABLE], outcome=outcome)
    )

    assert the(observed, "aws_s3_bucket.b").action is Action.DELETE
    assert verdict.decision is Decision.REJECT


def test_users_deleted_out_of_a_pool_that_is_only_tagged_are_lost() -> None:
    before, after = (resource("Cognito::UserPool", "pool", {}, stakes={"users": count}) for count in (3, 0))
    plan = [planned("aws_cognito_user_pool.p", Action.UPDATE, {"name": "pool"}, {"name": "pool"} | TAGGED)]
    state = [instance("aws_cognito_user_pool.p", {"id": "pool", "name": "pool"})]
    _, verdict = judged(rehearsal([before], [after], plan=plan, state=state))

    assert verdict.decision is Decision.REJECT


def test_a_deposed_object_does_not_hide_the_object_of_its_address() -> None:
    old, new = table(), resource("DynamoDB::Table", "orders-2", {"TableName": "orders-2"})
    state = [TABLE, instance("aws_dynamodb_table.t", {"id": "orders-2", "name": "orders-2"})]
    deposed = [
        planned("aws_dynamodb_table.t", Action.UPDATE, {"name": "orders"}, {"name": "orders"} | TAGGED),
        planned("aws_dynamodb_table.t", Action.DELETE, {"name": "orders-2"}, None, deposed="00aa11bb"),
    ]
    observed, verdict = judged(rehearsal([old, new], [old], plan=deposed, state=state[:1]))

    assert the(observed, "aws_dynamodb_table.t").action is Action.UPDATE
    assert the(observed, "aws_dynamodb_table.t (deposed object 00aa11bb)").action is Action.DELETE
    assert verdict.decision is Decision.REJECT


def test_contained_things_go_with_what_contains_them_and_with_nothing_else() -> None:
    home = bucket(1)
    inside = resource("S3::AccessPoint", "g", {}, parent=home)
    plan = [planned("aws_s3_bucket.b", Action.DELETE, {"bucket": "uploads"}, None)]
    observed, _ = judged(rehearsal([home, inside, table()], [], plan=plan, state=[BUCKET, TABLE], state_after=[]))

    assert the(observed, "AWS::S3::AccessPoint/g").owner == "aws_s3_bucket.b"
    assert the(observed, "aws_dynamodb_table.t").owner == ""
    assert the(observed, "aws_dynamodb_table.t").identity == identity("DynamoDB::Table", "orders")
