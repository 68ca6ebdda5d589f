"""Who may reach a security group afterwards and could not before.

A plan shows only the leaves of a rule that change. A rule that is added or removed as a whole is known in full, and one
that was removed excuses an equal one that is added; of a rule that is edited, only what the edit shows is judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from diffing.attributes import at_top, below
from diffing.change import Action, AttributeChange, ResourceChange
from diffing.record import dataclass
from diffing.values import Marker, Value

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

GROUPS = frozenset({"aws_security_group", "aws_default_security_group"})
RULES = frozenset({"aws_security_group_rule", "aws_vpc_security_group_ingress_rule"})
_EGRESS = "aws_vpc_security_group_egress_rule"

_SOURCES = frozenset(
    {
        "cidr_blocks",
        "cidr_ipv4",
        "cidr_ipv6",
        "ipv6_cidr_blocks",
        "prefix_list_id",
        "prefix_list_ids",
        "referenced_security_group_id",
        "security_groups",
        "source_security_group_id",
    }
)
_TELLING = _SOURCES | {"", "self", "protocol", "ip_protocol", "from_port", "to_port", "security_group_id"}
_PROTOCOLS = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_SELF = "the group itself"
_WIDEST_PRIVATE = {4: 8, 6: 7}
"""Prefixes of the largest private networks (RFC 1918, RFC 4193); a shorter one is the world, in pieces or whole."""

_ALL = GROUPS | RULES | {_EGRESS}
_WAYS = {"ingress": "lets in", "egress": "lets out to"}

Leaves: TypeAlias = Mapping[str, tuple[Value, ...]]
"""Values by attribute of a rule."""
_Source: TypeAlias = "str | tuple[int, int, int]"
"""A network by version, prefix and leading bits; the text of anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One source of one rule, as far as it is known."""

    group: str
    source: str
    protocol: str
    low: int
    high: int

    def covers(self, other: Rule) -> bool:
        """Whether whatever the other rule of the same group and source lets in, this one does too."""
        ports = self.low <= other.low and other.high <= self.high
        return self.protocol == "-1" or (self.protocol == other.protocol and ports)


Removed: TypeAlias = Mapping[tuple[str, str], frozenset[Rule]]
"""Rules that go, by their group and source."""
Added: TypeAlias = Mapping[str, Mapping["_Source", Collection[Rule]]]
"""Rules that come, by way and source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What changes in one rule."""

    before: Leaves
    after: Leaves


def openings(change: ResourceChange, *, removed: Removed, created_groups: frozenset[str]) -> Iterator[str]:
    """Yield what a change of a security group, or of one of its rules, lets in further.

    Args:
        change: Any change.
        removed: Rules of groups that the whole change removes (`removed_rules`).
        created_groups: Ids of the groups that the whole change creates.
    """
    entries = _entries(change)
    if not entries:
        return
    existing = _is_existing(change, created_groups)
    own = _by_source(rule for entry in entries for rule in _removed(change, entry))
    for entry in entries:
        if not entry.before:
            added = _rules(_group(change, entry.after), entry.after)
            sources = {rule.source for rule in added if not _is_excused(rule, removed, own)}
        else:
            sources = _sources(entry.after) - _sources(entry.before)
        for source in sorted(sources):
            yield from _text(source, existing=existing)
        if entry.before and entry.after and _more_ports(entry):
            yield "lets in further protocols or ports"
        if any(value is Marker.UNKNOWN for values in entry.after.values() for value in values):
            yield "changes whom it lets in, and to whom is not known"


def removed_rules(changes: Iterable[ResourceChange]) -> Removed:
    """Return the separate rules that a change removes from groups."""
    return _by_source(
        rule
        for change in changes
        if change.type in RULES and change.action is Action.DELETE
        for entry in _entries(change)
        for rule in _removed(change, entry)
    )


def added_rules(changes: Iterable[ResourceChange]) -> Added:
    """Return the rules that a change adds to groups, separate ones and those inside a group."""
    found: dict[str, defaultdict[_Source, set[Rule]]] = {way: defaultdict(set) for way in _WAYS}
    for change in changes:
        if change.type in _ALL:
            for way, known in found.items():
                for entry in _entries(change, way):
                    if not entry.before:
                        for rule in _rules("", entry.after):
                            known[_key(rule.source)].add(rule)
    return found


def closings(change: ResourceChange, added: Callable[[], Added]) -> Iterator[str]:
    """Yield what an update of a security group, or of one of its rules, no longer lets through.

    Args:
        change: Any change.
        added: Rules of groups that the whole change adds (`added_rules`), asked for where a rule is gone: it may come
            back in another place.
    """
    if change.action is not Action.UPDATE or change.type not in _ALL:
        return
    for way, verb in _WAYS.items():
        for entry in _entries(change, way):
            for source in sorted(_closed(change, entry, way, added)):
                yield f"no longer {verb} {source}"
            if entry.before and entry.after and _more_ports(Entry(before=entry.after, after=entry.before)):
                yield f"no longer {verb} all protocols or ports that it did"


def _closed(change: ResourceChange, entry: Entry, way: str, added: Callable[[], Added]) -> set[str]:
    if not entry.after:
        gone = _rules(_group(change, entry.before), entry.before)
        return {rule.source for rule in gone if not _comes_back(rule, added()[way])}
    kept = _sources(entry.after)
    around = {_key(source) for source in kept}
    return {source for source in _sources(entry.before) - kept if around.isdisjoint(_containing(source))}


def _comes_back(old: Rule, added: Mapping[_Source, Collection[Rule]]) -> bool:
    return any(_lets_through(new, old) for source in _containing(old.source) for new in added.get(source, ()))


def _lets_through(new: Rule, old: Rule) -> bool:
    """Whether a rule of no smaller source lets through what one that goes did, in whichever group it comes.

    A source that joins a rule whose ports the plan does not show is taken for what it looks like: two rules made one.
    """
    if not new.protocol or new.protocol == "-1":
        return True
    return new.protocol == old.protocol and new.low <= old.low and old.high <= new.high


def _key(source: str) -> _Source:
    """Write a network as its version, prefix and leading bits; what is no network stays as it is."""
    network = _network(source)
    if network is None:
        return source
    length = network.prefixlen
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)


def _containing(source: str) -> Iterator[_Source]:
    """Yield the keys of everything that a source lies in, itself included; at most 129 networks."""
    key = _key(source)
    if isinstance(key, str):
        yield key
        return
    version, length, bits = key
    for shorter in range(length, -1, -1):
        yield version, shorter, bits >> (length - shorter)


def is_world(source: str) -> bool:
    """Whether a network is all of the internet, or so much of it that a few make it up."""
    length = source.rpartition("/")[2]
    if "." in source and length.isdecimal() and int(length[:4]) >= _WIDEST_PRIVATE[4] and ":" not in source:
        # No network of IPv4 that wide, if it is one at all.
        return False
    network = _network(source)
    return network is not None and network.prefixlen < _WIDEST_PRIVATE[network.version]


def _text(source: str, *, existing: bool) -> Iterator[str]:
    if is_world(source):
        yield f"opens to the whole world ({source})"
    elif existing:
        yield f"lets in {source}, which was not let in before"


def _network(source: str) -> IPv4Network | IPv6Network | None:
    import ipaddress  # noqa: PLC0415 - most changes open nothing

    try:
        return ipaddress.ip_network(source, strict=False)
    except ValueError:
        return None


def _by_source(rules: Iterable[Rule]) -> Removed:
    found: defaultdict[tuple[str, str], set[Rule]] = defaultdict(set)
    for rule in rules:
        found[rule.group, rule.source].add(rule)
    return {where: frozenset(known) for where, known in found.items()}


def _is_excused(rule: Rule, *removed: Removed) -> bool:
    """Whether a rule that goes let in all that this one does."""
    where = (rule.group, rule.source)
    return any(old.covers(rule) for known in removed for old in known.get(where, ()))


def _is_existing(change: ResourceChange, created_groups: frozenset[str]) -> bool:
    if change.type == "aws_default_security_group" or change.action is not Action.CREATE:
        # A default group is there before Terraform manages it.
        return True
    if change.type in GROUPS:
        return False
    groups = [item.after for item in at_top(change.attributes, {"security_group_id"})]
    return not any(isinstance(group, str) and group in created_groups for group in groups)


def _entries(change: ResourceChange, way: str = "ingress") -> list[Entry]:
    """Group the changed leaves of the rules for one way by rule."""
    if (change.type in RULES or change.type == _EGRESS) and _way(change) == way:
        return [_entry((str(item.path[0]), item) for item in change.attributes if item.path)]
    if change.type not in GROUPS:
        return []
    found: defaultdict[str | int, list[tuple[str, AttributeChange]]] = defaultdict(list)
    for item in below(change.attributes, way):
        rule = item.path[1] if len(item.path) > 1 else ""
        # A list that is unknown as a whole has no leaves.
        found[rule].append((str(item.path[2]) if len(item.path) > 2 else "", item))  # noqa: PLR2004 - ingress[0].x
    return [_entry(leaves) for leaves in found.values()]


def _entry(leaves: Iterable[tuple[str, AttributeChange]]) -> Entry:
    before: defaultdict[str, tuple[Value, ...]] = defaultdict(tuple)
    after: defaultdict[str, tuple[Value, ...]] = defaultdict(tuple)
    for name, item in leaves:
        if name not in _TELLING:
            continue
        before[name] += () if item.before in (None, Marker.ABSENT) else (item.before,)
        after[name] += () if item.after in (None, Marker.ABSENT) else (item.after,)
    return Entry(
        before={name: values for name, values in before.items() if values},
        after={name: values for name, values in after.items() if values},
    )


def _way(change: ResourceChange) -> str:
    return "egress" if change.type == _EGRESS or _is_egress(change) else "ingress"


def _is_egress(change: ResourceChange) -> bool:
    """Whether it is a rule for the way out; where the plan does not show the direction, it counts as the way in."""
    directions = at_top(change.attributes, {"type"})
    return any((item.before if item.after is Marker.ABSENT else item.after) == "egress" for item in directions)


def _group(change: ResourceChange, leaves: Leaves) -> str:
    return str(leaves.get("security_group_id", (change.address,))[0])


def _removed(change: ResourceChange, entry: Entry) -> Iterator[Rule]:
    if not entry.after:
        yield from _rules(_group(change, entry.before), entry.before)


def _rules(group: str, leaves: Leaves) -> Iterator[Rule]:
    protocol, low, high = _protocol(leaves), _port(leaves, "from_port"), _port(leaves, "to_port")
    for source in sorted(_sources(leaves)):
        yield Rule(group=group, source=source, protocol=protocol, low=low, high=high)


def _sources(leaves: Leaves) -> set[str]:
    named = {value for name in _SOURCES for value in leaves.get(name, ()) if isinstance(value, str) and value}
    return named | ({_SELF} if True in leaves.get("self", ()) else set())


def _protocol(leaves: Leaves) -> str:
    values = leaves.get("ip_protocol") or leaves.get("protocol") or ("",)
    text = str(values[0]).lower()
    return _PROTOCOLS.get(text, text)


def _port(leaves: Leaves, name: str) -> int:
    value = leaves.get(name, (-1,))[0]
    return int(value) if isinstance(value, int | float) else -1


def _more_ports(entry: Entry) -> bool:
    """Whether an edited rule covers protocols or ports that it did not."""
    was, now = _protocol(entry.before), _protocol(entry.after)
    if was == "-1":
        return False
    if was != now:
        return True
    low, high = _port(entry.after, "from_port"), _port(entry.after, "to_port")
    was_low, was_high = _port(entry.before, "from_port"), _port(entry.before, "to_port")
    # -1: not shown by the plan, or every port and every kind of ICMP.
    return (was_low >= 0 and low < was_low) or (was_high >= 0 and (high > was_high or high < 0))
