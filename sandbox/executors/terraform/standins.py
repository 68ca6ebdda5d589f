"""What stands in for the installed AWS provider, configuration by configuration.

A copy of its executable whose waits are short (`waits`), and before it, for one command each, a program that knows its
schemas (`schemas`). A configuration for which neither can be had runs with the provider as it was installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.executors.terraform.configuration import AWS
from sandbox.executors.terraform.schemas import NamedTypes, StandIn, schemas_of, stand_in
from sandbox.executors.terraform.waits import (
    InstalledProvider,
    Refused,
    ShortenedProvider,
    cli_configuration,
    installed_providers,
    shorten,
)
from sandbox.executors.terraform.workspace import Workspace
from sandbox.isolation.enclosure import Isolation
from sandbox.ports import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shortened:
    """The copy that one configuration runs with."""

    provider: ShortenedProvider
    executable: str
    config: Path
    """Terraform's CLI configuration that leads to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIns:
    """Those of one rehearsal.

    Args:
        scratch: A folder of the rehearsal's own.
        cache: A folder of this user's own, where copies and schemas are kept.
        endpoint: Where every API call goes.
        suffixes: How the names of configuration files end.
        progress: Told why waits are not shortened.
        isolation: What encloses a provider that is asked for its schemas.
    """

    scratch: Path
    cache: Path
    endpoint: str
    suffixes: Sequence[str]
    progress: Progress
    isolation: Isolation
    _shortened: dict[str, _Shortened] = field(default_factory=dict)
    _schemas: dict[str, bytes | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether any configuration runs with shortened waits."""
        return bool(self._shortened)

    def shorten(self, ws: Workspace) -> None:
        """Have a configuration that was initialised run with shortened waits, where that can be done."""
        for installed in installed_providers(ws.root):
            if installed.source_address.endswith(AWS):
                self._shorten(ws, installed)

    def forget(self, ws: Workspace) -> None:
        """Let a configuration run with the provider as it was installed."""
        self._shortened.pop(ws.name, None)

    def environment(self, ws: Workspace) -> dict[str, str]:
        """What a command needs so that it finds the copy."""
        own = self._shortened.get(ws.name)
        return {} if own is None else {"TF_CLI_CONFIG_FILE": str(own.config)}

    def readable(self, ws: Workspace) -> tuple[Path, ...]:
        """The files that a command needs for the copy."""
        own = self._shortened.get(ws.name)
        return () if own is None else (own.config, own.provider.directory)

    def informed(self, ws: Workspace, state: bytes) -> StandIn | None:
        """For one command: a stand-in that knows the schemas of what the configuration and its state name."""
        own = self._shortened.get(ws.name)
        schemas = None if own is None else self._schemas_of(own)
        named = None if schemas is None else NamedTypes.of(ws.top, self.suffixes, state)
        if own is None or schemas is None or named is None:
            return None
        return stand_in(self.scratch, named.of_schemas(schemas), own.provider, own.executable)

    def _shorten(self, ws: Workspace, installed: InstalledProvider) -> None:
        shortened = shorten(
            provider_binary=installed.binary,
            source_address=installed.source_address,
            lock_file=ws.root / ".terraform.lock.hcl",
            package_dir=installed.package_dir,
            cache_dir=self.cache / "shortened",
            endpoint=self.endpoint,
        )
        if isinstance(shortened, Refused):
            self.progress.notice(f"The provider's waits are not shortened: {shortened.reason}")
            return
        config = self.scratch / f"{ws.name}.tfrc"
        config.write_text(cli_configuration("", [shortened]), encoding="utf-8")
        self._shortened[ws.name] = _Shortened(provider=shortened, executable=installed.binary.name, config=config)

    def _schemas_of(self, own: _Shortened) -> bytes | None:
        digest = own.provider.original_sha256
        if digest not in self._schemas:
            self._schemas[digest] = schemas_of(
                own.provider.directory / own.executable,
                digest,
                cache=self.cache,
                isolation=self.isolation,
            )
        return self._schemas[digest]
