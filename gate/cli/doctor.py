"""`sandtable doctor`: what is installed, what is missing, and for each missing thing what to do."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from gate.wiring import ENGINES, tool_version
from sandbox.errors import SandtableError
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.providers import provider_sources
from sandbox.isolation.choose import INSTALL, backends

OK, OPTIONAL, MISSING = "ok", "optional", "missing"
FAILED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the doctor's answer."""

    name: str
    state: str
    """`ok`, `optional` (not there, not needed) or `missing` (needed)."""
    found: str
    advice: str = ""


def doctor(options: argparse.Namespace) -> int:
    """Check this machine; 3 where a rehearsal cannot run here."""
    checks = tuple(examine(dict(os.environ)))
    if options.format == "json":
        sys.stdout.write(json.dumps([asdict(check) for check in checks], indent=2) + "\n")
    else:
        _print(checks)
    return FAILED if any(check.state == MISSING for check in checks) else 0


def examine(environment: dict[str, str]) -> Iterator[Check]:
    """Look at everything that a rehearsal uses, in the order in which it uses it."""
    yield Check(name="sandtable", state=OK, found=f"{tool_version()} on Python {platform.python_version()}")
    yield _terraform(environment)
    yield _providers(environment)
    yield from (_engine(name) for name in ENGINES)
    yield _docker()
    yield from _isolation()
    yield _program("git", "Install git to use --target git:REF.", environment)


def _terraform(environment: dict[str, str]) -> Check:
    try:
        binary = find_terraform(None, environment)
    except SandtableError as error:
        return Check(name="terraform", state=MISSING, found=error.message, advice=error.hint)
    return Check(name=binary.flavour, state=OK, found=f"{binary.version} at {binary.path}")


def _providers(environment: dict[str, str]) -> Check:
    mirrors = provider_sources(environment)
    if mirrors:
        return Check(name="providers", state=OK, found="mirrors: " + ", ".join(str(path) for path in mirrors))
    return Check(
        name="providers",
        state=OPTIONAL,
        found="no local mirror; terraform init asks the registry",
        advice="Without internet, put a filesystem mirror under ~/.terraform.d/plugins (terraform providers mirror).",
    )


_ENGINE_PACKAGES = {
    "ministack": ("ministack", "pip install sandtable"),
    "moto": ("moto", "pip install 'sandtable[moto]'"),
}


def _engine(name: str) -> Check:
    package, advice = _ENGINE_PACKAGES[name]
    try:
        return Check(name=f"engine {name}", state=OK, found=f"{package} {version(package)}")
    except PackageNotFoundError:
        state = OPTIONAL if name == "moto" else MISSING
        return Check(name=f"engine {name}", state=state, found="not installed", advice=advice)


def _docker() -> Check:
    """Ask the engine, not only whether a client is installed."""
    import docker  # noqa: PLC0415 - takes a quarter of a second, and only this command asks

    advice = "Start Docker, or set DOCKER_HOST, to use --engine container:IMAGE; nothing else needs it."
    try:
        client = docker.from_env(timeout=2)
        found = f"engine {client.version()['Version']}"
        client.close()
    except (docker.errors.DockerException, OSError) as error:
        return Check(name="docker", state=OPTIONAL, found=f"no engine answers ({type(error).__name__})", advice=advice)
    return Check(name="docker", state=OK, found=found)


def _isolation() -> Iterator[Check]:
    """Try every backend; one is enough."""
    problems = {backend.name: backend.problem() for backend in backends()}
    works = not all(problems.values())
    for name, problem in problems.items():
        state = OPTIONAL if works else MISSING
        if problem:
            yield Check(name=name, state=state, found=problem, advice="" if works else INSTALL)
        else:
            yield Check(name=name, state=OK, found="contains what is replayed")


def _program(name: str, advice: str, environment: dict[str, str]) -> Check:
    path = shutil.which(name, path=environment.get("PATH"))
    if path:
        return Check(name=name, state=OK, found=path)
    return Check(name=name, state=OPTIONAL, found="not installed", advice=advice)


def _print(checks: tuple[Check, ...]) -> None:
    from rich.console import Console  # noqa: PLC0415 - loaded only where it shows something
    from rich.text import Text  # noqa: PLC0415 - as above

    marks = {OK: ("✓", "green"), OPTIONAL: ("–", "yellow"), MISSING: ("✗", "red")}
    console = Console()
    write: Callable[[Text], None] = console.print
    for check in checks:
        mark, colour = marks[check.state]
        write(Text.assemble((mark, colour), f" {check.name:<18} {check.found}"))
        if check.advice and check.state != OK:
            write(Text(f"    → {check.advice}", style="dim"))
