"""Reading a file that lists changes to be made one after the other (docs/commands.md, "Several changes in order")."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from sandbox.cloning.tfstate import read_state
from sandbox.errors import ConfigurationError, UsageError
from sandbox.proposal import Budget, CloudFormationProposal, CommandProposal, SequenceProposal, TerraformProposal

LARGEST = 256 * 1024
MOST_STEPS = 50
_HINT = (
    "A file of steps: a list under `steps`, each with `command: [PROGRAM, …]`, `terraform: DIR` or "
    "`cloudformation: TEMPLATE`."
)
_NO_STATE = "none"


def read_steps(path: Path, *, budget: Budget, stack: str = "") -> SequenceProposal:
    """Read a file of steps. Folders and files in it are relative to it.

    Args:
        path: The file.
        budget: How much each program in it may call.
        stack: What the stack of the target's template is called; empty for what the steps call theirs.

    Raises:
        UsageError: there is no such file.
        ConfigurationError: it is not what it should be.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"The file of steps {path} cannot be read: {error.strerror}.", hint=_HINT) from error
    if len(text) > LARGEST:
        raise _wrong(path, "it is too large")
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _wrong(path, f"it is not YAML: {str(error)[:200]}") from error
    items = document.get("steps") if isinstance(document, dict) else document
    if isinstance(document, dict) and document.keys() - {"steps"}:
        raise _wrong(path, f"it has unknown keys: {', '.join(sorted(map(str, document.keys() - {'steps'})))}")
    return steps_of(items, path.parent, budget=budget, stack=stack, told_as=path)


def steps_of(
    items: Any, folder: Path, *, budget: Budget, stack: str = "", told_as: Path = Path("given")
) -> SequenceProposal:
    """Make a sequence of steps that were parsed already.

    Args:
        items: A list of mappings, each as a file of steps has it.
        folder: What folders and files in it are relative to.
        budget: How much each program may call.
        stack: What the stack of the target's template is called; empty for what the steps call theirs.
        told_as: What to call them in messages.

    Raises:
        ConfigurationError: they are not what they should be.
    """
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_STEPS:
        raise _wrong(told_as, f"it lists no steps, or more than {MOST_STEPS}")
    steps = (_step(item, number, told_as, folder, budget) for number, item in enumerate(items, start=1))
    return SequenceProposal(directory=folder, steps=tuple(_named(step, stack) for step in steps), stack=stack)


def _step(item: Any, number: int, path: Path, folder: Path, budget: Budget) -> _Step:
    kinds = [kind for kind in _KINDS if isinstance(item, dict) and kind in item]
    if len(kinds) != 1:
        raise _wrong(path, f"step {number} is not exactly one of: {', '.join(_KINDS)}")
    read, keys = _KINDS[kinds[0]]
    unknown = item.keys() - {kinds[0], *keys}
    if unknown:
        raise _wrong(path, f"step {number} has unknown keys: {', '.join(sorted(map(str, unknown)))}")
    try:
        return read(item, folder, budget)
    except ValueError as error:
        raise _wrong(path, f"step {number}: {error}") from error


def _named(step: _Step, stack: str) -> _Step:
    """A template that names no stack is of the one that is meant; an assembly's stacks have names of their own."""
    if isinstance(step, CloudFormationProposal) and step.template is not None and step.template.is_file():
        return replace(step, stack=step.stack or stack)
    return step


def _terraform(item: Mapping[str, Any], folder: Path, _budget: Budget) -> TerraformProposal:
    directory = _folder(item["terraform"], folder)
    state = item.get("state")
    if state is None:
        return TerraformProposal(directory=directory)
    if state == _NO_STATE:
        return TerraformProposal(directory=directory, state=b"")
    return TerraformProposal(directory=directory, state=read_state(str(folder / _text(state, "state"))).document)


def _command(item: Mapping[str, Any], folder: Path, budget: Budget) -> CommandProposal:
    words = item["command"]
    if isinstance(words, str):
        words = shlex.split(words)
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise ValueError("a command is a list of texts, the program first")
    return CommandProposal(command=tuple(words), directory=_folder(item.get("dir", "."), folder), budget=budget)


def _cloudformation(item: Mapping[str, Any], folder: Path, _budget: Budget) -> CloudFormationProposal:
    parameters = item.get("parameters")
    stack = item.get("stack")
    return CloudFormationProposal(
        template=_there(item["cloudformation"], folder),
        stack="" if stack is None else _text(stack, "a stack's name"),
        parameters=None if parameters is None else _there(parameters, folder),
    )


def _there(name: Any, folder: Path) -> Path:
    found = folder / _text(name, "a file's name")
    if not found.exists():
        raise ValueError(f"there is no {name}")
    return found


def _folder(name: Any, folder: Path) -> Path:
    found = folder / _text(name, "a folder")
    if not found.is_dir():
        raise ValueError(f"there is no folder {name}")
    return found


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"{what} is not a text")
    return value


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"The file of steps {path} is not one: {what}.", hint=_HINT)


_Step: TypeAlias = TerraformProposal | CommandProposal | CloudFormationProposal
_Read: TypeAlias = Callable[[Mapping[str, Any], Path, Budget], _Step]
_KINDS: Mapping[str, tuple[_Read, frozenset[str]]] = {
    "command": (_command, frozenset({"dir"})),
    "terraform": (_terraform, frozenset({"state"})),
    "cloudformation": (_cloudformation, frozenset({"stack", "parameters"})),
}
"""Kind of step → what reads it, and the keys that it may have beside."""
