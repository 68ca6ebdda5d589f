"""What one rehearsal works with: its folder, its recorder, its tools, its clock."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sandbox.clock import Stopwatch
from sandbox.cloning.workbench import Toolchain
from sandbox.errors import EngineError, MissingToolError
from sandbox.executors.terraform.binary import TerraformBinary
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.environment import DEFAULT_PATH, cache_folder
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.isolation.enclosure import Backend, Doors, Isolation
from sandbox.isolation.limits import Limits
from sandbox.notices import NoticeKeeper
from sandbox.place import Place
from sandbox.ports import Engine, RunningEngine
from sandbox.recorder.recorder import Recorder

DEFAULT_PARALLELISM = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """What a Terraform configuration is given from outside."""

    values: tuple[str, ...] = ()
    """``NAME=VALUE``, as `-var` takes them."""
    files: tuple[Path, ...] = ()
    workspace: str = "default"


NO_VARIABLES = Variables()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Which programs, and how they are used."""

    engine: Engine
    binary: TerraformBinary | None
    """None where no Terraform is installed."""
    environment: Mapping[str, str]
    """The user's environment; only an allowlist of it reaches what is replayed."""
    place: Place
    """The account and the region where nothing else tells."""
    timeout: float
    parallelism: int = DEFAULT_PARALLELISM
    variables: Variables = NO_VARIABLES
    keep_clones: bool = True
    """Use clones that an earlier rehearsal has kept, and keep this one."""
    isolation: Backend
    """What encloses everything that is run of the target and of the change."""
    limits: Limits = field(default_factory=Limits)
    """How much of this machine that may use."""

    def enclosing(self, scratch: Path, doors: Doors) -> AbstractContextManager[Isolation]:
        """Make the isolation of one rehearsal ready.

        Args:
            scratch: The rehearsal's folder.
            doors: Who answers at the ports that are reachable: the recorder.
        """
        path = self.environment.get("PATH", DEFAULT_PATH)
        return self.isolation.open(scratch / "isolation", doors, limits=self.limits, path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Which of the two configurations runs with shortened waits."""

    baseline: bool
    change: bool


class Session:
    """One rehearsal's own things. Nothing of it is shared with another rehearsal, and nothing outlives it.

    Args:
        tools: Which programs, and how.
        scratch: A folder of this rehearsal's own.
        recorder: Records, and listens already.
        isolation: Encloses everything that is replayed.
        progress: Told what is going on.
        watch: Measures the phases.
        pace: Who uses a copy of the AWS provider whose pauses between status reads are short.
    """

    def __init__(
        self,
        tools: Tools,
        *,
        scratch: Path,
        recorder: Recorder,
        isolation: Isolation,
        progress: NoticeKeeper,
        watch: Stopwatch,
        pace: Pace,
    ) -> None:
        self.tools = tools
        self.scratch = scratch
        self.recorder = recorder
        self.isolation = isolation
        self.progress = progress
        self.watch = watch
        self.deadline = Deadline.after(tools.timeout)
        self.pace = pace

    @property
    def place(self) -> Place:
        """The default account and region."""
        return self.tools.place

    @property
    def cache(self) -> Path | None:
        """This tool's folder for what is kept between runs; None where there is no home."""
        return cache_folder(self.tools.environment)

    @property
    def uses_terraform(self) -> bool:
        """Whether Terraform has been used so far."""
        return "terraform" in self.__dict__

    @cached_property
    def terraform(self) -> TerraformExecutor:
        """The one Terraform that works for the target and for the change: what it learns of secrets holds for both.

        Raises:
            MissingToolError: none is installed.
        """
        tools = self.tools
        return TerraformExecutor(
            binary=self._binary(),
            endpoint=self.recorder.endpoint,
            account=tools.place.account,
            region=tools.place.region,
            scratch=self.scratch / "terraform",
            environment=tools.environment,
            progress=self.progress,
            deadline=self.deadline,
            variables=tools.variables.values,
            var_files=tools.variables.files,
            workspace=tools.variables.workspace,
            parallelism=tools.parallelism,
            shorten_waits=self.pace.baseline or self.pace.change,
            isolation=self.isolation,
        )

    @property
    def toolchain(self) -> Toolchain:
        """For Terraform's work on configurations of this tool's own.

        Raises:
            MissingToolError: no Terraform is installed.
        """
        return Toolchain(
            binary=self._binary(),
            environment=self.tools.environment,
            deadline=self.deadline,
            shorten_waits=self.pace.baseline,
            isolation=self.tools.isolation,
            limits=self.tools.limits,
        )

    def require(self, engine: RunningEngine) -> None:
        """Go on only while an engine is alive.

        Raises:
            EngineError: it has died.
        """
        if not engine.alive():
            raise EngineError(
                f"The engine {self.tools.engine.name} died during the rehearsal.\n{engine.log_tail()}",
                hint="Run it again; if it dies again, try the other engine (--engine moto or --engine ministack).",
            )

    def _binary(self) -> TerraformBinary:
        if self.tools.binary is None:
            raise MissingToolError(
                "This rehearsal needs Terraform or OpenTofu, and none is installed.",
                hint="Install one, name it with --terraform, or: pip install 'sandtable[terraform]'",
            )
        return self.tools.binary
