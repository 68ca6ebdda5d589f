"""MiniStack (https://github.com/ministackorg/ministack), the embedded default engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sandbox.engines.probe import DEFAULT_ACCOUNT
from sandbox.engines.process import ChildEngine, start_child
from sandbox.errors import MissingToolError
from sandbox.rehearsal import EngineInfo


class MiniStackEngine:
    """Starts MiniStack clones; satisfies `sandbox.ports.Engine`. A 12-digit access key id is the account."""

    starts_from_state = True
    """It also satisfies `sandbox.cloning.engine.SeedableEngine`."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""
        return "ministack"

    @property
    def version(self) -> str:
        """The installed version.

        Raises:
            MissingToolError: there is none.
        """
        try:
            return version("ministack")
        except PackageNotFoundError as error:
            raise _missing() from error

    @contextmanager
    def start(self, scratch: Path, *, public_port: int, state: bytes = b"") -> Iterator[ChildEngine]:
        """Start a clone; see `sandbox.ports.Engine.start`.

        Args:
            scratch: A folder of this clone's own.
            public_port: The port to name in URLs.
            state: What `export_state` of another clone of this version returned; nothing for an empty clone.

        Yields:
            The clone, whose state can be exported.
        """
        if importlib.util.find_spec("ministack") is None:
            raise _missing()
        with start_child(
            "sandbox.engines.ministack_server",
            info=EngineInfo(name=self.name, version=self.version),
            scratch=scratch,
            public_port=public_port,
            settings=_settings(scratch.resolve(), public_port),
            state=state,
        ) as engine:
            yield engine


def _missing() -> MissingToolError:
    return MissingToolError(
        "The engine ministack is not installed.", hint="Install it: pip install --force-reinstall sandtable"
    )


def _settings(home: Path, public_port: int) -> dict[str, str]:
    return {
        # Not where it listens (the parent decides that) but what its URLs name.
        "GATEWAY_PORT": str(public_port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": DEFAULT_ACCOUNT,
        # Functions run in containers or not at all; there is no container daemon to be found.
        "LAMBDA_STRICT": "1",
        # Would otherwise run SQL of the change in this process wherever DuckDB happens to be installed.
        "ATHENA_ENGINE": "mock",
        # Brokers and servers with ports of their own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # A clone is forgotten when it ends.
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "s3"),
        "LOG_LEVEL": "WARNING",
    }
