"""Which properties of a resource differ between two templates, and what each means for the resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diffing.change import Replacement
from diffing.normalize import changed_paths
from diffing.values import Marker, Path, Value
from sandbox.cloudformation.impact import PropertyChange
from sandbox.cloudformation.resolve import Resource
from sandbox.cloudformation.schemas import PropertyPath, TypeSchema
from sandbox.cloudformation.template import scalar_text
from sandbox.cloudformation.tokens import references

ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy")
"""Attributes of a resource, beside its properties, whose change is shown."""
CFN_INIT = "AWS::CloudFormation::Init"
_SCALARS = str | bool | int | float


def is_custom(type_: str) -> bool:
    """Whether a program of the stack's owner manages the type, which may do anything on any update."""
    return type_ == "AWS::CloudFormation::CustomResource" or type_.startswith("Custom::")


def changed_properties(before: Resource, after: Resource, schema: TypeSchema | None) -> tuple[PropertyChange, ...]:
    """Compare one resource's properties and attributes, leaf by leaf."""
    found = [
        PropertyChange(
            path=item.path,
            before=item.before,
            after=item.after,
            replacement=replacement_of(item.path, after, schema, appears=Marker.ABSENT in (item.before, item.after)),
        )
        for item in changed_paths(before.properties, after.properties)
        if not _same_text(item.before, item.after)
    ]
    return (*found, *_attributes(before, after))


def replacement_of(path: Path, after: Resource, schema: TypeSchema | None, *, appears: bool = False) -> Replacement:
    """Say what a change of one property means.

    Args:
        path: Where it is.
        after: The resource as the new template has it.
        schema: Of its type; without one nothing is known.
        appears: Whether it is there on one side only.
    """
    if schema is None:
        return Replacement.CONDITIONAL
    pattern = _matching(path, schema.create_only)
    if pattern is not None:
        # An item that comes or goes in a list need not touch the others.
        return Replacement.CONDITIONAL if appears and "*" in pattern else Replacement.YES
    if is_custom(schema.type):
        return Replacement.CONDITIONAL
    if _matching(path, schema.may_replace) is None:
        return Replacement.NO
    return _conditional(after)


def referring(resource: Resource) -> Iterator[tuple[Path, Value, str, str]]:
    """Yield every reference in a resource's properties: path, the value that holds it, address and attribute."""
    waiting: list[tuple[Path, Value]] = [((), resource.properties)]
    while waiting:
        path, value = waiting.pop()
        match value:
            case Mapping():
                waiting += [((*path, name), inner) for name, inner in value.items()]
            case tuple():
                waiting += [((*path, index), inner) for index, inner in enumerate(value)]
            case str():
                for address, attribute in references(value):
                    yield path, value, address, attribute
            case _:
                pass


def _conditional(after: Resource) -> Replacement:
    """Refine what the schema leaves open, where the template decides it.

    An Auto Scaling group is replaced by a new launch template only if its update policy says so. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
    """
    if after.type != "AWS::AutoScaling::AutoScalingGroup":
        return Replacement.CONDITIONAL
    policy = after.update_policy if isinstance(after.update_policy, Mapping) else {}
    replacing = policy.get("AutoScalingReplacingUpdate")
    will = replacing.get("WillReplace") if isinstance(replacing, Mapping) else False
    if str(will).lower() == "true":
        return Replacement.YES
    return Replacement.NO if str(will).lower() == "false" else Replacement.CONDITIONAL


def _matching(path: Path, patterns: tuple[PropertyPath, ...]) -> PropertyPath | None:
    """Find the pattern that a path lies under, or that lies under it (then a whole part of the tree changed)."""
    for pattern in patterns:
        if all(step in ("*", str(name)) for step, name in zip(pattern, _steps(path, pattern), strict=False)):
            return pattern
    return None


def _steps(path: Path, pattern: PropertyPath) -> Path:
    """Leave out indices where a pattern passes over lists without naming their items."""
    names = [name for name in path if not isinstance(name, int)]
    return path if "*" in pattern or len(names) == len(path) else tuple(names)


def _same_text(before: Value, after: Value) -> bool:
    """CloudFormation takes ``"1"`` for 1 and ``"true"`` for true."""
    return isinstance(before, _SCALARS) and isinstance(after, _SCALARS) and scalar_text(before) == scalar_text(after)


def _attributes(before: Resource, after: Resource) -> Iterator[PropertyChange]:
    old = (before.deletion_policy or Marker.ABSENT, before.update_replace_policy or Marker.ABSENT, before.update_policy)
    new = (after.deletion_policy or Marker.ABSENT, after.update_replace_policy or Marker.ABSENT, after.update_policy)
    for name, left, right in zip(ATTRIBUTES, old, new, strict=True):
        if left != right:
            yield PropertyChange(path=(name,), before=left, after=right, replacement=Replacement.NO)
    if _cfn_init(before) != _cfn_init(after):
        yield PropertyChange(
            path=("Metadata", CFN_INIT), before=_cfn_init(before), after=_cfn_init(after), replacement=Replacement.NO
        )


def _cfn_init(resource: Resource) -> Value:
    return resource.metadata.get(CFN_INIT) if isinstance(resource.metadata, Mapping) else None
