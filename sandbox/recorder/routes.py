"""Which operation of a REST service a method, path, query and headers mean.

A model gives each operation a method and a URI template: ``/{Bucket}/{Key+}?acl``. ``{Key+}`` is greedy: it takes
slashes. Several templates can match one path; the most specific path wins, then the one with the most evidence
(constant query parameters, required query parameters and headers).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.recorder.exchange import Request, decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation's URI template."""

    operation: str
    segments: tuple[str | None, ...]
    """Constant segments before the greedy label, or all; None stands for a label."""
    labels: tuple[str, ...]
    greedy: str = ""
    """The greedy label's name."""
    suffix: tuple[str, ...] = ()
    """Constant segments after the greedy label."""
    query: tuple[tuple[str, str | None], ...] = ()
    """Constant query parameters."""
    required_query: tuple[str, ...] = ()
    required_headers: tuple[str, ...] = ()
    deprecated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An operation that fits a request, and how well."""

    operation: str
    labels: Mapping[str, str]
    """Decoded values of the URI's labels, by the label's name."""
    score: tuple[int, int, bool]


class RouteTable:
    """The routes of one service, by method and number of segments."""

    def __init__(self, routes: Sequence[tuple[str, Route]]) -> None:
        self._plain: dict[tuple[str, int], list[Route]] = defaultdict(list)
        self._greedy: dict[str, list[Route]] = defaultdict(list)
        for method, route in routes:
            if route.greedy:
                self._greedy[method].append(route)
            else:
                self._plain[method, len(route.segments)].append(route)

    def match(self, request: Request, path: str) -> Match | None:
        """The best match, or None."""
        matches = self.matches(request, path)
        return max(matches, key=lambda match: match.score) if matches else None

    def matches(self, request: Request, path: str) -> list[Match]:
        """Every operation that fits; one that the client itself names (``x-id``) alone."""
        exact = [decoded(part) for part in path.removeprefix("/").split("/")]
        parts = exact[:-1] if exact[-1] == "" else exact
        found = [
            _matched(route, labels)
            for route in self._plain.get((request.method, len(parts)), ())
            if _fits(route, request) and (labels := _plain_labels(route, parts)) is not None
        ]
        found += [
            _matched(route, labels)
            for route in self._greedy.get(request.method, ())
            if _fits(route, request) and (labels := _greedy_labels(route, exact)) is not None
        ]
        named = request.query.get("x-id")
        return [match for match in found if match.operation == named] or found


def route_table(description: Mapping[str, Any]) -> RouteTable:
    """Compile the routes of a service model."""
    shapes = description["shapes"]
    return RouteTable(
        [
            (operation["http"]["method"], _route(name, operation, shapes))
            for name, operation in description["operations"].items()
        ]
    )


def _route(name: str, operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> Route:
    path, _, query = operation["http"]["requestUri"].partition("?")
    parts = path.strip("/").split("/") if path.strip("/") else []
    greedy = next((index for index, part in enumerate(parts) if part.endswith("+}")), len(parts))
    required_query, required_headers = _required(operation, shapes)
    return Route(
        operation=name,
        segments=tuple(None if part.startswith("{") else part for part in parts[:greedy]),
        labels=tuple(part[1:-1] for part in parts[:greedy] if part.startswith("{")),
        greedy=parts[greedy][1:-2] if greedy < len(parts) else "",
        suffix=tuple(parts[greedy + 1 :]),
        query=tuple(_constant(item) for item in query.split("&")) if query else (),
        required_query=required_query,
        required_headers=required_headers,
        deprecated=bool(operation.get("deprecated")),
    )


def _constant(item: str) -> tuple[str, str | None]:
    key, _, value = item.partition("=")
    return key, value or None


def _required(operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    shape = shapes.get(operation.get("input", {}).get("shape"), {})
    members = [(member, shape["members"][member]) for member in shape.get("required", ()) if member in shape["members"]]
    query = [item.get("locationName", name) for name, item in members if item.get("location") == "querystring"]
    headers = [item.get("locationName", name).lower() for name, item in members if item.get("location") == "header"]
    return tuple(query), tuple(headers)


def _plain_labels(route: Route, parts: Sequence[str]) -> dict[str, str] | None:
    values: list[str] = []
    for wanted, part in zip(route.segments, parts, strict=True):
        if wanted is None and part:
            values.append(part)
        elif wanted != part:
            return None
    return dict(zip(route.labels, values, strict=True))


def _greedy_labels(route: Route, parts: Sequence[str]) -> dict[str, str] | None:
    first, last = len(route.segments), len(parts) - len(route.suffix)
    if last <= first or tuple(parts[last:]) != route.suffix:
        return None
    labels = _plain_labels(route, parts[:first])
    value = "/".join(parts[first:last])
    return None if labels is None or not value else {**labels, route.greedy: value}


def _fits(route: Route, request: Request) -> bool:
    query, headers = request.query, request.headers
    return (
        all(key in query and (value is None or query[key] == value) for key, value in route.query)
        and all(key in query for key in route.required_query)
        and all(key in headers for key in route.required_headers)
    )


def _matched(route: Route, labels: Mapping[str, str]) -> Match:
    constant = sum(segment is not None for segment in route.segments) + len(route.suffix)
    evidence = len(route.query) + len(route.required_query) + len(route.required_headers)
    whole = not route.greedy
    return Match(
        operation=route.operation,
        labels=labels,
        score=(2 * constant + whole, evidence, not route.deprecated),
    )
