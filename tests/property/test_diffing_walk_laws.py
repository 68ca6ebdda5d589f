"""The walk over plans finds what deepdiff finds; what is listed only when asked for is what the walk would list."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffing.attributes import OneSided, at_top, below, named
from diffing.deep import deep_changes
from diffing.normalize import MAX_DEPTH, changed_paths, differences, path_order
from diffing.values import Marker, Value, freeze

LAW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.0, 1.0, 1.5]),
    st.sampled_from(["", "a", "b", "1", "true", "{}", '{"a": 1}', "é"]),
    st.sampled_from([Marker.ABSENT, Marker.UNKNOWN, Marker.SENSITIVE]),
)
NAMES = st.sampled_from(["a", "b", "id", "name", "tags", "args", "ordered_x", "__private", "[0]", "0"])
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(NAMES, below, max_size=4), max_leaves=12
).map(freeze)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)


def on_both_sides(value: Value) -> bool:
    return value is not None and value is not Marker.ABSENT


@LAW
@given(before=VALUES.filter(on_both_sides), after=VALUES.filter(on_both_sides))
def test_the_walk_finds_what_deepdiff_finds(before: Value, after: Value) -> None:
    deep = sorted(deep_changes(before, after, unordered=False), key=lambda change: path_order(change.path))

    walked = differences(before, after, unordered=False)

    assert list(walked) == deep
    assert [repr((item.before, item.after)) for item in walked] == [repr((item.before, item.after)) for item in deep]


@LAW
@given(before=VALUES.filter(on_both_sides), after=VALUES.filter(on_both_sides))
def test_the_walk_finds_the_same_in_lists_that_differ_in_one_item(before: Value, after: Value) -> None:
    left, right = freeze({"x": (1, before, "a")}), freeze({"x": (1, after, "a")})
    deep = sorted(deep_changes(left, right, unordered=False), key=lambda change: path_order(change.path))

    assert list(differences(left, right, unordered=False)) == deep


@LAW
@given(value=OBJECTS, appears=st.booleans())
def test_what_is_listed_when_asked_for_is_what_the_walk_lists(value: dict[str, Value], appears: bool) -> None:  # noqa: FBT001 - drawn
    walked = changed_paths({}, value) if appears else changed_paths(value, {})
    lazy = OneSided(value, appears=appears)

    assert lazy == walked
    assert walked == lazy
    assert (len(lazy), bool(lazy), list(lazy)) == (len(walked), bool(walked), list(walked))


@LAW
@given(value=OBJECTS, appears=st.booleans(), names=st.frozensets(NAMES))
def test_attributes_are_found_by_name_as_among_all_of_them(
    value: dict[str, Value],
    appears: bool,  # noqa: FBT001 - drawn
    names: frozenset[str],
) -> None:
    walked = changed_paths({}, value) if appears else changed_paths(value, {})
    lazy = OneSided(value, appears=appears)

    assert list(named(lazy, names)) == list(named(walked, names))
    assert list(at_top(lazy, names)) == list(at_top(walked, names))
    for name in names:
        assert list(below(lazy, name)) == list(below(walked, name))


def test_attributes_below_the_greatest_depth_are_found_by_name_too() -> None:
    value: Value = freeze({"policy": "x"})
    for _ in range(MAX_DEPTH + 2):
        value = freeze({"policy": [value]})
    assert isinstance(value, Mapping)

    assert list(named(OneSided(value, appears=True), {"policy"})) == list(named(changed_paths({}, value), {"policy"}))
