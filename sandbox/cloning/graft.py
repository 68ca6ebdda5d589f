"""A clone on an engine that draws its own ids and cannot be given others: the state is grafted on it.

The resources are made from the state as for any clone (`sandbox.cloning.raising`), and the engine that they were made
on is the clone. What the change brings (its state, its files, its variables) speaks of the real ids; in the copies that
the rehearsal uses, the engine's stand in their places. The report shows which stands for which.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.clock import Stopwatch
from sandbox.cloning.idmap import IdMap, learn
from sandbox.cloning.ledger import Ledger
from sandbox.cloning.raising import Raising, Starter
from sandbox.cloning.rewrite import Everywhere
from sandbox.cloning.tfstate import State, parse_state
from sandbox.cloning.workbench import Toolchain
from sandbox.place import Place
from sandbox.ports import Progress, RunningEngine

LARGEST_FILE = 2 * 1024 * 1024
"""Bytes: what is larger is no source."""
_INSTALLED = ".terraform"


class Translation:
    """From the real ids to the engine's.

    Args:
        ids: The map from the engine's to the real ones.
    """

    def __init__(self, ids: IdMap) -> None:
        self._words = Everywhere(ids.reversed())

    def text(self, text: str) -> str:
        """A text with the engine's ids in it."""
        return self._words.text(text)

    def document(self, content: bytes) -> bytes:
        """A JSON document with the engine's ids in it."""
        return json.dumps(self._words.rewrite(json.loads(content))).encode()

    def folder(self, root: Path) -> None:
        """Write the engine's ids into every text of a folder, which is a copy of the rehearsal's own.

        What is no text, too large for a source, or a link is left as it is; so is what Terraform installed.
        """
        for top, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name != _INSTALLED]
            for name in names:
                self._file(Path(top, name))

    def _file(self, path: Path) -> None:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_FILE:
            return
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            return
        translated = self.text(text)
        if translated != text:
            path.write_bytes(translated.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Which of the engine's ids stands for the real one of an object."""

    address: str
    real: str
    clone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grafted:
    """A running clone under ids of the engine's own."""

    engine: RunningEngine
    state: bytes = field(repr=False)
    """The state with the engine's ids in it; secrets are in it as they are."""
    ledger: Ledger
    translation: Translation = field(repr=False)
    stands: tuple[Stand, ...]


@contextmanager
def graft_state(
    state: State,
    *,
    start: Starter,
    tools: Toolchain,
    scratch: Path,
    place: Place,
    progress: Progress,
    watch: Stopwatch,
) -> Iterator[Grafted]:
    """Bring up a clone of what a state describes, under the engine's ids, until the context is left.

    Args:
        state: The real environment's.
        start: Starts the engine.
        tools: Which Terraform, and how.
        scratch: A folder of this clone's own.
        place: Account and region where nothing in the state tells others.
        progress: Told what is going on.
        watch: Measures the phases.

    Raises:
        ConfigurationError: Terraform refuses what was written, and does not tell because of which object.
        EngineError: an engine did not start, or died.
        MissingToolError: the provider cannot be had.
        TimeoutExpiredError: it took longer than allowed.
    """
    raising = Raising(state, start=start, tools=tools, scratch=scratch, place=place, progress=progress, watch=watch)
    with ExitStack() as stack:
        try:
            raised = raising.bring_up(stack)
            translation = Translation(learn(raised.nameable(), raised.synthesis.schemas))
            document = translation.document(state.document)
            ledger = raising.read_back(raised.ledger(state), parse_state(document), raised, raised.engine)
        finally:
            raising.clear()
        pairs = ((real.address, real.text("id"), new.text("id")) for real, new in raised.twins)
        yield Grafted(
            engine=raised.engine,
            state=document,
            ledger=ledger,
            translation=translation,
            stands=tuple(Stand(address=at, real=real, clone=new) for at, real, new in pairs if real != new),
        )
