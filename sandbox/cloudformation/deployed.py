"""Stacks as they are deployed: all that it takes to work them out again without the files they were made from.

That is what is read of a live account, and what a snapshot keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """One stack, with those inside it."""

    name: str
    """Of a nested one ``PARENT/LogicalId``."""
    place: Place
    template: str = field(repr=False)
    """JSON or YAML."""
    values: dict[str, str] = field(default_factory=dict, repr=False)
    """Values of parameters; a stand-in (`sandbox.cloudformation.tokens.untold`) for secrets.
    A nested stack is given its values by its parent."""
    resolved: dict[str, str] = field(default_factory=dict)
    """Parameter → what the entry of the parameter store that it names held at the deployment."""
    nested: dict[str, DeployedStack] = field(default_factory=dict)
    """By logical id."""
    resources: dict[str, str] | None = None
    """Logical id → physical id of everything that it has; None where that is not known."""
    tags: dict[str, str] = field(default_factory=dict)
    importers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of an export of it → stacks that import it."""
    policy: str = field(default="", repr=False)
    """The stack policy, JSON; empty for none."""
    termination_protection: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What stacks take from outside of themselves."""

    exports: dict[str, str] = field(default_factory=dict)
    """Values that other stacks export, by name."""
    current: dict[str, str] = field(default_factory=dict)
    """What entries of the parameter store hold now, by name: an update looks them up anew."""


NOTHING = Outside()
