from __future__ import annotations

import json
from typing import Any

import pytest

from gate.policy.access import Grant, covers, grants, widened
from gate.policy.condition import conditions, names_callers, narrower

ACCOUNT = "123456789012"


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def read(text: str) -> frozenset[Grant]:
    found = grants(text)
    assert found is not None
    return found


def gained(before: Any, after: Any) -> list[str]:
    olds, news = ([item] if isinstance(item, dict) else item for item in (before, after))
    return [f"{grant.effect} {grant}" for grant in widened(read(document(*olds)), read(document(*news)))]


WHO = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
IF_ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}

SAME = [
    (allow(["a:x", "a:y"]), allow(["a:y", "a:x", "a:y"])),
    (allow("a:x"), allow(["a:x"], Sid="Renamed")),
    ([allow("a:x"), allow("a:y")], [allow("a:y"), allow("a:x")]),
    ([allow(["a:x", "a:y"])], [allow("a:x"), allow("a:y")]),
    (allow("S3:getobject"), allow("s3:GetObject")),
    (allow(Principal=WHO), allow(Principal={"AWS": ACCOUNT})),
    (allow(Principal={"AWS": "*"}), allow(Principal="*")),
    (allow(Condition={"StringEquals": {"a:K": "v"}}), allow(Condition={"StringEquals": {"A:k": ["v"]}})),
    (allow(Condition={"Bool": {"a:k": True}}), allow(Condition={"Bool": {"a:k": "true"}})),
    (deny(["a:x", "a:y"]), [deny("a:y"), deny("a:x")]),
    ({"Effect": "Allow", "NotAction": ["a:y", "a:X"]}, {"Effect": "Allow", "NotAction": ["A:x", "a:y"]}),
    (allow("a:**"), allow("a:*")),
]
NARROWED = [
    ([allow("a:x"), allow("a:y")], [allow("a:x")]),
    (allow("a:*"), allow("a:Get*")),
    (allow("*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
    ({"Effect": "Allow", "NotAction": "a:x"}, {"Effect": "Allow", "NotAction": ["a:x", "a:y"]}),
    (allow(resource="arn:aws:s3:::logs/*"), allow(resource="arn:aws:s3:::logs/2024/?/*")),
    (allow(resource="home/${aws:username}/*"), allow(resource="home/${aws:username}/docs")),
    (allow("a:?"), allow("a:?")),
    (allow(), allow(Condition=IF_ORG)),
    (allow(Condition=IF_ORG), allow(Condition=IF_ORG | {"Bool": {"aws:SecureTransport": "true"}})),
    (allow(Condition={"StringLike": {"k": ["a", "b"]}}), allow(Condition={"StringLike": {"k": "a"}})),
    (allow(Condition={"StringNotLike": {"k": "a"}}), allow(Condition={"StringNotLike": {"k": ["a", "b"]}})),
    (allow(Principal="*"), allow(Principal=WHO)),
    (deny("s3:Delete*"), deny("s3:*")),
    (deny(Condition=IF_ORG), deny()),
    (allow("a:x"), [allow("a:x"), deny("a:x")]),
    (allow("a:x"), []),
]
WIDENED = [
    ([], allow("a:x")),
    (allow("a:x"), allow("a:*")),
    (allow("a:x"), [allow("a:x"), allow("a:y")]),
    (allow("a:Get?"), allow("a:Get*")),
    (allow(resource="arn:aws:s3:::logs"), allow(resource="arn:aws:s3:::logs*")),
    (allow(resource="arn:aws:s3:::a/${*}"), allow(resource="arn:aws:s3:::a/${x}")),
    (allow(resource="home/${aws:username}"), allow(resource="home/*")),
    (allow("s3:*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
    ({"Effect": "Allow", "NotAction": ["a:x", "a:y"]}, {"Effect": "Allow", "NotAction": "a:x"}),
    ({"Effect": "Allow", "NotAction": "a:x"}, allow("a:x", "")),
    (allow(Condition=IF_ORG), allow()),
    (allow(Condition=IF_ORG), allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-2"}})),
    (allow(Condition={"StringLike": {"k": "a"}}), allow(Condition={"StringLike": {"k": ["a", "b"]}})),
    (allow(Condition={"StringNotLike": {"k": ["a", "b"]}}), allow(Condition={"StringNotLike": {"k": "a"}})),
    (allow(Condition={"StringEquals": {"k": "a"}}), allow(Condition={"StringEqualsIfExists": {"k": "a"}})),
    (allow(Condition={"Null": {"k": "true"}}), allow(Condition={"Null": {"k": "false"}})),
    (allow(Condition={"StringEquals": {"k": "a"}}), allow(Condition={"StringEquals": {}})),
    (allow(Principal=WHO), allow(Principal={"AWS": [ACCOUNT, "210987654321"]})),
    (allow(Principal=WHO), allow(Principal="*")),
    (allow(Principal=WHO), allow(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"})),
    (allow(Principal={"Service": "ec2.amazonaws.com"}), allow(Principal={"Service": "lambda.amazonaws.com"})),
    (allow(Principal={"AWS": "a*"}), allow(Principal={"AWS": "abc"})),
    (allow("a:x"), allow("a:x", NotPrincipal=WHO)),
    (deny("a:x"), []),
    (deny("a:*"), deny("a:x")),
    (deny(), deny(Condition=IF_ORG)),
    (deny("a:x"), allow("a:x")),
    ([], allow("a:x") | {"Effect": "allow"}),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_another_way_of_writing_grants_nothing_either_way(before: Any, after: Any) -> None:
    assert gained(before, after) == []
    assert gained(after, before) == []


@pytest.mark.parametrize(("before", "after"), NARROWED)
def test_less_than_before_grants_nothing(before: Any, after: Any) -> None:
    assert gained(before, after) == []


@pytest.mark.parametrize(("before", "after"), WIDENED)
def test_more_than_before_is_found(before: Any, after: Any) -> None:
    assert gained(before, after) != []


def test_policy_variables_come_with_the_newer_version() -> None:
    statement = allow(resource="home/${aws:username}")
    older, newer = read(document(statement, version="2008-10-17")), read(document(statement))
    assert widened(older, newer) != ()
    assert widened(newer, newer) == ()


@pytest.mark.parametrize("text", ["", "reader-policy", "[]", "null", "{}", '{"rules": []}', '"text"'])
def test_what_is_no_policy_document_is_none(text: str) -> None:
    assert grants(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"Statement": [1]}',
        '{"Statement": [{"Effect": "Deny", "Effect": "Allow"}]}',
        '{"Statement": [{"effect": "Deny", "Effect": "Allow"}]}',
        '{"Statement": [{"Condition": []}]}',
        '{"Statement": [{"Condition": {"Bool": 1}}]}',
        '{"Statement": ' + "[" * 100_000,
    ],
)
def test_a_document_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        grants(text)


def test_elements_are_read_without_case() -> None:
    assert read('{"statement": {"effect": "Deny", "action": "a:x"}}') == read(
        document({"Effect": "Deny", "Action": "a:x"})
    )


def test_a_grant_reads_as_a_sentence() -> None:
    [grant] = read(document(allow("s3:GetObject", "arn:aws:s3:::a", Principal=WHO, Condition=IF_ORG)))
    assert str(grant) == f"AWS:{ACCOUNT} s3:getobject on arn:aws:s3:::a under a condition"


@pytest.mark.parametrize(
    ("statement", "everybody", "everything"),
    [
        (allow("s3:Get", "*", Principal="*"), True, False),
        (allow("s3:Get", "*", Principal={"AWS": "*"}, Condition=IF_ORG), False, False),
        (allow("s3:Get", "*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "true"}}), True, False),
        (allow("s3:Get", "*", Principal="*", Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), True, False),
        (allow("s3:Get", "*", Principal="*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), False, False),
        (allow("s3:Get", "*", NotPrincipal=WHO), True, False),
        (allow("sts:AssumeRole", "*", Principal={"Federated": "accounts.google.com"}), True, False),
        (
            allow("sts:AssumeRole", "*", Principal={"Federated": "x"}, Condition={"StringEquals": {"x:aud": "y"}}),
            False,
            False,
        ),
        (allow("*", "*"), False, True),
        (allow("s3:*", "*"), False, True),
        (allow("s3:*", "arn:aws:s3:::a"), False, False),
        (allow("s3:*", "*", Principal=WHO), False, False),
        ({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "a"}, False, True),
        (deny("*", "*", Principal="*"), False, False),
    ],
)
def test_rights_of_everybody_and_rights_to_everything(
    statement: dict[str, Any], *, everybody: bool, everything: bool
) -> None:
    [grant] = read(document(statement))
    assert (grant.everybody, grant.everything) == (everybody, everything)


def test_the_account_of_a_principal() -> None:
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/session"
    for principal in (WHO, {"AWS": ACCOUNT}, {"AWS": role}):
        assert {grant.account for grant in read(document(allow(Principal=principal)))} == {ACCOUNT}
    for principal in ("*", {"Service": "ec2.amazonaws.com"}, {"AWS": "AIDAEXAMPLE"}):
        assert {grant.account for grant in read(document(allow(Principal=principal)))} == {""}


def test_a_long_pattern_is_compared_quickly() -> None:
    wide = Grant(effect="Allow", principal="", action="*a" * 2000 + "b", resource="*")
    narrow = Grant(effect="Allow", principal="", action="a" * 4000, resource="*")
    assert not covers(wide, narrow)


def test_conditions_without_values_imply_only_themselves() -> None:
    empty, some = conditions({"StringEquals": {"k": []}}), conditions({"StringEquals": {"k": "a"}})
    assert narrower(empty, empty)
    assert not narrower(empty, some)
    assert not narrower(some, empty)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}},
        {"Null": {"aws:PrincipalOrgID": "false"}},
        {"StringLike": {"aws:PrincipalArn": ["arn:aws:iam::1:role/a", "*"]}},
        {"StringEquals": {"s3:prefix": "public/"}},
    ],
)
def test_conditions_that_do_not_fix_who_calls(condition: dict[str, Any]) -> None:
    assert not names_callers(conditions(condition))
