"""What to read: one service, one region, one account, and the access key id by which an engine knows the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

GLOBAL_REGION = "global"
"""The region of everything that AWS keeps once per account."""

SIGNING_REGION = "us-east-1"
"""The region in which requests to global services are signed."""

GLOBAL_SERVICES = frozenset(
    {
        "cloudfront",
        "iam",
        "organizations",
        "route53",
        "route53domains",
        "s3",
        "s3control",
        "savingsplans",
        "shield",
        "sts",
    }
)
"""Services with one name space per account. S3's buckets have a region each, but one listing shows them all."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Scope:
    """One service of one account in one region."""

    service: str
    """botocore's name: ``dynamodb``."""
    region: str
    """Ignored for global services."""
    access_key_id: str
    account: str
    """Twelve digits."""

    @property
    def signing_region(self) -> str:
        """The region that the request's signature names."""
        return SIGNING_REGION if self.region in {GLOBAL_REGION, ""} else self.region


def normalise(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Write every scope in one way and only once, so that nothing is read, or counted, twice."""
    return tuple(sorted({(s.service, s.region, s.account): s for s in sorted(map(_normal, scopes))}.values()))


def _normal(scope: Scope) -> Scope:
    if scope.service in GLOBAL_SERVICES:
        return replace(scope, region=GLOBAL_REGION)
    return scope if scope.region else replace(scope, region=SIGNING_REGION)
