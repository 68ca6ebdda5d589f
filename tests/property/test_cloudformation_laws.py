"""Laws of CloudFormation's comparison: any two templates, any bytes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.impact import Impact, worst
from sandbox.cloudformation.resolve import Stack, resolve
from sandbox.cloudformation.template import template_of
from sandbox.errors import SandtableError
from sandbox.place import Place

PLACE = Place(account="123456789012", region="us-east-1")
TYPES = [
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::Lambda::Function",
    "AWS::EC2::Subnet",
    "AWS::MSK::Replicator",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::CloudFormation::Stack",
    "AWS::Batch::ComputeEnvironment",
    "Custom::Thing",
    "Acme::Some::Thing",
]
IDS = ["A", "B", "C", "D"]
PROPERTIES = ["TableName", "BucketName", "VpcId", "KeySchema", "Tags", "ReplicationInfoList", "ComputeResources", "X"]
FUNCTIONS = [
    "Ref",
    *(f"Fn::{name}" for name in ["GetAtt", "Sub", "Join", "Select", "Split", "If", "FindInMap", "Cidr"]),
]

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(IDS)
)
references = st.one_of(
    st.sampled_from(IDS).map(lambda name: {"Ref": name}),
    st.tuples(st.sampled_from(IDS), st.sampled_from(["Arn", "Outputs.X", "LatestVersionNumber"])).map(
        lambda pair: {"Fn::GetAtt": list(pair)}
    ),
    st.sampled_from(IDS).map(lambda name: {"Fn::Sub": f"x-${{{name}}}-${{{name}.Arn}}"}),
    st.sampled_from(IDS).map(lambda name: {"Fn::If": ["Yes", {"Ref": name}, {"Ref": "AWS::NoValue"}]}),
)
values = st.recursive(
    scalars | references,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(PROPERTIES) | st.text(max_size=5), inner, max_size=3)
        | st.dictionaries(st.sampled_from(FUNCTIONS), inner, max_size=1)
    ),
    max_leaves=8,
)
sane = st.recursive(
    scalars | references,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PROPERTIES), inner, max_size=3),
    max_leaves=8,
)


def _resources(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"Type": st.sampled_from(TYPES)},
        optional={
            "Properties": st.dictionaries(st.sampled_from(PROPERTIES), value, max_size=4),
            "DeletionPolicy": st.sampled_from(["Delete", "Retain", "Snapshot", "RetainExceptOnCreate", "Other"]),
            "UpdateReplacePolicy": st.sampled_from(["Delete", "Retain", "Snapshot"]),
            "UpdatePolicy": value,
            "Condition": st.sampled_from(["Yes", "No"]),
        },
    )


templates = st.fixed_dictionaries(
    {
        "Resources": st.fixed_dictionaries({name: _resources(sane) for name in IDS}),
        "Conditions": st.just({"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Equals": ["a", "b"]}}),
    }
)
anything = st.fixed_dictionaries(
    {"Resources": st.dictionaries(st.sampled_from(IDS) | st.text(max_size=3), _resources(values) | values, max_size=4)},
    optional=dict.fromkeys(["Parameters", "Mappings", "Conditions", "Outputs", "Transform", "Metadata"], values),
)
several = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _stack(document: Any) -> Stack | None:
    """Read and resolve; None where it is refused, as it may be, in words."""
    with contextlib.suppress(SandtableError):
        template = template_of(json.dumps(document).encode(), name="t.json")
        return resolve(template, name="s", values={}, place=PLACE)
    return None


@several
@given(anything, anything)
def test_no_two_templates_crash_it(before: Any, after: Any) -> None:
    old, new = _stack(before), _stack(after)
    if old is not None and new is not None:
        compare_stacks({"s": old}, {"s": new})


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    with contextlib.suppress(SandtableError):
        assert template_of(content, name="t").resources is not None


@several
@given(templates)
def test_a_stack_is_equal_to_itself(document: Any) -> None:
    one, other = _stack(document), _stack(document)
    assert one is not None
    assert other is not None
    assert not compare_stacks({"s": one}, {"s": other}).changes


@several
@given(templates, templates)
def test_every_change_has_two_sides_that_differ_or_a_cause(before: Any, after: Any) -> None:
    old, new = _stack(before), _stack(after)
    assert old is not None
    assert new is not None
    changes = compare_stacks({"s": old}, {"s": new}).changes
    assert {change.address for change in changes if change.before is None} == {
        f"s/{name}" for name in new.resources.keys() - old.resources.keys()
    }
    assert {change.address for change in changes if change.after is None} == {
        f"s/{name}" for name in old.resources.keys() - new.resources.keys()
    }
    by_address = {change.address for change in changes}
    for change in changes:
        assert set(change.causes) <= by_address - {change.address}
        for item in change.properties:
            assert item.cause or item.before != item.after


impacts = st.lists(st.sampled_from(list(Impact)), max_size=5)


@given(impacts, st.sampled_from(list(Impact)))
def test_the_worst_of_impacts_is_monotone(found: list[Impact], another: Impact) -> None:
    order = list(Impact)
    assert order.index(worst([*found, another])) >= order.index(worst(found))
    assert worst([*found, another]) in {*found, another}
    assert worst(reversed(found)) is worst(found)
