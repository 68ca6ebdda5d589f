"""A clone that stands: the engine that carries it, the Terraform state that goes with it, what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sandbox.cloning.graft import Stand, Translation
from sandbox.cloning.ledger import Ledger
from sandbox.cloudformation.application import Application
from sandbox.executors.terraform.workspace import Workspace
from sandbox.inventory.scope import Scope
from sandbox.ports import RunningEngine
from sandbox.rehearsal import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """The configuration that made the clone has to be planned once more: what it plans is the engine's noise."""

    workspace: Workspace
    install: Callable[[], None]
    """To be called first: lets Terraform fetch what the configuration needs, if it has not been done."""
    keep: Callable[[str], None] | None = None
    """Told the plan (Terraform's JSON; empty for one without changes), for the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """It was planned when the clone was first made."""

    document: str = field(repr=False)
    """Terraform's JSON plan; empty for one without changes. It has secrets in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """There is none: a change is planned against the state as it was recorded, not against what the engine says."""


Noise: TypeAlias = Unmeasured | Measured | Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Which Terraform state a target was made from."""

    lineage: str
    serial: int
    digest: str
    """SHA-256 of the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceGap:
    """Something that is known to be missing, and matters only to a change that works on its service, or on itself."""

    service: str
    """botocore's name."""
    gap: Gap
    address: str = ""
    """What a plan calls it, where a plan may name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A running clone of the target."""

    engine: RunningEngine
    noise: Noise
    state: bytes = field(default=b"", repr=False)
    """The Terraform state that goes with it, secrets included; empty where there is none."""
    made_in: tuple[str, ...] = ()
    """The folders whose names the state may hold: the root module's copy, and the whole copy."""
    scopes: frozenset[Scope] = frozenset()
    """Where its resources are: services, regions, accounts."""
    gaps: tuple[Gap, ...] = ()
    """What is known to be missing or wrong, whatever the change does."""
    service_gaps: tuple[ServiceGap, ...] = ()
    """What is known to be missing, service by service."""
    ledger: Ledger | None = None
    """How each object of the state came up; None where the clone was made by the configuration itself."""
    lineage: Lineage | None = None
    application: Application | None = None
    """The stacks that it was made from."""
    warm: bool = False
    """Brought back from an earlier one."""
    translation: Translation | None = None
    """Of what the change brings, where the engine has drawn its own ids."""
    stands: tuple[Stand, ...] = ()
    """Which of the engine's ids stands for which real one."""
    guarded: frozenset[str] = frozenset()
    """Addresses, without instance keys, that its configuration protects with ``prevent_destroy``."""
    redacted: bool = False
    """Placeholders stand for the secrets, in it and in its state."""
    aws_provider: str = ""
    """The version of the AWS provider with which its configuration was applied; empty where none was."""
