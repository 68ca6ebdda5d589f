"""The only module that names plugins. Everything else asks here, by the name that the user gave."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from diffing.record import dataclass, field
from sandbox.errors import UsageError

if TYPE_CHECKING:
    from sandbox.ports import Engine

DEFAULT_ENGINE = "ministack"

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "ministack": "sandbox.engines.ministack:MiniStackEngine",
        "moto": "sandbox.engines.moto:MotoEngine",
    }
)
"""Engine name → where its class is; imported only when it is used."""


CONTAINER, ENDPOINT = "container:", "endpoint:"
ENGINE_FORMS = (*ENGINES, "container:IMAGE", "endpoint:URL")
"""What ``--engine`` takes, for help and errors."""
NAMED_HOSTS = "SANDTABLE_ENGINE_HOSTS"
"""The environment variable that names hosts of engines, separated by commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What engines that are not this tool's own children need to know."""

    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The user's: where the Docker Engine is, which hosts are named, a licence's token."""
    named_hosts: tuple[str, ...] = ()
    reset: bool = False
    account: str = "123456789012"
    region: str = "us-east-1"


def engine_named(name: str, options: EngineOptions | None = None) -> Engine:
    """Return the engine that ``--engine`` names: a name, ``container:IMAGE`` or ``endpoint:URL``.

    Raises:
        UsageError: there is none of that name, or it cannot be one.
    """
    options = options or EngineOptions()
    if name.startswith(CONTAINER):
        return _container(name.removeprefix(CONTAINER), options)
    if name.startswith(ENDPOINT):
        return _endpoint(name.removeprefix(ENDPOINT), options)
    if name not in ENGINES:
        raise UsageError(f"There is no engine {name!r}.", hint=f"Engines: {', '.join(ENGINE_FORMS)}.")
    return cast("Engine", _load(ENGINES[name])())


def _container(image: str, options: EngineOptions) -> Engine:
    if not _load("sandbox.engines.images:is_reference")(image):
        raise UsageError(f"{image!r} does not name an image.", hint="An example: --engine container:ministack")
    return cast("Engine", _load("sandbox.engines.container:ContainerEngine")(image, environment=options.environment))


def _endpoint(url: str, options: EngineOptions) -> Engine:
    named = [*options.named_hosts, *options.environment.get(NAMED_HOSTS, "").split(",")]
    engine = _load("sandbox.engines.endpoint:EndpointEngine")(
        url,
        environment=options.environment,
        named_hosts=frozenset(host.strip().lower() for host in named if host.strip()),
        reset=options.reset,
        account=options.account,
        region=options.region,
    )
    return cast("Engine", engine)


def _load(place: str) -> Any:
    """Import what an engine needs now that it is used."""
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)


def tool_version() -> str:
    """Return this distribution's version.

    It is in the name of the folder that describes an installed distribution (PyPA, "Recording installed projects"), and
    looking for that takes a fiftieth of the time of importing ``importlib.metadata``, asked where there is none.
    """
    return _version_beside() or _version_recorded()


def _version_beside() -> str:
    for entry in sys.path:
        try:
            names = os.listdir(entry or os.curdir)  # noqa: PTH208 - pathlib would make an object of every package
        except OSError:
            continue
        for name in names:
            if name.startswith("sandtable-") and name.endswith(".dist-info"):
                return name.removeprefix("sandtable-").removesuffix(".dist-info")
    return ""


def _version_recorded() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - see above

    try:
        return version("sandtable")
    except PackageNotFoundError:
        return "0+unknown"
