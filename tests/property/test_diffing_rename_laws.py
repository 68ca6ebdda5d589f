from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffing.graph import blast_radius, dependants, dependency_graph
from diffing.renames import THRESHOLD, Instance, find_renames, moved_block
from diffing.values import Marker, Value, freeze

LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A law holds on a busy machine as well: no example is judged by its time."""

TYPES = ["aws_sqs_queue", "aws_eip"]
KEYS = st.sampled_from(["", "[0]", "[1]", '["a"]', '["b.c"]'])
MODULES = st.sampled_from(["", "module.m.", 'module.m["x"].', "module.m.module.n."])
ATTRIBUTES: st.SearchStrategy[Mapping[str, Value]] = st.dictionaries(
    st.sampled_from(["name", "id", "size", "rule", "tags", "policy", "fifo"]),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(0, 2),
        st.sampled_from(["a", "a-0", "a-a", "b", "", '{"x": [1]}']),
        st.sampled_from(Marker),
        st.dictionaries(st.sampled_from(["Name", "x"]), st.sampled_from(["a", "b"])),
        st.lists(st.sampled_from(["a", "b", Marker.UNKNOWN, {"port": 1}]), max_size=2),
    ).map(freeze),
)


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    kind = draw(st.sampled_from(TYPES))
    name = draw(st.sampled_from(["this", "other"]))
    return f"{draw(MODULES)}{kind}.{name}{draw(KEYS)}", kind, draw(ATTRIBUTES)


INSTANCES = st.lists(instances(), max_size=5, unique_by=lambda instance: instance[0])


@LAW
@given(INSTANCES, INSTANCES)
def test_renames_are_one_to_one_between_what_was_given(deletes: list[Instance], creates: list[Instance]) -> None:
    renames = find_renames(deletes, creates)
    sources = [rename.from_address for rename in renames]
    targets = [rename.to_address for rename in renames]
    assert len(set(sources)) == len(sources)
    assert len(set(targets)) == len(targets)
    kinds = {address: kind for address, kind, _ in (*deletes, *creates)}
    assert set(sources) <= {address for address, *_ in deletes}
    assert set(targets) <= {address for address, *_ in creates}
    assert all(kinds[rename.from_address] == kinds[rename.to_address] for rename in renames)
    assert all(THRESHOLD <= rename.similarity <= 1 for rename in renames)
    assert all(moved_block(rename).startswith("moved {") for rename in renames)


@LAW
@given(INSTANCES, INSTANCES, st.randoms(use_true_random=False))
def test_renames_do_not_depend_on_the_order_of_the_plan(
    deletes: list[Instance],
    creates: list[Instance],
    random: object,
) -> None:
    assert hasattr(random, "shuffle")
    expected = find_renames(deletes, creates)
    random.shuffle(deletes)
    random.shuffle(creates)
    assert find_renames(deletes, creates) == expected


@LAW
@given(instances(), st.sampled_from(["module.extracted.", 'module.extracted["k"].']))
def test_moving_a_thing_into_a_module_is_always_recognised(instance: Instance, module: str) -> None:
    address, kind, attributes = instance
    (rename,) = find_renames([instance], [(f"{module}{address}", kind, attributes)])
    assert rename.to_address == f"{module}{address}"


NODES = st.sampled_from(["aws_a.a", "aws_a.b[0]", "aws_a.b[1]", 'module.m["x"].aws_a.c', "aws_a.b", "module.m.aws_a.c"])


@LAW
@given(st.dictionaries(NODES, st.sets(NODES)), NODES, NODES)
def test_dependants_are_closed_and_never_contain_their_start(
    dependencies: dict[str, set[str]], start: str, extra: str
) -> None:
    graph = dependency_graph(dependencies)
    found = dependants(graph, start)
    assert start not in found
    assert list(found) == sorted(set(found))
    assert all(set(dependants(graph, each)) <= {*found, start} for each in found)
    assert blast_radius(graph, [start]) == len(found)
    wider = dependency_graph({**dependencies, extra: dependencies.get(extra, set()) | {start}})
    assert set(found) <= set(dependants(wider, start))
