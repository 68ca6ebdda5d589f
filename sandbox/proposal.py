"""What somebody proposes to do to an environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from sandbox.errors import UsageError


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
    steps: tuple[TerraformProposal | CommandProposal | CloudFormationProposal, ...]
    stack: str = ""
    """What the stack of the target's template is called; empty where the steps tell."""

    @property
    def stacks(self) -> tuple[CloudFormationProposal, ...]:
        """The steps that deploy stacks."""
        return tuple(step for step in self.steps if isinstance(step, CloudFormationProposal))

    def stack_before(self) -> str:
        """What the stack is called that a template of the target describes; empty where nobody says.

        Raises:
            UsageError: the steps name several.
        """
        names = sorted({step.stack for step in self.stacks})
        if len(names) > 1 and not self.stack:
            raise UsageError(
                f"The steps deploy several stacks ({', '.join(name or 'one without a name' for name in names)}), and "
                "it is not clear which of them the target's template describes.",
                hint="Say what that one is called: --stack NAME.",
            )
        return self.stack or "".join(names)


Proposal: TypeAlias = TerraformProposal | CommandProposal | CloudFormationProposal | SequenceProposal
