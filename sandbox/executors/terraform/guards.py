"""Which resources a configuration protects with ``prevent_destroy``: no plan shows it, and it goes with its block.

Source: https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle. Modules that come from
elsewhere are not looked into: their protection changes with their version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.executors.terraform.configuration import (
    TERRAFORM_SUFFIXES,
    configuration_files,
    is_local,
    module_blocks,
    resource_blocks,
)

_WORD = "prevent_destroy"
_DEEPEST = 20


def guarded(root: Path, suffixes: tuple[str, ...] = TERRAFORM_SUFFIXES) -> frozenset[str]:
    """Return the addresses, without instance keys, of the resources that must not be destroyed.

    A file that cannot be read protects nothing here: Terraform itself has refused it by then, or the copy is refused.

    Args:
        root: The root module.
        suffixes: How the names of configuration files end.
    """
    return frozenset(
        f"{prefix}{type_}.{name}"
        for prefix, folder in _modules(root, "", suffixes)
        for path in configuration_files(folder, suffixes)
        for type_, name, block in resource_blocks(path, mentioning=_WORD)
        if any(_prevents(body) for body in _bodies(block.get("lifecycle")))
    )


def _modules(folder: Path, prefix: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    yield prefix, folder
    if prefix.count("module.") >= _DEEPEST:
        return
    for path in configuration_files(folder, suffixes):
        for name, block in module_blocks(path):
            source = block.get("source")
            if isinstance(source, str) and is_local(source) and (folder / source).is_dir():
                yield from _modules(folder / source, f"{prefix}module.{name}.", suffixes)


def _bodies(raw: Any) -> Iterator[Mapping[str, Any]]:
    return (body for body in (raw if isinstance(raw, list) else [raw]) if isinstance(body, dict))


def _prevents(body: Mapping[str, Any]) -> bool:
    # The argument takes no expression but a literal.
    return body.get(_WORD) is True or str(body.get(_WORD)).strip("${}") == "true"
