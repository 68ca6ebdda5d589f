"""What is proposed, read as an update of what is deployed: names, values, tags and policy that it does not give stay.

That is how `aws cloudformation deploy` and `cdk deploy` update a stack. Source:
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/ (``--parameter-overrides``)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.cloudformation.application import NO_STACKS, Application, read_application
from sandbox.cloudformation.assembly import is_assembly
from sandbox.cloudformation.parameters import read_parameters
from sandbox.cloudformation.stackpolicy import StackPolicy, read_stack_policy, stack_policy_of
from sandbox.cloudformation.tokens import is_untold
from sandbox.errors import UsageError
from sandbox.place import Place
from sandbox.proposal import CloudFormationProposal
from sandbox.rehearsal import Gap, GapKind


class KnownStacks:
    """What the target tells of its stacks, and what each change of a sequence leaves of them.

    It follows from the templates, so it is known before there is a clone.

    Args:
        deployed: What is deployed; None where the target does not tell.
    """

    def __init__(self, deployed: Application | None) -> None:
        self.now = deployed

    def leave(self, application: Application, *, alone: bool) -> None:
        """A change has deployed stacks.

        Args:
            application: The stacks.
            alone: All others were deleted before.
        """
        before = NO_STACKS if self.now is None or alone else self.now
        self.now = before.followed_by(application)


class Update:
    """A proposal, and what it updates.

    Args:
        proposal: What is proposed.
        deployed: What is deployed; None where the target does not tell, and nothing is kept then.
        default: Account and region of what is not deployed yet.
    """

    def __init__(self, proposal: CloudFormationProposal, deployed: Application | None, *, default: Place) -> None:
        self._proposal = proposal
        self._deployed = deployed or NO_STACKS
        self.place = next((each.place for each in self._deployed.deployments), default)
        """Account and region."""
        self._given: Mapping[str, str] = {}
        self.gaps: tuple[Gap, ...] = ()
        """What the parameters leave open; known when the templates have been read."""

    def read(self, template: Path) -> Application:
        """Read and work out what is proposed.

        Raises:
            UsageError: the template or the stack is not there, or it is not clear which stack is meant.
            ConfigurationError: a file cannot be read, or a template cannot be worked out.
        """
        path = self._proposal.parameters
        self._given = read_parameters(path) if path is not None else {}
        hidden = {name for name in self._given if any(is_untold(values.get(name, "")) for values in self._kept())}
        self.gaps = tuple(_maybe_another(name) for name in sorted(hidden))
        known = {name: value for name, value in self._given.items() if name not in hidden}
        stack = self._stack(template)
        return read_application(template, place=self.place, stack=stack, values=known, before=self._deployed)

    def policy(self) -> StackPolicy | None:
        """The stack policy that holds: the one that is given, or the one that the stack has."""
        if self._proposal.stack_policy is not None:
            return read_stack_policy(self._proposal.stack_policy)
        texts = [each.policy for each in self._deployed.deployed if each.policy]
        return stack_policy_of(texts[0], name="that the stack has") if len(texts) == 1 else None

    def notices(self, after: Application) -> Iterator[str]:
        """Yield which parameters keep their values."""
        for deployment in after.deployments:
            before = self._deployed.deployment(deployment.name)
            kept = sorted((before.values.keys() & deployment.values.keys()) - self._given.keys()) if before else ()
            if kept:
                yield f"{deployment.name} keeps the deployed values of the parameters {', '.join(kept)}."

    def _stack(self, template: Path) -> str:
        """What the proposed stack is called: as it is asked for, or as the one that is deployed."""
        names = [each.name for each in self._deployed.deployments]
        if self._proposal.stack or not names:
            return self._proposal.stack
        if len(names) > 1 and not is_assembly(template):
            raise UsageError(
                f"The target has the stacks {', '.join(sorted(names))}.", hint="Say which one is meant: --stack NAME."
            )
        return names[0] if len(names) == 1 else ""

    def _kept(self) -> Iterator[Mapping[str, str]]:
        return (each.values for each in self._deployed.deployments)


def _maybe_another(name: str) -> Gap:
    reason = (
        "a value is given for it, and nobody tells the deployed one: whether it is another is not known, and the "
        "change is rehearsed as if it were not (leave it out, or give the deployed one with --target-parameters)"
    )
    return Gap(kind=GapKind.NOT_REHEARSED, subject=f"parameter {name}", reason=reason)
