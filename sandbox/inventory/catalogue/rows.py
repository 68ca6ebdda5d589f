"""How a row of the catalogue is written."""

from __future__ import annotations

from sandbox.inventory.expression import parse_keys
from sandbox.inventory.kinds import Kind


def row(
    type_name: str,
    listing: str,
    keys: str,
    *,
    id: str = "",  # noqa: A002 - the word for it everywhere else
    parent: str = "",
    within: str = "",
    names: str = "",
    reads: tuple[str, ...] = (),
    skip: str = "",
    born: str = "",
    unless: str = "",
    arn: str = "",
    state: str = "",
    limit: int = 0,
    automatic: bool = True,
) -> Kind:
    """One kind; its service is the one it is listed under in ``CATALOGUE``.

    Args:
        type_name: Without ``AWS::``.
        listing: The operation and the way to its items: ``DescribeInstances Reservations.Instances``.
        keys: Request members and the expressions that fill them: ``TableName=@``.
        id: Template; by default the primary key.
        parent: Type of the container that the listing is asked for.
        within: Type of the container and the expression that names it: ``EC2::SecurityGroup GroupId``.
        names: Templates of further names, separated by spaces.
        reads: Reads that must be asked in a way of their own.
        skip: Reads not to make, separated by spaces.
        born: Members that identify an incarnation, separated by spaces.
        unless: Path and beginning of the value of items that are no resources: ``Version $LATEST``.
        arn: Template, where the API does not say it.
        state: Path to where an item says that it is gone.
        limit: At most so many become records.
        automatic: Whether to make the reads that the model suggests.
    """
    operation, _, items = listing.partition(" ")
    parsed = parse_keys(keys)
    container, _, expression = within.partition(" ")
    path, _, value = unless.partition(" ")
    return Kind(
        service="",
        type=f"AWS::{type_name}",
        listing=operation,
        items=items,
        keys=parsed,
        id=id or f"{{{parsed[0][1]}}}",
        parent=f"AWS::{parent}" if parent else "",
        within=(f"AWS::{container}", expression) if within else None,
        names=tuple(names.split()),
        reads=reads,
        skip=frozenset(skip.split()),
        born=tuple(born.split()),
        unless=(path, value) if unless else None,
        arn=arn,
        state=state,
        limit=limit,
        automatic=automatic,
    )
