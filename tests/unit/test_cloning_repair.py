from __future__ import annotations

from typing import Any

from cloning_samples import SCHEMAS, SUBNET, resource, state

from sandbox.cloning.repair import Repair, leave_out, repair
from sandbox.cloning.subjects import choose
from sandbox.cloning.synthesise import FILE, Repairs, Synthesis
from sandbox.place import Place
from sandbox.rehearsal import Diagnostic


class Case:
    """A written configuration, and what is said about it."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        found = state(*resources)
        place = Place(account="123456789012", region="us-east-1")
        subjects = choose(found, SCHEMAS).written
        self.synthesis = Synthesis(subjects, SCHEMAS, placed=found.instances, default=place, source="hashicorp/aws")
        self.repairs = Repairs()
        self.document = self.synthesis.write(self.repairs).document

    def told(self, text: str, *, at: str = "", address: str = "", severity: str = "error") -> Diagnostic:
        lines = self.document.text.splitlines()
        line = next((number for number, content in enumerate(lines, 1) if at and f'"{at}"' in content), 0)
        return Diagnostic(severity=severity, summary=text, address=address, filename=FILE if at else "", line=line)

    def repair(self, *diagnostics: Diagnostic) -> list[tuple[str, str]]:
        done = repair(diagnostics, self.document, self.synthesis, self.repairs)
        return [(each.address, each.path) for each in done]


def subnet(**attributes: Any) -> dict[str, Any]:
    return resource("aws_subnet", "s", {"id": SUBNET, "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24", **attributes})


def test_an_argument_that_is_blamed_by_its_line_is_dropped() -> None:
    case = Case(subnet())
    assert case.repair(case.told("expected cidr_block to be something else", at="cidr_block")) == [
        ("aws_subnet.s", "cidr_block")
    ]
    assert case.repairs.dropped["aws_subnet.s"] == {"cidr_block"}


def test_of_conflicting_arguments_the_computed_one_is_dropped_and_only_that() -> None:
    case = Case(subnet(availability_zone="us-east-1a"))
    text = '"cidr_block": conflicts with availability_zone'
    found = case.repair(case.told(text, at="cidr_block"), case.told(text, at="availability_zone"))
    assert found == [("aws_subnet.s", "availability_zone")]


def test_an_api_name_in_the_text_names_the_argument() -> None:
    case = Case(subnet(availability_zone="us-east-1a"))
    found = case.repair(case.told("Unknown parameter AvailabilityZone", address="aws_subnet.r0000_s"))
    assert found == [("aws_subnet.s", "availability_zone")]


def test_what_cannot_be_repaired_is_left_out_with_its_reason_and_without_its_secrets() -> None:
    case = Case(resource("aws_db_instance", "d", {"id": "d", "password": "planted-password"}))
    diagnostic = case.told("the engine refuses 'planted-password'", address="aws_db_instance.r0000_d")
    case.repairs.dropped["aws_db_instance.d"].add("password")
    assert case.repair(diagnostic) == [("aws_db_instance.d", "")]
    assert case.repairs.left_out == {"aws_db_instance.d": "the engine refuses '(sensitive)'"}


def test_a_required_argument_is_never_dropped() -> None:
    case = Case(subnet())
    assert case.repair(case.told("expected vpc_id to be there", at="vpc_id")) == [("aws_subnet.s", "")]


def test_an_empty_requirement_of_a_block_drops_the_block() -> None:
    mappings = [{"subnet": "one", "role": "r"}, {"subnet": "two", "role": ""}]
    case = Case(resource("aws_lb", "b", {"id": "b", "mapping": mappings}))
    line = max(number for number, text in enumerate(case.document.text.splitlines(), 1) if '"role"' in text)
    diagnostic = Diagnostic(severity="error", summary="expected role", filename=FILE, line=line)
    assert case.repair(diagnostic) == [("aws_lb.b", "mapping")]


def test_an_argument_that_says_nothing_is_dropped_even_without_a_word_about_it() -> None:
    case = Case(resource("aws_lb", "b", {"id": "b", "access_logs": [{"bucket": "x", "enabled": False}]}))
    assert case.repair(case.told("it is off", at="enabled")) == [("aws_lb.b", "access_logs.enabled")]


def test_warnings_and_what_belongs_to_nobody_are_no_reason_to_repair() -> None:
    case = Case(subnet())
    assert case.repair(case.told("deprecated", at="cidr_block", severity="warning"), case.told("no such thing")) == []


def test_giving_up_names_everything_that_failed() -> None:
    case = Case(subnet(), resource("aws_vpc", "v", {"id": "vpc-1"}))
    leave_out(
        [case.told("no room", address="aws_subnet.r0000_s")],
        ["aws_subnet.r0000_s", "aws_vpc.r0001_v"],
        case.document,
        case.synthesis,
        case.repairs,
    )
    assert case.repairs.left_out == {"aws_subnet.s": "no room", "aws_vpc.v": "it did not come up"}


def test_a_repair_says_what_and_why() -> None:
    case = Case(subnet())
    done = repair([case.told("expected another", at="cidr_block")], case.document, case.synthesis, case.repairs)
    assert done == (Repair(address="aws_subnet.s", path="cidr_block", reason="expected another"),)
