"""What exists in an environment at one moment: resources by identity, and the reads that failed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diffing.record import dataclass, field
from diffing.values import Value

NOTHING: Mapping[str, int] = MappingProxyType({})
NO_TAGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Identity:
    """Names one resource in one place; equal identities mean the same name, not necessarily the same incarnation."""

    account: str
    """Twelve digits."""
    region: str
    type: str
    """In CloudFormation's vocabulary: ``AWS::DynamoDB::Table``."""
    id: str
    """The physical id: the API's primary id, name or ARN."""

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource as the AWS API describes it, volatile attributes left out.

    ``born`` holds what changes only when the resource is made anew (creation time, generated unique id): two resources
    of equal identity and different ``born`` are two incarnations.
    """

    identity: Identity
    attributes: Mapping[str, Value]
    digest: str
    """SHA-256 over identity, attributes, tags, stakes and born; equal digests mean equal resources."""
    service: str
    """botocore's name of the service: ``dynamodb``."""
    aliases: frozenset[str] = frozenset()
    """Every other name the API gives it: ARN, name, id, URL. Used to join Terraform addresses and recorded calls."""
    tags: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)
    stakes: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Data inside, counted: ``{"items": 3}``, ``{"objects": 12}``, ``{"messages": 1}``."""
    born: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    parent: Identity | None = None
    """The resource that contains this one (the bucket of an object); it goes when the parent goes."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReadFailure:
    """A read of the inventory that gave no answer; what it would have shown is unknown, never absent."""

    service: str
    operation: str
    subject: str
    """The identity read for, or ``"*"`` for a listing."""
    code: str
    """The error code: ``InternalFailure``, ``InvalidAction``, ``Timeout``."""
    region: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that was seen of an environment, and what could not be seen."""

    resources: Mapping[Identity, Resource]
    failures: tuple[ReadFailure, ...] = ()
    services: frozenset[str] = frozenset()
    """The services that were read; nothing is known of any other."""
