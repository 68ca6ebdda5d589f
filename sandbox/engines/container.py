"""Any AWS emulator that comes as a container image (``--engine container:IMAGE``), through the Docker Engine.

The container can do as little as possible: a network without a way out, its root read-only (folders for temporary files
in memory), no capability, no privilege to be gained, bounded memory and processes, no name resolved for it, nothing of
this machine mounted. The recorder reaches it at its own address, which only this machine has. Where the Docker Engine
lives in a virtual machine or a user's own name space that address leads nowhere: there a port of the loopback
interface is published, which takes a network that is not internal.

It goes in one of three ways: with the context; by `sandbox.engines.container_watch`, when this process is killed; by
the next run, when both were (`sandbox.engines.leftovers`).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig
from requests.exceptions import RequestException

from sandbox.engines.images import LICENCE, ImagePlan, listening_port, plan_image
from sandbox.engines.leftovers import LABEL, owner, remove, sweep
from sandbox.engines.probe import ask, exchange
from sandbox.errors import EngineError, MissingToolError
from sandbox.rehearsal import EngineInfo

MEMORY = "2g"
PROCESSES = 512
_OTHER_ACCOUNT = "222222222222"
_CLIENT_TIMEOUT = 60
_WATCH_PATIENCE = 30.0
_PAUSE = 0.05
_OK = 200
_DEFAULT_READY = 60.0
_TEMPORARY = "rw,nosuid,nodev,mode=1777,size=512m"
_FOLDERS = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - of the container's own
_PASSED_ON = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "HOME", "PATH")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""A foreign program's log is shown on a terminal: no colours, and nothing else that acts on it."""
_HINT = "`sandtable doctor` says whether a Docker Engine answers."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningContainer:
    """An engine in a container; satisfies `sandbox.ports.RunningEngine`."""

    endpoint: str
    info: EngineInfo
    container: Any
    """The Docker client's object (it ships no types of its own)."""
    secret: str = ""
    """What must not be shown of its log."""
    notices: tuple[str, ...] = ()

    def alive(self) -> bool:
        """Whether it still runs; a Docker Engine that does not answer counts as its end."""
        return _status(self.container) == "running"

    def log_tail(self, lines: int = 20) -> str:
        """The end of its log, and how it ended where it has."""
        try:
            text = self.container.logs(tail=lines).decode(errors="replace").strip()
        except (DockerException, RequestException) as error:
            text = f"(its log cannot be read: {_said(error)})"
        text = _CONTROL.sub("", text.replace(self.secret, "(secret)") if self.secret else text)
        return "\n".join(part for part in (text, _ending(self.container)) if part) or "(empty)"


class ContainerEngine:
    """Starts an image; satisfies `sandbox.ports.Engine`.

    Args:
        image: A reference, or the name of a known emulator (`sandbox.engines.images`).
        environment: The user's: where the Docker Engine is, and a licence's token.
        ready_within: Seconds until it must have answered.
        published: Reach it by a published port; None finds out what is possible.
    """

    def __init__(
        self,
        image: str,
        *,
        environment: Mapping[str, str],
        ready_within: float = _DEFAULT_READY,
        published: bool | None = None,
    ) -> None:
        self._image = image
        self._environment = environment
        self._ready_within = ready_within
        self._published = published

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""
        return f"container:{self._image}"

    @contextmanager
    def start(self, scratch: Path, *, public_port: int) -> Iterator[RunningContainer]:
        """Run the image until the context is left; see `sandbox.ports.Engine.start`."""
        plan = plan_image(self._image, port=public_port, environment=self._environment)
        with ExitStack() as stack:
            client = stack.enter_context(_docker(self._environment))
            sweep(client)
            image = _image(client, plan.reference)
            published = needs_published_port(client) if self._published is None else self._published
            name = f"sandtable-{secrets.token_hex(6)}"
            stack.enter_context(_gone_afterwards(client, name, self._environment, scratch))
            with _docker_errors(f"{self.name} could not be started"):
                container = _run(client, plan, image, name=name, internal=not (published or plan.licensed))
            running = RunningContainer(
                endpoint=_endpoint(container, name, _port(plan, image), published=published),
                info=EngineInfo(name=self.name, version=_version(image)),
                container=container,
                secret=plan.environment.get(LICENCE, ""),
            )
            account = _await_answer(running, plan.health, self._ready_within)
            yield _with_notices(running, _notices(running.endpoint, plan, account, published=published))


@contextmanager
def _docker(environment: Mapping[str, str]) -> Iterator[docker.DockerClient]:
    """A client of the Docker Engine that the user's environment names."""
    # An empty environment would mean this process's own to the client.
    wanted = {"DOCKER_HOST": "", **{name: environment[name] for name in _PASSED_ON if name in environment}}
    try:
        client = docker.from_env(environment=wanted, timeout=_CLIENT_TIMEOUT)
        client.ping()
    except (DockerException, RequestException, OSError) as error:
        raise MissingToolError(
            f"No Docker Engine answers, and container engines need one: {_said(error)}",
            hint="Install and start Docker, or set DOCKER_HOST; or use an embedded engine (--engine ministack).",
        ) from error
    with contextlib.closing(client):
        yield client


def _image(client: docker.DockerClient, reference: str) -> Any:
    """The image, fetched where it is not there."""
    try:
        return client.images.get(reference)
    except ImageNotFound:
        pass
    except (DockerException, RequestException) as error:
        raise EngineError(f"The image {reference} cannot be used: {_said(error)}", hint=_HINT) from error
    try:
        return client.images.pull(reference)
    except (DockerException, RequestException) as error:
        raise EngineError(
            f"The image {reference} is not on this machine and could not be fetched: {_said(error)}",
            hint=f"Check the name and the tag; `docker pull {reference}` fetches it.",
        ) from error


def needs_published_port(client: docker.DockerClient) -> bool:
    """Whether a container's own address leads nowhere from here.

    Raises:
        EngineError: the Docker Engine is on another machine, where no port of this one leads either.
    """
    host = str(client.api.base_url)
    if not host.startswith(("http+docker://", "http://localhost", "http://127.0.0.1")):
        raise EngineError(
            f"The Docker Engine at {host} is on another machine: the recorder cannot reach a container there.",
            hint="Run the emulator there yourself and name it: --engine endpoint:URL --engine-host HOST.",
        )
    info = client.info()
    rootless = any("rootless" in str(option) for option in info.get("SecurityOptions") or ())
    return sys.platform != "linux" or rootless or "Docker Desktop" in str(info.get("OperatingSystem", ""))


@contextmanager
def _gone_afterwards(
    client: docker.DockerClient, name: str, environment: Mapping[str, str], folder: Path
) -> Iterator[None]:
    """Whatever happens in the context, or to this process: nothing of this name stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    watch = subprocess.Popen(
        [sys.executable, "-P", "-m", "sandbox.engines.container_watch", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **{variable: environment[variable] for variable in _PASSED_ON if variable in environment},
            "PYTHONPATH": os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path),
        },
        cwd="/",
        start_new_session=True,
    )
    removed = False
    try:
        yield
    finally:
        try:
            with contextlib.suppress(DockerException, RequestException):
                remove(client, name)
                removed = True
        finally:
            # Where it could not be removed, the watcher tries again, and goes on doing so without this process.
            with contextlib.suppress(subprocess.TimeoutExpired):
                watch.communicate(b"removed\n" if removed else b"", timeout=_WATCH_PATIENCE)


def _run(client: docker.DockerClient, plan: ImagePlan, image: Any, *, name: str, internal: bool) -> Any:
    labels = {LABEL: owner()}
    network = client.networks.create(
        name,
        driver="bridge",
        internal=internal,
        labels=labels,
        # Where the network cannot be internal, nothing behind it knows the way back to a container's own address.
        options={} if internal or plan.licensed else {"com.docker.network.bridge.enable_ip_masquerade": "false"},
    )
    configuration = image.attrs.get("Config") or {}
    port = _port(plan, image)
    container = client.containers.create(
        image.id,
        name=name,
        network=network.name,
        labels=labels,
        environment={"HOME": "/tmp", **plan.environment},  # noqa: S108 - of the container's own
        ports={} if internal else {f"{port}/tcp": ("127.0.0.1", 0)},
        read_only=True,
        tmpfs=dict.fromkeys((*_FOLDERS, *(configuration.get("Volumes") or {})), _TEMPORARY),
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        mem_limit=MEMORY,
        memswap_limit=MEMORY,
        pids_limit=PROCESSES,
        # The network's own resolver passes questions on to this machine's: nothing answers here instead.
        dns=None if plan.licensed else ["127.0.0.1"],
        log_config=LogConfig(type=LogConfig.types.JSON, config={"max-size": "10m", "max-file": "1"}),
    )
    container.start()
    container.reload()
    return container


def _port(plan: ImagePlan, image: Any) -> int:
    exposed = (image.attrs.get("Config") or {}).get("ExposedPorts") or {}
    return plan.port if plan.port is not None else listening_port(exposed)


def _endpoint(container: Any, network: str, port: int, *, published: bool) -> str:
    settings = container.attrs["NetworkSettings"]
    if published:
        bound = (settings.get("Ports") or {}).get(f"{port}/tcp") or [{}]
        return f"http://127.0.0.1:{bound[0].get('HostPort', 0)}"
    return f"http://{settings['Networks'][network]['IPAddress']}:{port}"


def _await_answer(running: RunningContainer, health: str, ready_within: float) -> str:
    """Wait until it is healthy and answers as AWS does; return the account that it answers for."""
    deadline = time.monotonic() + ready_within
    healthy = not health
    while True:
        timeout = max(_PAUSE, min(2.0, deadline - time.monotonic()))
        healthy = healthy or exchange(running.endpoint, "GET", health, timeout=timeout)[0] == _OK
        answer = ask(running.endpoint, timeout=timeout) if healthy else None
        if answer is not None and answer.account:
            return answer.account
        if not running.alive():
            raise _failure(running, "ended before it answered")
        if time.monotonic() > deadline:
            raise _failure(running, _silence(healthy=healthy, health=health, within=ready_within))
        time.sleep(_PAUSE)


def _silence(*, healthy: bool, health: str, within: float) -> str:
    if not healthy:
        return f"did not become healthy ({health}) within {within:g} s"
    return f"did not answer STS GetCallerIdentity within {within:g} s"


def _failure(running: RunningContainer, what: str) -> EngineError:
    return EngineError(
        f"{running.info.name} {what}. The end of its log:\n{running.log_tail()}",
        hint=(
            "It runs with a read-only root, without capabilities and without a network. If the image cannot do with "
            "that, start it yourself and name it: --engine endpoint:URL."
        ),
    )


def _with_notices(running: RunningContainer, notices: tuple[str, ...]) -> RunningContainer:
    return RunningContainer(
        endpoint=running.endpoint,
        info=running.info,
        container=running.container,
        secret=running.secret,
        notices=notices,
    )


def _notices(endpoint: str, plan: ImagePlan, account: str, *, published: bool) -> tuple[str, ...]:
    said = []
    if not plan.known:
        said.append(
            f"The image {plan.reference} is none that this tool knows: URLs that it hands out may lead past the clone."
        )
    if ask(endpoint, access_key_id=_OTHER_ACCOUNT).account != _OTHER_ACCOUNT:
        said.append(f"The engine has one account for everybody, {account}: changes across accounts meet in it.")
    if plan.licensed:
        said.append("The engine was given a licence's token and a way to the internet, to have it checked.")
    elif published:
        said.append("The engine's port is published on the loopback interface: its network is not an internal one.")
    return tuple(said)


def _version(image: Any) -> str:
    labels = (image.attrs.get("Config") or {}).get("Labels") or {}
    named = str(labels.get("org.opencontainers.image.version", ""))
    return f"{named} {image.short_id}".strip()


def _status(container: Any) -> str:
    try:
        container.reload()
    except (DockerException, RequestException):
        return ""
    return str(container.status)


def _ending(container: Any) -> str:
    """How it ended, where it has."""
    status = _status(container)
    if status in {"running", "created", ""}:
        return ""
    state = container.attrs.get("State") or {}
    reason = f", out of memory ({MEMORY})" if state.get("OOMKilled") else ""
    return f"(ended with status {state.get('ExitCode')}{reason})"


@contextmanager
def _docker_errors(what: str) -> Iterator[None]:
    try:
        yield
    except (DockerException, RequestException) as error:
        raise EngineError(f"{what}: {_said(error)}", hint=_HINT) from error


def _said(error: Exception) -> str:
    """What the Docker Engine said, in one line."""
    text = str(error.explanation) if isinstance(error, APIError | NotFound) and error.explanation else str(error)
    return " ".join(text.split())[:500] or type(error).__name__
