"""How true a clone is: the provider reads every resource of the original state back from it.

The state is refreshed against the clone (`terraform plan -refresh-only`), with nothing but provider blocks for a
configuration. What the provider then finds otherwise than the state has it is the clone's loss, attribute by attribute.
What it does not find is not in the clone, whatever the engine said when it was made.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from diffing.change import Action
from diffing.normalize import changed_paths, volatile_attributes
from diffing.values import Marker, Value, path_text
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloning.schema import Block, Schemas
from sandbox.cloning.subjects import is_aws
from sandbox.cloning.synthesise import Synthesis
from sandbox.cloning.tfstate import Json, State
from sandbox.rehearsal import Diagnostic, PlannedChange

NOT_FOUND = "the provider does not find it in the clone"
_UNHEARD_OF = Block()
_EMPTY: tuple[Value, ...] = (None, Marker.ABSENT, "", (), {})
"""What a provider says where there is nothing to say: one at the creation, another when it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """A state and the configuration that its resources are read with."""

    configuration: Mapping[str, Json]
    state: bytes = field(repr=False)
    asked: frozenset[str]
    """Addresses of what is in the state."""


def questions(state: State, synthesis: Synthesis, *, left_out: Iterable[str]) -> Questions:
    """What to ask the provider about.

    Every resource is read with the provider configuration that it was made with in the clone, whatever it is called in
    the original, and in whichever of its modules it stands.

    Args:
        state: The original state.
        synthesis: What the clone was made from.
        left_out: Addresses not to ask about.
    """
    unasked = frozenset(left_out)
    asked = frozenset(
        each.address
        for each in state.instances
        if is_aws(each) and each.managed and not each.deposed and each.address not in unasked
    )
    return Questions(
        configuration=synthesis.providers(),
        state=_only(state, asked, synthesis),
        asked=asked,
    )


def unreadable(diagnostics: Iterable[Diagnostic]) -> Mapping[str, str]:
    """By address: why the provider could not read it. Only the summaries: the details may quote anything."""
    return {each.address: each.summary for each in diagnostics if each.severity == "error" and each.address}


def with_findings(
    ledger: Ledger,
    drift: Iterable[PlannedChange],
    *,
    asked: Container[str],
    unread: Mapping[str, str],
    schemas: Schemas,
) -> Ledger:
    """Write into the ledger what the provider found otherwise, and what it could not read."""
    found = {change.address: change for change in drift if not change.deposed}
    entries = (
        _entry(
            replace(each, read_back=each.address in asked),
            found.get(each.address),
            unread.get(each.address, ""),
            schemas.get(each.type, _UNHEARD_OF),
        )
        for each in ledger.entries
    )
    return replace(ledger, entries=tuple(entries))


def _entry(entry: Entry, change: PlannedChange | None, unread: str, schema: Block) -> Entry:
    if unread:
        return replace(entry, standing=Standing.GAP, reason=f"the provider cannot read it in the clone: {unread}")
    if change is None or entry.standing is Standing.GAP:
        return entry
    if change.action is Action.DELETE:
        return replace(entry, standing=Standing.GAP, reason=NOT_FOUND, unknown=())
    before, after = _mapping(change.before), _mapping(change.after)
    settled = volatile_attributes(entry.type) | _later(before, schema) | _of_defaults(before, after)
    paths = (
        path_text(each.path)
        for each in changed_paths(before, after)
        if each.path[0] not in settled and not (each.before in _EMPTY and each.after in _EMPTY)
    )
    return replace(entry, differing=tuple(dict.fromkeys(paths)))


def _mapping(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _later(before: Mapping[str, Value], schema: Block) -> frozenset[str]:
    """What the provider had nothing to say about when the state was written, as others that hang on it came later.

    The listeners of a target group, the rules of a security group: production, read again, shows them as well.
    """
    return frozenset(
        name for name, attribute in schema.attributes.items() if attribute.computed and before.get(name) in _EMPTY
    )


def _of_defaults(before: Mapping[str, Value], after: Mapping[str, Value]) -> frozenset[str]:
    """The tags, where the provider tells own ones from its ``default_tags``, which a state does not name."""
    return frozenset({"tags"}) if after.get("tags_all") == before.get("tags_all") else frozenset()


def _only(state: State, addresses: Container[str], synthesis: Synthesis) -> bytes:
    """The state with nothing but the instances of these addresses, each with the clone's provider configuration."""
    content = json.loads(state.document)
    known = iter(state.instances)
    resources = []
    for resource in content.get("resources") or ():
        instances = [(next(known), raw) for raw in resource.get("instances") or ()]
        kept = [(instance, raw) for instance, raw in instances if instance.address in addresses]
        if kept:
            # A dependency on what is left out would be an error of Terraform's.
            bare = [{**raw, "dependencies": []} for _, raw in kept]
            provider = synthesis.provider_of(kept[0][0])
            resources.append({**resource, "provider": provider, "instances": bare})
    return json.dumps({**content, "resources": resources, "outputs": {}, "check_results": None}).encode()
