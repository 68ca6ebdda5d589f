"""The facade: a real Terraform against a clone, in copies of the user's folders."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from diffing.values import Path as ValuePath
from sandbox.errors import ConfigurationError, SandtableError
from sandbox.executors.terraform import command
from sandbox.executors.terraform import workspace as workspaces
from sandbox.executors.terraform.binary import TerraformBinary, needed_by
from sandbox.executors.terraform.command import Reading
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.environment import NOWHERE, Surroundings, cache_folder, for_commands
from sandbox.executors.terraform.installation import Installer, installed_elsewhere
from sandbox.executors.terraform.overrides import child_override, root_override, write_override
from sandbox.executors.terraform.plainfile import read_plain, write_plain
from sandbox.executors.terraform.planfile import parse_plan
from sandbox.executors.terraform.redaction import secret_values
from sandbox.executors.terraform.remotestate import remote_states, turn_to_recorded
from sandbox.executors.terraform.run import Stop, Transcript, capture, failure, run_command
from sandbox.executors.terraform.standins import StandIns
from sandbox.executors.terraform.statefile import parse_state
from sandbox.executors.terraform.workspace import Workspace
from sandbox.isolation.enclosure import Access, Enclosure, Isolation
from sandbox.isolation.none import NoIsolation
from sandbox.ports import Progress
from sandbox.rehearsal import ApplyOutcome, Plan, StateInstance

_CHANGES = 2
"""Exit code of ``plan -detailed-exitcode`` when all is well and there are changes."""


class TerraformExecutor:
    """Runs Terraform commands on copies, against the clone.

    Args:
        binary: Which Terraform.
        endpoint: Where the clone (or the recorder before it) listens: ``http://127.0.0.1:PORT``.
        account: The clone's default account.
        region: The default region.
        scratch: A folder of this rehearsal's own.
        environment: The environment of this program; an allowlist of it is passed on.
        progress: Told what is going on.
        deadline: When every command ends.
        variables: ``NAME=VALUE`` for ``-var``.
        var_files: Variable files; relative ones are relative to each configuration's folder.
        workspace: The Terraform workspace that the configuration sees.
        parallelism: How many resources Terraform works on at once.
        shorten_waits: Use a copy of the AWS provider that pauses but briefly between two reads of a status.
        isolation: What encloses every command but `init`, which fetches things and runs no code of the change.
    """

    def __init__(
        self,
        *,
        binary: TerraformBinary,
        endpoint: str,
        account: str,
        region: str,
        scratch: Path,
        environment: Mapping[str, str],
        progress: Progress,
        deadline: Deadline,
        variables: tuple[str, ...] = (),
        var_files: tuple[Path, ...] = (),
        workspace: str = "default",
        parallelism: int = 10,
        shorten_waits: bool = False,
        isolation: Isolation | None = None,
    ) -> None:
        self._binary = binary
        self._account = account
        self._scratch = scratch
        self._inherited = environment
        self._progress = progress
        self._deadline = deadline
        self._variables = variables
        self._var_files = var_files
        self._workspace = workspace
        self._parallelism = parallelism
        self._endpoint = endpoint
        self._shorten_waits = shorten_waits
        self._isolation = isolation or NoIsolation()
        self._readable: dict[str, tuple[Path, ...]] = {}
        self._stand_ins = StandIns(
            scratch=scratch,
            cache=cache_folder(environment) or scratch / "cache",
            endpoint=endpoint,
            suffixes=binary.suffixes,
            progress=progress,
            isolation=self._isolation,
        )
        with _writing_to(scratch):
            self._surroundings = Surroundings.create(scratch, endpoint=endpoint, account=account, region=region)
        self._environment = for_commands(
            environment, self._surroundings, endpoint=endpoint, account=account, region=region, workspace=workspace
        )
        self._planned: dict[str, int] = {}
        self._sensitive: dict[str, tuple[ValuePath, ...]] = {}

    def prepare(self, name: str, source: Path) -> Workspace:
        """Copy a configuration and turn the copy towards the clone.

        Args:
            name: What to call it: ``baseline`` or ``change``.
            source: The user's root module.

        Raises:
            UsageError: it is not a configuration, or refers to something that may not be copied.
        """
        home = self._inherited.get("HOME", "")
        workspace = workspaces.prepare(
            source,
            self._scratch / name,
            name=name,
            var_files=self._var_files,
            suffixes=self._binary.suffixes,
            protected=(Path(home),) if home else (),
        )
        for notice in workspace.notices:
            self._progress.notice(notice)
        with _writing_to(self._scratch):
            for folder, facts in workspace.modules.items():
                if folder == workspace.root:
                    override = root_override(facts, uses_aws=workspace.uses_aws, account=self._account)
                else:
                    override = child_override(facts, account=self._account)
                if override:
                    write_override(folder, override, self._binary.suffixes)
        return workspace

    def translate(self, ws: Workspace, text: Callable[[str], str]) -> None:
        """Put other texts in the places of what the user's variables say, and of what their files in the copy say.

        The copied configuration itself is for the caller to translate.
        """
        self._variables = tuple(text(each) for each in self._variables)
        self._environment = {
            name: text(value) if name.startswith("TF_VAR_") else value for name, value in self._environment.items()
        }
        for path in ws.var_files:
            content = path.read_text(encoding="utf-8")
            path.write_text(text(content), encoding="utf-8")

    def init(self, ws: Workspace) -> None:
        """Install modules and providers.

        Raises:
            ConfigurationError: Terraform does not accept the configuration.
            MissingToolError: a provider cannot be had.
            TimeoutExpiredError: it ran into the deadline.
        """
        installer = Installer(
            binary=self._binary,
            inherited=self._inherited,
            child=self._environment,
            scratch=self._scratch,
            account=self._account,
            deadline=self._deadline,
            progress=self._progress,
        )
        with _writing_to(self._scratch):
            installer.install(ws)
            # Now, and never again: from the first enclosed command on, links in there may lead anywhere.
            self._readable[ws.name] = installed_elsewhere(ws.root)
            if self._shorten_waits:
                self._stand_ins.shorten(ws)

    @property
    def waits_shortened(self) -> bool:
        """Whether any initialised configuration runs with shortened waits."""
        return bool(self._stand_ins)

    def use_ordinary_waits(self, ws: Workspace) -> None:
        """Let one configuration run with the provider as it was installed."""
        self._stand_ins.forget(ws)

    def apply_all(self, ws: Workspace, *, endpoint: str | None = None) -> ApplyOutcome:
        """Plan and apply in one command.

        Args:
            ws: What to apply.
            endpoint: Another way to the clone for this command.

        Raises:
            TimeoutExpiredError: it ran into the deadline.
        """
        arguments = command.apply(
            self._binary, variables=self._variables, var_files=ws.var_files, parallelism=self._parallelism
        )
        return self._run(ws, "apply", arguments, endpoint=endpoint).outcome()

    def plan(
        self,
        ws: Workspace,
        *,
        endpoint: str | None = None,
        quick_no_op: bool = False,
        reading: Reading = Reading.REFRESH,
    ) -> Plan:
        """Plan into a file, and read the plan.

        Args:
            ws: What to plan.
            endpoint: Another way to the clone for this command.
            quick_no_op: Return an empty plan, without reading the file, where there are no changes.
            reading: Whether to look at what the state knows first.

        Raises:
            ConfigurationError: Terraform reports errors.
            TimeoutExpiredError: it ran into the deadline.
        """
        document = self.plan_document(ws, endpoint=endpoint, quick_no_op=quick_no_op, reading=reading)
        return self.read_plan(document)

    def plan_document(
        self,
        ws: Workspace,
        *,
        endpoint: str | None = None,
        quick_no_op: bool = False,
        reading: Reading = Reading.REFRESH,
    ) -> str:
        """As `plan`, and return the plan in Terraform's JSON format, secrets included; empty for a quick no-op."""
        arguments = command.plan(
            self._binary,
            variables=self._variables,
            var_files=ws.var_files,
            parallelism=self._parallelism,
            reading=reading,
        )
        transcript = self._run(ws, "plan", arguments, endpoint=endpoint, good=frozenset({0, _CHANGES}))
        if transcript.errors or transcript.code not in {0, _CHANGES}:
            raise failure(f"terraform plan of the {ws.name}", transcript)
        self._planned[ws.name] = transcript.total or 0
        if quick_no_op and transcript.code == 0:
            return ""
        environment, enclosure = self._around(ws)
        return capture(
            command.show_plan(self._binary),
            title=f"terraform show of the plan of the {ws.name}",
            cwd=ws.root,
            environment=environment,
            deadline=self._deadline,
            within=enclosure,
        )

    def read_plan(self, document: str) -> Plan:
        """Read what `plan_document` returned, and keep in mind what it says about secrets.

        Raises:
            ConfigurationError: it is not a plan.
        """
        if not document:
            return Plan(changes=(), terraform_version=self._binary.version)
        parsed = parse_plan(document)
        for address, paths in parsed.sensitive.items():
            self._sensitive[address] = tuple({*self._sensitive.get(address, ()), *paths})
        return parsed.plan

    def apply_plan(self, ws: Workspace, *, stop: Stop | None = None) -> ApplyOutcome:
        """Apply what ``plan`` planned.

        Args:
            ws: What to apply.
            stop: Asked again and again, with the addresses under way; errors that it names end the apply, as its own.

        Raises:
            TimeoutExpiredError: it ran into the deadline.
        """
        arguments = command.apply_plan(self._binary, parallelism=self._parallelism)
        return self._run(ws, "apply", arguments, total=self._planned.get(ws.name), stop=stop).outcome()

    def adopt_state(self, ws: Workspace, document: bytes, *, made_in: Sequence[str] = ()) -> None:
        """Let a configuration start from a state.

        Args:
            ws: The configuration.
            document: The state; nothing for none.
            made_in: The folders of the copy in which the state was made, if it was: the root module's and the whole
                copy's. Absolute paths into it become paths into this copy, or whatever refers to a file by its
                absolute path would seem to change.
        """
        if not document:
            return
        for old, new in zip(made_in, (ws.root, ws.top), strict=False):
            document = document.replace(_in_json(old), _in_json(str(new)))
        path = self._state_file(ws)
        with _writing_to(self._scratch):
            write_plain(ws.top, path, document)

    def read_recorded(self, ws: Workspace, document: bytes) -> None:
        """Let a configuration read of other configurations' states what a state recorded of them.

        Args:
            ws: The configuration, initialised.
            document: The state.
        """
        with _writing_to(self._scratch):
            turned = turn_to_recorded(ws.root, remote_states(document), self._binary.suffixes)
        if turned:
            self._progress.notice(f"Read as recorded, not from where it lies: {', '.join(turned)}.")

    def state_document(self, ws: Workspace) -> bytes:
        """The state that a configuration has reached, secrets included; empty where nothing was applied.

        Raises:
            ConfigurationError: it cannot be read.
        """
        try:
            return read_plain(ws.top, self._state_file(ws))
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise ConfigurationError(f"The state of the {ws.name} could not be read: {error}.") from error

    def state(self, ws: Workspace) -> tuple[StateInstance, ...]:
        """What Terraform has in its state; empty where nothing was applied.

        Raises:
            ConfigurationError: the state cannot be read.
        """
        return self.read_state(self.state_document(ws))

    def read_state(self, document: bytes) -> tuple[StateInstance, ...]:
        """Read a state, secrets masked, those as well that only a plan has told of.

        Raises:
            ConfigurationError: it is not one.
        """
        if not document:
            return ()
        try:
            return parse_state(document.decode(), self._sensitive)
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"A state could not be read: {error.reason}.") from error

    def environment_of(self, ws: Workspace, endpoint: str | None = None) -> dict[str, str]:
        """The whole environment of a command that works on a configuration.

        Args:
            ws: The configuration.
            endpoint: Another way to the clone for this command.
        """
        environment = dict(self._environment)
        if endpoint is not None:
            environment["AWS_ENDPOINT_URL"] = endpoint
        return environment | self._stand_ins.environment(ws)

    def enclosure_of(self, ws: Workspace, endpoint: str | None = None) -> Enclosure:
        """What a command of a configuration reaches: its own copy, what was installed for it, and the clone.

        Args:
            ws: The configuration, initialised.
            endpoint: Another way to the clone for this command.
        """
        home = self._surroundings
        endpoints = dict.fromkeys((endpoint or self._endpoint, self._endpoint))
        own = (*self._stand_ins.readable(ws), *home.files)
        return Enclosure(
            isolation=self._isolation,
            access=Access(
                readable=(*needed_by(self._binary), *self._readable.get(ws.name, ()), *own),
                writable=(ws.top,),
                private=(home.home, home.temporary),
                ports=tuple(urlsplit(item).port or 0 for item in endpoints if item != NOWHERE),
            ),
        )

    def _state_file(self, ws: Workspace) -> Path:
        folder = ws.root if self._workspace == "default" else ws.root / "terraform.tfstate.d" / self._workspace
        return folder / "terraform.tfstate"

    def _run(
        self,
        ws: Workspace,
        verb: str,
        arguments: list[str],
        *,
        endpoint: str | None = None,
        total: int | None = None,
        good: frozenset[int] = frozenset({0}),
        stop: Stop | None = None,
    ) -> Transcript:
        environment, enclosure = self._around(ws, endpoint)
        return run_command(
            arguments,
            title=f"terraform {verb} of the {ws.name}",
            cwd=ws.root,
            environment=environment,
            deadline=self._deadline,
            transcript=Transcript(
                progress=self._progress, secrets=secret_values(self._environment, self._variables, ws), total=total
            ),
            good=good,
            stop=stop,
            within=enclosure,
        )

    def _around(self, ws: Workspace, endpoint: str | None = None) -> tuple[dict[str, str], Enclosure]:
        """What surrounds one of Terraform's own commands: beside all else, what knows the schemas that it needs."""
        environment, enclosure = self.environment_of(ws, endpoint), self.enclosure_of(ws, endpoint)
        with _writing_to(self._scratch):
            informed = self._stand_ins.informed(ws, self.state_document(ws))
        if informed is None:
            return environment, enclosure
        access = enclosure.access
        access = replace(access, readable=(*access.readable, *informed.readable))
        return {**environment, **informed.environment}, replace(enclosure, access=access)


def _in_json(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()


@contextmanager
def _writing_to(scratch: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = " Its disk is full." if error.errno == errno.ENOSPC else ""
        raise SandtableError(
            f"Writing to the scratch folder {scratch} failed: {error.strerror or error}.{full}",
            hint="Set TMPDIR to a folder that can be written to, on a disk with room.",
        ) from error
