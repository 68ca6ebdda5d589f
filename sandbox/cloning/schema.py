"""What a provider says of its resource types, reduced to what it takes to write a configuration, and kept.

``terraform providers schema -json`` of the AWS provider is 13 MB and takes two seconds. What is needed of it (which
arguments can be set, which are computed, which are sets) is kept in one file per provider version, a line per type, of
which only the lines wanted are parsed.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sandbox.errors import ConfigurationError

FORMAT = 1
"""Of the kept files: another number, other files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute of a block."""

    required: bool = False
    optional: bool = False
    computed: bool = False
    deprecated: bool = False
    is_set: bool = False
    write_only: bool = False
    is_objects: bool = False
    """A list or set of objects: written like a block, and with every attribute of it."""

    @property
    def settable(self) -> bool:
        """Whether a configuration may give it a value."""
        return self.required or self.optional

    @property
    def generated(self) -> bool:
        """Whether it is the provider's alone to say."""
        return self.computed and not self.settable


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A resource type, or a block nested in one."""

    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    blocks: Mapping[str, NestedBlock] = field(default_factory=lambda: MappingProxyType({}))

    def attribute_at(self, path: Sequence[str | int]) -> Attribute | None:
        """The attribute that a path leads to or into; None where it leads to a block, or nowhere."""
        block = self
        for step in (step for step in path if isinstance(step, str)):
            if step in block.attributes:
                return block.attributes[step]
            if step not in block.blocks:
                return None
            block = block.blocks[step].block
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedBlock:
    """A block type nested in a block."""

    block: Block
    is_set: bool = False
    deprecated: bool = False


Schemas = Mapping[str, Block]
"""By resource type."""


def resource_schemas(
    types: Collection[str], *, provider: str, version: str, cache: Path | None, ask: Callable[[], str]
) -> Schemas:
    """The schemas of resource types; those that the provider does not have are left out.

    Args:
        types: The resource types wanted.
        provider: The provider's source address.
        version: Its version.
        cache: This tool's folder for what is kept between runs; None to keep nothing.
        ask: Runs ``terraform providers schema -json``, where it is not kept yet.

    Raises:
        ConfigurationError: what Terraform said is not understood.
    """
    kept = None if cache is None else cache / "schemas" / _file_name(provider, version)
    lines = None if kept is None else _read(kept)
    if lines is None:
        lines = list(_reduced(ask(), provider))
        if kept is not None:
            _keep(kept, lines)
    wanted = frozenset(types)
    try:
        return {
            name: _block(json.loads(text))
            for name, _, text in (line.partition("\t") for line in lines)
            if name in wanted
        }
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(
            f"The kept schemas of {provider} {version} are damaged.", hint=f"Remove the file {kept}."
        ) from error


def _file_name(provider: str, version: str) -> str:
    return re.sub(r"[^\w.-]", "_", f"{provider}_{version}.{FORMAT}.gz")


def _read(path: Path) -> list[str] | None:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.read().splitlines()
    except (OSError, EOFError, UnicodeDecodeError):
        return None


def _keep(path: Path, lines: list[str]) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    # Whoever cannot keep it asks again the next time.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with gzip.open(temporary, "wt", encoding="utf-8", compresslevel=4) as file:
            file.write("\n".join(lines))
        temporary.replace(path)


def _reduced(text: str, provider: str) -> Iterator[str]:
    try:
        schemas = json.loads(text)["provider_schemas"][provider]["resource_schemas"]
        for name, schema in schemas.items():
            yield f"{name}\t{json.dumps(_reduced_block(schema['block']), separators=(',', ':'))}"
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            f"Terraform's description of the provider {provider} is not understood ({type(error).__name__}).",
            hint="`terraform providers schema -json` shows it.",
        ) from error


def _reduced_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as letters, nested blocks as [letters, block]."""
    attributes = {name: _letters(attribute) for name, attribute in (block.get("attributes") or {}).items()}
    blocks = {
        name: [
            ("s" if nested["nesting_mode"] == "set" else "") + ("d" if nested["block"].get("deprecated") else ""),
            _reduced_block(nested["block"]),
        ]
        for name, nested in (block.get("block_types") or {}).items()
    }
    return {"a": attributes} | ({"b": blocks} if blocks else {})


def _letters(attribute: Mapping[str, Any]) -> str:
    kind = attribute.get("type")
    nested = attribute.get("nested_type") or {}
    is_set = (isinstance(kind, list) and kind[0] == "set") or nested.get("nesting_mode") == "set"
    is_objects = isinstance(kind, list) and isinstance(kind[1], list) and kind[1][0] == "object"
    flags = {"required": "r", "optional": "o", "computed": "c", "deprecated": "d", "write_only": "w"}
    letters = "".join(letter for name, letter in flags.items() if attribute.get(name))
    return letters + ("s" if is_set else "") + ("j" if is_objects else "")


def _block(raw: Mapping[str, Any]) -> Block:
    return Block(
        attributes=MappingProxyType({name: _attribute(letters) for name, letters in raw["a"].items()}),
        blocks=MappingProxyType(
            {
                name: NestedBlock(block=_block(nested), is_set="s" in letters, deprecated="d" in letters)
                for name, (letters, nested) in raw.get("b", {}).items()
            }
        ),
    )


def _attribute(letters: str) -> Attribute:
    return Attribute(
        required="r" in letters,
        optional="o" in letters,
        computed="c" in letters,
        deprecated="d" in letters,
        is_set="s" in letters,
        write_only="w" in letters,
        is_objects="j" in letters,
    )
