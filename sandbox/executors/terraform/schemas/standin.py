"""What Terraform starts in a provider's place: at first a program that knows the schemas, then the provider.

Terraform loads all schemas before it does anything else, in a process that it ends at once; the providers that check,
plan and apply it starts afterwards, anew. So the first start within a command is for schemas, and all others are the
provider itself, unaltered by this. Were that not so somewhere, the command would fail (`answering.py` knows nothing
else), and be repeated without.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sandbox.executors.terraform.waits import ShortenedProvider, cli_configuration, is_quotable

_ANSWERING: Final = Path(__file__).with_name("answering.py")
_LAUNCHER: Final = """#!/bin/sh
mkdir -m 700 "$TMPDIR"/{mark} 2>/dev/null || exec {provider} "$@"
exec {python} -I -S {answering} {schemas} {folder}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What one command needs so that it finds the stand-in."""

    environment: Mapping[str, str]
    readable: tuple[Path, ...]


def stand_in(scratch: Path, schemas: bytes, provider: ShortenedProvider, executable: str) -> StandIn | None:
    """Prepare a stand-in for one command.

    Args:
        scratch: A folder of the rehearsal's own.
        schemas: What to answer.
        provider: What to run when something else is asked.
        executable: The provider's file name.

    Returns:
        None where it could not run.
    """
    python = Path(sys.base_exec_prefix).resolve() / "bin" / f"python3.{sys.version_info.minor}"
    library = _library()
    if not (python.is_file() and library and is_quotable(str(scratch)) and _runs_programs(scratch)):
        return None
    folder = Path(tempfile.mkdtemp(dir=scratch, prefix="schemas-"))
    answering, answer, launcher = folder / "answering.py", folder / "schemas", folder / executable
    answering.write_bytes(_ANSWERING.read_bytes())
    answer.write_bytes(schemas)
    words = {
        "mark": f".{folder.name}",
        "provider": provider.directory / executable,
        "python": python,
        "answering": answering,
        "schemas": answer,
        "folder": library[0].parent,
    }
    launcher.write_text(_LAUNCHER.format(**{name: shlex.quote(str(word)) for name, word in words.items()}), "utf-8")
    launcher.chmod(0o700)
    config = folder / "terraform.tfrc"
    config.write_text(cli_configuration("", [replace(provider, directory=folder)]), encoding="utf-8")
    return StandIn(
        # Between processes of one enclosure; without, the answer would need a certificate of its own.
        environment={"TF_CLI_CONFIG_FILE": str(config), "TF_DISABLE_PLUGIN_TLS": "1"},
        readable=(folder, *library),
    )


def _library() -> tuple[Path, ...]:
    """The package `grpc`, and what it imports beside the standard library; nothing where others may not read it."""
    package = importlib.util.find_spec("grpc")
    if package is None or package.origin is None:
        return ()
    folder = Path(package.origin).parent
    extensions = folder.with_name("typing_extensions.py")
    found = (folder, *([extensions] if extensions.is_file() else []))
    return found if all(_is_for_everybody(path) for path in (*found, Path(package.origin))) else ()


def _runs_programs(folder: Path) -> bool:
    return not os.statvfs(folder).f_flag & os.ST_NOEXEC


def _is_for_everybody(path: Path) -> bool:
    """What root replays runs as another user."""
    return bool(path.stat().st_mode & stat.S_IROTH)
