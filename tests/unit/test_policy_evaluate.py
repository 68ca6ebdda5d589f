from __future__ import annotations

from typing import Any

import pytest
from policy_builders import created, deleted, evidence, replaced, updated

from diffing.change import Proof
from gate.policy.config import STRICT, parse_policy
from gate.policy.evaluate import RULES, evaluate, ranked
from gate.verdict import Decision, Finding, Level
from sandbox.rehearsal import Gap, GapKind


def decided(*changes: Any, policy: str = "version: 1", **given: Any) -> Decision:
    return evaluate(evidence(*changes, **given), parse_policy(policy, name="p")).decision


def test_nothing_changes_and_nothing_is_said() -> None:
    verdict = evaluate(evidence(), STRICT)
    assert (verdict.decision, verdict.findings) == (Decision.APPROVE, ())
    assert (verdict.policy, verdict.policy_digest) == (STRICT.name, STRICT.digest)


POLICY = '{"Statement": {"Effect": "Allow", "Action": "s3:Get", "Resource": "*"}}'


@pytest.mark.parametrize(
    "change",
    [
        updated("aws_s3_bucket.a", {"tags": {}}, {"tags": {"team": "a"}}),
        updated("aws_autoscaling_group.a", {"desired_capacity": 5}, {"desired_capacity": 2}),
        updated("aws_dynamodb_table.a", {"read_capacity": 5}, {"read_capacity": 20}),
        created("aws_dynamodb_table.a", {"name": "b"}),
        replaced("aws_ecs_task_definition.a"),
        updated("aws_launch_template.a", {"image_id": "ami-1"}, {"image_id": "ami-2"}),
        replaced("null_resource.a"),
        replaced("random_id.a"),
        replaced("time_rotating.a"),
        replaced("tls_private_key.a"),
        updated("aws_lambda_function.a", {"source_code_hash": "a"}, {"source_code_hash": "b"}),
        replaced("aws_lambda_permission.a", effect_kept=True),
        replaced("aws_route_table_association.a", effect_kept=True),
        replaced("aws_iam_role_policy_attachment.a", effect_kept=True),
        replaced("aws_security_group_rule.a", effect_kept=True),
        updated("aws_iam_policy.a", {"policy": POLICY}, {"policy": POLICY.replace(": ", ":")}),
    ],
)
def test_what_must_pass_passes(change: Any) -> None:
    assert decided(change) is Decision.APPROVE


def test_a_team_decides_how_much_a_finding_weighs() -> None:
    change = deleted("aws_sqs_queue.a")
    assert decided(change) is Decision.REJECT
    assert decided(change, policy="version: 1\nrules: {resource-deleted: review}") is Decision.REVIEW
    assert decided(change, policy="version: 1\nrules: {resource-deleted: note}") is Decision.APPROVE
    assert decided(change, policy="version: 1\nrules: {resource-deleted: off}") is Decision.APPROVE
    gap = Gap(kind=GapKind.UNSUPPORTED, subject="a", reason="b")
    assert decided(gaps=(gap,), policy="version: 1\nrules: {gap: reject}") is Decision.REJECT


def test_a_rule_that_is_off_says_nothing() -> None:
    policy = parse_policy("version: 1\nrules: {bookkeeping: off}", name="p")
    assert evaluate(evidence(replaced("random_id.a")), policy).findings == ()


def test_findings_come_worst_first_and_once() -> None:
    def finding(level: Level, address: str) -> Finding:
        return Finding(rule="gap", level=level, address=address, message="m", proof=Proof.PROVED)

    note, review, reject = (finding(level, "b") for level in (Level.NOTE, Level.REVIEW, Level.REJECT))
    first = finding(Level.REVIEW, "a")
    assert ranked([note, review, reject, first, review]) == (reject, first, review, note)


def test_every_rule_has_the_name_of_its_row() -> None:
    changes = (deleted("aws_sqs_queue.a"), replaced("aws_vpc.a"), deleted("aws_route.a"), replaced("random_id.a"))
    for name, rule in RULES.items():
        assert {finding.rule for finding in rule(evidence(*changes, succeeded=False), STRICT)} <= {name}
