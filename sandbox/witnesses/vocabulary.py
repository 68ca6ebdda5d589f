"""Which differences in the clone an announcement speaks of, and which it does not.

Terraform and the AWS API name the same things in nearly the same words (``memory_size``, ``MemorySize``; the type
``aws_s3_bucket_lifecycle_configuration``, the bucket's ``LifecycleConfiguration``). A difference is *spoken of* where
an announced attribute, or the type of an announced part, shares a telling word with its path, or an announced value is
in it. Nearly is not always: where an announced attribute is found nowhere in the clone under its own name, what else
differs may be its effect under another name, and gets the benefit of the doubt. Where all that was announced is
accounted for, the rest was done by somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from diffing.change import Action, AttributeChange
from diffing.normalize import changed_paths, equivalent, volatile_attributes
from diffing.snapshot import Identity
from diffing.values import Marker, Path, Value
from sandbox.witnesses.announced import Announced, value_at
from sandbox.witnesses.contents import ROW

PROVIDER_ONLY: Mapping[str, str] = MappingProxyType(
    {
        "allow_overwrite": "decides what the provider does on create",
        "apply_immediately": "decides when the provider asks for a change",
        "bypass_policy_lockout_safety_check": "decides what the provider asks for",
        "deletion_window_in_days": "decides what the provider does on delete",
        "filename": "where the provider reads code from",
        "final_snapshot_identifier": "decides what the provider does on delete",
        "force_delete": "decides what the provider does on delete",
        "force_destroy": "decides what the provider does on delete",
        "force_detach_policies": "decides what the provider does on delete",
        "force_new_deployment": "decides whether the provider starts a deployment",
        "recovery_window_in_days": "decides what the provider does on delete",
        "replace_security_groups_on_destroy": "decides what the provider does on delete",
        "retain_on_delete": "decides what the provider does on delete",
        "skip_destroy": "decides what the provider does on delete",
        "skip_final_snapshot": "decides what the provider does on delete",
        "source": "where the provider reads content from",
        "timeouts": "decides how long the provider waits",
        "triggers": "kept in the state only",
        "user_data_replace_on_change": "decides what the provider plans",
        "wait_for_capacity_timeout": "decides how long the provider waits",
        "wait_for_deployment": "decides how long the provider waits",
        "wait_for_steady_state": "decides how long the provider waits",
    }
)
"""Attributes that exist only in Terraform: changing them changes nothing in AWS (AWS provider documentation)."""

PASSIVE = frozenset(
    {
        "availableipaddresscount",
        "currentversion",
        "deployments",
        "events",
        "progress",
        "rolloutstate",
        "rolloutstatereason",
        "statereason",
        "statusmessage",
        "statusreason",
        "usagecount",
    }
)
"""Members (lower case) that AWS keeps by itself: nobody can set them, and they follow from what else is shown."""
TRANSITIONAL = frozenset(
    """
    active associated available completed configuring creating deployed in_progress in-progress inprogress initial
    inservice modifying pending provisioning ready running starting steady successful updating
    """.split()  # noqa: SIM905 - a word list reads best as words
)
"""Values of a state on the way to working, and of working. From one of these to another says nothing; ``DISABLED``,
``INACTIVE``, ``STOPPED`` and ``DELETING`` are not among them, for somebody asked for these."""

_CLOCK = re.compile(r".*(?:time|date|timestamp|at|on)")
_CHOSEN = re.compile(r"expir|schedul|delet|start|end(?!at)|valid|until|after|before|next|window|from")
"""What is in the name of a point in time that somebody chose; any other that moves is a record of what happened."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_STATES = frozenset({"state", "status", "statename", "lifecyclestate", "name"})
_GENERIC = frozenset(
    """
    address all amazon arn aws attachment attribute auto block by code config configuration data default description
    detail document enable enabled entry for id identifier in info key last list member mode name of on option
    parameter permission property resource set setting spec state status target the time to type value version with
    """.split()  # noqa: SIM905 - a word list reads best as words
)
"""Words that are in the names of too many things to tell one from another."""
_PART_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "aws_eip_association": frozenset({"association", "instance", "interface"}),
        "aws_iam_group_membership": frozenset({"user"}),
        "aws_iam_group_policy_attachment": frozenset({"attached"}),
        "aws_iam_policy_attachment": frozenset({"attachment", "attached"}),
        "aws_iam_role_policy_attachment": frozenset({"attached"}),
        "aws_iam_user_group_membership": frozenset({"group"}),
        "aws_iam_user_policy_attachment": frozenset({"attached"}),
        "aws_lambda_permission": frozenset({"policy"}),
        "aws_lb_target_group_attachment": frozenset({"target", "health"}),
        "aws_main_route_table_association": frozenset({"association"}),
        "aws_network_acl_association": frozenset({"association"}),
        "aws_network_acl_rule": frozenset({"entry"}),
        "aws_network_interface_sg_attachment": frozenset({"group"}),
        "aws_route": frozenset({"route"}),
        "aws_route_table_association": frozenset({"association"}),
        "aws_secretsmanager_secret_version": frozenset({"version"}),
        "aws_security_group_rule": frozenset({"permission"}),
        "aws_volume_attachment": frozenset({"attachment"}),
        "aws_vpc_security_group_egress_rule": frozenset({"permission"}),
        "aws_vpc_security_group_ingress_rule": frozenset({"permission"}),
    }
)
"""Parts whose type's own words do not name the place where they show, with the words that do."""
_TAGS = frozenset({"tags", "tags_all"})
_DERIVED = frozenset({"checksum", "hash", "number", "revision", "sha", "size", "version"})
"""Words for what follows from a resource's configuration and is set by nobody."""
_ACCESS = frozenset({"access", "acl", "cidr", "grant", "permission", "policy", "principal", "public"})
"""Words for who may do what: what appears under these is no default."""
_DISTINCT = frozenset({"assume"})
"""Words that tell one thing from another of nearly the same name: who may assume a role, and what the role may do."""
_SPELT_OUT: Mapping[str, frozenset[str]] = MappingProxyType(
    {"capacity": frozenset({"instance"}), "ttl": frozenset({"live"})}
)
"""Terraform's words, and those under which the API shows the same: ``TimeToLive``, the ``Instances`` of a group."""
_BUCKET_PART = "aws_s3_bucket_"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SHORTEST_VALUE = 3


_WHOLE = frozenset({Action.CREATE, Action.DELETE, Action.REPLACE})


@dataclass(frozen=True, slots=True)
class About:
    """An announcement about a resource: about all of it, about a part, or about something inside it."""

    item: Announced
    whole: bool
    inside: bool = False
    """It is about a resource of its own, and shows there whatever else it may do here."""
    block: Path = ()
    """Only what it says below this path is about it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The telling names, words and values of one or more announcements."""

    names: frozenset[str]
    words: frozenset[str]
    values: frozenset[str]

    def speaks_of(self, change: AttributeChange) -> bool:
        """Whether a difference in the clone is what the announcements are about."""
        parts = [part for part in change.path if isinstance(part, str)]
        words = frozenset(word for part in parts for word in _all_words(part))
        if not words & _DISTINCT <= self.words:
            return False
        if words & self.words or any(_plain(part) in self.names or part in self.values for part in parts):
            return True
        return any(isinstance(value, str) and value in self.values for value in (change.before, change.after))


def is_passive(change: AttributeChange) -> bool:
    """Whether a difference is one that AWS makes by itself: a clock, an event, a state on its way, a new record."""
    if change.path[:1] == (ROW,):
        return change.before is Marker.ABSENT
    names = [_letters(part) for part in change.path if isinstance(part, str)]
    if any(name in PASSIVE for name in names):
        return True
    if not names or not isinstance(change.before, str) or not isinstance(change.after, str):
        return False
    if _CLOCK.fullmatch(names[-1]) and _INSTANT.match(change.before) and _INSTANT.match(change.after):
        return not _CHOSEN.search(names[-1])
    return names[-1] in _STATES and change.before.lower() in TRANSITIONAL and change.after.lower() in TRANSITIONAL


def active(attributes: Iterable[AttributeChange]) -> tuple[AttributeChange, ...]:
    """Leave out the differences that AWS makes by itself."""
    return tuple(change for change in attributes if not is_passive(change))


def unspoken(
    about: Iterable[About], identity: Identity, attributes: Iterable[AttributeChange]
) -> tuple[AttributeChange, ...]:
    """Return the differences of one resource that none of the announcements about it speaks of.

    Args:
        about: What is announced for the resource itself and for its parts.
        identity: The resource.
        attributes: What differs in the clone.
    """
    told, found = tuple(about), active(attributes)
    if any(one.whole and one.item.action in _WHOLE for one in told):
        return ()
    rest = tuple(change for change in found if not any(spoken(one, identity, (change,)) for one in told))
    if configured := [one.item for one in told if one.whole and _configures(one.item)]:
        # Noise would write nothing out that a plan of the change does not announce.
        defaults = any(not item.noise for item in configured)
        rest = tuple(change for change in rest if not (_is_derived(change) or (defaults and _is_default(change))))
    if any(_shows_elsewhere(one, identity, found) for one in told):
        # Data and tags have no other name.
        return tuple(change for change in rest if change.path[0] in {ROW, "tags"})
    return rest


def spoken(one: About, identity: Identity, attributes: Iterable[AttributeChange]) -> tuple[AttributeChange, ...]:
    """Return the differences that one announcement speaks of."""
    vocabulary = _vocabulary(one, identity)
    return tuple(change for change in attributes if vocabulary.speaks_of(change))


def texts(value: Value) -> Iterator[str]:
    """Yield every text in a value."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from texts(inner)
        case tuple():
            for inner in value:
                yield from texts(inner)
        case _:
            return


def _configures(item: Announced) -> bool:
    """Whether an update changes more than tags and what only Terraform knows."""
    left_out = PROVIDER_ONLY.keys() | _TAGS
    updated = item.action is Action.UPDATE or item.noise
    return updated and any(change.path[0] not in left_out for change in item.attributes)


def _is_derived(change: AttributeChange) -> bool:
    """Whether a difference is one that any new configuration has: another version or size."""
    return bool(_words_of(change) & _DERIVED)


def _is_default(change: AttributeChange) -> bool:
    """Whether a difference is a default that a new configuration writes out."""
    said = not equivalent(change.before, None) or _words_of(change) & _ACCESS
    return not said and change.path[0] not in {ROW, "tags"}


def _words_of(change: AttributeChange) -> frozenset[str]:
    return frozenset(word for part in change.path if isinstance(part, str) for word in _all_words(part))


def _shows_elsewhere(one: About, identity: Identity, found: tuple[AttributeChange, ...]) -> bool:
    """Whether something announced is found nowhere under its own name, and so may show under another one."""
    item = one.item
    if item.noise or item.action is Action.NO_OP or one.inside or one.block:
        return False
    if not one.whole:
        return not _has_telling_type(item) and not spoken(one, identity, found)
    left_out = PROVIDER_ONLY.keys() | volatile_attributes(item.planned.type) | _TAGS
    tops = {str(change.path[0]) for change in item.attributes if not _is_computed(item, change.path)} - left_out
    return any(not _shown(item, top, found) for top in tops)


def _has_telling_type(item: Announced) -> bool:
    return item.planned.type in _PART_WORDS or item.planned.type.startswith(_BUCKET_PART)


def _shown(item: Announced, top: str, found: tuple[AttributeChange, ...]) -> bool:
    chosen = [change for change in item.attributes if change.path[0] == top]
    vocabulary = _vocabulary_of(chosen, frozenset())
    return any(vocabulary.speaks_of(change) for change in found)


def _is_computed(item: Announced, path: Path) -> bool:
    return value_at(item.planned.after, path) is Marker.UNKNOWN


def _vocabulary(one: About, identity: Identity) -> Vocabulary:
    item = one.item
    if item.action is Action.NO_OP and not item.noise:
        return Vocabulary(names=frozenset(), words=frozenset(), values=frozenset())
    words = frozenset() if one.whole or one.block else _PART_WORDS.get(item.planned.type) or _type_words(item, identity)
    if not one.whole and not one.block and _has_telling_type(item):
        return Vocabulary(names=frozenset(), words=words, values=frozenset())
    # Of what is sensitive before and after, nobody can say whether it changes: it is spoken of.
    hidden = changed_paths(item.planned.before, item.planned.after, sensitive=True) if one.whole else ()
    chosen = [
        *item.attributes,
        *item.carried_out,
        *(change for change in hidden if change.before is change.after is Marker.SENSITIVE),
    ]
    below = (change for change in chosen if change.path[: len(one.block)] == one.block)
    return _vocabulary_of([change for change in below if change.path[0] not in PROVIDER_ONLY], words)


def _vocabulary_of(attributes: Iterable[AttributeChange], words: frozenset[str]) -> Vocabulary:
    chosen = tuple(attributes)
    parts = [part for change in chosen for part in change.path if isinstance(part, str)]
    values = (text for change in chosen for value in (change.before, change.after) for text in texts(value))
    return Vocabulary(
        names=frozenset(_plain(part) for part in parts) | ({"tag"} if "tagsall" in map(_letters, parts) else set()),
        words=words | frozenset(word for part in parts for word in _words(part)),
        values=frozenset(text for text in values if len(text) >= _SHORTEST_VALUE and text.lower() not in COMMON),
    )


COMMON = TRANSITIONAL | {"enabled", "disabled", "true", "false", "suspended", "inactive", "none", "default"}


def _type_words(item: Announced, identity: Identity) -> frozenset[str]:
    """What a part's type says beyond the type of what it is a part of."""
    carrier = frozenset(word for part in identity.type.split("::") for word in _all_words(part))
    return _words(item.planned.type.removeprefix("aws_")) - carrier


def _words(name: str) -> frozenset[str]:
    words = _all_words(name)
    return frozenset().union(words, *(_SPELT_OUT.get(word, ()) for word in words)) - _GENERIC


def _all_words(name: str) -> frozenset[str]:
    return frozenset(_singular(word.lower()) for word in _WORD.findall(name))


def _plain(name: str) -> str:
    return _singular(_letters(name))


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word.removesuffix("s")
