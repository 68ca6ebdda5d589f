"""What stands around a change and is not in it: who selects by which tag, who deploys, what is protected, what runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffing.change import Proof
from diffing.record import dataclass
from diffing.snapshot import Snapshot
from gate.policy.names import account_of, is_telling, names_in
from gate.policy.selectors import Selector, selectors_in
from sandbox.rehearsal import ApiCall, Rehearsal, StateInstance

PROVIDER = "terraform-provider-aws"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Program:
    """A program that runs whenever somebody plans: before anybody could look at what it does."""

    address: str
    text: str
    """What it is run with."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Dangling:
    """Something that stays and names what is gone."""

    address: str
    name: str
    proof: Proof = Proof.PROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything that rules may want to know beyond the changes themselves. Without a rehearsal, little is known."""

    addresses: frozenset[str] = frozenset()
    """Of everything that Terraform manages before the change."""
    selectors: tuple[Selector, ...] = ()
    """Of what is there after the change."""
    guarded_before: frozenset[str] = frozenset()
    """Addresses without instance keys that ``prevent_destroy`` protects."""
    guarded_after: frozenset[str] = frozenset()
    deployers: frozenset[str] = frozenset()
    """ARNs of the roles in which the change is deployed."""
    deployers_addresses: frozenset[str] = frozenset()
    """Addresses, before the change, of these roles and of all that says what they may do."""
    programs: tuple[Program, ...] = ()
    """Programs that run while the change is planned, and did not run with the baseline."""
    dangling: tuple[Dangling, ...] = ()
    named_before: frozenset[str] = frozenset()
    """Every telling name of what was in the clone before the change."""
    named_after: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    """The accounts that the clone has resources in."""
    aws_provider: tuple[str, str] = ("", "")
    """The version of the AWS provider before and with the change; empty where it is not known."""
    guard_proof: Proof = Proof.COMPUTED
    """How it is known what is guarded: read from both configurations."""

    @property
    def managed(self) -> int:
        """How many resources Terraform manages before the change."""
        return len(self.addresses)

    @property
    def provider_moved(self) -> bool:
        """Whether the change brings another version of the AWS provider."""
        before, after = self.aws_provider
        return bool(before) and bool(after) and before != after

    def own(self, name: str) -> bool:
        """Whether a name belongs to an account that the clone holds, and to a service that it has anything of."""
        return account_of(name) in self.accounts and _service(name) in {_service(known) for known in self.named_before}


UNKNOWN = Surroundings()


def survey(rehearsal: Rehearsal) -> Surroundings:
    """Look around in what a rehearsal observed."""
    before, after = frozenset(_named(rehearsal.before)), frozenset(_named(rehearsal.after))
    deployers = frozenset(_deployers(rehearsal.calls))
    roles = {arn.rpartition("/")[2] for arn in deployers}
    return Surroundings(
        addresses=frozenset(instance.address for instance in rehearsal.state_before if instance.mode == "managed"),
        selectors=tuple(sorted(set(_selectors(rehearsal.state_after)))),
        guarded_before=rehearsal.guarded_before,
        guarded_after=rehearsal.guarded_after,
        aws_provider=rehearsal.aws_provider,
        deployers=deployers,
        deployers_addresses=frozenset(_about(rehearsal.state_before, roles)),
        dangling=tuple(sorted(set(_dangling(rehearsal, gone=before - after)))),
        named_before=before,
        named_after=after,
        accounts=frozenset(identity.account for identity in rehearsal.before.resources),
        programs=tuple(sorted(set(_programs(rehearsal.state_after)) - set(_programs(rehearsal.state_before)))),
    )


def _selectors(state: Iterable[StateInstance]) -> Iterator[Selector]:
    for instance in state:
        if instance.mode == "managed":
            yield from selectors_in(instance.address, instance.type, instance.attributes)


def _deployers(calls: Iterable[ApiCall]) -> Iterator[str]:
    """Roles that the provider takes on (``assume_role`` of a provider block)."""
    for call in calls:
        role = call.parameters.get("RoleArn")
        if call.operation.startswith("AssumeRole") and call.agent == PROVIDER and isinstance(role, str):
            yield role


def _programs(state: Iterable[StateInstance]) -> Iterator[Program]:
    for instance in state:
        if instance.mode == "data" and instance.type == "external":
            program = instance.attributes.get("program")
            words = (str(word) for word in program) if isinstance(program, tuple) else ()
            yield Program(address=instance.address, text=" ".join(words))


def _about(state: Iterable[StateInstance], roles: set[str]) -> Iterator[str]:
    """The roles, their policies, and what attaches policies to them."""
    known = [instance for instance in state if instance.mode == "managed"]
    attached = {
        instance.attributes.get("policy_arn") for instance in known if instance.attributes.get("role") in roles
    } - {None}
    for instance in known:
        own = instance.type == "aws_iam_role" and instance.attributes.get("name") in roles
        says = instance.type.startswith("aws_iam_role_policy") and instance.attributes.get("role") in roles
        if own or says or (instance.type == "aws_iam_policy" and instance.attributes.get("arn") in attached):
            yield instance.address


def _named(snapshot: Snapshot) -> Iterator[str]:
    for identity, resource in snapshot.resources.items():
        yield from (name for name in (*resource.aliases, identity.id) if is_telling(name))


def _dangling(rehearsal: Rehearsal, *, gone: frozenset[str]) -> Iterator[Dangling]:
    """What is in the state afterwards and names something that was in the clone before and no longer is."""
    if not gone:
        return
    before = {instance.address: instance for instance in rehearsal.state_before}
    for instance in rehearsal.state_after:
        old = before.get(instance.address)
        own = {name for key in ("id", "arn", "url") for name in names_in(instance.attributes.get(key))}
        if instance.mode != "managed" or old is None:
            continue
        for name in set(names_in(tuple(instance.attributes.values()))) & gone - own:
            yield Dangling(address=instance.address, name=name)


def _service(name: str) -> str:
    parts = name.split(":")
    return parts[2] if name.startswith("arn:") and len(parts) > 2 else ""  # noqa: PLR2004 - the third part of an ARN
