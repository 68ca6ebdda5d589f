"""Has a Docker Engine for one run of the tests, and everything of it gone afterwards: a program of its own.

    python docker_guard.py FOLDER OWNER

It uses the Docker Engine that answers already; else, where it runs as root on a Debian, it installs one and starts it
for itself alone, its data, socket and processes under FOLDER. It makes the images (`docker_image`) and writes
``ready.json``, or ``failed.json`` with the reason. It ends with SIGTERM, or when the process OWNER does, and takes its
images with it; its own engine too, with the firewall's chains and the bridges that this one made.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import docker
import docker_image
from docker.errors import DockerException
from requests.exceptions import RequestException

PACKAGE = "docker.io"
_INSTALL = (
    *("apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"),
    *("-o", "Dpkg::Options::=--force-unsafe-io", "-o", "Dpkg::Options::=--path-exclude=/usr/share/man/*"),
    PACKAGE,
)
_START_PATIENCE = 30.0
_END_PATIENCE = 20.0


class NoDockerError(Exception):
    """There is no Docker Engine and none can be had; the text says why."""


def main(folder: Path, owner: int) -> None:
    """Serve until the owner ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    begun = time.monotonic()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            host = stack.enter_context(_engine(folder))
            client = docker.DockerClient(base_url=host, timeout=120)
            images = docker_image.names(tag=folder.name)
            stack.callback(_clear, client, images)
            docker_image.build(client, images)
        except (NoDockerError, OSError, DockerException, RequestException) as error:
            _write(folder / "failed.json", {"reason": f"{type(error).__name__}: {error}"})
            _wait_for_end(owner)
            return
        _write(folder / "ready.json", {"host": host, "images": images, "seconds": round(time.monotonic() - begun, 1)})
        _wait_for_end(owner)


@contextmanager
def _engine(folder: Path) -> Iterator[str]:
    """Where a Docker Engine listens: the user's own, or one that lives as long as this context."""
    theirs = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if _answers(theirs):
        yield theirs
        return
    _install()
    before = _rules()
    try:
        with _daemon(folder) as host:
            try:
                yield host
            finally:
                _remove_networks(host)
    finally:
        _restore_rules(before)


def _install() -> None:
    if shutil.which("dockerd"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoDockerError("no Docker Engine answers, and only root on a Debian system can have one installed here")
    for command in (("apt-get", "update"), _INSTALL):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        if done.returncode:
            raise NoDockerError(f"{' '.join(command)} failed: {done.stderr.strip()[-400:]}")


@contextmanager
def _daemon(folder: Path) -> Iterator[str]:
    """A daemon of our own. It leaves forwarding as it is: nothing here is to be reached from elsewhere."""
    socket, log = folder / "docker.sock", folder / "dockerd.log"
    host = f"unix://{socket}"
    with log.open("wb") as output:
        daemon = subprocess.Popen(
            [
                *("dockerd", "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")),
                *("--pidfile", str(folder / "pid"), "--host", host),
                *("--bridge", "none", "--ip-forward=false", "--shutdown-timeout", "3"),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + _START_PATIENCE
        while not _answers(host):
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise NoDockerError(f"dockerd did not start: {log.read_text(errors='replace').strip()[-400:]}")
            time.sleep(0.05)
        yield host
    finally:
        daemon.terminate()
        try:
            daemon.wait(_END_PATIENCE)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _answers(host: str) -> bool:
    try:
        with contextlib.closing(docker.DockerClient(base_url=host, timeout=5)) as client:
            return bool(client.ping())
    except (DockerException, RequestException, OSError):
        return False


def _clear(client: docker.DockerClient, images: dict[str, str]) -> None:
    with contextlib.suppress(DockerException, RequestException):
        docker_image.remove(client, images)
    client.close()


def _remove_networks(host: str) -> None:
    """What tests left; a bridge would outlive the daemon."""
    with (
        contextlib.suppress(DockerException, RequestException, OSError),
        contextlib.closing(docker.DockerClient(base_url=host, timeout=30)) as client,
    ):
        for container in client.containers.list(all=True):
            container.remove(force=True, v=True)
        client.networks.prune()


def _rules() -> dict[str, list[str]]:
    """The firewall's chains and rules, by table, as ``iptables -S`` tells."""
    found = {}
    for table in ("filter", "nat"):
        done = subprocess.run(["iptables", "-t", table, "-S"], capture_output=True, text=True, check=False)
        found[table] = done.stdout.splitlines()
    return found


def _restore_rules(before: dict[str, list[str]]) -> None:
    """Take away what was not there before: rules first, then chains, which must be empty and unused."""
    for table, lines in _rules().items():
        new = [line for line in lines if line not in before[table]]
        ours = [line.split() for line in new if "DOCKER" in line]
        for words in (words for words in ours if words[0] == "-A"):
            subprocess.run(["iptables", "-t", table, "-D", *words[1:]], check=False, capture_output=True)
        for words in (words for words in ours if words[0] == "-N"):
            subprocess.run(["iptables", "-t", table, "-X", words[1]], check=False, capture_output=True)


def _wait_for_end(owner: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        watched = os.pidfd_open(owner)
        select.select([watched], [], [])


def _write(path: Path, content: dict[str, object]) -> None:
    """All at once: others wait for it."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content))
    draft.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
