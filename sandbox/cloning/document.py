"""JSON with a record of where everything stands: Terraform's diagnostics name a line, a repair needs the argument."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from diffing.values import Path
from sandbox.cloning.tfstate import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document's text, and what each line of it is about."""

    text: str = field(repr=False)
    lines: tuple[Path, ...] = field(repr=False)
    content: Json = field(repr=False)

    def path_at(self, line: int) -> Path:
        """Where a line (counted from one) stands: names and indices from the top."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ()

    def value_at(self, path: Path) -> Json:
        """What stands there; null where nothing does."""
        found = self.content
        for step in path:
            match found, step:
                case dict(), str():
                    found = found.get(step)
                case list(), int() if step < len(found):
                    found = found[step]
                case _:
                    return None
        return found


def write_document(content: Mapping[str, Json]) -> Document:
    """Write JSON with one name or element on each line."""
    written = list(_lines(dict(content), ()))
    text = "\n".join(line for line, _ in written) + "\n"
    return Document(text=text, lines=tuple(path for _, path in written), content=dict(content))


def _lines(value: Json, path: Path) -> Iterator[tuple[str, Path]]:
    match value:
        case dict() if value:
            yield from _enclosed("{", "}", path, [(f"{json.dumps(key)}: ", key, item) for key, item in value.items()])
        case list() if value:
            yield from _enclosed("[", "]", path, [("", index, item) for index, item in enumerate(value)])
        case _:
            yield json.dumps(value), path


def _enclosed(
    opening: str, closing: str, path: Path, members: list[tuple[str, str | int, Json]]
) -> Iterator[tuple[str, Path]]:
    yield opening, path
    for number, (prefix, step, item) in enumerate(members, 1):
        comma = "," if number < len(members) else ""
        inner = list(_lines(item, (*path, step)))
        first, first_path = inner[0]
        inner[0] = (prefix + first, first_path)
        last, last_path = inner[-1]
        inner[-1] = (last + comma, last_path)
        yield from inner
    yield closing, path
