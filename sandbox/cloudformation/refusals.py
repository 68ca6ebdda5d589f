"""What CloudFormation refuses, though an engine may consent: found in the templates alone.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html (custom-named resources),
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html (exports in use),
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html (termination protection)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sandbox.cloudformation.impact import Impact, LogicalChange, Refusal
from sandbox.cloudformation.resolve import Stack
from sandbox.cloudformation.schemas import schema_of
from sandbox.cloudformation.tokens import has_token, references


def refusals(
    changes: Iterable[LogicalChange], before: Mapping[str, Stack], after: Mapping[str, Stack], region: str
) -> tuple[Refusal, ...]:
    """Return every reason for which AWS refuses the update, in the order of addresses."""
    found = list(changes)
    replaced = {change.address for change in found if change.impact is Impact.WILL_REPLACE}
    every = (
        *_protected(before, after),
        *_exports_in_use(before, after, replaced),
        *(refusal for change in found for refusal in _of_change(change, region)),
    )
    return tuple(sorted(set(every), key=lambda item: (item.address, item.reason)))


def _protected(before: Mapping[str, Stack], after: Mapping[str, Stack]) -> Iterator[Refusal]:
    for name, stack in before.items():
        if name not in after and stack.termination_protection:
            yield Refusal(address=name, reason="the stack has termination protection: AWS does not delete it")


def _exports_in_use(before: Mapping[str, Stack], after: Mapping[str, Stack], replaced: set[str]) -> Iterator[Refusal]:
    for name, stack in before.items():
        kept = after[name].exports if name in after else {}
        for export, value in stack.exports.items():
            here = (other for other, user in before.items() if other != name and export in user.imports)
            users = {*here, *stack.importers.get(export, ())}
            if not users:
                continue
            changed = kept.get(export) != value or any(address in replaced for address, _ in references(value))
            if changed:
                verb = "changed" if export in kept else "removed"
                reason = f"the export {export} is {verb} while {', '.join(sorted(users))} imports it: AWS refuses that"
                yield Refusal(address=name, reason=reason)


def _of_change(change: LogicalChange, region: str) -> Iterator[Refusal]:
    if change.before is None or change.after is None:
        if change.same_as and _custom_name(change, region):
            reason = (
                f"it has the name of {change.same_as}, which still exists when AWS creates the new one: "
                "the update fails because the name is taken"
            )
            yield Refusal(address=change.address, reason=reason)
        return
    if change.before.type != change.after.type:
        reason = f"AWS does not change a resource's type ({change.before.type} to {change.after.type})"
        yield Refusal(address=change.address, reason=reason)
    elif change.impact is Impact.WILL_REPLACE:
        name = _custom_name(change, region)
        old = {key: change.before.properties.get(key) for key in name}
        schema = schema_of(change.type, region)
        if name and old == dict(name) and schema is not None and not schema.deletes_first:
            reason = f"AWS does not replace a resource that keeps its custom name ({', '.join(name.values())})"
            yield Refusal(address=change.address, reason=reason)


def _custom_name(change: LogicalChange, region: str) -> Mapping[str, str]:
    """Return the properties that name the physical resource, where the template sets them all to plain texts."""
    schema = schema_of(change.type, region)
    if schema is None or change.after is None or not schema.names:
        return {}
    values = {name: change.after.properties.get(name) for name in schema.names}
    plain = {name: value for name, value in values.items() if isinstance(value, str) and not has_token(value)}
    return plain if len(plain) == len(values) else {}
