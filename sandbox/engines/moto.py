"""moto (https://github.com/getmoto/moto), the second opinion: stricter on some validation, and well known."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from sandbox.engines.process import start_child
from sandbox.errors import MissingToolError
from sandbox.ports import RunningEngine
from sandbox.rehearsal import EngineInfo

_SERVER_NEEDS = ("moto", "flask", "flask_cors", "werkzeug")


class MotoEngine:
    """Starts moto clones; satisfies `sandbox.ports.Engine`. A 12-digit access key id is the account."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""
        return "moto"

    @contextmanager
    def start(self, scratch: Path, *, public_port: int) -> Iterator[RunningEngine]:
        """Start an empty clone; see `sandbox.ports.Engine.start`."""
        missing = [package for package in _SERVER_NEEDS if importlib.util.find_spec(package) is None]
        if missing:
            raise MissingToolError(
                f"The engine moto is not installed, or not as a server (missing: {', '.join(missing)}).",
                hint="Install it: pip install 'sandtable[moto]'",
            )
        with start_child(
            "sandbox.engines.moto_server",
            info=EngineInfo(name=self.name, version=version("moto")),
            scratch=scratch,
            public_port=public_port,
            settings={
                "MOTO_PORT": str(public_port),
                # Without these, attaching any policy of AWS's own fails.
                "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            },
        ) as engine:
            yield engine
