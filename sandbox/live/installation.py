"""The provider that reads: installed by Terraform as for any configuration, and started without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.cloning.subjects import AWS
from sandbox.cloning.synthesise import Repairs, Synthesis
from sandbox.cloning.workbench import Toolchain, Workbench
from sandbox.executors.terraform.environment import DEFAULT_PATH, Surroundings, for_commands
from sandbox.executors.terraform.pluginprocess import Start
from sandbox.isolation.enclosure import Access, Enclosure
from sandbox.isolation.relay import Relay
from sandbox.place import Place
from sandbox.ports import Progress

SOURCE = f"registry.terraform.io/{AWS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledReader:
    """An AWS provider, ready to be started."""

    binary: Path
    source: str
    version: str
    package: Path
    """The folder that it was installed in, links resolved."""
    scratch: Path
    tools: Toolchain

    @contextmanager
    def started(self, endpoint: str, access_key_id: str, region: str) -> Iterator[Start]:
        """How to start it until the context is left: with dummy credentials, and nothing in reach but the forwarder.

        Args:
            endpoint: The forwarder.
            access_key_id: What the forwarder wants calls to be signed with.
            region: Where it reads.
        """
        inherited = self.tools.environment
        surroundings = Surroundings.create(self.scratch, endpoint=endpoint, account=access_key_id, region=region)
        kept = {name: value for name, value in inherited.items() if not name.startswith(("TF_", "AWS_"))}
        access = Access(
            readable=(self.package, *surroundings.files),
            private=(surroundings.home, surroundings.temporary),
            ports=(urlsplit(endpoint).port or 0,),
        )
        with (
            closing(Relay()) as relay,
            self.tools.isolation.open(
                self.scratch / "isolation", relay, limits=self.tools.limits, path=inherited.get("PATH", DEFAULT_PATH)
            ) as isolation,
        ):
            relay.leading_to(endpoint)
            yield Start(
                binary=self.binary,
                environment=for_commands(kept, surroundings, endpoint=endpoint, account=access_key_id, region=region),
                within=Enclosure(isolation=isolation, access=access),
            )


def install(tools: Toolchain, scratch: Path, *, account: str, region: str, progress: Progress) -> InstalledReader:
    """Let Terraform install the provider.

    Raises:
        ConfigurationError: it installs none.
        MissingToolError: the provider cannot be had.
    """
    place = Place(account=account, region=region)
    nothing = Synthesis((), {}, placed=(), default=place, source=SOURCE, version=tools.provider_version)
    with closing(Workbench(tools, scratch=scratch / "reader", place=place, progress=progress)) as bench:
        provider = bench.provider(bench.prepare(nothing.write(Repairs())))
    return InstalledReader(
        binary=provider.binary,
        source=provider.source_address,
        version=provider.version,
        package=provider.package_dir,
        scratch=scratch / "reader-home",
        tools=tools,
    )
