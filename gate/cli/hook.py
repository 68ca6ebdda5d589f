"""`sandtable hook AGENT` and `sandtable hook install AGENT`."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gate.hook.answer import main
from sandbox.errors import SandtableError, UsageError

_SECONDS = 10
Entry = Callable[[str], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agent looks for hooks, and how one is written there. Documentation: `gate/hook/agents.py`."""

    file: str
    """Relative to the project, or to the user's home."""
    event: str
    """The key of the list below ``hooks``; empty where ``hooks`` is the list."""
    entry: Entry
    version: int | str | None = None


def _grouped(matcher: str, timeout: int) -> Entry:
    """As Claude Code has it, and who took it over."""
    return lambda command: {
        "matcher": matcher,
        "hooks": [{"type": "command", "command": command, "timeout": timeout}],
    }


def _kiro(command: str) -> dict[str, Any]:
    return {
        "name": "sandtable",
        "trigger": "PreToolUse",
        "matcher": "execute_bash|shell",
        "action": {"type": "command", "command": command},
        "timeout": _SECONDS,
        "enabled": True,
    }


PLACES: Mapping[str, Place] = MappingProxyType(
    {
        "claude-code": Place(file=".claude/settings.json", event="PreToolUse", entry=_grouped("Bash", _SECONDS)),
        "codex": Place(file=".codex/hooks.json", event="PreToolUse", entry=_grouped("Bash", _SECONDS)),
        # Gemini CLI counts in milliseconds.
        "gemini": Place(
            file=".gemini/settings.json", event="BeforeTool", entry=_grouped("run_shell_command", _SECONDS * 1000)
        ),
        "cursor": Place(
            file=".cursor/hooks.json",
            event="beforeShellExecution",
            entry=lambda command: {"command": command},
            version=1,
        ),
        "kiro": Place(file=".kiro/hooks/sandtable.json", event="", entry=_kiro, version="v1"),
    }
)


def answer(options: argparse.Namespace) -> int:
    """Answer one event of an agent, read from standard input."""
    return main(options.agent, options.hook_target)


def install(options: argparse.Namespace) -> int:
    """Show what would be written into an agent's configuration, ask, and write it."""
    place = PLACES[options.agent]
    file = (Path.home() if options.user else Path()) / place.file
    before = _read(file)
    shown = before if before.endswith("\n") or not before else f"{before}\n"
    document = _parse(before, file)
    if not _merge(document, place, command_of(options.agent, options.hook_target)):
        sys.stdout.write(f"{file} has this hook already; nothing was changed.\n")
        return 0
    after = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    sys.stdout.writelines(
        difflib.unified_diff(shown.splitlines(keepends=True), after.splitlines(keepends=True), str(file), str(file))
    )
    if not options.yes and not _agreed(file):
        sys.stdout.write("Nothing was changed.\n")
        return 0
    backup = _write(file, after)
    sys.stdout.write(f"Written to {file}." + (f" What was there is in {backup}.\n" if backup else "\n"))
    return 0


def command_of(agent: str, target: str) -> str:
    """What the agent's configuration runs. Where `sandtable` is not to be found, the command is held back as well."""
    option = f" --target {shlex.quote(target)}" if target else ""
    return f"sandtable hook {agent}{option} || exit 2"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SandtableError(f"{file} cannot be read: {error}.", hint="Nothing was changed.") from error


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        document = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise SandtableError(
            f"{file} is not plain JSON: {error}.", hint="Nothing was changed. Add the hook by hand: docs/hooks.md."
        ) from error
    if not isinstance(document, dict):
        raise _odd(file)
    return document


def _merge(document: dict[str, Any], place: Place, command: str) -> bool:
    """Add the entry, unless it is there; say whether it was added."""
    if place.version is not None:
        document.setdefault("version", place.version)
    hooks = document.setdefault("hooks", {} if place.event else [])
    if place.event and not isinstance(hooks, dict):
        raise _odd(Path(place.file))
    entries = hooks.setdefault(place.event, []) if place.event else hooks
    if not isinstance(entries, list):
        raise _odd(Path(place.file))
    if json.dumps(command) in json.dumps(entries):
        return False
    entries.append(place.entry(command))
    return True


def _odd(file: Path) -> SandtableError:
    return SandtableError(
        f"{file} is not laid out as its agent documents it.",
        hint="Nothing was changed. Add the hook by hand: docs/hooks.md.",
    )


def _agreed(file: Path) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(f"{file} was not changed: nobody can be asked here.", hint="Say --yes.")
    sys.stdout.write(f"Write this to {file}? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _write(file: Path, text: str) -> Path | None:
    """Write a file whole, and keep what was there before."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        backup = None
        if file.exists():
            backup = next(place for place in _backups(file) if not place.exists())
            backup.write_bytes(file.read_bytes())
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        if file.exists():
            draft.chmod(file.stat().st_mode & 0o777)
        draft.replace(file.resolve())
    except OSError as error:
        raise SandtableError(f"{file} could not be written: {error}.", hint="May this user write there?") from error
    return backup


def _backups(file: Path) -> list[Path]:
    return [
        file.with_name(f"{file.name}.bak"),
        *(file.with_name(f"{file.name}.bak{number}") for number in range(1, 1000)),
    ]
