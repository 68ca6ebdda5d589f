"""What an update of each property means: the resource schemas of CloudFormation, as cfn-lint's package carries them.

Only the package's data files are read, one small file for each type that is asked for; its code is not imported (half a
second, and it may look for newer schemas on the network). ``createOnlyProperties`` force a replacement,
``conditionalCreateOnlyProperties`` may.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sandbox.errors import MissingToolError

DEFAULT_REGION = "us-east-1"

PropertyPath = tuple[str, ...]
"""Names of properties, outermost first; ``*`` stands for every item of a list or every key of a map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSchema:
    """What matters here of one resource type's schema."""

    type: str
    create_only: tuple[PropertyPath, ...]
    may_replace: tuple[PropertyPath, ...]
    """Properties whose change replaces the resource in some cases."""
    primary: tuple[PropertyPath, ...]
    """What the physical id is made of."""
    identifiers: frozenset[str]
    """Attributes that an update in place leaves as they are."""
    read_only: tuple[PropertyPath, ...]
    deletes_first: bool
    """The old one is deleted before the new one is made (``replacementStrategy``)."""

    @property
    def names(self) -> tuple[str, ...]:
        """The settable properties that make up the physical id: what a person calls a custom name."""
        computed = {path[0] for path in self.read_only if len(path) == 1}
        return tuple(path[0] for path in self.primary if len(path) == 1 and path[0] not in computed)


def schema_of(type_: str, region: str = DEFAULT_REGION) -> TypeSchema | None:
    """Return a type's schema; None for a type that is not there (third-party types, custom resources).

    Raises:
        MissingToolError: cfn-lint's data are not installed.
    """
    name = _index(region).get(type_) or _index(DEFAULT_REGION).get(type_)
    return _load(type_, name) if name is not None else None


def require_schemas() -> None:
    """Make sure that the schemas are there.

    Raises:
        MissingToolError: they are not.
    """
    _folder()


@lru_cache(maxsize=8)
def _index(region: str) -> Mapping[str, str]:
    path = _folder() / "providers" / f"{region}.json"
    if not region.replace("-", "").isalnum() or not path.is_file():
        return _index(DEFAULT_REGION) if region != DEFAULT_REGION else {}
    found: dict[str, str] = json.loads(path.read_bytes())
    return found


@lru_cache(maxsize=4096)
def _load(type_: str, name: str) -> TypeSchema:
    raw = json.loads((_folder() / "resources" / f"{name}.json").read_bytes())
    primary = _paths(raw, "primaryIdentifier")
    additional = tuple(_path(text) for paths in raw.get("additionalIdentifiers", ()) for text in paths)
    return TypeSchema(
        type=type_,
        create_only=_paths(raw, "createOnlyProperties"),
        may_replace=_paths(raw, "conditionalCreateOnlyProperties"),
        primary=primary,
        identifiers=frozenset(".".join(path) for path in (*primary, *additional)),
        read_only=_paths(raw, "readOnlyProperties"),
        deletes_first=raw.get("replacementStrategy") == "delete_then_create",
    )


def _paths(raw: Mapping[str, Any], key: str) -> tuple[PropertyPath, ...]:
    return tuple(_path(text) for text in raw.get(key, ()))


def _path(pointer: str) -> PropertyPath:
    """Read a JSON pointer: ``/properties/A/*/B`` as ``("A", "*", "B")``."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/properties/").split("/"))


@lru_cache(maxsize=1)
def _folder() -> Path:
    spec = find_spec("cfnlint")
    places = spec.submodule_search_locations if spec is not None else None
    folder = Path(next(iter(places))) / "data" / "schemas" if places else None
    if folder is None or not (folder / "providers" / f"{DEFAULT_REGION}.json").is_file():
        raise MissingToolError(
            "The resource schemas of CloudFormation are not installed.",
            hint="They come with cfn-lint: pip install cfn-lint",
        )
    return folder
