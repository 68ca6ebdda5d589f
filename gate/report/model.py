"""The one published document. Every page that people read is made from it and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diffing.change import StateDiff
from diffing.record import dataclass, field
from gate.opinion import SecondOpinion
from gate.verdict import Verdict
from sandbox.rehearsal import ApiCall, ApplyOutcome, Cloning, EngineInfo, Gap, SourceLine, Step, Timing

SCHEMA_VERSION = "1.0"
NOT_RUN = "not run"
"""How something was contained, and how long it waited, of which nothing was run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was cloned."""

    kind: str
    """``config``, ``git``, ``tfstate``, ``snapshot``, ``empty``."""
    source: str
    """As the user gave it: ``config:infra/prod``."""
    account: str
    region: str
    resources: int
    """How many resources the clone held before the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was rehearsed."""

    kind: str
    """``terraform`` or ``command``."""
    source: str
    digest: str
    """SHA-256 over what was proposed, so that a verdict can be bound to what was judged."""
    terraform_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Decision, reasons, evidence, and what was not proved."""

    verdict: Verdict
    diff: StateDiff
    calls: tuple[ApiCall, ...]
    gaps: tuple[Gap, ...]
    outcome: ApplyOutcome
    timings: tuple[Timing, ...]
    engine: EngineInfo
    target: Target
    proposal: Proposal
    notices: tuple[str, ...]
    isolation: str
    """How the replayed code was contained: ``none``, ``bubblewrap``, ``container``."""
    waits: str
    """``real`` or ``shortened``: whether the provider's waits were compressed."""
    tool_version: str
    created_at: str
    """ISO 8601, UTC."""
    clone: Cloning = field(default_factory=Cloning)
    """How the clone came to be, and how true it is."""
    steps: tuple[Step, ...] = ()
    """The programs of a change that consists of some, as they ran."""
    second_opinion: SecondOpinion | None = None
    """What another engine showed, where that was asked for."""
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """What is needed, before the change, by each changed resource and by each that hangs on one: of those, directly."""
    locations: Mapping[str, SourceLine] = field(default_factory=lambda: MappingProxyType({}))
    """Where the addresses of changes and findings are declared, as far as that was found. Files are named as from where
    the rehearsal was started; the full path of one that lies elsewhere."""
    schema_version: str = SCHEMA_VERSION
