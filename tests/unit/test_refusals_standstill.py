"""When an apply is ended because AWS refuses the same call again and again."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.refusals.standstill import Given, Standstill

GROUP, SUBNET = "aws_security_group.ledger", "aws_subnet.private"


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def refusal(subject: str = "sg-1", operation: str = "DeleteSecurityGroup") -> Given:
    return Given(
        call=f"ec2:{operation}",
        subject=subject,
        code="DependencyViolation",
        message=f"resource {subject} has a dependent object",
        row="security-group-of-mount-target",
        documentation="https://docs.aws.amazon.com/x.html",
    )


def started(*addresses: str) -> tuple[Standstill, Clock]:
    clock = Clock()
    standstill = Standstill(clock)
    assert standstill(addresses) == ()
    return standstill, clock


def repeat(standstill: Standstill, given: Given, times: int = 3) -> None:
    for _ in range(times):
        standstill.refused(given)


def test_the_same_refusal_three_times_over_three_seconds_ends_it() -> None:
    standstill, clock = started(GROUP)
    repeat(standstill, refusal())
    assert standstill([GROUP]) == ()
    clock.now = 3.5
    (error,) = standstill([GROUP])
    assert error.severity == "error"
    assert error.summary == "ec2:DeleteSecurityGroup: DependencyViolation: resource sg-1 has a dependent object"
    assert error.address == GROUP
    assert "security-group-of-mount-target" in error.detail
    assert "https://docs.aws.amazon.com/x.html" in error.detail


def test_twice_is_not_enough() -> None:
    standstill, clock = started(GROUP)
    repeat(standstill, refusal(), times=2)
    clock.now = 60
    assert standstill([GROUP]) == ()


def test_different_calls_do_not_add_up() -> None:
    standstill, clock = started(GROUP)
    for subject in ("sg-1", "sg-2", "sg-3"):
        standstill.refused(refusal(subject))
    clock.now = 60
    assert standstill([GROUP]) == ()


def test_while_something_else_is_under_way_it_goes_on() -> None:
    standstill, clock = started(GROUP, SUBNET)
    repeat(standstill, refusal())
    clock.now = 60
    assert standstill([GROUP, SUBNET]) == ()


def test_what_was_refused_before_something_ended_does_not_count() -> None:
    standstill, clock = started(GROUP, SUBNET)
    repeat(standstill, refusal())
    clock.now = 60
    assert standstill([GROUP]) == ()  # the subnet is done: the group may be let go now
    clock.now = 120
    assert standstill([GROUP]) == ()
    repeat(standstill, refusal())
    assert len(standstill([GROUP])) == 1


def test_a_call_that_goes_through_at_last_is_forgotten() -> None:
    standstill, clock = started(GROUP)
    repeat(standstill, refusal())
    standstill.passed("ec2:DeleteSecurityGroup", "sg-1")
    clock.now = 60
    assert standstill([GROUP]) == ()


def test_all_that_are_stuck_are_named() -> None:
    standstill, clock = started(GROUP, SUBNET)
    repeat(standstill, refusal())
    repeat(standstill, refusal("subnet-1", "DeleteSubnet"))
    clock.now = 60
    errors = standstill([GROUP, SUBNET])
    assert [error.summary.partition(": ")[0] for error in errors] == ["ec2:DeleteSecurityGroup", "ec2:DeleteSubnet"]
    assert {error.address for error in errors} == {""}


def test_nothing_under_way_is_no_standstill() -> None:
    standstill, clock = started()
    repeat(standstill, refusal())
    clock.now = 60
    assert standstill([]) == ()
