from __future__ import annotations

import json
from typing import Any

import pytest
from policy_builders import created, deleted, evidence, found, messages, replaced, updated

from gate.policy.config import STRICT
from gate.policy.evaluate import RULES
from gate.policy.surroundings import Surroundings
from gate.verdict import Level

RULE = "self-lockout"
ROOT = {"AWS": "arn:aws:iam::123456789012:root"}
SERVICE = {"Service": "logs.amazonaws.com"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"} | s for s in statements]}
    )


ADMINISTERED = document({"Principal": ROOT, "Action": "kms:*"}, {"Principal": SERVICE, "Action": "kms:Decrypt"})
UNMANAGED = document({"Principal": SERVICE, "Action": "kms:*"}, {"Principal": ROOT, "Action": "kms:Decrypt"})


@pytest.mark.parametrize("address", ["aws_kms_key.a", "aws_kms_key_policy.a"])
def test_a_key_that_nobody_manages_any_more_is_rejected(address: str) -> None:
    [finding] = found(RULE, updated(address, {"policy": ADMINISTERED}, {"policy": UNMANAGED}))
    assert finding.level is Level.REJECT
    assert "kms:PutKeyPolicy" in finding.message
    assert messages(RULE, updated(address, {"policy": UNMANAGED}, {"policy": ADMINISTERED})) == []
    [fresh] = found(RULE, created(address, {"policy": UNMANAGED}))
    assert fresh.level is (Level.REVIEW if address == "aws_kms_key.a" else Level.REJECT)


@pytest.mark.parametrize(
    ("statement", "level"),
    [
        ({"Principal": "*", "Action": "s3:*"}, Level.REJECT),
        ({"Principal": "*", "Action": "s3:PutBucketPolicy"}, Level.REJECT),
        ({"NotPrincipal": ROOT, "Action": "s3:*"}, Level.REVIEW),
        (
            {"Principal": "*", "Action": "*", "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:x"}}},
            Level.REVIEW,
        ),
    ],
)
def test_who_denies_everybody_denies_himself(statement: dict[str, Any], level: Level) -> None:
    before, after = document({"Principal": ROOT, "Action": "s3:*"}), document({"Effect": "Deny"} | statement)
    change = updated("aws_s3_bucket_policy.a", {"policy": before}, {"policy": after})
    assert [item.level for item in found(RULE, change)] == [level]
    assert messages(RULE, updated("aws_s3_bucket_policy.a", {"policy": after}, {"policy": after})) == []


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Principal": "*", "Action": "s3:DeleteObject"},
        {"Principal": SERVICE, "Action": "s3:*"},
    ],
)
def test_to_harden_is_no_lockout(statement: dict[str, Any]) -> None:
    change = created("aws_s3_bucket_policy.a", {"policy": document({"Effect": "Deny"} | statement)})
    assert messages(RULE, change) == []


WIDE, NARROW = document({"Action": ["iam:*", "s3:*"]}), document({"Action": ["s3:*"]})
DENIED = document({"Action": ["iam:*", "s3:*"]}, {"Effect": "Deny", "Action": "iam:PassRole"})


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (updated("aws_iam_role_policy.a", {"policy": WIDE}, {"policy": NARROW}), "takes away iam:* on *"),
        (updated("aws_iam_policy.a", {"policy": WIDE}, {"policy": DENIED}), "takes away iam:passrole on *"),
        (deleted("aws_iam_role_policy_attachment.a", {"role": "deploy"}), "loses rights"),
        (replaced("aws_iam_role.a", {"name": "deploy"}, {"name": "ci"}), "deleted or made anew"),
        (updated("aws_iam_role.a", {"permissions_boundary": ""}, {"permissions_boundary": "arn:b"}), "bounded"),
    ],
)
def test_who_deploys_must_go_on_doing_so(change: Any, text: str) -> None:
    around = Surroundings(deployers_addresses=frozenset({change.address}))

    def said(one: Any) -> list[str]:
        return [item.message for item in RULES[RULE](evidence(one, surroundings=around), STRICT)]

    assert any(text in message for message in said(change))
    assert messages(RULE, change) == []


def test_a_link_that_is_made_anew_with_equal_effect_takes_nothing() -> None:
    change = replaced("aws_iam_role_policy_attachment.a", {"role": "deploy"}, {"role": "deploy"}, effect_kept=True)
    around = Surroundings(deployers_addresses=frozenset({change.address}))
    assert messages(RULE, change, surroundings=around) == []
