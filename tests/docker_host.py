"""The Docker Engine of a run of the tests, one for all its processes: the fixture, and when it begins and ends.

It begins as soon as tests that need it have been collected, beside those that run first. Where there is none and none
can be had, each test that needs it fails with the reason. Who wants to do without says so:
SANDTABLE_TESTS_WITHOUT_DOCKER=1 skips them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

FIXTURE = "docker_host"
_WITHOUT = "SANDTABLE_TESTS_WITHOUT_DOCKER"
_FOLDER = "SANDTABLE_TESTS_DOCKER_FOLDER"
_OWNER = "SANDTABLE_TESTS_DOCKER_OWNER"
_PATIENCE = 300.0
_END_PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerHost:
    """A Docker Engine that answers, with the images of `docker_image`."""

    host: str
    """As DOCKER_HOST takes it."""
    images: dict[str, str]
    """``ministack``, ``moto``, ``silent`` (never healthy), ``broken`` (ends at once) → the image's name."""
    seconds: float
    """What it took to have it."""

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the way to it."""
        return {**os.environ, "DOCKER_HOST": self.host}


@pytest.fixture(scope="session", name=FIXTURE)
def docker_host_fixture() -> DockerHost:
    """Wait for the Docker Engine."""
    if os.environ.get(_WITHOUT):
        pytest.skip(f"{_WITHOUT} is set")
    folder = Path(os.environ[_FOLDER])
    begin()
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if (folder / "ready.json").exists():
            return DockerHost(**json.loads((folder / "ready.json").read_text()))
        if (folder / "failed.json").exists():
            reason = json.loads((folder / "failed.json").read_text())["reason"]
            pytest.fail(f"no Docker Engine to test with: {reason}. {_WITHOUT}=1 skips these tests.", pytrace=False)
        time.sleep(0.1)
    pytest.fail(f"no Docker Engine after {_PATIENCE:g} s. {_WITHOUT}=1 skips these tests.", pytrace=False)


def begin() -> None:
    """Have it started, once per run whoever asks first."""
    folder = Path(os.environ[_FOLDER])
    try:
        (folder / "begun").mkdir()
    except FileExistsError:
        return
    program = Path(__file__).with_name("docker_guard.py")
    with (folder / "guard.log").open("wb") as log:
        guard = subprocess.Popen(
            [sys.executable, str(program), str(folder), os.environ[_OWNER]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "guard.pid").write_text(str(guard.pid))


def on_start() -> None:
    """The run begins: its processes share a folder."""
    if _FOLDER not in os.environ:
        os.environ[_FOLDER] = tempfile.mkdtemp(prefix="std-")
        os.environ[_OWNER] = str(os.getpid())


def on_collected(items: Sequence[pytest.Item]) -> None:
    """Begin early where somebody needs it."""
    if not os.environ.get(_WITHOUT) and any(FIXTURE in getattr(item, "fixturenames", ()) for item in items):
        begin()


def on_end() -> None:
    """The run has ended: so does the Docker Engine, if it is this process's."""
    if os.environ.get(_OWNER) != str(os.getpid()):
        return
    folder = Path(os.environ[_FOLDER])
    with contextlib.suppress(OSError, ValueError):
        number = int((folder / "guard.pid").read_text())
        os.kill(number, signal.SIGTERM)
        _await(number)
    shutil.rmtree(folder, ignore_errors=True)


def _await(number: int) -> None:
    deadline = time.monotonic() + _END_PATIENCE
    while time.monotonic() < deadline:
        # Its parent may be this process, which then has to read its status, or a worker that has gone.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(number, os.WNOHANG)
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
