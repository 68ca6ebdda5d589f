"""The picture of the blast radius: what is in it, who is joined to whom, and where everything stands."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import SAMPLES, change, finding, many, reject, report, verdict

from diffing.change import Action, Lifespan, ResourceChange, StateDiff
from gate.report.card import build_cards
from gate.report.graph import HEIGHT, MOST_EDGES, MOST_NODES, WIDTH, Graph, build_graph
from gate.report.model import Report
from gate.verdict import Decision, Level


def drawn(sample: Report) -> Graph:
    return build_graph(sample, build_cards(sample))


def picture(*changes: ResourceChange, **needs: tuple[str, ...]) -> Graph:
    """Addresses are words here, so that they can be keywords."""
    said = [finding("r", Level.REJECT, item.address, "m") for item in changes if item.action is Action.DELETE]
    return drawn(
        report(diff=StateDiff(changes=changes), verdict=verdict(Decision.REJECT, *said), dependencies=dict(needs))
    )


def arrows(graph: Graph) -> set[tuple[str, str]]:
    names = {node.number: node.address for node in graph.nodes}
    return {(names[edge.needed], names[edge.dependent]) for edge in graph.edges}


def test_what_hangs_on_a_deletion_is_drawn_to_its_right_untouched_or_not() -> None:
    graph = picture(
        change("table", Action.DELETE), change("policy", Action.UPDATE), policy=("table",), service=("policy",)
    )
    assert arrows(graph) == {("table", "policy"), ("policy", "service")}
    table, policy, service = graph.nodes
    assert (table.address, policy.address, service.address) == ("table", "policy", "service")
    assert table.x + WIDTH < policy.x
    assert policy.x + WIDTH < service.x
    assert (table.tone, policy.tone, service.tone) == ("delete", "update", "untouched")
    assert (table.dependents, policy.dependents, service.dependents) == (2, 1, 0)
    assert table.card
    assert not service.card


def test_what_a_state_names_through_others_is_drawn_once() -> None:
    graph = picture(change("a", Action.DELETE), b=("a",), c=("a", "b"), d=("a", "b", "c"))
    assert arrows(graph) == {("a", "b"), ("b", "c"), ("c", "d")}


def test_a_circle_keeps_its_arrows() -> None:
    graph = picture(change("a", Action.DELETE), change("b", Action.DELETE), a=("b",), b=("a",), c=("a", "b"))
    assert {("a", "b"), ("b", "a")} <= arrows(graph)
    assert {node.dependents for node in graph.nodes if node.address in {"a", "b"}} == {2}


def test_a_name_without_instance_keys_stands_for_all_instances() -> None:
    changes = [change(f"aws_subnet.s[{index}]", Action.DELETE) for index in range(3)]
    sample = report(diff=StateDiff(changes=tuple(changes)), dependencies={"aws_lb.l": ("aws_subnet.s",)})
    assert arrows(drawn(sample)) == {(item.address, "aws_lb.l") for item in changes}


def test_what_is_only_created_is_counted_unless_it_hangs_on_a_change() -> None:
    graph = picture(
        change("table", Action.DELETE),
        change("reader", Action.CREATE),
        change("queue", Action.CREATE),
        change("topic", Action.NO_OP),
        reader=("table",),
    )
    assert {node.address for node in graph.nodes} == {"table", "reader"}
    assert graph.missing == ("1 created",)


def test_without_dependencies_the_changes_themselves_say_who_hangs_on_whom() -> None:
    table = change("table", Action.DELETE, dependents=("alarm",))
    service = change("service", Action.REPLACE, causes=("table",))
    assert arrows(drawn(report(diff=StateDiff(changes=(table, service))))) == {("table", "alarm"), ("table", "service")}


def test_a_moved_resource_stands_under_its_present_address() -> None:
    graph = picture(change("new", Action.REPLACE, previous_address="old"), user=("old",))
    assert arrows(graph) == {("new", "user")}
    assert {node.address for node in graph.nodes} == {"new", "user"}


def test_what_is_told_of_on_its_owner_s_card_is_not_called_untouched() -> None:
    rule = change("AWS::EC2::SecurityGroupRule/sgr-1", Action.DELETE, owner="group")
    sample = report(
        diff=StateDiff(changes=(change("group", Action.DELETE), rule)), dependencies={rule.address: ("group",)}
    )
    node = next(node for node in drawn(sample).nodes if node.address == rule.address)
    assert (node.tone, node.name, node.type) == ("delete", "sgr-1", "AWS::EC2::SecurityGroupRule")
    assert node.card == build_cards(sample)[0].number


def test_what_is_made_anew_without_a_replacement_is_drawn_as_one() -> None:
    (node,) = picture(change("table", Action.UPDATE, lifespan=Lifespan.RECREATED)).nodes
    assert (node.tone, node.symbol) == ("replace", "-/+")


def test_of_two_changes_at_one_address_the_worse_is_drawn() -> None:
    sample = report(
        verdict=verdict(Decision.REJECT, finding("r", Level.REJECT, "aws_x.a", "m")),
        diff=StateDiff(changes=(change("aws_x.a", Action.UPDATE), change("aws_x.a", Action.DELETE))),
    )
    (node,) = drawn(sample).nodes
    assert node.tone == "delete"


@pytest.mark.parametrize(
    ("address", "type_", "kind", "name"),
    [
        ("aws_lb.front", "aws_lb", "aws_lb", "front"),
        ('aws_lb.front["a.b"]', "aws_lb", "aws_lb", 'front["a.b"]'),
        ('module.web["x.y"].aws_lb.front[0]', "aws_lb", 'web["x.y"].aws_lb', "front[0]"),
        ('module.website["a"].module.inner.aws_iam_role.r', "aws_iam_role", '…["a"].inner.aws_iam_role', "r"),
        ("AWS::S3::Object/b/k.csv", "AWS::S3::Object", "AWS::S3::Object", "b/k.csv"),
        ("shop/Orders", "AWS::DynamoDB::Table", "AWS::DynamoDB::Table", "shop/Orders"),
    ],
)
def test_a_resource_is_called_by_the_end_of_its_address(address: str, type_: str, kind: str, name: str) -> None:
    (node,) = drawn(report(diff=StateDiff(changes=(change(address, Action.DELETE, type=type_),)))).nodes
    assert node.name == name
    assert node.type.endswith(kind.removeprefix("…"))
    assert node.type.startswith("…") or node.type == kind


def test_arrows_out_of_what_is_destroyed_are_hot() -> None:
    graph = picture(change("a", Action.DELETE), change("b", Action.UPDATE), c=("a", "b"))
    assert sorted(edge.hot for edge in graph.edges) == [False, True]


def test_five_hundred_are_drawn_and_the_rest_is_counted() -> None:
    graph = drawn(many())
    assert len(graph.nodes) == MOST_NODES
    assert sum(node.tone == "delete" for node in graph.nodes) == 200
    assert graph.missing == ("1,000 created", "500 updated")


def test_arrows_beyond_measure_are_counted() -> None:
    left = [change(f"aws_a.a[{index}]", Action.DELETE) for index in range(100)]
    needs: Mapping[str, tuple[str, ...]] = {f"aws_b.b[{index}]": ("aws_a.a",) for index in range(100)}
    graph = drawn(report(diff=StateDiff(changes=tuple(left)), dependencies=needs))
    assert len(graph.edges) == MOST_EDGES
    assert graph.missing_edges == 100 * 100 - MOST_EDGES


def test_the_same_report_is_the_same_picture() -> None:
    assert drawn(reject()) == drawn(reject())


@pytest.mark.parametrize("name", SAMPLES)
def test_no_two_resources_stand_on_each_other_and_all_are_inside(name: str) -> None:
    _assert_apart(drawn(SAMPLES[name]()))


names = st.sampled_from([f"n{index}" for index in range(12)])


@settings(deadline=None)
@given(
    st.dictionaries(names, st.sampled_from(Action), min_size=1),
    st.dictionaries(names, st.lists(names, max_size=4).map(tuple)),
)
def test_any_graph_is_laid_out(changes: dict[str, Action], needs: dict[str, tuple[str, ...]]) -> None:
    graph = picture(*(change(name, action) for name, action in changes.items()), **needs)
    _assert_apart(graph)
    touched = {name for name, action in changes.items() if action not in {Action.NO_OP, Action.CREATE}}
    assert touched <= {node.address for node in graph.nodes}
    assert _closure(arrows(graph)) == _closure(
        {(each, name) for name, needed in needs.items() for each in needed if each != name},
        among={node.address for node in graph.nodes},
    )


def _closure(pairs: set[tuple[str, str]], among: set[str] | None = None) -> set[tuple[str, str]]:
    found = {pair for pair in pairs if among is None or set(pair) <= among}
    while more := {(a, d) for a, b in found for c, d in found if b == c and a != d} - found:
        found |= more
    return found


def _assert_apart(graph: Graph) -> None:
    for node in graph.nodes:
        assert 0 <= node.x <= graph.width - WIDTH
        assert 0 <= node.y <= graph.height - HEIGHT
    for one, other in combinations(graph.nodes, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
