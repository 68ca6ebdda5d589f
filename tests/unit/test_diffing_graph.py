from __future__ import annotations

from diffing.graph import blast_radius, dependants, dependency_graph, without_keys

NETWORK = dependency_graph(
    {
        "aws_vpc.main": (),
        "aws_subnet.a[0]": ("aws_vpc.main",),
        "aws_subnet.a[1]": ("aws_vpc.main",),
        "aws_instance.web": ("aws_subnet.a",),
        "module.dns.aws_route53_record.web": ("aws_instance.web",),
        "aws_sqs_queue.jobs": (),
    }
)


def test_dependants_are_transitive_and_sorted() -> None:
    assert dependants(NETWORK, "aws_vpc.main") == (
        "aws_instance.web",
        "aws_subnet.a[0]",
        "aws_subnet.a[1]",
        "module.dns.aws_route53_record.web",
    )


def test_a_dependency_without_keys_is_on_every_instance() -> None:
    assert dependants(NETWORK, "aws_subnet.a[1]") == ("aws_instance.web", "module.dns.aws_route53_record.web")


def test_a_dependency_on_one_instance_is_on_no_other() -> None:
    graph = dependency_graph({"aws_x.b": ('aws_x.a["one"]',)})
    assert dependants(graph, 'aws_x.a["one"]') == ("aws_x.b",)
    assert dependants(graph, 'aws_x.a["two"]') == ()
    assert dependants(graph, "aws_x.a") == ("aws_x.b",)


def test_a_cycle_ends_and_never_contains_its_start() -> None:
    graph = dependency_graph({"a.a": ("b.b", "a.a"), "b.b": ("c.c",), "c.c": ("a.a",)})
    assert dependants(graph, "a.a") == ("b.b", "c.c")


def test_what_nothing_depends_on_and_what_is_not_there() -> None:
    assert dependants(NETWORK, "aws_sqs_queue.jobs") == ()
    assert dependants(NETWORK, "aws_sqs_queue.other") == ()


def test_the_blast_radius_counts_each_dependant_once() -> None:
    assert blast_radius(NETWORK, ["aws_vpc.main", "aws_subnet.a[0]"]) == 3
    assert blast_radius(NETWORK, []) == 0


def test_instance_keys_are_stripped_whatever_they_hold() -> None:
    assert without_keys('module.m["a.b[0]"].aws_x.y["say \\"]\\""]') == "module.m.aws_x.y"
    assert without_keys("module.m[3].aws_x.y") == "module.m.aws_x.y"
