"""A clone that stands for as long as a test needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session as BotocoreSession

from gate.reviewer import DEFAULT_ACCOUNT, DEFAULT_REGION, DEFAULT_TIMEOUT
from gate.wiring import DEFAULT_ENGINE, engine_named
from sandbox.errors import MissingToolError
from sandbox.executors.terraform.binary import TerraformBinary, find_terraform
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.place import Place
from sandbox.ports import SilentProgress
from sandbox.preserve import held
from sandbox.session import Tools
from sandbox.targets.target import parse_target


@dataclass(frozen=True, slots=True, kw_only=True)
class SandtableClone:
    """An emulated AWS, and the ways into it."""

    endpoint: str
    """``http://127.0.0.1:PORT``."""
    account: str
    region: str

    def client(self, service: str, *, region: str = "") -> Any:
        """A client of botocore's (as boto3's) that speaks to the clone and to nothing else."""
        return BotocoreSession().create_client(
            service,
            endpoint_url=self.endpoint,
            region_name=region or self.region,
            aws_access_key_id=self.account,
            aws_secret_access_key="sandtable",  # noqa: S106 - the engine takes any
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that lead programs to the clone: code under test, Terraform, the AWS CLI."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "sandtable",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@contextmanager
def standing(
    *, target: str = "empty", seed: str | Path = "", engine: str = "", region: str = DEFAULT_REGION
) -> Iterator[SandtableClone]:
    """A clone of a target until the context is left.

    Args:
        target: As ``--target`` takes it; paths are relative to the current folder.
        seed: A file of data (docs/seeds.md); empty for none.
        engine: As ``--engine`` takes it; empty for the default.
        region: Where the target names none.

    Raises:
        SandtableError: the clone could not be made; its subclasses say why.
    """
    place = Place(account=DEFAULT_ACCOUNT, region=region)
    tools = Tools(
        engine=engine_named(engine or DEFAULT_ENGINE),
        binary=_binary(),
        environment=dict(os.environ),
        place=place,
        timeout=DEFAULT_TIMEOUT,
        isolation=isolation_named(AUTOMATIC),
    )
    planted = Path(seed) if seed else None
    with held(parse_target(target), tools, SilentProgress(), seed=planted, fast_waits=True) as (_, session):
        session.recorder.phase("apply")
        yield SandtableClone(endpoint=session.recorder.endpoint, account=place.account, region=place.region)


def _binary() -> TerraformBinary | None:
    try:
        return find_terraform(None, os.environ)
    except MissingToolError:
        return None
