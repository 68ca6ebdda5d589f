"""What a stack's update announces comes from AWS's own resource schemas; engines deploy stacks less exactly than AWS.

Where an engine made anew what AWS updates in place, or updated what AWS makes anew, the schema counts, and it is said.
Only while stacks are deployed: nothing but the engine's CloudFormation acts in the clone then.
"""

from __future__ import annotations

from diffing.change import Action
from diffing.compare import PhysicalChange
from sandbox.witnesses.announced import Announced

PROVIDER = "aws/cloudformation"
"""Stands where a Terraform provider's source address would."""
STACK = "AWS::CloudFormation::Stack"
POLICIES = frozenset({"DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"})
"""Attributes that CloudFormation keeps to itself: no API of a service shows them."""


def is_of_stack(item: Announced) -> bool:
    """Whether CloudFormation manages it."""
    return item.planned.provider == PROVIDER


def engine_differs(item: Announced, was: PhysicalChange | None) -> str:
    """Say how the clone shows otherwise than the schemas what happened to a resource; empty where it does not.

    Args:
        item: The announcement.
        was: What became of the physical resource that was there before.
    """
    if not is_of_stack(item) or was is None:
        return ""
    if item.action is Action.REPLACE and not was.action.destroys:
        return "the engine changed it in place; by its resource schema AWS makes it anew, and that counts"
    if item.action in {Action.UPDATE, Action.FORGET} and was.action.destroys:
        verb = "updates it in place" if item.action is Action.UPDATE else "leaves the old one"
        return f"the engine made it anew or removed it; by its resource schema and policies AWS {verb}, and that counts"
    return ""
