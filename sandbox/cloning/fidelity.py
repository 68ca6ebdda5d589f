"""How true a clone is: the provider reads every resource of the original state back from it.

The state is refreshed against the clone (`terraform plan -refresh-only`), with nothing but provider blocks for a
configuration. What the provider then finds otherwise than the state has it is the clone's loss, attribute by attribute.
What it does not find is not in the clone, whatever the engine said when it was made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from diffing.change import Action
from diffing.normalize import changed_paths, volatile_attributes
from diffing.values import path_text
from sandbox.cloning.ledger import Entry, Ledger, Standing
from sandbox.cloning.placement import places
from sandbox.cloning.subjects import is_aws
from sandbox.cloning.tfstate import Instance, Json, ProviderReference, State
from sandbox.place import Place
from sandbox.rehearsal import Diagnostic, PlannedChange

NOT_FOUND = "the provider does not find it in the clone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """A state and the configuration that its resources are read with."""

    configuration: Mapping[str, Json]
    state: bytes = field(repr=False)


def questions(state: State, default: Place, *, left_out: Iterable[str], version: str = "") -> Questions:
    """What to ask the provider about.

    Args:
        state: The original state.
        default: The place of provider configurations that nothing places elsewhere.
        left_out: Addresses not to ask about.
        version: A constraint for the AWS provider's version.
    """
    unasked = frozenset(left_out)
    asked = [
        each
        for each in state.instances
        # A configuration inside a module cannot be given without the module.
        if is_aws(each) and each.managed and not each.provider.module and each.address not in unasked
    ]
    placed = places([each for each in state.instances if is_aws(each)], default)
    return Questions(
        configuration=_configuration({each.provider: placed[each.provider] for each in asked}, version),
        state=_only(state.document, {each.address for each in asked}, state.instances),
    )


def unreadable(diagnostics: Iterable[Diagnostic]) -> Mapping[str, str]:
    """By address: why the provider could not read it. Only the summaries: the details may quote anything."""
    return {each.address: each.summary for each in diagnostics if each.severity == "error" and each.address}


def with_findings(ledger: Ledger, drift: Iterable[PlannedChange], unread: Mapping[str, str]) -> Ledger:
    """Write into the ledger what the provider found otherwise, and what it could not read."""
    found = {change.address: change for change in drift if not change.deposed}
    entries = (_entry(each, found.get(each.address), unread.get(each.address, "")) for each in ledger.entries)
    return replace(ledger, checked=True, entries=tuple(entries))


def _entry(entry: Entry, change: PlannedChange | None, unread: str) -> Entry:
    if unread:
        return replace(entry, standing=Standing.GAP, reason=f"the provider cannot read it in the clone: {unread}")
    if change is None or entry.standing is Standing.GAP:
        return entry
    if change.action is Action.DELETE:
        return replace(entry, standing=Standing.GAP, reason=NOT_FOUND, unknown=())
    volatile = volatile_attributes(entry.type)
    paths = (
        path_text(each.path) for each in changed_paths(change.before, change.after) if each.path[0] not in volatile
    )
    return replace(entry, differing=tuple(dict.fromkeys(paths)))


def _configuration(providers: Mapping[ProviderReference, Place], version: str) -> Mapping[str, Json]:
    blocks: list[Json] = []
    sources = {provider.address for provider in providers}
    for provider, place in sorted(providers.items(), key=lambda pair: pair[0].alias):
        alias: dict[str, Json] = {"alias": provider.alias} if provider.alias else {}
        blocks.append({**alias, "region": place.region, "allowed_account_ids": [place.account]})
    required: dict[str, Json] = {"source": min(sources)} if sources else {}
    if version:
        required["version"] = version
    return {"terraform": {"required_providers": {"aws": required}}, "provider": {"aws": blocks}}


def _only(document: bytes, addresses: set[str], instances: tuple[Instance, ...]) -> bytes:
    """The state with nothing but the instances of these addresses; `instances` are the document's, in its order."""
    content = json.loads(document)
    known = iter(instances)
    resources = []
    for resource in content.get("resources") or ():
        kept = [raw for raw in resource.get("instances") or () if next(known).address in addresses]
        if kept:
            # A dependency on what is left out would be an error of Terraform's.
            resources.append({**resource, "instances": [{**raw, "dependencies": []} for raw in kept]})
    return json.dumps({**content, "resources": resources, "outputs": {}, "check_results": None}).encode()
