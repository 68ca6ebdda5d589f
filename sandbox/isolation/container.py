"""Enclosing in containers of a local Docker Engine, for machines where bubblewrap does not work.

The same view of files, the same first process inside, the same handing out of the recorder's sockets as with
bubblewrap: the image is empty but for links and folders, and everything that is seen is mounted. No network, no
capabilities, a user that owns nothing, Docker's filter of system calls and this tool's. Control groups bound memory
and processes.

A container removes itself when it ends, and it ends when this process does: `inside.py` watches its channel.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import sys
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.isolation import seccomp, trial
from sandbox.isolation.enclosure import Access, Command, Doors, Isolation, IsolationError, Spawn
from sandbox.isolation.launch import (
    INSIDE,
    PATIENCE,
    PLACE,
    NoDoors,
    Texts,
    another_user,
    arguments,
    hand_files_to,
    receive,
)
from sandbox.isolation.limits import Limits, Watch
from sandbox.isolation.view import HOST_NAME, Kind, Place, places, programs_on

if TYPE_CHECKING:
    import docker

NAME = "container"
RELAY = Path(__file__).with_name("relay.py")
DEFAULT_HOST = "unix:///var/run/docker.sock"
LABEL = "sandtable.isolation"

_WAY = Path("/run/sandtable/way")
_FILTER = Path("/run/sandtable/filter")
_HARD = 5, 4
"""The kernel's limits lie a quarter above the watched ones, which are told about when they are gone over."""
_PAUSE = 0.1
_IMAGE = 2
"""To be raised with every change of what is in an image."""
_TIMEOUT = 30


class Containers:
    """The backend; satisfies `sandbox.isolation.enclosure.Backend`.

    Args:
        host: Where the Docker Engine listens, as DOCKER_HOST takes it; nothing for what Docker's own tools would use.
    """

    def __init__(self, host: str = "") -> None:
        self._host = host or os.environ.get("DOCKER_HOST") or DEFAULT_HOST

    @property
    def name(self) -> str:
        """As ``--isolation`` and the report call it."""
        return NAME

    def problem(self) -> str:
        """Enclose ``true`` as every command is enclosed, and see whether that works."""
        if sys.platform != "linux":
            return "containers hold only on Linux itself"
        if not self._host.startswith("unix://"):
            return f"the Docker Engine at {self._host} is not reached by a socket of this machine"
        if not Path(self._host.removeprefix("unix://")).exists():
            return "no Docker Engine runs"
        try:
            _try(self)
        except (IsolationError, OSError) as error:
            return str(error)
        return ""

    @contextmanager
    def open(self, scratch: Path, doors: Doors, *, limits: Limits, path: str) -> Iterator[Isolation]:
        """See `sandbox.isolation.enclosure.Backend.open`."""
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _client(self._host) as client:
            yield ContainerIsolation(
                client=client, host=self._host, scratch=scratch, doors=doors, limits=limits, path=path
            )


@dataclass(slots=True, kw_only=True)
class ContainerIsolation:
    """One rehearsal's; satisfies `sandbox.isolation.enclosure.Isolation`."""

    client: docker.DockerClient
    host: str
    scratch: Path
    doors: Doors
    limits: Limits
    path: str
    name: str = NAME
    user: int = field(default_factory=lambda: another_user() if os.geteuid() == 0 else os.geteuid())
    _texts: Texts = field(init=False)

    def __post_init__(self) -> None:
        """Make ready for texts."""
        self._texts = Texts(folder=self.scratch)

    @contextmanager
    def enclose(self, command: Command, access: Access) -> Iterator[Spawn]:
        """See `sandbox.isolation.enclosure.Isolation.enclose`."""
        with ExitStack() as stack, _docker_errors():
            if os.geteuid() == 0:
                hand_files_to(self.user, access, tuple(programs_on(self.path)), own=self.scratch.parent)
            way, channel = self._way(stack)
            name = f"sandtable-{uuid.uuid4().hex[:12]}"
            stack.callback(self._remove, name)
            self._create(name, command, access, way)
            watch = Watch(limits=self.limits, folders=access.writable)
            watch.begin()

            def started() -> None:
                connection = stack.enter_context(self._accept(channel, name))
                for listener in receive(connection):
                    stack.callback(self.doors.admit(listener))
                watch.pid = int(self.client.api.inspect_container(name)["State"]["Pid"])

            yield Spawn(
                arguments=(sys.executable, "-I", "-S", str(RELAY), self.host.removeprefix("unix://"), name),
                cwd=Path("/"),
                environment={},
                started=started,
                watch=watch,
            )

    def _way(self, stack: ExitStack) -> tuple[Path, socket.socket]:
        """A folder with a socket, at which the first process inside hands out its listeners; for that moment only."""
        folder = self.scratch / f"way-{uuid.uuid4().hex[:8]}"
        folder.mkdir(mode=0o755)
        channel = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        # A descriptor's path is short: a socket's may have 107 bytes (unix(7)).
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            channel.bind(f"/proc/self/fd/{descriptor}/way")
        finally:
            os.close(descriptor)
        (folder / "way").chmod(0o666)
        channel.listen(1)
        channel.settimeout(_PAUSE)
        return folder, channel

    def _accept(self, channel: socket.socket, name: str) -> socket.socket:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                connection, _ = channel.accept()
                # The command must find nobody there.
                channel.close()
                connection.settimeout(PATIENCE)
                return connection
            if not self._is_alive(name):
                break
        raise IsolationError("The command could not be enclosed.")

    def _is_alive(self, name: str) -> bool:
        from docker.errors import NotFound  # noqa: PLC0415 - loaded where containers are used

        try:
            return self.client.api.inspect_container(name)["State"]["Status"] in {"created", "running"}
        except NotFound:
            return False

    def _remove(self, name: str) -> None:
        from docker.errors import APIError  # noqa: PLC0415 - as above

        # It may be gone, or about to go, by itself.
        with contextlib.suppress(APIError):
            self.client.api.remove_container(name, force=True, v=True)

    def _create(self, name: str, command: Command, access: Access, way: Path) -> None:
        view = places(access, path=self.path, user=self.user)
        api = self.client.api
        filter_ = self._filter()
        mounts = [_mount(place, self._source(place)) for place in view if place.kind not in {Kind.EMPTY, Kind.LINK}]
        mounts += [_bind(INSIDE, PLACE), _bind(way, _WAY), *([_bind(filter_, _FILTER)] if filter_ else [])]
        launched = arguments(
            command, access, self.limits, channel=str(_WAY / "way"), filter_=str(_FILTER) if filter_ else "-"
        )
        api.create_container(
            _image(api, view),
            launched,
            name=name,
            hostname=HOST_NAME,
            user=f"{self.user}:{self.user}",
            environment=dict(command.environment),
            working_dir="/",
            labels={LABEL: "1"},
            network_disabled=True,
            host_config=self._host_config(view, mounts),
        )

    def _host_config(self, view: Sequence[Place], mounts: list[Any]) -> Any:
        limits, (above, below) = self.limits, _HARD
        memory = limits.memory * above // below
        return self.client.api.create_host_config(
            mounts=mounts,
            tmpfs={
                str(place.path): f"exec,size={limits.private},mode=1777" for place in view if place.kind is Kind.EMPTY
            },
            auto_remove=True,
            read_only=True,
            network_mode="none",
            ipc_mode="private",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            pids_limit=limits.processes * above // below,
            mem_limit=memory,
            memswap_limit=memory,
            shm_size=limits.private,
            oom_score_adj=1000,
        )

    def _source(self, place: Place) -> Path:
        return self._texts.file(place.content) if place.kind is Kind.TEXT else place.path

    def _filter(self) -> Path | None:
        content, file = seccomp.program(), self.scratch / "filter"
        if content and not file.exists():
            file.write_bytes(content)
            file.chmod(0o644)
        return file if content else None


def _mount(place: Place, source: Path) -> Any:
    return _bind(source, place.path, read_only=place.kind is not Kind.WRITTEN)


def _bind(source: Path, target: Path, *, read_only: bool = True) -> Any:
    from docker.types import Mount  # noqa: PLC0415 - loaded where containers are used

    return Mount(str(target), str(source), type="bind", read_only=read_only)


def _image(api: Any, view: Sequence[Place]) -> str:
    """An image with nothing in it but the links of a view; made once, and kept for its few hundred bytes."""
    from docker.errors import ImageNotFound  # noqa: PLC0415 - loaded where containers are used

    links = [(place.path, place.content) for place in view if place.kind is Kind.LINK]
    tag = sha256(repr((_IMAGE, links)).encode()).hexdigest()[:12]
    name = f"sandtable/view:{tag}"
    try:
        api.inspect_image(name)
    except ImageNotFound:
        api.import_image_from_data(_archive(links), repository="sandtable/view", tag=tag)
    return name


def _archive(links: Sequence[tuple[Path, str]]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        # Not /tmp: what is mounted over a folder of the image gets that folder's mode.
        for folder in ("proc", "dev", "var"):
            made = tarfile.TarInfo(folder)
            made.type, made.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(made)
        for path, target in links:
            link = tarfile.TarInfo(str(path).lstrip("/"))
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return content.getvalue()


@contextmanager
def _client(host: str) -> Iterator[docker.DockerClient]:
    import docker  # noqa: PLC0415 - takes a quarter of a second

    with _docker_errors(), contextlib.closing(docker.DockerClient(base_url=host, timeout=_TIMEOUT)) as client:
        yield client


@contextmanager
def _docker_errors() -> Iterator[None]:
    from docker.errors import DockerException  # noqa: PLC0415 - loaded where containers are used
    from requests.exceptions import RequestException  # noqa: PLC0415 - as above

    try:
        yield
    except (DockerException, RequestException) as error:
        told = str(getattr(error, "explanation", "") or error)
        raise IsolationError(
            f"The Docker Engine did not enclose the command: {told}", hint="`sandtable doctor` shows what works here."
        ) from error


def _try(backend: Containers) -> None:
    with tempfile.TemporaryDirectory(prefix="sandtable-") as folder:
        scratch = Path(folder) / "isolation"
        with backend.open(scratch, NoDoors(), limits=Limits(), path="") as isolation:
            trial.run(isolation)
