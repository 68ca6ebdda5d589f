"""What somebody proposes to do to an environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformProposal:
    """A Terraform or OpenTofu root module, as it would be applied."""

    directory: Path
    state: bytes | None = field(default=None, repr=False)
    """The Terraform state that it would be applied with; None for the target's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a change may call before its rehearsal is ended."""

    writes: int = 500
    """Calls that may write, together."""
    failures: int = 30
    """Failures of one and the same call."""


DEFAULT_BUDGET = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandProposal:
    """Any program that speaks the AWS API, as it would be run."""

    command: tuple[str, ...]
    """Program and arguments."""
    directory: Path
    """Where it would be run; it is run in a copy."""
    budget: Budget = DEFAULT_BUDGET


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFormationProposal:
    """Stacks, as they would be deployed: a template, or the stacks of a CDK cloud assembly."""

    template: Path | None
    """A template, or the folder of a cloud assembly; None where stacks are only deleted."""
    stack: str = ""
    """What the template's stack is called; of an assembly, the one stack that is meant. Empty: the default, or all."""
    parameters: Path | None = None
    """A file with values of parameters."""
    delete: bool = False
    """The stacks of the target are deleted first."""
    stack_policy: Path | None = None
    """The stack policy that holds during the update."""

    @property
    def directory(self) -> Path:
        """The folder that it is in."""
        if self.template is None:
            return Path()
        return self.template if self.template.is_dir() else self.template.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceProposal:
    """Changes that are made one after the other, each on what the one before has left."""

    directory: Path
    """The folder in which the sequence is written down."""
    steps: tuple[TerraformProposal | CommandProposal, ...]


Proposal: TypeAlias = TerraformProposal | CommandProposal | CloudFormationProposal | SequenceProposal
