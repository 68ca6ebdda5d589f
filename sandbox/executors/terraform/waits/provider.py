"""The front of this part: which providers are installed, a shortened copy of one, and how Terraform is told to use it.

A rehearsal waits for no cloud, so the provider's pauses between two reads of a status can be cut. That is done in a
copy of its executable and only where everything is as understood; see ``docs/fast-waits.md``.
"""

from __future__ import annotations

import ipaddress
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sandbox.executors.terraform.waits.cache import CopyCache, open_cache
from sandbox.executors.terraform.waits.cli_config import is_quotable, with_overrides
from sandbox.executors.terraform.waits.lockfile import verify_locked
from sandbox.executors.terraform.waits.refused import NotAsExpectedError, Refused

DEV_OVERRIDES_WARNING: Final = "Provider development overrides are in effect"
"""Summary of the warning diagnostic that Terraform adds to each command; not a finding."""

_PROVIDER: Final = ("hashicorp", "aws")  # other providers do not talk to the clone
_EXECUTABLE: Final = "terraform-provider-"
_LONGEST_CAP_MILLISECONDS: Final = 2000
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledProvider:
    """A provider that `terraform init` put into a working folder.

    Attributes:
        source_address: ``registry.terraform.io/hashicorp/aws``.
        version: ``5.100.0``.
        binary: Its executable.
        package_dir: The folder of the package, links resolved.
    """

    source_address: str
    version: str
    binary: Path
    package_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortenedProvider:
    """A patched copy, ready to be used.

    Attributes:
        directory: Holds the patched executable under the original's file name.
        source_address: The provider that it stands in for.
        original_sha256: Of the executable it was made from.
        call_sites: How many calls in wait loops were redirected.
        go_version: Of the compiler that built the original.
        cap_milliseconds: The longest that such a call waits now.
    """

    directory: Path
    source_address: str
    original_sha256: str
    call_sites: int
    go_version: str
    cap_milliseconds: int


def installed_providers(workspace_dir: Path) -> tuple[InstalledProvider, ...]:
    """What `terraform init` put under ``.terraform/providers``, for this machine's platform; by address and version."""
    root = workspace_dir / ".terraform" / "providers"
    found = (_installed(root, package) for package in sorted(root.glob(f"*/*/*/*/{_platform()}")))
    return tuple(provider for provider in found if provider is not None)


def aws_version(workspace_dir: Path) -> str:
    """The version of the AWS provider that was installed; empty where none was."""
    providers = installed_providers(workspace_dir)
    return next((each.version for each in providers if each.source_address.endswith("/aws")), "")


def shorten(
    *,
    provider_binary: Path,
    source_address: str,
    lock_file: Path | None,
    package_dir: Path,
    cache_dir: Path,
    endpoint: str,
    cap_milliseconds: int = 100,
) -> ShortenedProvider | Refused:
    """Have a copy of a provider whose pauses between status reads are short.

    Args:
        provider_binary: The installed executable. It is never altered.
        source_address: ``HOST/NAMESPACE/TYPE``.
        lock_file: ``.terraform.lock.hcl`` to check the original against; None where there is none.
        package_dir: The folder of the package.
        cache_dir: Where copies are kept, a folder of this user's own.
        endpoint: Where every API call goes: must be a loopback address.
        cap_milliseconds: The longest pause.

    Returns:
        The copy; or why there is none, and the provider runs as it is.
    """
    try:
        _check_request(source_address=source_address, endpoint=endpoint, cap_milliseconds=cap_milliseconds)
        binary = _checked_binary(provider_binary, source_address, package_dir)
        cache = _cache_in(cache_dir)
        if lock_file is not None:
            verify_locked(binary.parent, source_address=source_address, lock_file=lock_file, digest_of=cache.digest_of)
        sha256 = cache.digest_of(binary)
        copy = cache.copy_of(binary, sha256=sha256, cap_milliseconds=cap_milliseconds)
    except NotAsExpectedError as error:
        return Refused(reason=f"{source_address}: {error}")
    except OSError as error:
        return Refused(reason=f"{source_address}: {error.strerror or error} ({error.filename or cache_dir})")
    return ShortenedProvider(
        directory=copy.directory,
        source_address=source_address,
        original_sha256=sha256,
        call_sites=copy.call_sites,
        go_version=copy.go_version,
        cap_milliseconds=cap_milliseconds,
    )


def cli_configuration(base: str, providers: Sequence[ShortenedProvider]) -> str:
    """The CLI configuration for every command but `init`.

    Args:
        base: The text of the one for `init`.
        providers: The copies to use instead of what is installed.

    Raises:
        ConfigurationError: the base is not one that can be extended.
    """
    return with_overrides(base, {provider.source_address: provider.directory for provider in providers})


def _installed(root: Path, package: Path) -> InstalledProvider | None:
    host, namespace, kind, version, _ = package.relative_to(root).parts
    directory = package.resolve()
    executables = sorted(_executables(directory, kind))
    if not executables:
        return None
    return InstalledProvider(
        source_address=f"{host}/{namespace}/{kind}",
        version=version,
        binary=executables[0],  # Terraform takes the first by name
        package_dir=directory,
    )


def _executables(directory: Path, kind: str) -> Iterator[Path]:
    """As Terraform looks for it: the prefix, then nothing, an underscore or a dot."""
    prefix = f"{_EXECUTABLE}{kind}"
    for path in directory.glob(f"{prefix}*"):
        if path.name[len(prefix) :][:1] in {"", "_", "."} and path.is_file():
            yield path


def _platform() -> str:
    machine = platform.machine()
    return f"{sys.platform}_{_ARCHITECTURES.get(machine, machine)}"


def _check_request(*, source_address: str, endpoint: str, cap_milliseconds: int) -> None:
    if not _is_loopback(endpoint):
        raise NotAsExpectedError("its calls do not all go to an address of this machine")
    if tuple(source_address.split("/"))[1:] != _PROVIDER:
        raise NotAsExpectedError("only the AWS provider's waits are known")
    if not 0 < cap_milliseconds <= _LONGEST_CAP_MILLISECONDS:
        raise NotAsExpectedError(f"{cap_milliseconds} ms is no cap between 1 and {_LONGEST_CAP_MILLISECONDS} ms")


def _is_loopback(endpoint: str) -> bool:
    """Whether a URL's host is a literal loopback address. A name is not: what it means can change."""
    try:
        url = urlsplit(endpoint)
        host = ipaddress.ip_address(url.hostname or "")
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and "@" not in url.netloc and host.is_loopback


def _cache_in(directory: Path) -> CopyCache:
    cache = open_cache(directory)
    if not is_quotable(str(cache.root)):
        raise NotAsExpectedError("the cache's path cannot stand in a Terraform CLI configuration")
    return cache


def _checked_binary(provider_binary: Path, source_address: str, package_dir: Path) -> Path:
    """The executable, links to its folder resolved."""
    package = package_dir.resolve(strict=True)
    binary = provider_binary.parent.resolve(strict=True) / provider_binary.name
    if binary not in _executables(package, source_address.rpartition("/")[2]) or binary.is_symlink():
        raise NotAsExpectedError(f"{provider_binary.name} is not the executable of the package {package}")
    if binary.stat().st_size == 0:
        raise NotAsExpectedError(f"{provider_binary.name} is empty")
    return binary
