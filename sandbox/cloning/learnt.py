"""Repairs that are remembered, so that the next clone need not find them out again.

Only repairs that every state would want are kept: that a type's argument is not written where it is false, zero or
empty. What is kept is the name of the type and of the argument, never a value.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.cloning.repair import Repair
from sandbox.cloning.synthesise import Repairs, Synthesis
from sandbox.cloning.tfstate import Json

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """Arguments not to write where they say nothing."""

    file: Path | None
    rows: frozenset[tuple[str, str]] = frozenset()
    """Type and argument."""

    @classmethod
    def read(cls, cache: Path | None, provider: str, version: str) -> Learnt:
        """What was learnt with one version of a provider; nothing where nothing is kept or can be read."""
        if cache is None:
            return cls(file=None)
        file = cache / "clone-repairs" / re.sub(r"[^\w.-]", "_", f"{provider}_{version}.{FORMAT}.json")
        try:
            kept = json.loads(file.read_bytes())
            rows = frozenset((str(kind), str(path)) for kind, paths in kept.items() for path in paths)
        except (OSError, ValueError, AttributeError, TypeError):
            rows = frozenset()
        return cls(file=file, rows=rows)

    def apply(self, synthesis: Synthesis, repairs: Repairs) -> None:
        """Make the repairs in advance."""
        for subject in synthesis.subjects:
            for kind, path in self.rows:
                if subject.type == kind and _says_nothing(subject.attributes, path):
                    repairs.dropped[subject.address].add(path)

    def keep(self, done: Iterable[Repair], synthesis: Synthesis) -> None:
        """Keep what was found out; whoever cannot keep it finds it out again."""
        new = {
            (subject.type, repair.path)
            for repair in done
            if repair.path and _says_nothing((subject := synthesis.by_address[repair.address]).attributes, repair.path)
        }
        if self.file is None or new <= self.rows:
            return
        rows = sorted(self.rows | new)
        content = {kind: [path for of_kind, path in rows if of_kind == kind] for kind, _ in rows}
        temporary = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
            temporary.replace(self.file)


def _says_nothing(attributes: Mapping[str, Json], path: str) -> bool:
    return not any(_at(dict(attributes), path.split(".")))


def _at(value: Json, steps: list[str]) -> Iterator[Json]:
    match value:
        case list() if steps:
            for item in value:
                yield from _at(item, steps)
        case dict() if steps:
            yield from _at(value.get(steps[0]), steps[1:])
        case _:
            yield value
