"""An engine in a container: how little it may do, that it goes, and what is said when it does not come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker_host import DockerHost
from engine_clients import PUBLIC_PORT, client, eventually

from sandbox.engines.container import ContainerEngine, RunningContainer, needs_published_port
from sandbox.engines.leftovers import LABEL, abandoned, owner, sweep
from sandbox.errors import EngineError, MissingToolError

pytestmark = pytest.mark.engine

LOOK_AROUND = """
import json, os, socket

def attempt(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__

status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "write to the root": attempt(lambda: open("/here", "w")),
    "write to a temporary folder": attempt(lambda: open("/tmp/here", "w").close()),
    "go out": attempt(lambda: socket.create_connection(("192.0.2.1", 80), 1)),
    "look up a name": attempt(lambda: socket.gethostbyname("example.com")),
    "find a Docker Engine": os.path.exists("/var/run/docker.sock"),
    "capabilities": status["CapBnd"].strip("0"),
    "new privileges": status["NoNewPrivs"],
}))
"""


@pytest.fixture(scope="module")
def daemon(docker_host: DockerHost) -> Iterator[Any]:
    found = docker.DockerClient(base_url=docker_host.host)
    yield found
    found.close()


def of_process(number: int, daemon: Any) -> list[str]:
    """Containers and networks that are there for a process's engine; those of other workers are not."""
    found = [
        *daemon.containers.list(all=True, filters={"label": LABEL}),
        *daemon.networks.list(filters={"label": LABEL}),
    ]
    return sorted(item.name for item in found if owner_of(item) == str(number))


def owner_of(item: Any) -> str:
    labels = item.attrs.get("Labels") or item.attrs["Config"]["Labels"]
    return str(labels[LABEL].split()[2])


def engine_of(docker_host: DockerHost, image: str, **options: Any) -> ContainerEngine:
    return ContainerEngine(docker_host.images.get(image, image), environment=docker_host.environment, **options)


class TestContainment:
    @pytest.mark.parametrize("published", [False, True], ids=["internal", "published"])
    def test_can_do_as_little_as_possible(
        self, docker_host: DockerHost, daemon: Any, tmp_path: Path, *, published: bool
    ) -> None:
        with engine_of(docker_host, "ministack", published=published).start(tmp_path, public_port=PUBLIC_PORT) as clone:
            client(clone, "sqs").create_queue(QueueName="orders")
            seen = looked_around(clone)
            settings = clone.container.attrs["HostConfig"]
            network = daemon.networks.get(clone.container.name)

        assert seen == {
            "write to the root": "OSError",
            "write to a temporary folder": "None",
            "go out": "TimeoutError",
            "look up a name": "gaierror",
            "find a Docker Engine": False,
            "capabilities": "",
            "new privileges": "1",
        }
        assert (settings["Memory"], settings["PidsLimit"], settings["Binds"]) == (2 << 30, 512, None)
        assert network.attrs["Internal"] is not published
        assert clone.endpoint.startswith("http://127.0.0.1:") is published
        assert any("published" in text for text in clone.notices) is published
        assert of_process(os.getpid(), daemon) == []


class TestLifetime:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
    def test_ends_with_its_parent(
        self, docker_host: DockerHost, daemon: Any, tmp_path: Path, number: signal.Signals
    ) -> None:
        program = textwrap.dedent(f"""
            import os, sys
            from pathlib import Path
            from sandbox.engines.container import ContainerEngine
            engine = ContainerEngine({docker_host.images["ministack"]!r}, environment=dict(os.environ))
            with engine.start(Path({str(tmp_path)!r}), public_port={PUBLIC_PORT}) as started:
                print(started.container.name, flush=True)
                sys.stdin.read()
        """)
        with subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**docker_host.environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as parent:
            assert parent.stdout is not None
            name = parent.stdout.readline().decode().strip()
            assert of_process(parent.pid, daemon) == [name, name]
            parent.send_signal(number)
            parent.wait()
        assert eventually(lambda: of_process(parent.pid, daemon) == [])

    def test_what_dead_runs_left_is_swept_and_what_lives_is_not(
        self, docker_host: DockerHost, daemon: Any, tmp_path: Path
    ) -> None:
        with subprocess.Popen(["sleep", "600"]) as run:
            label = {LABEL: owner(run.pid)}
            daemon.networks.create("sandtable-left", internal=True, labels=label)
            daemon.containers.create(
                docker_host.images["silent"], name="sandtable-left", network="sandtable-left", labels=label
            ).start()
            assert "sandtable-left" not in sweep(daemon)
            run.kill()

        with engine_of(docker_host, "ministack").start(tmp_path, public_port=PUBLIC_PORT) as clone:
            assert of_process(run.pid, daemon) == []
            assert of_process(os.getpid(), daemon) == [clone.container.name] * 2

    def test_only_who_shares_the_process_numbers_can_say_that_a_run_is_dead(self) -> None:
        boot, space, number, started = owner().split()

        assert not abandoned(owner())
        assert abandoned(f"{boot} {space} {number} 1")
        assert abandoned(f"{boot} {space} 4194304 {started}")
        assert not abandoned(f"{boot} pid:[1] {number} 1")
        assert not abandoned(f"another-boot {space} {number} 1")
        assert not abandoned("")


class TestFailures:
    def test_no_docker_engine(self, tmp_path: Path) -> None:
        engine = ContainerEngine("ministack", environment={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})

        with pytest.raises(MissingToolError, match="No Docker Engine answers") as caught:
            engine.start(tmp_path, public_port=PUBLIC_PORT).__enter__()
        assert "--engine ministack" in caught.value.hint

    def test_a_docker_engine_on_another_machine(self) -> None:
        elsewhere = docker.DockerClient(base_url="tcp://192.0.2.1:2375", version="1.41")

        with pytest.raises(EngineError, match="on another machine") as caught:
            needs_published_port(elsewhere)
        assert "endpoint:URL" in caught.value.hint

    def test_an_image_that_does_not_exist(self, docker_host: DockerHost, daemon: Any, tmp_path: Path) -> None:
        # Nothing listens on this port: nobody is asked for it.
        engine = engine_of(docker_host, "localhost:1/none:1")

        with pytest.raises(EngineError, match="could not be fetched") as caught:
            engine.start(tmp_path, public_port=PUBLIC_PORT).__enter__()
        assert "docker pull localhost:1/none:1" in caught.value.hint
        assert of_process(os.getpid(), daemon) == []

    def test_an_image_that_never_becomes_healthy(self, docker_host: DockerHost, daemon: Any, tmp_path: Path) -> None:
        engine = engine_of(docker_host, "silent", ready_within=1.0)

        with pytest.raises(EngineError, match="within 1 s") as caught:
            engine.start(tmp_path, public_port=PUBLIC_PORT).__enter__()
        assert "I listen to nobody" in caught.value.message
        assert "endpoint:URL" in caught.value.hint
        assert of_process(os.getpid(), daemon) == []

    def test_an_image_that_ends_at_once(self, docker_host: DockerHost, daemon: Any, tmp_path: Path) -> None:
        with pytest.raises(EngineError, match="ended before it answered") as caught:
            engine_of(docker_host, "broken").start(tmp_path, public_port=PUBLIC_PORT).__enter__()
        assert "the disk is on fire" in caught.value.message
        assert "ended with status 1" in caught.value.message
        assert of_process(os.getpid(), daemon) == []


def looked_around(clone: RunningContainer) -> dict[str, Any]:
    done = clone.container.exec_run(
        [clone.container.attrs["Path"], "-c", LOOK_AROUND], environment={"RES_OPTIONS": "timeout:1 attempts:1"}
    )
    found: dict[str, Any] = json.loads(done.output)
    return found
