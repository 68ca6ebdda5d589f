"""When which calls were made: one lane for each phase, its calls counted over short spans of the same length."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gate.report.card import CallView
from sandbox.rehearsal import CallKind

SPANS = 160
SCALE = 1000
"""The width of a lane, in the picture's units."""
HEIGHT = 24
MOST_LANES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The calls of one span. Numbers are in the picture's units, except for the seconds."""

    x: float
    width: float
    height: float
    """By the logarithm of how many they are, so that one is seen beside a hundred."""
    tone: str
    """The worst that is among them: ``failed``, ``write``, ``read``."""
    start: float
    end: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One phase."""

    phase: str
    calls: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All of them, in the order in which they began."""

    lanes: tuple[Lane, ...]
    start: float
    """Seconds since the recorder started."""
    end: float
    missing: int
    """Lanes that are not drawn."""


def build_timeline(calls: Iterable[CallView]) -> Timeline:
    """Return the picture of the recorded calls."""
    phases: defaultdict[str, list[CallView]] = defaultdict(list)
    for call in calls:
        phases[call.phase].append(call)
    times = [call.at for made in phases.values() for call in made]
    start, end = min(times, default=0.0), max(times, default=0.0)
    span = (end - start) / SPANS or 1.0
    most = max((len(made) for made in phases.values()), default=1)
    ordered = sorted(phases.items(), key=lambda item: min(call.at for call in item[1]))
    lanes = tuple(
        Lane(phase=phase, calls=len(made), bars=_bars(made, start, span, most)) for phase, made in ordered[:MOST_LANES]
    )
    return Timeline(lanes=lanes, start=start, end=end, missing=max(0, len(ordered) - MOST_LANES))


def _bars(calls: Iterable[CallView], start: float, span: float, most: int) -> tuple[Bar, ...]:
    spans: defaultdict[int, list[CallView]] = defaultdict(list)
    for call in calls:
        spans[min(SPANS - 1, int((call.at - start) / span))].append(call)
    return tuple(_bar(index, spans[index], start, span, most) for index in sorted(spans))


def _bar(index: int, calls: list[CallView], start: float, span: float, most: int) -> Bar:
    writes = sum(call.kind is not CallKind.READ for call in calls)
    failed = sum(call.failed for call in calls)
    first, last = start + index * span, start + (index + 1) * span
    parts = [f"{writes:,} that write"] * bool(writes) + [f"{failed:,} failed"] * bool(failed)
    return Bar(
        x=round(index * SCALE / SPANS, 2),
        width=round(SCALE / SPANS, 2),
        height=round(max(5.0, HEIGHT * math.log1p(len(calls)) / math.log1p(most)), 1),
        tone="failed" if failed else "write" if writes else "read",
        start=math.floor(first * 100) / 100,
        end=math.ceil(last * 100) / 100,
        said=f"{first:.1f}–{last:.1f} s: {len(calls):,} calls" + (f", {', '.join(parts)}" if parts else ""),
    )
