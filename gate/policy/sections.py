"""One section of a policy file: the file's own keys, or those of one environment, which go before them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TypeVar

from gate.policy.bookkeeping import Bookkeeping, Kind
from gate.policy.document import Node, invalid, short
from gate.policy.levels import EXACT, LEVELS, NOT_LOWERED, SETTABLE, WAIVABLE
from gate.policy.rule import Unrehearsed
from gate.policy.settings import Budgets, Caps, Preset, Protected, Scope, Waiver, is_exact
from gate.verdict import Level

KEYS = (
    "preset",
    "large_from",
    "rules",
    "bookkeeping",
    "stateful",
    "unrehearsed",
    "protected",
    "caps",
    "scope",
    "budgets",
    "waivers",
)
CAPS = tuple(item.name for item in fields(Caps))
BUDGETS = tuple(item.name for item in fields(Budgets))
SCOPE = tuple(item.name for item in fields(Scope))
PROTECTED = tuple(item.name for item in fields(Protected))
WAIVER = tuple(item.name for item in fields(Waiver))

TYPE = r"[a-z][a-z0-9]*_[a-z0-9_]+|[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+"
TYPES = r"aws_[a-z0-9]+_[a-z0-9_]*\*|(?!aws_)[a-z][a-z0-9]*_[a-z0-9_]*\*|AWS::[A-Za-z0-9]+::[A-Za-z0-9]*\*"
"""With ``*`` at the end, and never less than a whole service before it."""
ACCOUNT = r"[0-9]{12}"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

_Limits = TypeVar("_Limits", Caps, Scope, Budgets)
_TYPE, _TYPES, _ACCOUNT, _DAY = (re.compile(pattern) for pattern in (TYPE, TYPES, ACCOUNT, DAY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one section says; None or nothing where it does not."""

    preset: Preset | None = None
    large_from: int | None = None
    levels: Mapping[str, Level | None] = field(default_factory=lambda: MappingProxyType({}))
    rows: Mapping[str, Bookkeeping] = field(default_factory=lambda: MappingProxyType({}))
    unrehearsed: Unrehearsed | None = None
    protected: Protected = field(default_factory=Protected)
    caps: Caps = field(default_factory=Caps)
    scope: Scope = field(default_factory=Scope)
    budgets: Budgets = field(default_factory=Budgets)
    waivers: tuple[Waiver, ...] = ()


def read_section(node: Node) -> Section:
    """Read the keys of a section; whatever else is in the mapping is not looked at.

    Raises:
        ConfigurationError: something in it is not valid; says what, where, and what is allowed.
    """
    preset, large, unrehearsed = node.get("preset"), node.get("large_from"), node.get("unrehearsed")
    return Section(
        preset=preset.one_of(Preset) if preset else None,
        large_from=large.number() if large else None,
        levels=_levels(_member(node, "rules")),
        rows=_rows(_member(node, "bookkeeping"), Kind.VOUCHED) | _rows(_member(node, "stateful"), Kind.STATEFUL),
        unrehearsed=unrehearsed.one_of(Unrehearsed) if unrehearsed else None,
        protected=_protected(_member(node, "protected")),
        caps=Caps(**_numbers(_member(node, "caps"), CAPS)),
        scope=read_scope(_member(node, "scope"), SCOPE),
        budgets=Budgets(**_numbers(_member(node, "budgets"), BUDGETS)),
        waivers=_waivers(node.get("waivers")),
    )


def joined(base: Section, special: Section) -> Section:
    """What holds where both speak: single values of the special one; of lists, protection and waivers, both."""
    return Section(
        preset=special.preset or base.preset,
        large_from=base.large_from if special.large_from is None else special.large_from,
        levels={**base.levels, **special.levels},
        rows={**base.rows, **special.rows},
        unrehearsed=special.unrehearsed or base.unrehearsed,
        protected=Protected(
            addresses=(*base.protected.addresses, *special.protected.addresses),
            tags=(*base.protected.tags, *special.protected.tags),
        ),
        caps=_over(base.caps, special.caps),
        scope=_over(base.scope, special.scope),
        budgets=_over(base.budgets, special.budgets),
        waivers=(*base.waivers, *special.waivers),
    )


def read_scope(node: Node, keys: tuple[str, ...]) -> Scope:
    """Read limits to where a change may act, or what an environment is known by."""
    found = node.record(keys)
    lists = {key: member.elements() for key in keys if key != "tags" and (member := found.get(key)) is not None}
    return Scope(
        addresses=tuple(each.text() for each in lists.get("addresses", ())),
        accounts=tuple(each.matching(_ACCOUNT, "an account id of twelve digits") for each in lists.get("accounts", ())),
        regions=tuple(each.text() for each in lists.get("regions", ())),
        workspaces=tuple(each.text() for each in lists.get("workspaces", ())),
        tags=_tags(_member(found, "tags")),
    )


def _member(node: Node, key: str) -> Node:
    return node.get(key) or Node({}, node.file, key)


def _levels(node: Node) -> dict[str, Level | None]:
    levels: dict[str, Level | None] = {}
    for rule, word in node.items():
        at = Node(word.value, node.file, f"{node.path}.{rule}")
        if rule not in SETTABLE:
            raise invalid(node.file, f"unknown rule {short(rule)}; known are {', '.join(SETTABLE)}")
        level = word.value
        if not isinstance(level, str) or level not in LEVELS:
            raise at.wrong(f"is {short(level)}; allowed are {', '.join(LEVELS)}")
        if rule in NOT_LOWERED and LEVELS[level] not in {Level.REJECT, Level.REVIEW}:
            raise at.wrong("cannot be set below review: what is not known is never approved")
        levels[rule] = LEVELS[level]
    return levels


def _rows(node: Node, kind: Kind) -> dict[str, Bookkeeping]:
    rows: dict[str, Bookkeeping] = {}
    for type_, reason in node.items():
        text = reason.reason()
        if type_.endswith("*") and not _TYPES.fullmatch(type_):
            raise reason.wrong("would excuse too much: write out at least the service")
        if not type_.endswith("*") and not _TYPE.fullmatch(type_):
            raise reason.wrong("is not a resource type; `*` may stand at the end only")
        rows[type_] = Bookkeeping(kind=kind, reason=text)
    return rows


def _protected(node: Node) -> Protected:
    found = node.record(PROTECTED)
    addresses = found.get("addresses")
    return Protected(
        addresses=tuple(each.text() for each in addresses.elements()) if addresses else (),
        tags=tuple(_tags(_member(found, "tags")).items()),
    )


def _tags(node: Node) -> dict[str, str]:
    return {key: glob.text() for key, glob in node.items()}


def _numbers(node: Node, keys: tuple[str, ...]) -> dict[str, int]:
    found = node.record(keys)
    return {key: member.number() for key in keys if (member := found.get(key)) is not None}


def _waivers(node: Node | None) -> tuple[Waiver, ...]:
    return tuple(_waiver(each) for each in node.elements()) if node else ()


def _waiver(node: Node) -> Waiver:
    parts = node.required(WAIVER)
    rule = parts["rule"].value
    if not isinstance(rule, str) or rule not in WAIVABLE:
        raise parts["rule"].wrong(f"is {short(rule)}, which cannot be waived; {', '.join(WAIVABLE)} can")
    address = parts["address"].text()
    if rule in EXACT and not is_exact(address):
        raise parts["address"].wrong("must name one resource exactly: what is destroyed is not waived by a pattern")
    return Waiver(
        rule=rule,
        address=address,
        reason=parts["reason"].reason(),
        author=parts["author"].text(),
        expires=_day(parts["expires"]),
    )


def _day(node: Node) -> str:
    from datetime import date  # noqa: PLC0415 - only a policy with waivers needs it

    text = node.matching(_DAY, "a day, as 2026-12-31")
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise node.wrong(f"is {text}, and there is no such day") from error
    return text


def _over(base: _Limits, special: _Limits) -> _Limits:
    said = {
        item.name: value
        for item in fields(special)
        if (value := getattr(special, item.name)) is not None and value not in ((), {})
    }
    return replace(base, **said)
