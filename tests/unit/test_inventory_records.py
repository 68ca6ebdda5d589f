"""Canonical attributes, redaction, scopes and expressions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inventory.expression import evaluate, fill_template, parse_keys, parse_read, pick
from sandbox.inventory.kinds import normal, singular, stem
from sandbox.inventory.records import canonical
from sandbox.inventory.redaction import redact
from sandbox.inventory.scope import Scope, normalise

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON)
def test_canonical_form_is_stable(value: Any) -> None:
    assert canonical(canonical(value)) == canonical(value)


@given(items=st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3)), max_size=5), data=st.data())
def test_the_order_of_an_unordered_list_does_not_matter(items: list[dict[str, int]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(items))
    assert canonical({"Grants": items}) == canonical({"Grants": list(shuffled)})


def test_the_order_of_a_command_matters() -> None:
    assert canonical({"command": ["rm", "-f"]}) != canonical({"command": ["-f", "rm"]})


def test_volatile_members_are_left_out_at_any_depth() -> None:
    raw = {"Name": "a", "LastModified": "2026", "ApproximateNumberOfMessages": "3", "Parts": [{"UpdatedAt": 1, "N": 1}]}
    assert canonical(raw) == {"Name": "a", "Parts": [{"N": 1}]}


def test_settings_that_sound_like_activity_stay() -> None:
    raw = {"LastRotationEnabled": True, "StateMachine": "x", "Statement": "y", "DelaySeconds": "0", "Size": 3}
    assert canonical(raw).keys() == {"StateMachine", "Statement", "DelaySeconds", "Size"} | (
        {"LastRotationEnabled"} & canonical(raw).keys()
    )


def test_times_bytes_and_documents_become_text() -> None:
    at = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    raw = {"CreateDate": at, "Blob": b"\x00\xff", "Document": "%7B%22Version%22%3A%20%222012%22%7D"}
    assert canonical(raw) == {
        "CreateDate": "2026-01-02T02:04:00+00:00",
        "Blob": "AP8=",
        "Document": '{"Version": "2012"}',
    }


SECRET = "hunter2-correct-horse"


@pytest.mark.parametrize(
    "raw",
    [
        {"Environment": {"Variables": {"DB": SECRET}}},
        {"environment": [{"name": "DB", "value": SECRET}]},
        {"environmentVariables": [{"name": "DB", "value": SECRET, "type": "PLAINTEXT"}]},
        {"UserData": SECRET},
        {"userData": {"Value": SECRET}},
        {"LaunchTemplateData": {"UserData": SECRET}},
        {"MasterUserPassword": SECRET},
        {"ClientSecret": SECRET},
        {"AuthToken": SECRET},
        {"Name": "a", "Type": "SecureString", "Value": SECRET},
        {"ConnectionProperties": {"PASSWORD": SECRET}},
        {"Parameters": [{"ParameterKey": "x", "Key": "DbPassword", "Value": SECRET}]},
        {"Settings": [{"Credentials": {"User": "a", "Pass": SECRET}}]},
    ],
)
def test_secrets_are_sealed_and_their_changes_are_visible(raw: dict[str, Any]) -> None:
    sealed = redact(raw)
    assert SECRET not in repr(sealed)
    assert "(sensitive sha256:" in repr(sealed)
    assert redact(raw) == sealed
    assert redact(replaced(raw)) != sealed


def replaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: replaced(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner) for inner in value]
    return "another" if value == SECRET else value


@pytest.mark.parametrize(
    "raw",
    [
        {"PasswordPolicy": {"MinimumLength": 8}},
        {"RequirePassword": "true"},
        {"SecretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:a"},
        {"KeyName": "deploy"},
        {"Value": "plain", "Type": "String"},
        {"ManageMasterUserPassword": True},
        {"Environment": {"ComputeType": ""}},
    ],
)
def test_what_is_no_secret_stays_readable(raw: dict[str, Any]) -> None:
    assert redact(raw) == raw


def test_scopes_are_normalised_and_never_doubled() -> None:
    def scope(service: str, region: str) -> Scope:
        return Scope(service=service, region=region, access_key_id="k", account="1")

    once = normalise([scope("iam", ""), scope("iam", "eu-west-1"), scope("sqs", ""), scope("sqs", "us-east-1")])
    assert [(s.service, s.region, s.signing_region) for s in once] == [
        ("iam", "global", "us-east-1"),
        ("sqs", "us-east-1", "us-east-1"),
    ]


def test_expressions() -> None:
    item = {"Id": "/hostedzone/Z1", "Attributes": {"Arn": "arn:x"}, "Number": 3, "Empty": ""}
    assert evaluate("@", ("a",)) == "a"
    assert evaluate("Id|base", (item,)) == "Z1"
    assert evaluate("[Attributes.Arn]", (item,)) == ["arn:x"]
    assert evaluate("'fixed'", ()) == "fixed"
    assert evaluate("Number", (item,)) == "3"
    assert evaluate("Empty", (item,)) is None
    assert evaluate("Missing", (item, {"Missing": "there"})) == "there"
    assert fill_template("{Id|base}_{Number}_{None?}", (item,)) == "Z1_3_"
    assert fill_template("{None}", (item,)) is None
    assert parse_keys("A=B C") == (("A", "B"), ("C", "C"))
    assert parse_read("Op(A, B='c')") == ("Op", (("A", "A"), ("B", "'c'")))
    assert list(pick({"R": [{"I": [1, 2]}, {"I": [3]}, {}]}, "R.I")) == [1, 2, 3]


@pytest.mark.parametrize(
    ("plural", "word"),
    [("Policies", "Policy"), ("Tables", "Table"), ("Addresses", "Address"), ("Aliases", "Alias"), ("Status", "Status"),
     ("DatabaseList", "Database"), ("Batches", "Batch"), ("Indexes", "Index"), ("Databases", "Database")],
)  # fmt: skip
def test_singular(plural: str, word: str) -> None:
    assert singular(plural) == word


def test_names_of_operations() -> None:
    assert stem("DescribeDBInstances") == "DBInstances"
    assert stem("BatchGetProjects") == "Projects"
    assert normal("resource-ARN") == normal("resourceArn")
