from __future__ import annotations

import json
from typing import Any

import pytest

from diffing.normalize import changed_paths, differences, equivalent, same, volatile_attributes
from diffing.values import Marker, freeze, path_text


def found(before: Any, after: Any, *, unordered: bool = True) -> dict[str, tuple[Any, Any]]:
    changes = differences(freeze(before), freeze(after), unordered=unordered)
    return {path_text(change.path): (change.before, change.after) for change in changes}


def planned(before: Any, after: Any, *, sensitive: bool = False) -> dict[str, tuple[Any, Any]]:
    changes = changed_paths(freeze(before), freeze(after), sensitive=sensitive)
    return {path_text(change.path): (change.before, change.after) for change in changes}


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "a", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
        {"Sid": "b", "Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::x"]},
    ],
}
REWRITTEN = {
    "Statement": [
        {"Resource": "arn:aws:s3:::x", "Action": ["s3:*"], "Effect": "Deny", "Sid": "b"},
        {"Action": ["s3:PutObject", "s3:GetObject", "s3:GetObject"], "Sid": "a", "Effect": "Allow", "Resource": ["*"]},
    ],
    "Version": "2012-10-17",
}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (None, ""),
        (None, []),
        ("", {}),
        (Marker.ABSENT, None),
        ({"a": 1, "b": None}, {"a": 1}),
        ({"a": {"b": []}}, {}),
        ([1, 2, 2], [2, 1, 2]),
        ([{"port": 80}, {"port": 443}], [{"port": 443}, {"port": 80, "description": ""}]),
        (1, 1.0),
        ('{"a": [1, 2]}', '{ "a" : [2, 1] }'),
        (json.dumps(POLICY), json.dumps(REWRITTEN)),
        (POLICY, REWRITTEN),
        (Marker.UNKNOWN, Marker.UNKNOWN),
    ],
)
def test_values_with_the_same_effect_are_equivalent(a: Any, b: Any) -> None:
    assert equivalent(freeze(a), freeze(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (None, False),
        (None, 0),
        (1, True),
        ("1", 1),
        ([1, 2, 2], [1, 2]),
        ([{}], []),
        (Marker.UNKNOWN, None),
        (Marker.UNKNOWN, Marker.SENSITIVE),
        (Marker.SENSITIVE, "secret"),
        ('{"a": 1}', {"a": 1}),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
        ("[not json", "[ not json"),
        ({"command": ["sh", "-c"]}, {"command": ["-c", "sh"]}),
        ({"ordered_cache_behavior": [{"a": 1}, {"a": 2}]}, {"ordered_cache_behavior": [{"a": 2}, {"a": 1}]}),
        ({"Statement": {"Condition": {"StringEquals": {"a": ""}}}}, {"Statement": {"Condition": {"StringEquals": {}}}}),
        ({"Statement": {"Action": "s3:Get"}}, {"Statement": {"Action": ["s3:Get", "s3:Put"]}}),
    ],
)
def test_values_with_another_effect_are_not_equivalent(a: Any, b: Any) -> None:
    assert not equivalent(freeze(a), freeze(b))


def test_text_that_nests_json_too_deeply_is_compared_as_text() -> None:
    deep = "[" * 100_000
    assert equivalent(deep, deep)
    assert not equivalent(deep, deep + " ")


def test_same_is_equality_of_json() -> None:
    assert same(freeze({"a": [1, 2]}), freeze({"a": [1.0, 2]}))
    assert not same(freeze([1, 2]), freeze([2, 1]))
    assert not same(None, "")
    assert same(10**5000, 10**5000)


def test_leaves_that_differ_are_listed_in_order() -> None:
    before = {"name": "a", "size": 1, "nested": {"on": True, "old": {"x": 1, "y": []}}}
    after = {"name": "a", "size": 2, "nested": {"on": 1, "new": {}}}
    assert list(found(before, after).items()) == [
        ("nested.new", (Marker.ABSENT, {})),
        ("nested.old.x", (1, Marker.ABSENT)),
        ("nested.old.y", ((), Marker.ABSENT)),
        ("nested.on", (True, 1)),
        ("size", (1, 2)),
    ]


def test_names_that_deepdiff_treats_specially_are_compared() -> None:
    before = {"__private": 1, "a']['b": 1, "": 1, "root": {"x.y": 1}}
    after = {"__private": 2, "a']['b": 2, "": 2, "root": {"x.y": 2}}
    assert [change.path for change in differences(freeze(before), freeze(after))] == [
        ("",),
        ("__private",),
        ("a']['b",),
        ("root", "x.y"),
    ]


def test_a_change_of_kind_is_one_change() -> None:
    assert found({"a": None}, {"a": {"b": 1}}) == {"a": (None, {"b": 1})}
    assert found({"a": []}, {"a": {}}) == {"a": ((), {})}


def test_lists_of_scalars_are_multisets() -> None:
    assert found({"zones": ["a", "b"]}, {"zones": ["b", "a"]}) == {}
    assert found({"zones": ["a", "b", "b"]}, {"zones": ["b", "a"]}) == {"zones[2]": ("b", Marker.ABSENT)}
    assert found({"zones": ["a", "b"]}, {"zones": ["b", "c"]}) == {
        "zones[0]": ("a", Marker.ABSENT),
        "zones[1]": (Marker.ABSENT, "c"),
    }


def test_items_with_a_naming_field_are_paired_by_it() -> None:
    before = {"Indexes": [{"IndexName": "by_owner", "Size": 1}, {"IndexName": "by_date", "Size": 1}]}
    after = {"Indexes": [{"IndexName": "by_date", "Size": 2}, {"IndexName": "by_owner", "Size": 1}]}
    assert found(before, after) == {"Indexes.by_date.Size": (1, 2)}
    assert found(before, {"Indexes": []}).keys() == found({"Indexes": []}, before).keys()


def test_items_without_a_naming_field_are_paired_when_equal() -> None:
    before = {"Rules": [{"Port": 1}, {"Port": 2}, {"Port": 3}]}
    assert found(before, {"Rules": [{"Port": 2}, {"Port": 3}]}) == {"Rules[0].Port": (1, Marker.ABSENT)}


def test_order_counts_where_it_has_an_effect() -> None:
    assert found({"Layers": ["a", "b"]}, {"Layers": ["b", "a"]}) == {"Layers[0]": ("a", "b"), "Layers[1]": ("b", "a")}
    assert found({"Rules": [{"Port": 1}, {"Port": 2}]}, {"Rules": [{"Port": 2}, {"Port": 1}]}) != {}


def test_rewritten_json_documents_are_no_difference_to_an_api() -> None:
    assert found({"Policy": json.dumps(POLICY)}, {"Policy": json.dumps(REWRITTEN)}) == {}
    assert "Policy" in found({"Policy": json.dumps(POLICY)}, {"Policy": "{}"})


def test_values_too_deep_for_deepdiff_are_compared_whole() -> None:
    before: Any = 1
    after: Any = 2
    for _ in range(200):
        before, after = {"x": before}, {"x": after}
    assert len(differences(freeze(before), freeze(after))) == 1
    assert differences(freeze(before), freeze(before)) == ()


def test_a_plan_lists_what_is_not_known_yet() -> None:
    before = {"arn": "a", "id": Marker.UNKNOWN, "name": "x"}
    after = {"arn": Marker.UNKNOWN, "id": Marker.UNKNOWN, "name": "x"}
    assert planned(before, after) == {"arn": ("a", Marker.UNKNOWN)}


def test_a_plan_lists_creates_and_deletes_leaf_by_leaf_without_nulls() -> None:
    attributes = {"name": "x", "kms": None, "rule": [{"port": 1}]}
    leaves = {"name": "x", "rule[0].port": 1}
    assert planned(None, attributes) == {path: (Marker.ABSENT, value) for path, value in leaves.items()}
    assert planned(attributes, None) == {path: (value, Marker.ABSENT) for path, value in leaves.items()}


def test_a_plan_lists_a_change_of_order() -> None:
    assert planned({"zones": ["a", "b"]}, {"zones": ["b", "a"]}) == {"zones[0]": ("a", "b"), "zones[1]": ("b", "a")}
    assert planned({"zones": ["a", "b"]}, {"zones": ["b"]}) == {"zones[0]": ("a", Marker.ABSENT)}


def test_sensitive_on_both_sides_is_listed_only_when_asked_for() -> None:
    tree = {"b": [{"password": Marker.SENSITIVE}], "a": 1}
    changed = {"b": [{"password": Marker.SENSITIVE}], "a": 2}
    assert planned(tree, changed) == {"a": (1, 2)}
    assert list(planned(tree, changed, sensitive=True)) == ["a", "b[0].password"]
    assert planned(tree, {"b": [{"password": "plain"}], "a": 1}) == {"b[0].password": (Marker.SENSITIVE, "plain")}


def test_volatile_attributes_are_those_that_move_with_every_write() -> None:
    assert "last_modified" in volatile_attributes("aws_lambda_function")
    assert "version_id" in volatile_attributes("aws_s3_object")
    assert "etag" in volatile_attributes("aws_cloudfront_key_group")
    # The content of an object, and what names a resource, say what happened to it.
    assert not volatile_attributes("aws_s3_object") & {"etag", "arn", "id", "key"}
