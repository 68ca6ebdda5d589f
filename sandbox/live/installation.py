"""The provider that reads: installed by Terraform as for any configuration, and started without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.cloning.subjects import AWS
from sandbox.cloning.synthesise import Repairs, Synthesis
from sandbox.cloning.workbench import Toolchain, Workbench
from sandbox.executors.terraform.environment import Surroundings, for_commands
from sandbox.place import Place
from sandbox.ports import Progress

SOURCE = f"registry.terraform.io/{AWS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledReader:
    """An AWS provider, ready to be started."""

    binary: Path
    source: str
    version: str
    scratch: Path
    inherited: Mapping[str, str]

    def environment(self, endpoint: str, access_key_id: str, region: str) -> dict[str, str]:
        """The environment of its process: the forwarder, dummy credentials, and nothing of the user's."""
        surroundings = Surroundings.create(self.scratch, endpoint=endpoint, account=access_key_id, region=region)
        kept = {name: value for name, value in self.inherited.items() if not name.startswith(("TF_", "AWS_"))}
        return for_commands(kept, surroundings, endpoint=endpoint, account=access_key_id, region=region)


def install(tools: Toolchain, scratch: Path, *, account: str, region: str, progress: Progress) -> InstalledReader:
    """Let Terraform install the provider.

    Raises:
        ConfigurationError: it installs none.
        MissingToolError: the provider cannot be had.
    """
    place = Place(account=account, region=region)
    bench = Workbench(tools, scratch=scratch / "reader", place=place, progress=progress)
    nothing = Synthesis((), {}, placed=(), default=place, source=SOURCE, version=tools.provider_version)
    provider = bench.provider(bench.prepare(nothing.write(Repairs())))
    return InstalledReader(
        binary=provider.binary,
        source=provider.source_address,
        version=provider.version,
        scratch=scratch / "reader-home",
        inherited=tools.environment,
    )
