"""A Terraform state of format 4, with everything in it that a clone can be made from.

The executor's own reading of a state (`sandbox.executors.terraform.statefile`) masks secrets, because what it returns
is compared and reported. A clone needs them as they are: a database with another password is another database. So the
attributes here are raw; they stay in memory, and no ``repr`` shows them.

Source: internal/states/statefile/version4.go in hashicorp/terraform.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from diffing.values import Path as ValuePath
from sandbox.errors import ConfigurationError, UsageError

VERSION = 4
LARGEST = 64 * 1024 * 1024
"""Bytes. Parsed, a state takes some eight times its size in memory."""
STANDARD_INPUT = "-"

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_PROVIDER = re.compile(
    r'(?:(?P<module>module\..+)\.)?provider\["(?P<address>[^"]+)"\](?:\.(?P<alias>[\w-]+))?', re.ASCII
)
_KEY = re.compile(r'\[(?:-?\d+|"(?:[^"\\]|\\.)*")\]')
_HINT = "Take the state with `terraform state pull`: Terraform 0.12 and newer write format 4."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReference:
    """Which provider configuration a resource belongs to."""

    address: str
    """``registry.terraform.io/hashicorp/aws``."""
    alias: str = ""
    module: str = ""
    """The module that configures it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One object in a state: of a resource or a data source, current or deposed."""

    address: str
    module: str
    mode: str
    """``managed`` or ``data``."""
    type: str
    name: str
    key: int | str | None
    provider: ProviderReference
    attributes: Mapping[str, Json] = field(repr=False)
    """As the provider gave them, secrets included."""
    sensitive: tuple[ValuePath, ...] = ()
    dependencies: tuple[str, ...] = ()
    """Configuration addresses: without any keys."""
    deposed: str = ""
    tainted: bool = False
    schema_version: int = 0

    @property
    def managed(self) -> bool:
        """Whether it is a resource, and not a data source."""
        return self.mode == "managed"

    @property
    def configuration_address(self) -> str:
        """Where the configuration declares it: the address without keys, as dependencies name it."""
        module = f"{_KEY.sub('', self.module)}." if self.module else ""
        return f"{module}{'' if self.managed else 'data.'}{self.type}.{self.name}"

    def text(self, name: str) -> str:
        """A top-level attribute that is a string; empty where it is not."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A root module's output."""

    name: str
    value: Json = field(repr=False)
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A whole state."""

    terraform_version: str
    serial: int
    lineage: str
    instances: tuple[Instance, ...]
    outputs: tuple[Output, ...] = ()
    digest: str = ""
    """SHA-256 of the document."""
    document: bytes = field(default=b"", repr=False)
    """The document itself, for Terraform to work on in the clone."""


def read_state(source: str) -> State:
    """Read a state from a file, or from standard input where the name is ``-``.

    Raises:
        UsageError: there is no such file.
        ConfigurationError: it cannot be read, is too large, or is not a state of format 4.
    """
    try:
        if source == STANDARD_INPUT:
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(source).expanduser().open("rb") as file:
                content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise UsageError(f"There is no state {source}.", hint=_HINT) from error
    except OSError as error:
        raise ConfigurationError(f"The state {source} cannot be read: {error.strerror}.", hint=_HINT) from error
    return parse_state(content)


def parse_state(content: bytes) -> State:
    """Parse a state.

    Raises:
        ConfigurationError: it is too large, or not a state of format 4.
    """
    if len(content) > LARGEST:
        raise ConfigurationError(
            f"The state is larger than {LARGEST // (1024 * 1024)} MB, which is more than is taken into memory.",
            hint="Rehearse with the state of a smaller part of the environment.",
        )
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"it is not JSON ({_place(error)})") from error
    if not isinstance(document, dict) or "version" not in document:
        raise _invalid("it has no format version")
    if document["version"] != VERSION:
        raise _invalid(f"its format is {document['version']!r:.20}, and only {VERSION} is understood")
    try:
        return _state(document, content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # Without the value that did not fit: it may be a secret.
        raise _invalid(f"a part of it does not have the form of format {VERSION} ({type(error).__name__})") from error


def _state(document: Mapping[str, Any], content: bytes) -> State:
    instances = tuple(
        _instance(resource, raw)
        for resource in document.get("resources") or ()
        for raw in resource.get("instances") or ()
    )
    outputs = (document.get("outputs") or {}).items()
    return State(
        terraform_version=str(document.get("terraform_version", "")),
        serial=int(document.get("serial", 0)),
        lineage=str(document.get("lineage", "")),
        instances=instances,
        outputs=tuple(
            Output(name=str(name), value=raw.get("value"), sensitive=bool(raw.get("sensitive")))
            for name, raw in outputs
        ),
        digest=hashlib.sha256(content).hexdigest(),
        document=content,
    )


def _instance(resource: Mapping[str, Any], raw: Mapping[str, Any]) -> Instance:
    attributes = raw.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise TypeError("attributes")
    module = str(resource.get("module") or "")
    key = raw.get("index_key")
    deposed = str(raw.get("deposed") or "")
    return Instance(
        address=_address(module, resource, key, deposed),
        module=module,
        mode=str(resource["mode"]),
        type=str(resource["type"]),
        name=str(resource["name"]),
        key=key if isinstance(key, int | str) else None,
        provider=_provider(str(resource["provider"])),
        attributes=MappingProxyType(attributes),
        sensitive=tuple(_paths(raw.get("sensitive_attributes") or ())),
        dependencies=tuple(str(address) for address in raw.get("dependencies") or ()),
        deposed=deposed,
        tainted=raw.get("status") == "tainted",
        schema_version=int(raw.get("schema_version") or 0),
    )


def _address(module: str, resource: Mapping[str, Any], key: Any, deposed: str) -> str:
    mode = "data." if resource["mode"] == "data" else ""
    # Terraform writes a string key as an HCL string, in which a template would begin at these two.
    quoted = json.dumps(key, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    index = "" if key is None else f"[{quoted}]"
    suffix = f" (deposed object {deposed})" if deposed else ""
    return f"{module}{'.' if module else ''}{mode}{resource['type']}.{resource['name']}{index}{suffix}"


def _provider(text: str) -> ProviderReference:
    match = _PROVIDER.fullmatch(text)
    if match is None:
        return ProviderReference(address=text)
    return ProviderReference(address=match["address"], alias=match["alias"] or "", module=match["module"] or "")


def _paths(raw: Any) -> Iterator[ValuePath]:
    """Each is a list of steps: ``get_attr`` with a name, or ``index`` with a number or a key (itself typed)."""
    for steps in raw:
        path: list[str | int] = []
        for step in steps:
            value = step["value"]
            key = value["value"] if isinstance(value, dict) else value
            path.append(key if isinstance(key, str) else int(key))
        yield tuple(path)


def _place(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it is not text"


def _invalid(what: str) -> ConfigurationError:
    return ConfigurationError(f"The Terraform state could not be read: {what}.", hint=_HINT)
