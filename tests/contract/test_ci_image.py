"""The container image: built from the Dockerfile, and run on a repository. No image and no package is fetched."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker_image
import pytest
from ci_repository import QUEUE, TABLE, Repository
from docker_host import DockerHost

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
NOT_NEEDED = frozenset({"sandtable", "moto", "mcp", "regopy", "awscli"})

PROGRAMS = {
    **{name: f"bin/{name}" for name in ("sh", "true", "cat")},
    **{name: f"usr/bin/{name}" for name in ("env", "git", "bwrap")},
}

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def image(docker_host: DockerHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A Docker Engine, and the image's name on it."""
    folder = tmp_path_factory.mktemp("context")
    wheel = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder / "dist"),
        str(ROOT),
    ]
    subprocess.run(wheel, check=True, capture_output=True)
    for name in ("Dockerfile", ".dockerignore", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    client = docker.DockerClient(base_url=docker_host.host, timeout=300)
    base, name = f"sandtable-test/tool-base:{os.getpid()}", f"sandtable-test/tool:{os.getpid()}"
    packages = [re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0] for line in _required()]
    root = docker_image.archive([*packages, "pip"], without=NOT_NEEDED, programs=PROGRAMS)
    repository, _, tag = base.partition(":")
    # Where this interpreter installs programs.
    scripts = Path(sys.executable).resolve().parent
    changes = [f"ENV PYTHONPATH=/packages PATH={scripts}:/usr/local/bin:/usr/bin:/bin"]
    try:
        client.api.import_image_from_data(root, repository=repository, tag=tag, changes=changes)
        client.images.build(path=str(folder), tag=name, rm=True, buildargs={"BASE": base, "EXTRAS": ""})
        yield client, name
    finally:
        for each in (name, base):
            try:
                client.images.remove(each, force=True)
            except docker.errors.ImageNotFound:
                continue
        client.close()


def _required() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"])


def host_config(client: Any, folders: dict[str, str]) -> dict[str, Any]:
    """What the page says that containment takes; `systempaths` is the command line's word for two settings."""
    options = set(re.findall(r"--security-opt (\S+)", PAGE))
    assert "systempaths=unconfined" in options
    made: dict[str, Any] = client.api.create_host_config(
        network_mode="none",
        security_opt=sorted(options - {"systempaths=unconfined"}),
        binds=[f"{source}:{target}" for source, target in folders.items()],
    )
    return {**made, "MaskedPaths": [], "ReadonlyPaths": []}


def run(image: tuple[Any, str], repository: Repository, out: Path, *arguments: str) -> tuple[int, str]:
    client, name = image
    out.mkdir()
    out.chmod(0o777)
    config = host_config(client, {str(repository.top): "/work:ro", str(out): "/out:rw"})
    made = client.api.create_container(name, [*arguments], host_config=config)
    container = client.containers.get(made["Id"])
    try:
        container.start()
        code = container.wait(timeout=300)["StatusCode"]
        return code, container.logs().decode(errors="replace")
    finally:
        container.remove(force=True)


def test_it_rehearses_a_branch_contained_and_as_nobody(image: tuple[Any, str], tmp_path: Path) -> None:
    repository = Repository(tmp_path / "w", {"q.yaml": QUEUE % 0, "t.yaml": TABLE % "orders"})
    repository.commit({"q.yaml": QUEUE % 5, "t.yaml": TABLE % "order"})

    code, log = run(image, repository, tmp_path / "out", "ci", "--base", "main", "--out", "/out")

    assert code == 1, log
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert {root["path"]: root["decision"] for root in summary["roots"]} == {"q.yaml": "approve", "t.yaml": "reject"}
    report = json.loads((tmp_path / "out/roots/t.yaml/report.json").read_text())
    assert report["isolation"] == "bubblewrap"


def test_programs_are_contained_in_it(image: tuple[Any, str], tmp_path: Path) -> None:
    repository = Repository(tmp_path / "w", {"x": ""})
    arguments = ("rehearse", "command", "--target", "empty", "--out", "/out", "--", "sh", "-c", "cat /etc/hostname")
    code, log = run(image, repository, tmp_path / "out", *arguments)
    assert code == 2, log
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["isolation"] == "bubblewrap"
    assert report["steps"][0]["exit_code"] != 0
