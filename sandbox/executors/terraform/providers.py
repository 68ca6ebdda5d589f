"""Where providers come from when ``init`` cannot get them from where it looks by itself.

Terraform looks in the user's CLI configuration, in implied mirrors, and then asks the registry that the provider's
source address names. On machines without a way to a registry, administrators put mirrors into folders named after it
(``HOST/NAMESPACE/TYPE/VERSION/OS_ARCH``); these are looked for in the usual system places, and a CLI configuration that
names them is generated. Which ones served is remembered for the next run.
Source: https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PLACES = (Path("/opt"), Path("/srv"), Path("/usr/share"), Path("/usr/local/share"))
"""A mirror is looked for in these folders and in the ones directly below them."""
MEMORY = "provider-mirrors.json"

_ADDRESS = re.compile(
    r"provider\[(?:\"|)(?P<host>[^/\]\"\s]+)/(?P<namespace>[^/\]\"\s]+)/(?P<type>[^/\]\"\s]+)(?:\"|)\]"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ProviderAddress:
    """A provider's full source address."""

    host: str
    namespace: str
    type: str

    def __str__(self) -> str:
        return f"{self.host}/{self.namespace}/{self.type}"


Mirrors = Mapping[Path, tuple[ProviderAddress, ...]]
"""Folders that hold a folder named after a registry's host, and which providers to take from there."""


def parse_addresses(listing: str) -> tuple[ProviderAddress, ...]:
    """The external providers in the output of ``terraform providers``, each once."""
    found = {
        ProviderAddress(host=match["host"], namespace=match["namespace"], type=match["type"])
        for match in _ADDRESS.finditer(listing)
    }
    return tuple(sorted(address for address in found if address.namespace != "builtin"))


def discover(
    addresses: Sequence[ProviderAddress], environment: Mapping[str, str], places: Sequence[Path] = PLACES
) -> dict[Path, tuple[ProviderAddress, ...]]:
    """Look for mirrors on this machine.

    Args:
        addresses: The providers that are needed.
        environment: Tells the user's home and data folders.
        places: Folders where mirrors may be.
    """
    mirrors: dict[Path, list[ProviderAddress]] = {}
    candidates = tuple(dict.fromkeys(_candidates(environment, places)))
    for address in addresses:
        holder = next((folder for folder in candidates if _holds(folder, address)), None)
        if holder is not None:
            mirrors.setdefault(holder, []).append(address)
    return {folder: tuple(found) for folder, found in mirrors.items()}


def provider_sources(environment: Mapping[str, str], places: Sequence[Path] = PLACES) -> tuple[Path, ...]:
    """The folders of this machine that mirror the AWS provider, of whatever registry; for a look at the machine."""
    candidates = dict.fromkeys(_candidates(environment, places))
    return tuple(folder for folder in candidates if _mirrors_aws(folder))


def write_cli_config(path: Path, mirrors: Mirrors) -> Path:
    """Write a CLI configuration that takes providers from mirrors, and all others from their registries."""
    lines = ["disable_checkpoint = true", "provider_installation {"]
    for folder, addresses in mirrors.items():
        included = json.dumps([str(address) for address in addresses])
        lines += [
            "  filesystem_mirror {",
            f"    path    = {json.dumps(str(folder))}",
            f"    include = {included}",
            "  }",
        ]
    excluded = json.dumps([str(address) for addresses in mirrors.values() for address in addresses])
    lines += ["  direct {", f"    exclude = {excluded}", "  }", "}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def remember(cache: Path, mirrors: Mirrors) -> None:
    """Keep the choice for the next run; a cache that cannot be written is no reason to fail."""
    document = {str(folder): [str(address) for address in addresses] for folder, addresses in mirrors.items()}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        (cache / MEMORY).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError:
        return


def remembered(cache: Path) -> dict[Path, tuple[ProviderAddress, ...]]:
    """The choice of the last run, as far as it still exists."""
    try:
        document = json.loads((cache / MEMORY).read_text(encoding="utf-8"))
        mirrors = {Path(folder): tuple(map(_parse_address, addresses)) for folder, addresses in document.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
    held = {folder: tuple(address for address in found if _holds(folder, address)) for folder, found in mirrors.items()}
    return {folder: found for folder, found in held.items() if found}


def _parse_address(text: str) -> ProviderAddress:
    host, namespace, kind = text.split("/")
    return ProviderAddress(host=host, namespace=namespace, type=kind)


def _holds(folder: Path, address: ProviderAddress) -> bool:
    return folder.is_absolute() and any(_entries(folder / address.host / address.namespace / address.type))


def _mirrors_aws(folder: Path) -> bool:
    # The name of a registry's host has a dot in it.
    return any("." in host.name and any(_entries(host / "hashicorp" / "aws")) for host in _folders(folder))


def _candidates(environment: Mapping[str, str], places: Sequence[Path]) -> Iterator[Path]:
    home = environment.get("HOME", "")
    if home:
        yield Path(home) / ".terraform.d" / "plugins"
        yield Path(home) / ".local" / "share" / "terraform" / "plugins"
    for folder in [environment.get("XDG_DATA_HOME", ""), *environment.get("XDG_DATA_DIRS", "").split(":")]:
        if folder:
            yield Path(folder) / "terraform" / "plugins"
    for place in places:
        yield place
        yield from _folders(place)


def _folders(place: Path) -> list[Path]:
    return [entry for entry in _entries(place) if entry.is_dir()]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
