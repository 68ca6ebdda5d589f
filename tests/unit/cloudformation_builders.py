"""Stacks for tests, from templates written in a few lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.impact import LogicalChange, StackComparison
from sandbox.cloudformation.resolve import Stack, resolve
from sandbox.cloudformation.template import template_of
from sandbox.place import Place

PLACE = Place(account="123456789012", region="eu-central-1")


def stack(text: str, values: Mapping[str, str] | None = None, name: str = "app") -> Stack:
    """Resolve a template; ``Resources:`` may be left out."""
    text = textwrap.dedent(text)
    whole = text if "Resources:" in text else "Resources:\n" + textwrap.indent(text, "  ")
    return resolve(template_of(whole.encode(), name="t.yaml"), name=name, values=values or {}, place=PLACE)


def compared(before: str, after: str) -> StackComparison:
    """Compare two templates of one stack."""
    return compare_stacks({"app": stack(before)}, {"app": stack(after)})


def impacts(comparison: StackComparison) -> dict[str, str]:
    """Impact by logical id."""
    return {change.address.removeprefix("app/"): change.impact.value for change in comparison.changes}


def only(comparison: StackComparison) -> LogicalChange:
    """The one change that there is."""
    (change,) = comparison.changes
    return change
