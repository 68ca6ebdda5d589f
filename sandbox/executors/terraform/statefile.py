"""Parsing a Terraform state, version 4, as the local backend writes it.

The format is Terraform's own and not promised to others, but has been stable since Terraform 0.12; anything that does
not fit is refused. Source: internal/states/statefile/version4.go in hashicorp/terraform.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from diffing.values import Path
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.masking import masked
from sandbox.rehearsal import StateInstance

VERSION = 4

_PROVIDER = re.compile(r'provider\["(?P<address>[^"]+)"\]')
NO_PATHS: Mapping[str, tuple[Path, ...]] = MappingProxyType({})


def parse_state(text: str, sensitive: Mapping[str, tuple[Path, ...]] = NO_PATHS) -> tuple[StateInstance, ...]:
    """Parse a state.

    Args:
        text: The file's content.
        sensitive: Further paths to mask, by address (a plan knows of some that the state does not tell).

    Raises:
        ConfigurationError: it is not a state of version 4.
    """
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise _invalid(f"it is not a state of version {VERSION}")
        return tuple(
            _instance(resource, instance, sensitive)
            for resource in document.get("resources") or ()
            for instance in resource.get("instances") or ()
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _invalid(f"{type(error).__name__}: {error}") from error


def _instance(
    resource: Mapping[str, Any], instance: Mapping[str, Any], sensitive: Mapping[str, tuple[Path, ...]]
) -> StateInstance:
    address = _address(resource, instance)
    attributes = instance.get("attributes") or instance.get("attributes_flat") or {}
    paths = [*_paths(instance.get("sensitive_attributes") or ()), *sensitive.get(address, ())]
    provider = _PROVIDER.search(resource["provider"])
    return StateInstance(
        address=address,
        type=str(resource["type"]),
        provider=provider["address"] if provider else str(resource["provider"]),
        mode=str(resource["mode"]),
        attributes=MappingProxyType(dict(masked(attributes, paths))),
        dependencies=tuple(str(address) for address in instance.get("dependencies") or ()),
    )


def _address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    module = f"{resource['module']}." if resource.get("module") else ""
    mode = "data." if resource["mode"] == "data" else ""
    key = instance.get("index_key")
    # Terraform writes a string key as an HCL string, in which a template would begin at these two.
    quoted = json.dumps(key, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    index = "" if key is None else f"[{quoted}]"
    deposed = f" (deposed object {instance['deposed']})" if instance.get("deposed") else ""
    return f"{module}{mode}{resource['type']}.{resource['name']}{index}{deposed}"


def _paths(raw: Any) -> Iterator[Path]:
    """Each is a list of steps: ``get_attr`` with a name, or ``index`` with a number or a key (itself typed)."""
    for steps in raw:
        path: list[str | int] = []
        for step in steps:
            value = step["value"]
            key = value["value"] if isinstance(value, dict) else value
            path.append(key if isinstance(key, str) else int(key))
        yield tuple(path)


def _invalid(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The Terraform state could not be read: {what}.", hint="States of Terraform 0.12 and newer are understood."
    )
