from __future__ import annotations

import json
from typing import Any

import pytest
from policy_builders import changed, created, deleted, found, messages, replaced, updated

from diffing.change import Action
from diffing.values import Marker
from gate.verdict import Level

RULE = "access-widened"
ACCOUNT = "123456789012"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app"
TABLE_ARN = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/returns"


def document(action: Any = "dynamodb:GetItem", resource: Any = "*", *, effect: str = "Allow", **more: Any) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}
    )


def trust(principal: Any, **more: Any) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}})


# Documents


def test_a_policy_that_allows_more_is_for_a_person() -> None:
    change = updated("aws_iam_policy.a", {"policy": document("s3:Get*")}, {"policy": document("s3:*")})
    [finding] = found(RULE, change)
    assert finding.level is Level.REVIEW
    assert finding.message == "policy newly allows s3:* on *"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (document(["s3:Get", "s3:Put"]), document(["s3:Put", "s3:Get"])),
        (document("s3:*"), document("s3:Get*")),
        (document("s3:Get*"), None),
        (document(), '{"Version": "2012-10-17", "Statement": []}'),
        ("reader", "writer"),
        ('{"rules": [1]}', '{"rules": [2]}'),
    ],
)
def test_a_policy_that_allows_no_more_passes(before: Any, after: Any) -> None:
    assert messages(RULE, updated("aws_iam_policy.a", {"policy": before}, {"policy": after})) == []


@pytest.mark.parametrize("after", [None, document(effect="Deny", action="s3:Put"), document("s3:Get")])
def test_what_is_no_longer_denied_is_told(after: Any) -> None:
    before = document("s3:Get", effect="Deny")
    [text] = messages(RULE, updated("aws_s3_bucket_policy.a", {"policy": before}, {"policy": after}))[-1:]
    assert "denie" in text


@pytest.mark.parametrize("after", [Marker.UNKNOWN, Marker.SENSITIVE, "{", '{"Statement": [7]}'])
def test_a_document_that_cannot_be_read_is_told(after: Any) -> None:
    assert len(messages(RULE, updated("aws_iam_policy.a", {"policy": document()}, {"policy": after}))) == 1
    assert len(messages(RULE, created("aws_iam_policy.a", {"policy": after}))) == 1


def test_a_document_whose_past_is_not_known_allows_everything_newly() -> None:
    assert len(messages(RULE, updated("aws_iam_policy.a", {"policy": Marker.SENSITIVE}, {"policy": document()}))) == 1


def test_a_document_inside_a_block_is_read() -> None:
    before = {"inline_policy": [{"name": "a", "policy": document("s3:Get")}]}
    after = {"inline_policy": [{"name": "a", "policy": document("s3:*")}]}
    assert messages(RULE, updated("aws_iam_role.a", before, after)) == [
        "inline_policy[0].policy newly allows s3:* on *"
    ]


def test_the_rules_of_a_registry_are_no_rights() -> None:
    assert messages(RULE, updated("aws_ecr_lifecycle_policy.a", {"policy": "{}"}, {"policy": "{"})) == []


# Rights of and to what is new


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (created("aws_iam_policy.a", {"policy": document("s3:*", "arn:aws:s3:::a")}), False),
        (created("aws_iam_policy.a", {"policy": document("*")}), True),
        (created("aws_iam_policy.a", {"policy": document("s3:*")}), True),
        (created("aws_sqs_queue.a", {"policy": document(Principal="*")}), True),
        (created("aws_sqs_queue.a", {"policy": document(Principal={"Service": "sns.amazonaws.com"})}), False),
        (created("aws_kms_key.a", {"policy": document("kms:*", Principal={"AWS": ACCOUNT})}), False),
        (created("aws_vpc_endpoint.a", {"policy": document("*", Principal="*")}), False),
    ],
)
def test_a_new_thing_is_told_only_if_it_is_open_to_everybody_or_to_everything(change: Any, *, told: bool) -> None:
    assert bool(messages(RULE, change)) is told


def test_the_policy_of_an_endpoint_that_exists_is_told() -> None:
    change = updated("aws_vpc_endpoint.a", {"policy": document("s3:*")}, {"policy": document("*")})
    assert len(messages(RULE, change)) == 1


@pytest.mark.parametrize(
    ("principal", "told"),
    [
        ({"Service": "ecs-tasks.amazonaws.com"}, False),
        ({"AWS": ACCOUNT}, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/a"}, False),
        ({"AWS": "210987654321"}, True),
        ({"AWS": "arn:aws:iam::210987654321:role/a"}, True),
        ({"Federated": "accounts.google.com"}, True),
        ("*", True),
    ],
)
def test_a_new_role_may_be_trusted_by_its_own_account(principal: Any, *, told: bool) -> None:
    role = created("aws_iam_role.a", {"name": "app", "arn": ROLE_ARN, "assume_role_policy": trust(principal)})
    assert bool(messages(RULE, role)) is told


def test_of_a_role_without_a_known_account_every_account_is_told() -> None:
    assert len(messages(RULE, created("aws_iam_role.a", {"assume_role_policy": trust({"AWS": ACCOUNT})}))) == 1


def test_an_identity_may_use_what_the_change_itself_creates() -> None:
    policy = updated(
        "aws_iam_policy.a",
        {"policy": document(resource=["arn:aws:dynamodb:::table/a"])},
        {"policy": document(resource=["arn:aws:dynamodb:::table/a", TABLE_ARN, f"{TABLE_ARN}/index/*"])},
    )
    assert messages(RULE, created("aws_dynamodb_table.a", {"arn": TABLE_ARN}), policy) == []
    assert len(messages(RULE, created("aws_dynamodb_table.a", {"arn": TABLE_ARN + "-2"}), policy)) == 2
    assert len(messages(RULE, updated("aws_dynamodb_table.a", {"arn": "x"}, {"arn": TABLE_ARN}), policy)) == 2


def test_a_document_follows_what_is_made_anew_under_another_arn() -> None:
    old, new = "arn:aws:dynamodb:::table/old", "arn:aws:dynamodb:::table/new"
    table = replaced("aws_dynamodb_table.a", {"arn": old}, {"arn": new})
    rights = [
        updated("aws_iam_policy.a", {"policy": document(resource=a)}, {"policy": document(resource=b)})
        for a, b in (
            (old, new),
            (f"{old}/index/*", f"{new}/index/*"),
        )
    ]
    assert messages(RULE, table, *rights) == []
    assert len(messages(RULE, *rights)) == 2
    other = updated(
        "aws_iam_policy.b", {"policy": document(resource=f"{old}2")}, {"policy": document(resource=f"{new}2")}
    )
    assert len(messages(RULE, table, other)) == 1
    denied = [document(resource=arn, effect="Deny", Principal={"AWS": arn}) for arn in (old, new)]
    assert messages(RULE, table, updated("aws_iam_policy.c", {"policy": denied[0]}, {"policy": denied[1]})) == []


def test_a_right_to_a_new_role_is_told() -> None:
    policy = updated(
        "aws_iam_policy.a", {"policy": document(resource="x")}, {"policy": document("sts:AssumeRole", ROLE_ARN)}
    )
    assert len(messages(RULE, created("aws_iam_role.a", {"arn": ROLE_ARN}), policy)) == 1


@pytest.mark.parametrize(
    ("carrier", "name", "change"),
    [
        ("aws_iam_role", "name", created("aws_iam_role_policy.a", {"role": "app", "policy": document()})),
        ("aws_iam_role", "name", created("aws_iam_role_policy_attachment.a", {"role": "app", "policy_arn": "arn:a"})),
        (
            "aws_s3_bucket",
            "bucket",
            created("aws_s3_bucket_policy.a", {"bucket": "app", "policy": document(Principal={"AWS": "210987654321"})}),
        ),
        ("aws_iam_user", "name", created("aws_iam_user_group_membership.a", {"user": "app", "groups": ["g"]})),
        (
            "aws_lambda_function",
            "function_name",
            created("aws_lambda_permission.a", {"function_name": "app", "principal": "210987654321"}),
        ),
    ],
)
def test_what_is_given_to_something_new_passes_and_to_something_that_exists_is_told(
    carrier: str, name: str, change: Any
) -> None:
    assert messages(RULE, created(f"{carrier}.a", {name: "app"}), change) == []
    assert len(messages(RULE, created(f"{carrier}.a", {name: "other"}), change)) == 1
    assert len(messages(RULE, created("aws_ssm_parameter.a", {name: "app"}), change)) == 1


def test_a_policy_of_a_kind_that_nobody_listed_belongs_to_something_that_exists() -> None:
    change = created("aws_oam_sink_policy.a", {"policy": document(Principal={"AWS": "210987654321"})})
    assert len(messages(RULE, change)) == 1


# Attachments


def test_power_is_told_also_for_new_identities() -> None:
    role = created("aws_iam_role.a", {"name": "app"})
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    attachment = created("aws_iam_role_policy_attachment.a", {"role": "app", "policy_arn": admin})
    assert messages(RULE, role, attachment) == [f"gives app {admin}"]
    assert len(messages(RULE, created("aws_iam_role.a", {"managed_policy_arns": [admin]}))) == 1


def test_further_groups_of_a_user_are_told() -> None:
    change = updated(
        "aws_iam_user_group_membership.a", {"user": "a", "groups": ["b"]}, {"user": "a", "groups": ["b", "c"]}
    )
    assert messages(RULE, change) == ["gives an identity c"]


def test_an_attachment_of_which_nobody_knows_to_whom_is_told() -> None:
    change = created("aws_iam_role_policy_attachment.a", {"role": Marker.UNKNOWN, "policy_arn": "arn:a"})
    assert messages(RULE, change) == ["gives an identity arn:a"]


@pytest.mark.parametrize(
    "change",
    [
        replaced(
            "aws_iam_role_policy_attachment.a", {"role": "a", "id": "1"}, {"role": "a", "id": "2"}, effect_kept=True
        ),
        updated("aws_iam_user_group_membership.a", {"groups": ["b", "c"]}, {"groups": ["b"]}),
        updated("aws_iam_role.a", {"managed_policy_arns": ["a", "b"]}, {"managed_policy_arns": ["b"]}),
        deleted("aws_iam_role_policy_attachment.a", {"role": "a", "policy_arn": "arn:a"}),
    ],
)
def test_no_more_rights_than_before_pass(change: Any) -> None:
    assert messages(RULE, change) == []


def test_further_policies_of_a_role_are_told() -> None:
    change = updated("aws_iam_role.a", {"managed_policy_arns": ["a"]}, {"managed_policy_arns": ["a", "b"]})
    assert messages(RULE, change) == ["gives aws_iam_role.a b"]


def test_the_end_of_a_boundary_is_told() -> None:
    boundary = {"permissions_boundary": "arn:aws:iam::1:policy/b"}
    assert messages(RULE, updated("aws_iam_role.a", boundary, {"permissions_boundary": None})) == [
        "what bounded its rights is removed"
    ]
    assert messages(RULE, updated("aws_iam_role.a", {"permissions_boundary": None}, boundary)) == []


# What is open to the public


@pytest.mark.parametrize(
    ("type_", "name", "closed", "opened"),
    [
        ("aws_s3_bucket_public_access_block", "block_public_acls", True, False),
        ("aws_s3_bucket_public_access_block", "restrict_public_buckets", True, None),
        ("aws_s3_bucket_public_access_block", "ignore_public_acls", True, Marker.UNKNOWN),
        ("aws_db_instance", "publicly_accessible", False, True),
        ("aws_s3_bucket_acl", "acl", "private", "public-read"),
        ("aws_s3_bucket_acl", "acl", "public-read", "public-read-write"),
        ("aws_s3_bucket_acl", "acl", None, "authenticated-read"),
        ("aws_lambda_function_url", "authorization_type", "AWS_IAM", "NONE"),
        ("aws_eks_cluster", "endpoint_public_access", False, True),
        ("aws_api_gateway_method", "authorization", "AWS_IAM", "NONE"),
        ("aws_db_snapshot", "shared_accounts", ["210987654321"], ["210987654321", "all"]),
        ("aws_eks_cluster", "public_access_cidrs", ["10.0.0.0/8"], ["10.0.0.0/8", "0.0.0.0/0"]),
    ],
)
def test_what_opens_to_the_public_is_told_and_the_way_back_is_not(
    type_: str, name: str, closed: Any, opened: Any
) -> None:
    assert len(messages(RULE, updated(f"{type_}.a", {name: closed}, {name: opened}))) == 1
    if name != "acl" and opened is not Marker.UNKNOWN:
        assert messages(RULE, updated(f"{type_}.a", {name: opened}, {name: closed})) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (created("aws_s3_bucket_public_access_block.a", {"block_public_acls": False}), True),
        (created("aws_s3_bucket_public_access_block.a", {"block_public_acls": True}), False),
        (created("aws_lambda_function_url.a", {"authorization_type": "NONE"}), True),
        (created("aws_apigatewayv2_route.a", {"authorization_type": "NONE"}), False),
        (created("aws_eks_cluster.a", {"endpoint_public_access": True}), False),
        (created("aws_ami_launch_permission.a", {"group": "all"}), True),
        (updated("aws_x.a", {"block_public_acls": None}, {"block_public_acls": False}), False),
        (updated("aws_eks_cluster.a", {"endpoint_public_access": True}, {"endpoint_public_access": None}), False),
        (created("aws_lambda_permission.a", {"principal": "*"}), True),
        (created("aws_lambda_permission.a", {"principal": "s3.amazonaws.com"}), False),
    ],
)
def test_what_is_ordinary_for_something_new_passes(change: Any, *, told: bool) -> None:
    assert bool(messages(RULE, change)) is told


# Security groups

A, B, C, WORLD = "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "0.0.0.0/0"


def rule(*sources: str, low: int = 443, high: int | None = None, protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    return {
        "cidr_blocks": list(sources),
        "description": "",
        "from_port": low,
        "to_port": low if high is None else high,
        "protocol": protocol,
        "security_groups": [],
        "self": False,
        **more,
    }


def regrouped(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return messages(RULE, updated("aws_security_group.a", {"ingress": before}, {"ingress": after}))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([rule(A, B)], [rule(B, A)]),
        ([rule(A, B)], [rule(A)]),
        ([rule(A), rule(B)], [rule(B)]),
        ([rule(A)], []),
        ([rule(A, description="x")], [rule(A, description="y")]),
        ([rule(A, low=0, high=1000)], [rule(A)]),
        ([rule(A, low=0, high=0, protocol="-1")], [rule(A)]),
        ([rule(A, protocol="6")], [rule(A, protocol="tcp")]),
        # Equal rules, whole, at another place of the list.
        ([rule(A, description="x"), rule(B)], [rule(B), rule(A, description="y")]),
        ([rule(A, low=0, high=1000), rule(B)], [rule(B), rule(A)]),
        ([rule(A, low=0, high=0, protocol="-1"), rule(B)], [rule(B), rule(A, protocol="udp")]),
    ],
)
def test_rules_that_let_in_no_more_pass(before: Any, after: Any) -> None:
    assert regrouped(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ([rule(A)], [rule(A), rule(B)], f"lets in {B}, which was not let in before"),
        ([rule(A)], [rule(A, B)], f"lets in {B}, which was not let in before"),
        ([rule(A)], [rule(B)], f"lets in {B}, which was not let in before"),
        ([rule(A)], [rule(A, WORLD)], "opens to the whole world (0.0.0.0/0)"),
        ([rule(A)], [rule(A, ipv6_cidr_blocks=["::/0"])], "opens to the whole world (::/0)"),
        ([rule(A)], [rule(A, "128.0.0.0/1")], "opens to the whole world (128.0.0.0/1)"),
        ([rule(A)], [rule(A, security_groups=["sg-1"])], "lets in sg-1, which was not let in before"),
        ([rule(A)], [rule(A, self=True)], "lets in the group itself, which was not let in before"),
        ([rule(A)], [rule(A, low=0, high=443)], "lets in further protocols or ports"),
        ([rule(A)], [rule(A, low=443, high=444)], "lets in further protocols or ports"),
        ([rule(A)], [rule(A, protocol="udp")], "lets in further protocols or ports"),
        ([rule(A)], [rule(A, low=0, high=0, protocol="-1")], "lets in further protocols or ports"),
        ([rule(A, low=8, protocol="icmp")], [rule(A, low=-1, protocol="icmp")], "lets in further protocols or ports"),
        # The network was let in, but elsewhere.
        ([rule(A), rule(B)], [rule(B), rule(A, low=22)], f"lets in {A}, which was not let in before"),
        ([rule(A, WORLD)], [rule(A), rule(WORLD, low=22)], "opens to the whole world (0.0.0.0/0)"),
    ],
)
def test_rules_that_let_in_more_are_told(before: Any, after: Any, text: str) -> None:
    assert regrouped(before, after) == [text]


def test_what_a_group_lets_in_may_not_be_known() -> None:
    change = updated("aws_security_group.a", {"ingress": [rule(A)]}, {"ingress": Marker.UNKNOWN})
    assert messages(RULE, change) == ["changes whom it lets in, and to whom is not known"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (created("aws_security_group.a", {"ingress": [rule(A)]}), 0),
        (created("aws_security_group.a", {"ingress": [rule(WORLD)]}), 1),
        (created("aws_security_group.a", {"egress": [rule(WORLD)]}), 0),
        (created("aws_default_security_group.a", {"ingress": [rule(A)]}), 1),
        (deleted("aws_security_group.a", {"ingress": [rule(WORLD)]}), 0),
        (created("aws_vpc.a", {"cidr_block": WORLD}), 0),
    ],
)
def test_a_new_group_is_told_only_if_it_is_open_to_the_world(change: Any, told: int) -> None:
    assert len(messages(RULE, change)) == told


def separate(source: str = A, **more: Any) -> dict[str, Any]:
    return {
        "security_group_id": "sg-1",
        "cidr_ipv4": source,
        "from_port": 443,
        "to_port": 443,
        "ip_protocol": "tcp",
        **more,
    }


RULE_TYPE = "aws_vpc_security_group_ingress_rule"


def test_a_rule_of_a_group_that_exists_is_told() -> None:
    change = created(f"{RULE_TYPE}.a", separate())
    assert messages(RULE, change) == [f"lets in {A}, which was not let in before"]
    assert messages(RULE, created("aws_security_group.a", {"id": "sg-1"}), change) == []
    assert len(messages(RULE, created("aws_security_group.a", {"id": "sg-2"}), change)) == 1


@pytest.mark.parametrize("source", [WORLD, "::/0"])
def test_a_rule_for_the_world_is_told_also_for_a_new_group(source: str) -> None:
    new = created("aws_security_group.a", {"id": "sg-1"})
    assert len(messages(RULE, new, created(f"{RULE_TYPE}.a", separate(source)))) == 1


def test_a_rule_written_anew_in_another_way_passes() -> None:
    old = {"type": "ingress", "security_group_id": "sg-1", "cidr_blocks": [A, B], "protocol": "tcp"}
    old |= {"from_port": 0, "to_port": 1000}
    gone = deleted("aws_security_group_rule.a", old)
    assert messages(RULE, gone, created(f"{RULE_TYPE}.a", separate()), created(f"{RULE_TYPE}.b", separate(B))) == []
    assert len(messages(RULE, gone, created(f"{RULE_TYPE}.a", separate(C)))) == 1
    assert len(messages(RULE, gone, created(f"{RULE_TYPE}.a", separate(to_port=2000)))) == 1
    assert len(messages(RULE, gone, created(f"{RULE_TYPE}.a", separate(security_group_id="sg-2")))) == 1
    outwards = deleted("aws_security_group_rule.a", old | {"type": "egress"})
    assert len(messages(RULE, outwards, created(f"{RULE_TYPE}.a", separate()))) == 1


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"description": "x"}, 0),
        ({}, {"cidr_ipv4": B}, 1),
        ({}, {"cidr_ipv4": WORLD}, 1),
        ({}, {"to_port": 444}, 1),
        ({"to_port": 444}, {}, 0),
        ({}, {"cidr_ipv4": None, "prefix_list_id": "pl-1"}, 1),
    ],
)
def test_an_edited_rule(before: Any, after: Any, told: int) -> None:
    change = updated(f"{RULE_TYPE}.a", separate(**before), separate(**after))
    assert len(messages(RULE, change)) == told


def test_a_rule_for_the_way_out_lets_nobody_in() -> None:
    change = created(
        "aws_security_group_rule.a", {"type": "egress", "cidr_blocks": [WORLD], "security_group_id": "sg-1"}
    )
    assert messages(RULE, change) == []
    assert messages(RULE, created("aws_vpc_security_group_egress_rule.a", separate(WORLD))) == []


@pytest.mark.parametrize("action", [Action.FORGET, Action.NO_OP])
def test_what_changes_nothing_in_aws_widens_nothing(action: Action) -> None:
    assert messages(RULE, changed(f"{RULE_TYPE}.a", action, None, separate(WORLD))) == []
