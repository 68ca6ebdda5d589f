"""What must not stay: a container and its network, removed by name, and those of runs that have died.

Each carries a label that names the process it belongs to: the boot of the machine, the process-number space, the number
and the moment it started. Only a run of the same machine and space can tell whether that process is still there.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, NotFound

LABEL = "sandtable.owner"
_START_TIME = 19
"""Of the fields after the program's name in /proc/PID/stat, see proc(5)."""


def owner(process: int | None = None) -> str:
    """A process (this one), as the label says it; empty where the system does not tell."""
    number = os.getpid() if process is None else process
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {_space()} {number} {_started(number)}"
    except OSError:
        return ""


def remove(client: docker.DockerClient, name: str) -> bool:
    """Remove the container and the network of a name; False where neither was there.

    Raises:
        DockerException: the Docker Engine did not do it.
    """
    found = False
    with contextlib.suppress(NotFound):
        client.containers.get(name).remove(force=True, v=True)
        found = True
    with contextlib.suppress(NotFound):
        client.networks.get(name).remove()
        found = True
    return found


def sweep(client: docker.DockerClient) -> tuple[str, ...]:
    """Remove what runs of this machine left behind that are no more; return the names. Never raises for Docker."""
    swept: set[str] = set()
    with contextlib.suppress(DockerException, OSError):
        found: list[Any] = [
            *client.containers.list(all=True, filters={"label": LABEL}),
            *client.networks.list(filters={"label": LABEL}),
        ]
        for item in found:
            if item.name not in swept and abandoned(_label(item)):
                remove(client, str(item.name))
                swept.add(str(item.name))
    return tuple(sorted(swept))


def abandoned(label: str) -> bool:
    """Whether the process that a label names is certainly gone."""
    parts, own = label.split(), owner().split()
    if len(parts) != len(own) or parts[:2] != own[:2] or not parts[2].isdigit():
        return False
    try:
        return _started(int(parts[2])) != parts[3]
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _label(item: Any) -> str:
    attributes = item.attrs
    labels = attributes.get("Labels") or attributes.get("Config", {}).get("Labels") or {}
    return str(labels.get(LABEL, ""))


def _space() -> str:
    return str(Path("/proc/self/ns/pid").readlink())


def _started(number: int) -> str:
    stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()[_START_TIME]
