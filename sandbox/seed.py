"""Data for a clone: API calls that put items, objects and messages into it before the change is rehearsed.

A configuration describes tables, not what is in them. A seed file says what is at stake:

    - service: dynamodb
      operation: PutItem
      parameters: {TableName: orders, Item: {id: {S: "1"}}}
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import ConfigurationError
from sandbox.servicemodels import engine_session


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedCall:
    """One API call, in botocore's names."""

    service: str
    operation: str
    parameters: dict[str, Any]
    region: str


def read_seed(path: Path, *, region: str) -> tuple[SeedCall, ...]:
    """Read a seed file.

    Raises:
        ConfigurationError: it cannot be read or is not valid; names the entry.
    """
    try:
        document = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _invalid(path, " ".join(str(error).split())) from error
    if not isinstance(document, list):
        raise _invalid(path, "it is not a list of calls")
    return tuple(_entry(path, number, entry, region) for number, entry in enumerate(document, 1))


def plant(calls: tuple[SeedCall, ...], *, endpoint: str, account: str) -> None:
    """Make the calls, in order.

    Raises:
        ConfigurationError: the engine refused one.
    """
    session = engine_session()
    clients: dict[tuple[str, str], Any] = {}
    for call in calls:
        key = (call.service, call.region)
        try:
            if key not in clients:
                clients[key] = session.create_client(
                    call.service,
                    region_name=call.region,
                    endpoint_url=endpoint,
                    aws_access_key_id=account,
                    aws_secret_access_key="clone",  # noqa: S106 - engines accept any
                    config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
                )
            getattr(clients[key], xform_name(call.operation))(**call.parameters)
        except (BotoCoreError, ClientError, AttributeError, TypeError) as error:
            raise ConfigurationError(
                f"The seed call {call.service}:{call.operation} failed: {error}.",
                hint="Seeds run after the baseline is applied: check names and parameters against it.",
            ) from error


def _entry(path: Path, number: int, entry: Any, region: str) -> SeedCall:
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("service"), str)
        or not isinstance(entry.get("operation"), str)
    ):
        raise _invalid(path, f"entry {number} needs `service` and `operation`")
    parameters = entry.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise _invalid(path, f"entry {number}: `parameters` is not a mapping")
    return SeedCall(
        service=entry["service"],
        operation=entry["operation"],
        parameters=parameters,
        region=str(entry.get("region") or region),
    )


def _invalid(path: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"The seed file {path} is not valid: {problem}.", hint="docs/seeds.md describes the file."
    )
