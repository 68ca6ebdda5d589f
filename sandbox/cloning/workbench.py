"""Terraform at work on a written configuration, in a folder of its own that is gone afterwards: it holds secrets."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cloning.fidelity import Questions
from sandbox.cloning.schema import Schemas, resource_schemas
from sandbox.cloning.synthesise import FILE, Written
from sandbox.cloning.tfstate import State, parse_state
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.binary import TerraformBinary
from sandbox.executors.terraform.command import Reading, schemas
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.environment import DEFAULT_PATH, NOWHERE, cache_folder
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.plainfile import write_plain
from sandbox.executors.terraform.planfile import entries, planned_change
from sandbox.executors.terraform.run import capture
from sandbox.executors.terraform.waits import InstalledProvider, installed_providers
from sandbox.executors.terraform.workspace import Workspace
from sandbox.isolation.enclosure import Backend
from sandbox.isolation.limits import Limits
from sandbox.isolation.relay import Relay
from sandbox.place import Place
from sandbox.ports import Progress
from sandbox.rehearsal import ApplyOutcome, PlannedChange

_STATE = "terraform.tfstate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """Which Terraform, and how."""

    binary: TerraformBinary
    environment: Mapping[str, str]
    """The environment of this program; an allowlist of it is passed on."""
    deadline: Deadline
    parallelism: int = 16
    provider_version: str = ""
    """A version constraint for the AWS provider; empty for any. A state does not tell which version wrote it."""
    shorten_waits: bool = True
    isolation: Backend
    """What encloses it, and the provider."""
    limits: Limits = field(default_factory=Limits)

    @property
    def cache(self) -> Path | None:
        """This tool's folder for what is kept between runs; None where there is no home."""
        return cache_folder(self.environment)


class Workbench:
    """One configuration, written and applied as often as it takes; to be closed.

    Everything but ``terraform init`` runs enclosed, with no way out but to the engine that it works on.

    Args:
        tools: Which Terraform, and how.
        scratch: A folder that does not exist yet.
        place: The default account and region.
        progress: Told what is going on.
    """

    def __init__(self, tools: Toolchain, *, scratch: Path, place: Place, progress: Progress) -> None:
        self._tools = tools
        self._scratch = scratch
        self._place = place
        scratch.mkdir(mode=0o700, parents=True)
        self._relay = Relay()
        with ExitStack() as stack:
            stack.callback(self._relay.close)
            path = tools.environment.get("PATH", DEFAULT_PATH)
            isolation = stack.enter_context(
                tools.isolation.open(scratch / "isolation", self._relay, limits=tools.limits, path=path)
            )
            self._opened = stack.pop_all()
        # Variables and a workspace of the user's mean something to their configuration, not to this one.
        environment = {
            name: value
            for name, value in tools.environment.items()
            if not name.startswith("TF_VAR_") and name != "TF_WORKSPACE"
        }
        self._executor = TerraformExecutor(
            binary=tools.binary,
            endpoint=NOWHERE,
            account=place.account,
            region=place.region,
            scratch=scratch,
            environment=environment,
            progress=progress,
            deadline=tools.deadline,
            parallelism=tools.parallelism,
            shorten_waits=tools.shorten_waits,
            isolation=isolation,
        )

    def prepare(self, written: Written) -> Workspace:
        """Install the provider that a configuration names.

        Raises:
            ConfigurationError: Terraform does not accept it.
            MissingToolError: the provider cannot be had.
        """
        source = self._scratch / "source"
        source.mkdir(mode=0o700)
        (source / FILE).write_text(written.document.text, encoding="utf-8")
        workspace = self._executor.prepare("clone", source)
        self._executor.init(workspace)
        return workspace

    def provider(self, workspace: Workspace) -> InstalledProvider:
        """The AWS provider that was installed.

        Raises:
            ConfigurationError: none was.
        """
        provider = next(
            (found for found in installed_providers(workspace.root) if found.source_address.endswith("/aws")), None
        )
        if provider is None:
            raise ConfigurationError(
                "Terraform installed no AWS provider for the clone.",
                hint="The state names the provider; see whether `terraform init` can install it.",
            )
        return provider

    def schemas(self, workspace: Workspace, types: Sequence[str]) -> Schemas:
        """The installed provider's schemas of resource types.

        Raises:
            ConfigurationError: they are not understood, or no provider is installed.
        """
        provider = self.provider(workspace)
        return resource_schemas(
            types,
            provider=provider.source_address,
            version=provider.version,
            cache=self._tools.cache,
            ask=lambda: self._ask_for_schemas(workspace),
        )

    def apply(self, workspace: Workspace, written: Written, *, endpoint: str) -> ApplyOutcome:
        """Apply a configuration to an engine that has nothing of it yet.

        Raises:
            TimeoutExpiredError: it ran into the deadline.
        """
        for name in (_STATE, f"{_STATE}.backup"):
            (workspace.root / name).unlink(missing_ok=True)
        _write(workspace, FILE, written.document.text.encode())
        for name, content in written.files.items():
            _write(workspace, name, content)
        return self._executor.apply_all(workspace, endpoint=self._relay.leading_to(endpoint))

    def state(self, workspace: Workspace) -> State | None:
        """What the last apply made; None where it made nothing.

        Raises:
            ConfigurationError: it cannot be read.
        """
        document = self._executor.state_document(workspace)
        return parse_state(document) if document else None

    def drift(self, workspace: Workspace, asked: Questions, *, endpoint: str) -> tuple[PlannedChange, ...]:
        """What the provider finds in a clone otherwise than a state has it.

        Raises:
            TerraformFailedError: it could not read something; carries the diagnostics.
            TimeoutExpiredError: it ran into the deadline.
        """
        _write(workspace, FILE, json.dumps(asked.configuration).encode())
        _write(workspace, _STATE, asked.state)
        document = self._executor.plan_document(
            workspace, endpoint=self._relay.leading_to(endpoint), quick_no_op=True, reading=Reading.ONLY
        )
        return tuple(planned_change(raw) for raw in entries(json.loads(document), "resource_drift")) if document else ()

    def _ask_for_schemas(self, workspace: Workspace) -> str:
        return capture(
            schemas(self._tools.binary),
            title="terraform providers schema",
            cwd=workspace.root,
            environment=self._executor.environment_of(workspace),
            deadline=self._tools.deadline,
            within=self._executor.enclosure_of(workspace),
        )

    def close(self) -> None:
        """Let nothing run any more; what was installed stays."""
        self._opened.close()

    def clear(self) -> None:
        """Close it, and remove the folder, with the secrets in it."""
        self.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _write(workspace: Workspace, name: str, content: bytes) -> None:
    write_plain(workspace.top, workspace.root / name, content)
