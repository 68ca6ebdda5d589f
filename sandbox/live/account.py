"""How much of a live account to read: what narrows ``aws:PROFILE`` and ``cloudformation-stack:NAME``, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.errors import UsageError
from sandbox.inventory.catalogue import CATALOGUE
from sandbox.inventory.operations import available_services
from sandbox.place import Place
from sandbox.targets.target import LiveStackTarget, LiveTarget

if TYPE_CHECKING:
    from sandbox.live.upstream import Upstream

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d+")
_NOT_READ = frozenset({"cloudformation", "emr", "sts", "organizations"})
"""Nothing of them is made in a clone: stacks and clusters are read as what they consist of."""


def narrowed_target(
    target: LiveTarget, *, regions: Iterable[str] = (), services: Iterable[str] = (), tags: Iterable[str] = ()
) -> LiveTarget:
    """A live account, and how much of it.

    Args:
        target: The account.
        regions: Each ``--region``.
        services: Each ``--services``, which may hold several, separated by commas.
        tags: Each ``--tag``, ``KEY=VALUE``.

    Raises:
        UsageError: one of them makes no sense.
    """
    found = tuple(dict.fromkeys(regions))
    wrong = next((region for region in found if not _REGION.fullmatch(region)), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} is not the name of an AWS region.", hint="For example: --region eu-west-1.")
    names = tuple(dict.fromkeys(name.strip() for given in services for name in given.split(",") if name.strip()))
    unknown = next((name for name in names if name not in available_services()), None)
    if unknown is not None:
        some = ", ".join(known_services()[:8])
        raise UsageError(f"There is no AWS service {unknown!r}.", hint=f"Names are botocore's, for example: {some}.")
    return replace(target, regions=found, services=names, tags=tuple(_tag(tag) for tag in tags))


def known_services() -> tuple[str, ...]:
    """The services that are read where nothing narrows it."""
    return tuple(sorted(CATALOGUE.keys() - _NOT_READ))


def place_of(target: LiveTarget | LiveStackTarget) -> Place:
    """The account that the profile's credentials belong to, and the first region that is read.

    Raises:
        ConfigurationError: there are no credentials, or they are not accepted.
        UsageError: no region is named, and the profile has none.
        SandtableError: STS gave no answer.
    """
    from sandbox.live.upstream import Upstream  # noqa: PLC0415 - HTTP takes its time to import

    upstream = Upstream(target.profile)
    try:
        account = upstream.identity().account
        if isinstance(target, LiveStackTarget):
            return Place(account=account, region=region_of_stack(target, upstream))
        return Place(account=account, region=regions_of(target, upstream)[0])
    finally:
        upstream.close()


def regions_of(target: LiveTarget, upstream: Upstream) -> tuple[str, ...]:
    """The regions to read.

    Raises:
        UsageError: no region is named, and the profile has none.
    """
    return target.regions or (_named(upstream.region),)


def region_of_stack(target: LiveStackTarget, upstream: Upstream) -> str:
    """The region that a stack is in; errors as `regions_of`."""
    return target.region or _named(upstream.region)


def stack_in(target: LiveStackTarget, regions: Sequence[str]) -> LiveStackTarget:
    """A stack, in the region that is asked for.

    Args:
        target: The stack.
        regions: Each ``--region``.

    Raises:
        UsageError: it makes no sense.
    """
    if len(set(regions)) > 1:
        raise UsageError("A stack is in one region.", hint="Give --region once.")
    region = regions[0] if regions else target.region
    if regions and not _REGION.fullmatch(region):
        raise UsageError(f"{region!r} is not the name of an AWS region.", hint="For example: --region eu-west-1.")
    if target.region and region != target.region:
        raise UsageError(f"The stack {target.arn} is not in {region}.", hint="Leave --region out: an ARN tells it.")
    return replace(target, region=region)


def _named(region: str) -> str:
    if not region:
        raise UsageError(
            "No region is named, and the AWS profile has none.", hint="Add --region, for example --region eu-west-1."
        )
    return region


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageError(f"{text!r} is not a tag.", hint="Write --tag KEY=VALUE.")
    return key, value
