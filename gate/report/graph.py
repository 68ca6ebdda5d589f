"""The picture of a change's blast radius: what is destroyed, made anew and changed, and what hangs on it.

Columns run from what is needed to what needs it, so that a change spreads from left to right. Everything is worked out
here, by the document alone: the same report is always the same picture, and it is there without a script. The layout
is the layered one of Sugiyama, Tagawa and Toda ("Methods for Visual Understanding of Hierarchical System Structures",
1981): layers by the longest path, crossings reduced by barycentres.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_

from diffing.change import Action
from diffing.graph import without_keys
from gate.report.card import Card, Group
from gate.report.escape import visible
from gate.report.model import Report
from gate.report.valuetext import clip
from gate.report.words import SYMBOLS, VERBS

MOST_NODES = 500
MOST_EDGES = 2_500
WIDTH, HEIGHT = 224, 56
"""Of a node, in the picture's units."""
COLUMN_GAP, ROW_GAP, MARGIN = 84, 14, 16
TALLEST = 24
"""Nodes in one column; what a layer has beyond goes into another one beside it."""
LONGEST_NAME, LONGEST_TYPE = 23, 27
_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]$')
UNTOUCHED = "untouched"
_SWEEPS = 6
_ACROSS = 4
"""At least so many in a row of what has no connection."""
_ROW = HEIGHT + ROW_GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One resource in the picture. All texts are visible ones."""

    number: int
    address: str
    name: str
    """The end of the address, short."""
    type: str
    tone: str
    """What happens to it: an action; ``replace`` for whatever is made anew; ``untouched``."""
    symbol: str
    verb: str
    stakes: str
    card: int
    """The number of the card that tells of it; 0 for none."""
    dependents: int
    """How many in the picture hang on it, directly or through others."""
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Who needs whom."""

    needed: int
    """A node's number."""
    dependent: int
    hot: bool
    """What is needed is destroyed or made anew."""
    path: str
    """As an SVG path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The picture."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int
    missing: tuple[str, ...]
    """What is not in it, counted: ``900 updated``."""
    missing_edges: int


@dataclass(frozen=True, slots=True)
class _Fate:
    """What happens to a resource."""

    tone: str
    symbol: str
    verb: str
    type: str
    stakes: str
    card: int


@dataclass(frozen=True, slots=True)
class _Place:
    x: int
    y: int


def build_graph(report: Report, cards: Sequence[Card]) -> Graph:
    """Return the picture of what destroys or changes, and of what hangs on that.

    Args:
        report: Where dependencies are.
        cards: All of the report, the worst first.
    """
    fates = _fates(report, cards)
    needs = _needs(report, cards)
    names, missing = _chosen(cards, needs)
    numbers = {name: number for number, name in enumerate(names, start=1)}
    among = _reduced(numbers, {name: needs[name] & names.keys() for name in names if name in needs})
    places = _placed(list(names), among)
    reach = _reach(numbers, _turned(among))
    nodes = tuple(_node(name, fates.get(name), numbers[name], reach[name].bit_count(), places[name]) for name in names)
    edges = tuple(islice(_edges(nodes, numbers, places, among), MOST_EDGES))
    return Graph(
        nodes=nodes,
        edges=edges,
        width=max((place.x for place in places.values()), default=0) + WIDTH + MARGIN,
        height=max((place.y for place in places.values()), default=0) + HEIGHT + MARGIN,
        missing=missing,
        missing_edges=sum(map(len, among.values())) - len(edges),
    )


def _fates(report: Report, cards: Iterable[Card]) -> dict[str, _Fate]:
    """What happens to each resource, also to those that are told of on their owners' cards."""
    fates: dict[str, _Fate] = {}
    for card in cards:
        # An address can be there twice (an object that was deposed): the worse comes first.
        stakes = ", ".join(card.stakes)
        fates.setdefault(card.address, _Fate(card.tone, card.symbol, card.verb, card.type, stakes, card.number))
    for change in report.diff.changes:
        address, owner = visible(change.address), fates.get(visible(change.owner))
        if address not in fates:
            action, number = change.action, owner.card if owner else 0
            fates[address] = _Fate(action.value, SYMBOLS[action], VERBS[action], visible(change.type), "", number)
    return fates


def _needs(report: Report, cards: Iterable[Card]) -> dict[str, set[str]]:
    """By address, what it needs, each instance for itself; where that is not known, what the changes themselves say."""
    moved = {change.previous_address: change.address for change in report.diff.changes if change.previous_address}
    known = {_now(name, moved): {_now(each, moved) for each in needed} for name, needed in report.dependencies.items()}
    shown = {card.address for card in cards if card.group is not Group.UNCHANGED}
    instances: defaultdict[str, set[str]] = defaultdict(set)
    for name in shown | known.keys():
        instances[without_keys(name)].add(name)
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for name, needed in known.items():
        for each in needed:
            needs[name] |= {each} if each in shown or each in known else instances.get(each, set())
    for card in cards:
        needs[card.address] |= set(card.causes) & shown
        for dependent in card.dependents if not known else ():
            needs[dependent].add(card.address)
    for name, needed in needs.items():
        needed.discard(name)
    return {name: needed for name, needed in needs.items() if needed}


def _now(name: str, moved: Mapping[str, str]) -> str:
    """What an address of before is called now, on the page."""
    return visible(moved.get(name, name))


def _chosen(cards: Iterable[Card], needs: Mapping[str, set[str]]) -> tuple[dict[str, None], tuple[str, ...]]:
    """Which resources are drawn, the worst first; and what is not, counted.

    What is only created, and hangs on nothing that changes, has no blast to draw.
    """
    changed: dict[str, Card] = {}
    for card in cards:
        if card.group is not Group.UNCHANGED:
            changed.setdefault(card.address, card)
    dependents = _turned(needs)
    worst = [name for name, card in changed.items() if card.action is not Action.CREATE]
    hanging: dict[str, None] = {}
    waiting = worst[::-1]
    while waiting:
        for name in sorted(dependents.get(waiting.pop(), ())):
            if name not in hanging:
                hanging[name] = None
                waiting.append(name)
    drawn = dict.fromkeys([*worst, *hanging])
    kept = dict.fromkeys(islice(drawn, MOST_NODES))
    left_out = [name for name in {**drawn, **changed} if name not in kept]
    missing = Counter(changed[name].verb if name in changed else UNTOUCHED for name in left_out)
    return kept, tuple(f"{number:,} {verb}" for verb, number in missing.most_common())


def _turned(needs: Mapping[str, Iterable[str]]) -> Mapping[str, list[str]]:
    """Who needs it, by address."""
    dependents: defaultdict[str, list[str]] = defaultdict(list)
    for name, needed in needs.items():
        for each in needed:
            dependents[each].append(name)
    return dependents


def _placed(names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> dict[str, _Place]:
    """Where everything stands: layers from left to right, and below them, in rows, what has no connection."""
    connected = {name for name in needs if needs[name]} | {each for needed in needs.values() for each in needed}
    layers = _layers([name for name in names if name in connected], needs)
    _uncross(layers, needs)
    places = dict(_in_columns(layers))
    across = max(_ACROSS, len({place.x for place in places.values()}))
    top = MARGIN + (_tallest(layers) * _ROW + ROW_GAP if layers else 0)
    for index, name in enumerate(name for name in names if name not in connected):
        down, right = divmod(index, across)
        places[name] = _Place(MARGIN + right * (WIDTH + ROW_GAP), top + down * _ROW)
    return places


def _in_columns(layers: Sequence[Sequence[str]]) -> Iterator[tuple[str, _Place]]:
    """Each layer as a column in the middle of the height; a long one as several columns close to each other."""
    x = MARGIN
    for layer in layers:
        for start in range(0, len(layer), TALLEST):
            column = layer[start : start + TALLEST]
            top = MARGIN + (_tallest(layers) - len(column)) * _ROW // 2
            yield from ((name, _Place(x, top + row * _ROW)) for row, name in enumerate(column))
            x += WIDTH + ROW_GAP
        x += COLUMN_GAP - ROW_GAP


def _tallest(layers: Sequence[Sequence[str]]) -> int:
    return min(TALLEST, max((len(layer) for layer in layers), default=0))


def _layers(names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """By the longest path from what needs nothing; an edge that closes a circle does not count."""
    depth: dict[str, int] = {}
    open_: set[str] = set()
    for start in names:
        stack = [(start, iter(needs.get(start, ())))] if start not in depth else []
        open_.update(name for name, _ in stack)
        while stack:
            name, rest = stack[-1]
            following = next((each for each in rest if each not in depth and each not in open_), None)
            if following is not None:
                open_.add(following)
                stack.append((following, iter(needs.get(following, ()))))
                continue
            depth[name] = 1 + max((depth[each] for each in needs.get(name, ()) if each in depth), default=-1)
            open_.discard(name)
            stack.pop()
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        layers[depth[name]].append(name)
    return [layer for layer in layers if layer]


def _uncross(layers: list[list[str]], needs: Mapping[str, Sequence[str]]) -> None:
    """Sort each layer by the mean place of its neighbours, to and fro."""
    neighbours: defaultdict[str, list[str]] = defaultdict(list)
    for name, needed in needs.items():
        for each in needed:
            neighbours[name].append(each)
            neighbours[each].append(name)
    for sweep in range(_SWEEPS):
        height = {name: (index + 0.5) / len(layer) for layer in layers for index, name in enumerate(layer)}
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            means = {name: _mean([height[each] for each in neighbours[name]], height[name]) for name in layer}
            layer.sort(key=means.__getitem__)
            height.update({name: (index + 0.5) / len(layer) for index, name in enumerate(layer)})


def _mean(heights: Sequence[float], default: float) -> float:
    return sum(heights) / len(heights) if heights else default


def _reduced(numbers: Mapping[str, int], needs: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Leave out what follows from the rest (a state names everything that is needed, also through others)."""
    down, up = _reach(numbers, needs), _reach(numbers, _turned(needs))
    kept: dict[str, list[str]] = {}
    for name, needed in needs.items():
        own = 1 << numbers[name]
        # In a circle, each is reached from each, and nothing follows from that.
        further = (down[each] & ~up[each] for each in needed if not down[each] & own)
        through = reduce(or_, further, 0)
        kept[name] = sorted(each for each in needed if not through >> numbers[each] & 1)
    return kept


def _reach(numbers: Mapping[str, int], following: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Everything that is reached from each: sets as the bits of integers, until nothing is added."""
    found = dict.fromkeys(numbers, 0)
    growing = True
    while growing:
        growing = False
        for name, reached in following.items():
            added = reduce(or_, (found[each] | 1 << numbers[each] for each in reached), found[name])
            growing = growing or added != found[name]
            found[name] = added
    return {name: reached & ~(1 << numbers[name]) for name, reached in found.items()}


def _node(address: str, fate: _Fate | None, number: int, dependents: int, place: _Place) -> Node:
    kind, name = _parts(address)
    fate = fate or _Fate(UNTOUCHED, "", UNTOUCHED, kind, "", 0)
    return Node(
        number=number,
        address=address,
        name=clip(name, LONGEST_NAME),
        type=_clipped_left(kind if "." in kind else fate.type, LONGEST_TYPE),
        tone=fate.tone,
        symbol=fate.symbol,
        verb=fate.verb,
        stakes=clip(fate.stakes, LONGEST_TYPE),
        card=fate.card,
        dependents=dependents,
        x=place.x,
        y=place.y,
    )


def _parts(address: str) -> tuple[str, str]:
    """What something is, with the modules around it, and what it is called: ``web["blue"].aws_lb`` and ``front[0]``."""
    if "::" in address:
        kind, _, name = address.partition("/")
        return kind, name or address
    key = _KEY.search(address)
    bare = address[: key.start()] if key else address
    kind, _, name = bare.rpartition(".")
    return kind.replace("module.", ""), name + address[len(bare) :]


def _clipped_left(text: str, limit: int) -> str:
    return text if len(text) <= limit else "…" + text[1 - limit :]


def _edges(
    nodes: Sequence[Node],
    numbers: Mapping[str, int],
    places: Mapping[str, _Place],
    needs: Mapping[str, Sequence[str]],
) -> Iterator[Edge]:
    """The worst first: the nodes come in that order."""
    dependents = _turned(needs)
    for node in nodes:
        for name in dependents.get(node.address, ()):
            yield Edge(
                needed=node.number,
                dependent=numbers[name],
                hot=node.tone in {"delete", "replace"},
                path=_curve(places[node.address], places[name]),
            )


def _curve(start: _Place, end: _Place) -> str:
    """A curve from the right side of what is needed to the left side of what needs it."""
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x - 6, end.y + HEIGHT // 2
    bend = max(36, abs(x2 - x1) // 2)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
