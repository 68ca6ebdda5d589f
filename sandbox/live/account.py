"""Which account to read, and how much of it: ``aws:PROFILE`` and what narrows it, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.errors import UsageError
from sandbox.inventory.catalogue import CATALOGUE
from sandbox.inventory.operations import available_services

PREFIX = "aws:"
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d+")
_NOT_READ = frozenset({"cloudformation", "emr", "sts", "organizations"})
"""Nothing of them is made in a clone: stacks and clusters are read as what they consist of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTarget:
    """A live account."""

    profile: str = ""
    """Of the AWS configuration; empty for the default chain of credentials."""
    regions: tuple[str, ...] = ()
    """None for the profile's own."""
    services: tuple[str, ...] = ()
    """botocore's names; none for all that are known."""
    tags: tuple[tuple[str, str], ...] = ()
    """Only what has one of these tags, what belongs to it and what it refers to; none for everything."""


def parse_live_target(
    text: str, *, regions: Iterable[str] = (), services: Iterable[str] = (), tags: Iterable[str] = ()
) -> LiveTarget:
    """Parse ``aws:PROFILE`` or ``aws:`` together with its options.

    Args:
        text: What ``--target`` says.
        regions: Each ``--region``.
        services: Each ``--services``, which may hold several, separated by commas.
        tags: Each ``--tag``, ``KEY=VALUE``.

    Raises:
        UsageError: one of them makes no sense.
    """
    if not text.startswith(PREFIX):
        raise UsageError(f"{text!r} does not name an AWS account.", hint="Write aws:PROFILE, or aws: for the default.")
    wrong = next((region for region in regions if not _REGION.fullmatch(region)), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} is not the name of an AWS region.", hint="For example: --region eu-west-1.")
    names = tuple(dict.fromkeys(name.strip() for given in services for name in given.split(",") if name.strip()))
    unknown = next((name for name in names if name not in available_services()), None)
    if unknown is not None:
        raise UsageError(
            f"There is no AWS service {unknown!r}.",
            hint=f"Names are botocore's, for example: {', '.join(known_services()[:8])}.",
        )
    return LiveTarget(
        profile=text.removeprefix(PREFIX),
        regions=tuple(dict.fromkeys(regions)),
        services=names,
        tags=tuple(_tag(tag) for tag in tags),
    )


def known_services() -> tuple[str, ...]:
    """The services that are read where nothing narrows it."""
    return tuple(sorted(CATALOGUE.keys() - _NOT_READ))


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageError(f"{text!r} is not a tag.", hint="Write --tag KEY=VALUE.")
    return key, value
