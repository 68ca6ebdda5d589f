"""What a reading leaves open, the permissions that it takes, and which account is meant."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from live_account import REAL_KEY, Account, Arrived, Reply, account, upstream
from rehearsal_builders import judged, rehearsal

from diffing.snapshot import ReadFailure
from gate.verdict import Decision
from sandbox.errors import UsageError
from sandbox.live.account import known_services, narrowed_target
from sandbox.live.discovery import discover, forget
from sandbox.live.forwarder import REFUSED, UNREACHABLE, Forwarder
from sandbox.live.gaps import Missing, denied_calls, from_failures, is_denied, not_read
from sandbox.live.iam import action_of, read_policy
from sandbox.ports import SilentProgress
from sandbox.rehearsal import ApiCall, CallKind, GapKind
from sandbox.targets.target import LiveTarget

_number = count()


def failure(service: str, operation: str, code: str, subject: str = "*", region: str = "eu-west-1") -> ReadFailure:
    return ReadFailure(
        service=service, operation=operation, subject=subject, code=code, region=region, account="111111111111"
    )


def call(service: str, operation: str, **more: Any) -> ApiCall:
    fields = {"phase": "read", "kind": CallKind.READ, "account": "", "region": "eu-west-1", "access_key_id": "k"}
    return ApiCall(sequence=next(_number), service=service, operation=operation, **{**fields, **more})


def test_a_refusal_is_a_gap_that_names_the_missing_action() -> None:
    said = "User: arn:aws:iam::1:user/r is not authorized to perform: iam:ListRoles on resource: *"
    calls = [call("iam", "ListRoles", region="us-east-1", error_code="AccessDenied", error_message=said)]
    found = from_failures(
        [
            failure("iam", "ListRoles", "AccessDenied", region="global"),
            failure("sqs", "ListQueues", "AccessDeniedException"),
            failure("s3", "GetBucketEncryption", "AccessDenied", subject="AWS::S3::Bucket/b"),
            failure("apigateway", "GetRestApis", "AccessDeniedException"),
            failure("ec2", "DescribeVpcs", "UnauthorizedOperation"),
        ],
        calls,
    )
    assert {(each.kind, each.service, each.action) for each in found} == {
        (Missing.DENIED, "iam", "iam:ListRoles"),
        (Missing.DENIED, "sqs", "sqs:ListQueues"),
        (Missing.DENIED, "s3", "s3:GetEncryptionConfiguration"),
        (Missing.DENIED, "apigateway", "apigateway:GET"),
        (Missing.DENIED, "ec2", "ec2:DescribeVpcs"),
    }
    assert all(each.blocking for each in found)


def test_what_an_endpoint_does_not_know_is_no_gap_and_anything_else_is() -> None:
    found = from_failures(
        [
            failure("sqs", "ListQueues", "InvalidAction"),
            failure("s3", "ListObjectsV2", REFUSED, subject="AWS::S3::Bucket/b"),
            failure("sns", "ListTopics", "InternalFailure"),
            failure("kms", "ListKeys", UNREACHABLE),
        ],
        [],
    )
    assert [(each.kind, each.service, each.reason) for each in found] == [
        (Missing.UNREADABLE, "kms", "the endpoint could not be reached"),
        (Missing.UNREADABLE, "sns", "it answered InternalFailure"),
    ]


def test_a_gap_blocks_where_the_change_works_on_its_service_and_where_that_is_not_known() -> None:
    (absence,) = denied_calls([call("sqs", "GetQueueAttributes", error_code="AccessDenied")])
    assert absence.as_gap().blocking
    assert absence.as_gap({"sqs"}).blocking
    assert not absence.as_gap({"ec2"}).blocking
    assert absence.as_gap().kind is GapKind.UNREADABLE
    (unread,) = not_read([("s3", "ListObjectsV2"), ("s3", "ListObjectsV2"), ("s3", "")])
    assert not unread.as_gap().blocking
    assert unread.as_gap().kind is GapKind.NOT_REHEARSED


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDenied", True),
        ("AccessDeniedException", True),
        ("UnauthorizedOperation", True),
        ("AuthorizationError", True),
        ("AuthorizationErrorException", True),
        ("NotAuthorized", True),
        ("AuthFailure", True),
        ("NotFoundException", False),
        ("ThrottlingException", False),
    ],
)
def test_refusals_are_told_by_their_codes(code: str, *, expected: bool) -> None:
    assert is_denied(code) is expected


def test_the_policy_allows_what_is_read_denies_what_is_not_and_fits() -> None:
    policy = json.loads(read_policy(known_services()))
    allow, deny = policy["Statement"]
    assert {"ec2:Describe*", "s3:List*", "apigateway:GET", "elasticloadbalancing:Describe*", "states:List*"} <= set(
        allow["Action"]
    )
    assert {"sts:Get*", "cloudwatch:Describe*"} <= set(allow["Action"])
    assert {"s3:GetObject", "secretsmanager:GetSecretValue", "dynamodb:GetItem"} <= set(deny["Action"])
    verbs = {action.partition(":")[2] for action in allow["Action"]}
    assert verbs == {"Get*", "List*", "Describe*", "BatchGet*", "GET"}
    # AWS's quota for a managed policy, white space not counted (IAM user guide, "IAM and AWS STS quotas").
    assert len(json.dumps(policy, separators=(",", ":"))) <= 6144
    narrow = json.loads(read_policy(["sqs"]))["Statement"][0]["Action"]
    assert {action.partition(":")[0] for action in narrow} == {"sqs", "sts"}


def test_an_action_is_called_as_aws_calls_it() -> None:
    assert action_of("elbv2", "DescribeLoadBalancers") == "elasticloadbalancing:DescribeLoadBalancers"
    assert action_of("s3", "ListBuckets") == "s3:ListAllMyBuckets"
    assert action_of("ecs", "ListClusters", "is not authorized to perform: ecs:ListServices on") == "ecs:ListServices"


def test_a_target_is_narrowed() -> None:
    assert narrowed_target(LiveTarget()) == LiveTarget()
    assert narrowed_target(
        LiveTarget(profile="prod"),
        regions=["eu-west-1", "us-east-1", "eu-west-1"],
        services=["sqs,sns", "ec2"],
        tags=["team=a=b"],
    ) == LiveTarget(
        profile="prod", regions=("eu-west-1", "us-east-1"), services=("sqs", "sns", "ec2"), tags=(("team", "a=b"),)
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"regions": ["mars"]}, "not the name of an AWS region"),
        ({"services": ["queues"]}, "no AWS service 'queues'"),
        ({"tags": ["team"]}, "is not a tag"),
    ],
)
def test_what_makes_no_sense_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        narrowed_target(LiveTarget(), **given)


class EndedError(Exception):
    """Somebody has ended the run."""


class Ends(SilentProgress):
    """Ends the run half way."""

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        if done == total // 2:  # type: ignore[operator] - discovery knows the total
            raise EndedError(current)


def asked(found: Account) -> set[str]:
    """The services that were asked, by the names that they sign with."""
    return {arrived.headers["authorization"].split("/")[3] for arrived in found.arrived}


def answer(arrived: Arrived) -> Reply:
    service = arrived.headers["authorization"].split("/")[3]
    if service == "sqs" and arrived.target == "ListQueues":
        return Reply(body=b'{"QueueUrls": ["http://127.0.0.1/111111111111/jobs"]}')
    return Reply(status=400, body=b'{"__type": "UnknownOperationException"}')


def test_a_reading_that_is_ended_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", REAL_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with account(answer) as found, Forwarder(upstream(found.endpoint)) as forwarder:
        options: dict[str, Any] = {
            "account": "111111111111",
            "regions": ["eu-west-1"],
            "services": ["acm", "firehose", "kinesis", "logs", "scheduler", "sqs", "ssm", "stepfunctions"],
            "offered": lambda _: (),
            "kept": tmp_path / "kept",
            "jobs": 1,
        }
        with pytest.raises(EndedError):
            discover(forwarder, progress=Ends(), **options)
        first = asked(found)
        found.arrived.clear()
        snapshot = discover(forwarder, progress=SilentProgress(), **options)
        assert len(first) >= 4
        assert asked(found)
        assert not asked(found) & first
        assert [identity.id for identity in snapshot.resources] == ["jobs"]
        assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "kept").iterdir())
        forget(tmp_path / "kept")
        assert not list((tmp_path / "kept").iterdir())


@pytest.mark.parametrize(
    ("works_on", "decision"), [("sqs", Decision.REVIEW), ("ec2", Decision.APPROVE), (None, Decision.REVIEW)]
)
def test_what_may_not_be_read_is_never_approved_where_it_matters(works_on: str | None, decision: Decision) -> None:
    denied = from_failures([failure("sqs", "ListQueues", "AccessDenied")], [])
    gaps = [each.as_gap(None if works_on is None else {works_on}) for each in denied]
    _, verdict = judged(rehearsal((), (), gaps=gaps))
    assert verdict.decision is decision
