"""The only module that names plugins. Everything else asks here, by the name that the user gave."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from sandbox.errors import UsageError
from sandbox.ports import Engine

DEFAULT_ENGINE = "ministack"

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "ministack": "sandbox.engines.ministack:MiniStackEngine",
        "moto": "sandbox.engines.moto:MotoEngine",
    }
)
"""Engine name → where its class is; imported only when it is used."""


def engine_named(name: str) -> Engine:
    """Return the engine that ``--engine`` names.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in ENGINES:
        raise UsageError(f"There is no engine {name!r}.", hint=f"Engines: {', '.join(ENGINES)}.")
    module, _, attribute = ENGINES[name].partition(":")
    return cast("Engine", getattr(importlib.import_module(module), attribute)())


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
