"""In a container, at an address: the verdicts and addresses of the embedded engine, which the scenarios expect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import docker
import pytest
from docker_host import DockerHost

from gate.scenarios import scenario_named
from sandbox.engines.leftovers import LABEL

EXIT_CODES = {"approve": 0, "reject": 1, "review": 2}
FAILED = 3
SLOW = (
    'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n    command = "touch $MARK; sleep 6"\n  }\n}\n'
)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gate.cli.main", *arguments]


@pytest.mark.terraform
@pytest.mark.engine
@pytest.mark.parametrize("name", ["kiro", "acceptance"])
def test_a_container_gives_the_same_verdict_and_addresses(docker_host: DockerHost, name: str) -> None:
    expected = scenario_named(name).expect

    done = subprocess.run(
        command(
            "demo", name, "--engine", f"container:{docker_host.images['ministack']}", "--format", "json", "--quiet"
        ),
        env=docker_host.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )

    assert done.returncode == EXIT_CODES[expected.decision], done.stderr
    report = json.loads(done.stdout)
    assert report["engine"]["name"] == f"container:{docker_host.images['ministack']}"
    changes = report["diff"]["changes"]
    shown = {item["address"]: item["action"] for item in changes if item["action"] != "no-op" and not item["owner"]}
    assert {address: action for address, action in shown.items() if not address.startswith("AWS::")} == dict(
        expected.changes
    )
    assert set(expected.findings) <= {finding["rule"] for finding in report["verdict"]["findings"]}


@pytest.mark.terraform
@pytest.mark.engine
def test_a_container_that_dies_is_an_error_and_no_verdict(docker_host: DockerHost, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(SLOW.replace("$MARK", str(tmp_path / "mark")))
    daemon = docker.DockerClient(base_url=docker_host.host)
    running = subprocess.Popen(
        command(
            *("rehearse", "terraform", str(tmp_path), "--target", "empty", "--real-time"),
            # What tells that the apply is under way is written outside.
            *("--engine", f"container:{docker_host.images['ministack']}", "--no-isolation"),
        ),
        env=docker_host.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "mark").exists() and running.poll() is None:
        time.sleep(0.05)

    [engine] = [item for item in daemon.containers.list(filters={"label": LABEL}) if owned_by(item, running.pid)]
    engine.kill()
    stdout, stderr = running.communicate(timeout=120)

    assert running.returncode == FAILED
    assert "died during the rehearsal" in stderr
    assert "ended with status 137" in stderr
    assert "hint: " in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    assert [item for item in daemon.containers.list(all=True, filters={"label": LABEL}) if item.id == engine.id] == []


def owned_by(container: object, process: int) -> bool:
    labels: dict[str, str] = container.labels  # type: ignore[attr-defined]
    return labels[LABEL].split()[2] == str(process)


def test_addresses_of_aws_are_wrong_usage(tmp_path: Path) -> None:
    done = subprocess.run(
        command(
            *("rehearse", "terraform", str(tmp_path), "--target", "empty"),
            *("--engine", "endpoint:https://sts.amazonaws.com", "--engine-host", "sts.amazonaws.com"),
        ),
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 64
    assert "looks like real AWS" in done.stderr
