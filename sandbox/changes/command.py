"""A program under rehearsal: anything that speaks the AWS API, run in a copy of its folder, against the clone."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from sandbox.changes.cdk import QUIET, bootstrap_for
from sandbox.changes.change import Announced, CarriedOut
from sandbox.changes.programstacks import ProgramStacks
from sandbox.changes.terraform import with_state_of
from sandbox.clones.clone import Clone
from sandbox.cloning.graft import Translation
from sandbox.cloning.secrets import Scrubber
from sandbox.cloning.tfstate import parse_state
from sandbox.errors import UsageError
from sandbox.executors.command.budget import Spent
from sandbox.executors.command.profiles import config_text, credentials_text, profiles
from sandbox.executors.terraform import process
from sandbox.executors.terraform.configuration import OPENTOFU_SUFFIXES, configuration_files
from sandbox.executors.terraform.environment import AWS_ALIASES, DEFAULT_PATH, Surroundings, for_commands
from sandbox.executors.terraform.redaction import hide, secret_values
from sandbox.executors.terraform.waits import aws_version
from sandbox.executors.terraform.workspace import Workspace, copy_folder
from sandbox.inventory.scope import Scope
from sandbox.isolation.enclosure import Access, Enclosure
from sandbox.proposal import CommandProposal
from sandbox.recorder.secrets import scrubbed
from sandbox.refusals.known import KnownRefusals
from sandbox.rehearsal import ApplyOutcome, Diagnostic, Gap, Plan, Rehearsal, StateInstance, Step
from sandbox.session import Session

LARGEST_FOLDER = 512 * 1024 * 1024
_LINES = 200
_WIDTH = 2_000
_STATE = "terraform.tfstate"
_BOOTSTRAPPED = "The folder is an app of the CDK: what `cdk bootstrap` makes for its assets stands in the clone, empty."


class CommandChange:
    """Satisfies `sandbox.changes.change.Change`.

    Args:
        proposal: What is proposed.
        session: The rehearsal.
        name: What to call its copy.
    """

    announces = False

    def __init__(self, proposal: CommandProposal, session: Session, name: str = "command") -> None:
        self._proposal = proposal
        self._session = session
        self._command = proposal.command
        self._name = name
        self._own = session.scratch / name
        self._folder: Path
        self._digest = ""
        self._workspace: Workspace | None = None
        self._scrubber = Scrubber(secrets=())
        self._variables: tuple[str, ...] = ()
        self.scopes: frozenset[Scope] = frozenset()
        """Every call that it makes is recorded; of stacks that it deploys, what the engine makes is not."""

    def text(self, clone: Clone) -> str:
        """The program and its arguments, secrets taken out."""
        self._learn_secrets(clone)
        return self._shown([self._text()])

    @property
    def digest(self) -> str:
        """SHA-256 over the command and the files of its folder."""
        text = "\0".join([*self._proposal.command, self._digest])
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()

    @property
    def own_state(self) -> bytes | None:
        """The state in the folder of a root module: the program would use it."""
        file = self._proposal.directory / _STATE
        return file.read_bytes() if self._workspace is not None and file.is_file() else None

    def prepare(self) -> str:
        """Copy the folder; where it is a root module, turn the copy towards the clone and install what it needs."""
        session, directory = self._session, self._proposal.directory
        session.progress.phase("Preparing a copy of the folder")
        if _is_root_module(directory):
            return self._prepare_module(directory)
        with session.watch.phase("copy: change"):
            copied = copy_folder(directory, self._own / "work", largest=LARGEST_FOLDER)
        self._folder, self._digest = copied.root, copied.digest
        for notice in copied.notices:
            session.progress.notice(notice)
        return ""

    def furnish(self, clone: Clone) -> None:
        """What an app of the CDK presupposes stands in the clone, where the clone has none."""
        session, bootstrap = self._session, bootstrap_for(self._folder, self._session.place)
        if bootstrap is not None and bootstrap.stand_in(clone.engine.endpoint, session.recorder.endpoint):
            session.progress.notice(_BOOTSTRAPPED)

    def announce(self, clone: Clone) -> Announced:
        """A program announces nothing."""
        if clone.translation is not None:
            self._translate(clone.translation)
        self._learn_secrets(clone)
        if self._workspace is not None:
            # The state in the folder is what the program would have used; without one, the target's is meant.
            own = self.own_state
            state = clone.state if own is None else own
            if clone.translation is not None and own is not None:
                state = clone.translation.document(own)
            self._session.terraform.adopt_state(self._workspace, state, made_in=clone.made_in)
        return Announced(plan=Plan(changes=()), noise=Plan(changes=()))

    def _translate(self, words: Translation) -> None:
        """Write the engine's ids in the places of the real ones: in the copy, and in the command."""
        words.folder(self._folder if self._workspace is None else self._workspace.top)
        self._command = tuple(words.text(each) for each in self._command)
        if self._workspace is not None:
            self._session.terraform.translate(self._workspace, words.text)

    def state_before(self, clone: Clone) -> tuple[StateInstance, ...]:
        """What Terraform manages in the target."""
        return self._session.terraform.read_state(clone.state) if clone.state else ()

    def carry_out(self, clone: Clone, refusals: KnownRefusals) -> CarriedOut:  # noqa: ARG002 - refusals are answered at the recorder
        """Run it to its end, or to the end of its budget or its time."""
        session = self._session
        session.progress.phase(f"Running {self._shown([self._text()])[:80]}")
        session.recorder.phase("apply")
        start = len(session.recorder.calls)
        spent = Spent(self._proposal.budget, lambda: session.recorder.calls[start:])
        lines: deque[str] = deque(maxlen=_LINES)
        with session.watch.phase("apply"), session.watch.waiting():
            finished = process.run(
                self._found(),
                cwd=self._folder,
                environment=self._environment(),
                deadline=session.deadline,
                on_line=lambda line: lines.append(line[:_WIDTH]),
                stop=spent.exceeded,
                within=self._enclosure(),
            )
        session.require(clone.engine)
        spent.exceeded()
        ended = "it did not end in the time allowed" if finished.expired else finished.exceeded or spent.reason
        step = Step(
            text=self._shown([self._text()]),
            exit_code=None if ended else finished.code,
            stdout=self._shown(lines),
            stderr=self._shown(finished.errors),
            ended=ended,
            calls=tuple(call.sequence for call in session.recorder.calls[start:]),
        )
        stacks = ProgramStacks(clone.engine.endpoint, session.place, session.recorder.calls[start:])
        self.scopes = stacks.scopes
        return CarriedOut(outcome=_outcome(step), steps=(step,), gaps=tuple(stacks.gaps(clone.application)))

    def state_after(self, clone: Clone) -> tuple[StateInstance, ...]:
        """What Terraform manages afterwards: by the state in the copy where there is one, else as before."""
        if self._workspace is not None:
            return self._session.terraform.state(self._workspace)
        return self.state_before(clone)

    def left(self, clone: Clone) -> Clone:
        """The clone; where the program is Terraform, with the state that it has reached."""
        return with_state_of(self._workspace, clone, self._session) if self._workspace is not None else clone

    def doubts(self, clone: Clone, earlier: Sequence[Rehearsal]) -> tuple[Gap, ...]:  # noqa: ARG002 - the protocol's
        """It finds what is there when it runs."""
        return ()

    def _learn_secrets(self, clone: Clone) -> None:
        given = (*self._session.tools.variables.values, *_given(self._command))
        self._variables = secret_values(self._session.tools.environment, given, self._workspace)
        if clone.state:
            self._scrubber = Scrubber.of(*parse_state(clone.state).instances)

    def _prepare_module(self, directory: Path) -> str:
        session = self._session
        with session.watch.phase("copy: change"):
            self._workspace = session.terraform.prepare(self._name, directory)
        self._folder, self._digest = self._workspace.root, self._workspace.digest
        with session.watch.phase("init"), session.watch.waiting():
            session.terraform.init(self._workspace)
        if not session.pace.change:
            session.terraform.use_ordinary_waits(self._workspace)
        return aws_version(self._workspace.root)

    def _found(self) -> tuple[str, ...]:
        """The program's absolute path, and its arguments."""
        program, *arguments = self._command
        local = self._folder / program
        path = self._session.tools.environment.get("PATH", DEFAULT_PATH)
        found = str(local.resolve()) if "/" in program and local.is_file() else shutil.which(program, path=path)
        if found is None:
            raise UsageError(
                f"There is no program {program!r}.",
                hint="Write the command after --, as you would in a shell; a pipeline needs: -- sh -c '…'",
            )
        if not os.access(found, os.X_OK):
            raise UsageError(f"{program} is not executable.", hint=f"Run it by its interpreter: -- sh {program}")
        return (found, *arguments)

    def _enclosure(self) -> Enclosure:
        """What the program reaches: its copy, the profiles that lead to the clone, and the clone."""
        session = self._session
        own = (self._own / "aws", Path(self._found()[0]))
        if self._workspace is not None:
            enclosure = session.terraform.enclosure_of(self._workspace)
            return replace(enclosure, access=replace(enclosure.access, readable=(*enclosure.access.readable, *own)))
        return Enclosure(
            isolation=session.isolation,
            access=Access(
                readable=(*own, self._own / "home" / AWS_ALIASES),
                writable=(self._folder,),
                private=(self._own / "home", self._own / "tmp"),
                ports=(session.recorder.port,),
            ),
        )

    def _environment(self) -> dict[str, str]:
        session, place = self._session, self._session.place
        if self._workspace is not None:
            return {**session.terraform.environment_of(self._workspace), **self._with_profiles()}
        surroundings = Surroundings.create(
            self._own,
            endpoint=session.recorder.endpoint,
            account=place.account,
            region=place.region,
        )
        base = for_commands(
            session.tools.environment,
            surroundings,
            endpoint=session.recorder.endpoint,
            account=place.account,
            region=place.region,
        )
        return {**base, **QUIET, **self._with_profiles()}

    def _with_profiles(self) -> dict[str, str]:
        """Files in which every profile that the program may name leads to the clone."""
        session = self._session
        scripts = (path for path in sorted(self._folder.rglob("*")) if path.is_file())
        known = profiles(session.tools.environment, scripts, session.place)
        folder = self._own / "aws"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config, credentials = folder / "config", folder / "credentials"
        config.write_text(config_text(known), encoding="utf-8")
        credentials.write_text(credentials_text(known), encoding="utf-8")
        return {
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
            "AWS_PAGER": "",
        }

    def _text(self) -> str:
        return shlex.join(self._command)

    def _shown(self, lines: Iterable[str]) -> str:
        """Lines without secrets: the user's variables, what is secret in the target's state, what looks like one."""
        return "\n".join(scrubbed(self._scrubber.scrub(hide(line, self._variables))) for line in lines)


def _given(command: Sequence[str]) -> Iterator[str]:
    """``NAME=VALUE`` of every variable that the command itself gives Terraform."""
    for option, value in pairwise((*command, "")):
        if option.lstrip("-") == "var":
            yield value
        elif option.startswith(("-var=", "--var=")):
            yield option.partition("=")[2]


def _is_root_module(directory: Path) -> bool:
    return directory.is_dir() and bool(configuration_files(directory, OPENTOFU_SUFFIXES))


def _outcome(step: Step) -> ApplyOutcome:
    return ApplyOutcome(succeeded=step.exit_code == 0, diagnostics=tuple(_diagnostics(step)))


def _diagnostics(step: Step) -> Iterator[Diagnostic]:
    if step.ended:
        yield Diagnostic(severity="error", summary=f"The command was ended: {step.ended}")
    elif step.exit_code:
        last = [line for line in step.stderr.splitlines() if line.strip()][-1:]
        yield Diagnostic(
            severity="error", summary=f"The command ended with exit code {step.exit_code}", detail="".join(last)
        )
