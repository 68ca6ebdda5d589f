"""What sandtable must know of a module before Terraform reads it: its provider blocks and the modules it calls.

Only files that can hold such a block are parsed (python-hcl2 takes 0.2 s for a thousand lines). A file that cannot be
parsed is named in the result: Terraform has the better error message if the file is broken, and if Terraform accepts it
all the same, the caller must refuse, because a provider block in it would not have been overridden.

Expressions are kept in Terraform's JSON syntax (https://developer.hashicorp.com/terraform/language/syntax/json), where
every string is a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import hcl2
from lark.exceptions import LarkError

AWS = "hashicorp/aws"
"""The end of the provider's source address, whatever the registry's host."""
TERRAFORM_SUFFIXES = (".tf", ".tf.json")
OPENTOFU_SUFFIXES = (".tofu", ".tofu.json", ".tf", ".tf.json")

_BLOCK = re.compile(r"""\b(?:provider|module|terraform)\b\s*(?:["{\w#]|//|/\*)""")
"""Where a block of interest may begin. It finds too much (comments, strings) and never too little."""
_PLAIN = re.compile(r'"[^"\\$%]*"')

Expression = Any
"""A value as Terraform's JSON syntax has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderBlock:
    """The configuration of one provider under one alias, merged over all files of a module."""

    local_name: str
    alias: str
    """Empty for the default configuration."""
    arguments: Mapping[str, Expression]
    """Arguments and nested blocks (a list of bodies each) by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFacts:
    """What was read of one module's folder."""

    providers: tuple[ProviderBlock, ...] = ()
    """Every provider block, of any provider."""
    local_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Source address by local name, as ``required_providers`` declares them."""
    calls: tuple[str, ...] = ()
    """The ``source`` of every module call."""
    unparsed: tuple[Path, ...] = ()
    """Files that could not be read as configuration."""
    mentions_aws: bool = False

    def aws_blocks(self) -> tuple[ProviderBlock, ...]:
        """The provider blocks that configure the AWS provider, under whatever local name."""
        return tuple(block for block in self.providers if self.is_aws(block.local_name))

    def is_aws(self, local_name: str) -> bool:
        """Whether a local name stands for the AWS provider (Terraform's default for an undeclared ``aws``)."""
        return self.local_names.get(local_name, f"hashicorp/{local_name}").endswith(AWS)

    def aws_name(self) -> str:
        """The local name by which the module knows the AWS provider."""
        return next((name for name in self.local_names if self.is_aws(name)), "aws")


def configuration_files(directory: Path, suffixes: Sequence[str] = TERRAFORM_SUFFIXES) -> tuple[Path, ...]:
    """The files of a folder that Terraform reads as configuration, in the order in which it reads them."""
    names = sorted(entry.name for entry in directory.iterdir() if entry.name.endswith(tuple(suffixes)))
    return tuple(directory / name for name in names if not _is_ignored(name) and (directory / name).is_file())


def read_module(directory: Path, suffixes: Sequence[str] = TERRAFORM_SUFFIXES) -> ModuleFacts:
    """Read one module's folder.

    Raises:
        OSError: a file of it cannot be read.
    """
    bodies: list[Mapping[str, Any]] = []
    unparsed: list[Path] = []
    mentions_aws = False
    for path in configuration_files(directory, suffixes):
        try:
            text = path.read_bytes().decode("utf-8-sig")
            mentions_aws = mentions_aws or "aws" in text
            if path.name.endswith(".json"):
                bodies.append(_json_body(text))
            elif _BLOCK.search(text):
                bodies.append(_native_body(text))
        except (UnicodeDecodeError, json.JSONDecodeError, LarkError, RecursionError, _ShapeError):
            unparsed.append(path)
    return _facts(bodies, tuple(unparsed), mentions_aws=mentions_aws)


def resource_blocks(path: Path, *, mentioning: str) -> Iterator[tuple[str, str, Mapping[str, Expression]]]:
    """Yield type, name and body of each resource in a file that mentions a word; nothing of one that cannot be read."""
    for type_, named in _blocks_in(path, "resource", mentioning):
        yield from ((type_, name, block) for name, block in _labelled(named))


def module_blocks(path: Path) -> Iterator[tuple[str, Mapping[str, Expression]]]:
    """Yield name and body of each module call in a file; nothing of one that cannot be read."""
    yield from _blocks_in(path, "module", "module")


def _blocks_in(path: Path, kind: str, mentioning: str) -> tuple[tuple[str, Mapping[str, Expression]], ...]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if mentioning not in text:
            return ()
        body = _json_body(text) if path.name.endswith(".json") else _native_body(text)
        return tuple(_labelled(body.get(kind)))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, LarkError, RecursionError, _ShapeError):
        return ()


def is_local(source: str) -> bool:
    """Whether a module source is a path relative to the calling module."""
    return source.startswith(("./", "../"))


class _ShapeError(ValueError):
    """The file is well-formed and not shaped as a configuration."""


def _is_ignored(name: str) -> bool:
    return name.startswith((".", "#")) or name.endswith(("~", "#"))


def _json_body(text: str) -> Mapping[str, Any]:
    body = json.loads(text)
    if not isinstance(body, dict):
        raise _ShapeError
    return body


def _native_body(text: str) -> Mapping[str, Any]:
    # hcl2 wants a line break after the last block; Terraform does not.
    body = _to_json_syntax(hcl2.loads(text + "\n"))
    if not isinstance(body, dict):
        raise _ShapeError
    return body


def _to_json_syntax(value: Any) -> Any:
    """hcl2 keeps the quotes of a quoted template and wraps every other expression in ``${}``."""
    match value:
        case dict():
            return {_to_json_syntax(key): _to_json_syntax(item) for key, item in value.items() if key != "__is_block__"}
        case list():
            return [_to_json_syntax(item) for item in value]
        case str() if _PLAIN.fullmatch(value):
            return value[1:-1]
        case str() if value.startswith('"'):
            return f"${{{value}}}"
        case _:
            return value


def _facts(bodies: Sequence[Mapping[str, Any]], unparsed: tuple[Path, ...], *, mentions_aws: bool) -> ModuleFacts:
    merged: dict[tuple[str, str], dict[str, Expression]] = {}
    calls: list[str] = []
    names: dict[str, str] = {}
    for body in bodies:
        for label, block in _labelled(body.get("provider")):
            merged.setdefault((label, str(block.get("alias") or "")), {}).update(block)
        calls += [str(block["source"]) for _, block in _labelled(body.get("module")) if "source" in block]
        for settings in _each(body.get("terraform")):
            for required in _each(settings.get("required_providers")):
                names |= dict(_sources(required))
    blocks = (
        ProviderBlock(local_name=name, alias=alias, arguments=MappingProxyType(arguments))
        for (name, alias), arguments in merged.items()
    )
    return ModuleFacts(
        providers=tuple(blocks),
        local_names=MappingProxyType(names),
        calls=tuple(dict.fromkeys(calls)),
        unparsed=unparsed,
        mentions_aws=mentions_aws,
    )


def _sources(required: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, requirement in required.items():
        # Without a source (or in the form of Terraform 0.12, a bare version) the address is implied by the name.
        source = requirement.get("source") if isinstance(requirement, dict) else None
        yield name, source if isinstance(source, str) else f"hashicorp/{name}"


def _labelled(raw: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for group in _each(raw):
        for label, bodies in group.items():
            for body in _each(bodies):
                yield label, body


def _each(raw: Any) -> Iterator[Mapping[str, Any]]:
    """A block may be written as one body or as a list of them."""
    if raw is None:
        return
    for body in raw if isinstance(raw, list) else [raw]:
        if not isinstance(body, dict):
            raise _ShapeError
        yield body
