"""What an engine must do to carry a clone with real ids: hand out its whole state, and start from one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from sandbox.ports import Engine, RunningEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineImage:
    """An image that nobody made in this environment: an instance runs it, or a data source found it."""

    id: str
    name: str = ""
    description: str = ""
    platform: str = ""
    root_device: str = "/dev/xvda"
    owner: str = ""
    owner_alias: str | None = None


def only_images(images: Iterable[MachineImage]) -> bytes:
    """A state with nothing but machine images."""
    found = [asdict(image) for image in images]
    return json.dumps({"images": found}).encode() if found else b""


@runtime_checkable
class ExportingEngine(RunningEngine, Protocol):
    """A running engine that hands out its state."""

    def export_state(self) -> bytes:
        """Everything it holds, as JSON (bytes as ``{"__bytes__": base64}``); secrets are in it as they are.

        Raises:
            EngineError: it did not.
        """


class SeedableEngine(Protocol):
    """An engine that can start from a state; the other half of `sandbox.ports.Engine`."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""

    @property
    def version(self) -> str:
        """Of the engine: another one may not understand its states."""

    def start(self, scratch: Path, *, public_port: int, state: bytes = b"") -> AbstractContextManager[ExportingEngine]:
        """As `sandbox.ports.Engine.start`, from a state.

        Args:
            scratch: A folder of this clone's own.
            public_port: The port to name in URLs.
            state: What another engine of the same kind and version handed out; or a JSON document with nothing but
                ``images``, a list of `MachineImage` as objects; or nothing.
        """


class StockedEngine(Protocol):
    """An engine that can start with machine images that nobody made in it."""

    def start(self, scratch: Path, *, public_port: int, images: bytes = b"") -> AbstractContextManager[RunningEngine]:
        """As `sandbox.ports.Engine.start`, with images.

        Args:
            scratch: A folder of this clone's own.
            public_port: The port to name in URLs.
            images: A JSON document with ``images``, a list of `MachineImage` as objects; or nothing.
        """


def stocked(engine: Engine) -> StockedEngine | None:
    """The engine as one that can start with machine images, if it says that it can."""
    return cast("StockedEngine", engine) if getattr(engine, "starts_with_images", False) else None


def seedable(engine: Engine) -> SeedableEngine | None:
    """The engine as one that can start from a state, if it says that it can."""
    return cast("SeedableEngine", engine) if getattr(engine, "starts_from_state", False) else None
