"""The only module that names plugins. Everything else asks here, by the name that the user gave."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
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
    """Return this distribution's version."""
    try:
        return version("sandtable")
    except PackageNotFoundError:
        return "0+unknown"
