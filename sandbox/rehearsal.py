"""What a rehearsal is made of: calls, gaps, planned changes, step outcomes, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from diffing.change import Action, Proof
from diffing.record import dataclass, field
from diffing.snapshot import Snapshot
from diffing.values import Path, Value


class CallKind(StrEnum):
    """Whether a call can change anything."""

    READ = "read"
    WRITE = "write"
    UNKNOWN = "unknown"
    """Not identified: treated as a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One call to the AWS API as the recorder saw it."""

    sequence: int
    phase: str
    """The recorder's phase when it arrived: ``baseline``, ``seed``, ``noise``, ``plan``, ``apply``."""
    service: str
    """botocore's name, or the signing name, or empty where it could not be identified."""
    operation: str
    """Empty where it could not be identified."""
    kind: CallKind
    account: str
    """Twelve digits where the access key id tells (see ``access_key_id``), otherwise empty."""
    region: str
    access_key_id: str
    """The dummy access key id of the clone; engines tell accounts apart by it."""
    parameters: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    """Parsed request parameters, secrets replaced by Marker.SENSITIVE, long values cut."""
    resources: tuple[str, ...] = ()
    """Names, ids, ARNs and URLs in the request and, for creations, in the response."""
    status: int = 0
    """HTTP status; 0 when the engine gave no answer."""
    error_code: str = ""
    """AWS's error code, for example ``ResourceNotFoundException``."""
    error_message: str = ""
    unsupported: bool = False
    """The engine does not implement this call (501, ``InvalidAction``, ``NotImplemented``, an HTML error page)."""
    refused_by: str = ""
    """The known refusal (docs/refusals.md) that the recorder answered with in AWS's name; the engine never saw it."""
    at: float = 0.0
    """Seconds since the recorder started."""
    latency: float = 0.0
    """Seconds from the request's arrival to the last byte of the answer."""
    overhead: float = 0.0
    """Seconds of ``latency`` that the recorder itself spent."""
    method: str = ""
    path: str = ""
    agent: str = ""
    """Who made it, by its User-Agent: ``terraform-provider-aws``, ``aws-cli``, ``boto3``; not proof against forgery."""

    @property
    def succeeded(self) -> bool:
        """Whether the engine answered with a 2xx or 3xx status."""
        return 200 <= self.status < 400  # noqa: PLR2004 - HTTP's own numbers


class GapKind(StrEnum):
    """Why something is not known."""

    UNSUPPORTED = "unsupported"
    """The engine lacks an API that the change uses."""
    UNREADABLE = "unreadable"
    """A read of the inventory failed."""
    UNIDENTIFIED = "unidentified"
    """A call could not be identified."""
    NOT_REHEARSED = "not-rehearsed"
    """A resource of another provider, or a part of the change that was not run."""
    NOISE = "noise"
    """The engine plans changes for the unchanged configuration that hide what the change does there."""
    INCOMPLETE = "incomplete"
    """A step did not finish."""
    NOT_CLONED = "not-cloned"
    """An object of the target is not in the clone, or not as it is."""
    NOT_CONTAINED = "not-contained"
    """What was replayed could reach more than the clone."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Gap:
    """Something that is not known. No gap that touches the change is ever approved."""

    kind: GapKind
    subject: str
    """Address, service and operation, or provider."""
    reason: str
    blocking: bool = True
    """False for what is worth telling and cannot hide a change (a failed read of something that no call wrote to)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One entry of ``resource_changes`` in Terraform's JSON plan, parsed."""

    address: str
    type: str
    name: str
    provider: str
    """Full source address: ``registry.terraform.io/hashicorp/aws``."""
    mode: str
    """``managed`` or ``data``."""
    action: Action
    before: Value
    """Sensitive values are Marker.SENSITIVE."""
    after: Value
    """Values known only after apply are Marker.UNKNOWN."""
    replace_paths: tuple[Path, ...] = ()
    reason: str = ""
    """``action_reason``."""
    previous_address: str = ""
    deposed: str = ""
    importing: bool = False
    create_before_destroy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateInstance:
    """One resource instance in a Terraform state."""

    address: str
    type: str
    provider: str
    mode: str
    attributes: Mapping[str, Value]
    """Sensitive values are Marker.SENSITIVE, except that ids and ARNs are kept to join with the clone."""
    dependencies: tuple[str, ...] = ()
    """Resource addresses without instance keys, as the state keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """An error or warning of Terraform's, as its JSON output gives it."""

    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    filename: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A parsed plan."""

    changes: tuple[PlannedChange, ...]
    terraform_version: str = ""
    errored: bool = False
    variables_sensitive: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOutcome:
    """How an apply ended. A failed apply is data, not an exception."""

    succeeded: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    applied: tuple[str, ...] = ()
    """Addresses whose apply completed."""
    failed: tuple[str, ...] = ()
    """Addresses whose apply was started and errored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One program of a change, or one change of a sequence, as it was carried out in the clone."""

    text: str
    """Program and arguments, as a shell would be told them; secrets taken out."""
    exit_code: int | None
    """None where it was ended before it ended by itself."""
    stdout: str
    """Its last lines; secrets taken out."""
    stderr: str
    ended: str = ""
    """Why it was ended, where it was."""
    calls: tuple[int, ...] = ()
    """Sequence numbers of the calls that it made."""
    effects: tuple[str, ...] = ()
    """In a sequence, what this one did: ``delete aws_dynamodb_table.orders``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that one phase took, and how much of them was this tool's own work."""

    phase: str
    seconds: float
    own: float
    """Seconds not spent waiting for Terraform or the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """Which engine carried the clone."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClonedObject:
    """How well one object of a Terraform state is in the clone."""

    address: str
    type: str
    standing: str
    """``cloned``, ``stood-in`` (what a data source found), ``not-needed`` or ``gap``."""
    reason: str = ""
    """Why, where it is not simply there."""
    unknown: tuple[str, ...] = ()
    """Parts that no state has and no plan shows: placeholders in the clone."""
    differing: tuple[str, ...] = ()
    """Attributes that the provider reads otherwise from the clone than the state has them."""
    proof: Proof = Proof.UNKNOWN
    """``proved``: the provider read it back from the clone as the state has it. ``computed``: it is there, otherwise in
    some attributes or with placeholders; or the engine, which is known to make such things, says that it is there."""
    real_id: str = ""
    """Its id, where another one stands for it in the clone."""
    clone_id: str = ""
    """That other one, which the engine drew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateUsed:
    """The Terraform state that a change works with, where that is not the target's own."""

    lineage: str = ""
    """Empty where there is none at all."""
    serial: int = 0
    newest_serial: int = 0
    """The highest serial of this lineage that is known: from the target, or from earlier rehearsals."""
    comparable: bool = True
    """Whether the target's addresses are those of a state or a configuration, and not made up for a live account."""
    held: frozenset[str] = frozenset()
    """Addresses of all that it manages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloning:
    """How the clone came to be."""

    warm: bool = False
    """Brought back from an earlier rehearsal of the same target."""
    objects: tuple[ClonedObject, ...] = ()
    """Every object of the state that it was made from; none where a configuration made it."""
    lineage: str = ""
    """Of the Terraform state that it was made from."""
    serial: int = 0
    newest_serial: int = 0
    """The highest serial of this lineage that was ever seen here."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Preparation:
    """Something that makes a later loss possible, as an earlier rehearsal of the same target saw it."""

    address: str
    what: str
    """In words: ``deletion_protection is switched off: true → false``."""
    attribute: str = ""
    """The attribute that was changed, as `diffing.values.path_text` writes it; empty where it was none."""
    left: str = ""
    """What that attribute was left at, as JSON; so can be told whether it still is."""
    of_backups: bool = False
    """What was lost is a copy of something else."""
    day: str = ""
    """When it was rehearsed, in UTC: ``2026-12-31``."""
    decision: str = ""
    """What the verdict was then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Where something is declared in what is proposed."""

    file: str
    """With ``/`` between folders."""
    line: int
    """From 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Everything that was observed. Judging it is the gate's work."""

    engine: EngineInfo
    before: Snapshot
    after: Snapshot
    plan: Plan
    noise: Plan
    """The plan of the unchanged baseline; what is in it is the engine's doing."""
    outcome: ApplyOutcome
    state_before: tuple[StateInstance, ...]
    state_after: tuple[StateInstance, ...]
    calls: tuple[ApiCall, ...]
    gaps: tuple[Gap, ...]
    timings: tuple[Timing, ...]
    notices: tuple[str, ...] = ()
    digest: str = ""
    """SHA-256 over the files of the change, as they were copied."""
    guarded_before: frozenset[str] = frozenset()
    """Addresses, without instance keys, that the baseline protects with ``prevent_destroy``."""
    guarded_after: frozenset[str] = frozenset()
    """The same for the change."""
    waits_shortened: bool = False
    """Whether the provider's waits between status reads were compressed."""
    isolation: str
    """What enclosed the replayed code; ``none`` for nothing."""
    announced: bool = True
    """Whether the change announced what it would do: without a plan, nothing can contradict it."""
    steps: tuple[Step, ...] = ()
    """The programs of a change that consists of some."""
    state_used: StateUsed | None = None
    """The state that the change works with, where it is not the target's."""
    aws_provider: tuple[str, str] = ("", "")
    """The version of the AWS provider with which the target was applied, and that of the change; empty if unknown."""
    cloning: Cloning = field(default_factory=Cloning)
    parts: tuple[Rehearsal, ...] = ()
    """Of a sequence: the rehearsal of each change in it that was begun, in order."""
    declared: Mapping[str, SourceLine] = field(default_factory=lambda: MappingProxyType({}))
    """Where the change declares its resources and calls its modules, by address without instance keys; files relative
    to its folder."""
