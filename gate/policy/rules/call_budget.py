"""`call-budget`: a program of the change calls the same API over and over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.surroundings import PROVIDER
from gate.verdict import Finding, Level
from sandbox.rehearsal import ApiCall, CallKind

NAME = "call-budget"
PAGE = Page(
    level="review",
    what=(
        "A program of the change calls one operation more than 100 times, or anything writes to one "
        "resource by one operation more than 50 times."
    ),
    example=(
        "A provisioner polls for a topic that never comes. *sns:ListTopics is called 150 times by "
        "botocore; in production it would run into throttling, and take others with it.*"
    ),
    why=(
        "A loop that the engine answers in a second runs for hours against AWS, is throttled, and "
        "throttles whoever shares the account."
    ),
    remedy="Bound the loop, or wait for an event.",
    passes="the reads with which Terraform's provider waits: those are many by design.",
    catches=("for-a-person", "retry-loop"),
    spares=("hostile-texts", "bounded-retry"),
)
MOST_CALLS = 100
"""Of one operation, by one program that is not Terraform's provider."""
MOST_WRITES = 50
"""Of one operation on one resource, by anybody: the provider waits by reading, not by writing."""

_OF_THE_CHANGE = frozenset({"plan", "apply"})


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for each operation that is called more often than a change needs, or than the policy allows."""
    budgets = policy.settings.budgets
    most_calls = MOST_CALLS if budgets.same_call is None else budgets.same_call
    most_writes = MOST_WRITES if budgets.same_write is None else budgets.same_write
    together = sum(call.phase in _OF_THE_CHANGE for call in evidence.calls)
    if budgets.calls is not None and together > budgets.calls:
        yield _finding(f"the change makes {together} calls, and the policy's budget is {budgets.calls}")
    by_program: Counter[tuple[str, str]] = Counter()
    by_resource: Counter[tuple[str, str]] = Counter()
    for call in evidence.calls:
        if call.phase not in _OF_THE_CHANGE:
            continue
        if call.agent != PROVIDER:
            by_program[_operation(call), call.agent] += 1
        if call.kind is not CallKind.READ and call.resources:
            by_resource[_operation(call), call.resources[0]] += 1
    for (operation, agent), number in sorted(by_program.items()):
        if number > most_calls:
            yield _finding(f"{operation} is called {number} times by {agent or 'an unnamed program'}")
    for (operation, resource), number in sorted(by_resource.items()):
        if number > most_writes:
            yield _finding(f"{operation} is called {number} times for {resource}")


def _operation(call: ApiCall) -> str:
    return f"{call.service}:{call.operation}" if call.operation else f"{call.method} {call.path}"[:200]


def _finding(text: str) -> Finding:
    return Finding(
        rule=NAME,
        level=Level.REVIEW,
        address="",
        message=f"{text}; in production it would run into throttling, and take others with it",
        proof=Proof.PROVED,
        remediation="Find the loop (a retry without end, a script that polls) and bound it.",
    )
