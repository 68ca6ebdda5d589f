"""Whether there is a pass for exactly what a command line does.

A pass is for one command as it stands alone. So the line may hold nothing else that could change what the command finds
between now and then: other folders, checks that read, and filters of the output, no more.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping

from diffing.record import dataclass
from gate.hook.judge import Judgement
from gate.hook.programs import Effect
from gate.hook.script import Invocation, read_file
from gate.hook.words import HOLE
from gate.passes import COMMAND, TERRAFORM, Wanted, take

_TERRAFORMS = frozenset({"terraform", "tofu"})
_BESIDE = frozenset({"cd", "echo", "true", "date", "head", "tail", "grep", "cat", "less", "wc", "pwd", "ls"})
_TERRAFORM_BESIDE = frozenset({"validate", "version", "output", "show"})
_INIT_FLAGS = frozenset({"-input=false", "-no-color"})
_ELSEWHERE = frozenset({"sudo", "doas", "su", "ssh", "eval", "exec", "source", ".", "trap", "alias"})
"""What runs as somebody else, somewhere else or in the shell itself: no rehearsal shows what that finds."""
_HARMLESS_VARIABLES = frozenset({"TF_IN_AUTOMATION", "TF_INPUT", "TF_LOG", "NO_COLOR", "AWS_PAGER", "PAGER"})
_APPLY_FLAGS = (
    r"-auto-approve|-input=(true|false)|-no-color|-compact-warnings|-json|-lock=true|-lock-timeout=\w+|-parallelism=\d+"
)
"""Options that change nothing about what an apply does (https://developer.hashicorp.com/terraform/cli/commands/apply)."""
_DIRECTED = ("TF_CLI_ARGS", "TF_DATA_DIR")
"""Variables that make Terraform do something else than its command line says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """A `terraform apply` of what a folder describes."""

    program: str
    directory: str
    variables: tuple[str, ...]
    var_files: tuple[str, ...]


def permitted(judgement: Judgement, environment: Mapping[str, str]) -> bool:
    """Whether a pass covers all that was found; it is used up by the answer."""
    outer = sole(judgement)
    if outer is None:
        return False
    apply = apply_of(outer)
    if apply is not None:
        return not any(name.startswith(_DIRECTED) for name in environment) and take(
            wanted_apply(apply, environment), environment
        )
    wanted = Wanted(kind=COMMAND, program="", directory=os.path.realpath(outer.cwd or ""), words=outer.words)
    return take(wanted, environment)


def sole(judgement: Judgement) -> Invocation | None:
    """The one command of a line that a pass could be for; None where the line does anything else."""
    outers = {finding.invocation for finding in judgement.findings}
    if len(outers) != 1 or any(finding.effect is not Effect.CHANGE for finding in judgement.findings):
        return None
    outer = outers.pop()
    others = [each for each in judgement.script.invocations if each != outer]
    alone = judgement.script.invocations.count(outer) == 1 and not judgement.script.broken
    return outer if alone and _is_plain(outer) and all(_may_stand_beside(each) for each in others) else None


def apply_of(outer: Invocation) -> Apply | None:
    """The apply that a command is, where it is one that `sandtable rehearse terraform` rehearses as it is."""
    if outer.words[0] not in _TERRAFORMS or outer.cwd is None or any(HOLE in word for word in outer.words):
        return None
    words = list(outer.words[1:])
    directory = outer.cwd
    if words and words[0].startswith("-chdir="):
        directory = os.path.join(directory, words.pop(0).partition("=")[2])
    if not words or words.pop(0) != "apply":
        return None
    variables, var_files = list[str](), list[str]()
    while words:
        name, sign, value = words.pop(0).partition("=")
        name = name.replace("--", "-", 1) if name.startswith("--") else name
        if name in {"-var", "-var-file"}:
            if not sign and not words:
                return None
            (variables if name == "-var" else var_files).append(value if sign else words.pop(0))
        elif not re.fullmatch(_APPLY_FLAGS, name + sign + value):
            return None
    return Apply(
        program=outer.words[0],
        directory=os.path.realpath(directory),
        variables=tuple(variables),
        var_files=tuple(os.path.realpath(os.path.join(directory, each)) for each in var_files),
    )


def wanted_apply(apply: Apply, environment: Mapping[str, str]) -> Wanted:
    """What a pass for an apply must fit."""
    return Wanted(
        kind=TERRAFORM,
        program=apply.program,
        directory=apply.directory,
        variables=apply.variables,
        var_files=apply.var_files,
        workspace=workspace_of(apply.directory, environment),
    )


def workspace_of(directory: str, environment: Mapping[str, str]) -> str:
    """The selected workspace (https://developer.hashicorp.com/terraform/cli/workspaces)."""
    selected = read_file(os.path.join(directory, ".terraform", "environment"))
    return environment.get("TF_WORKSPACE", "") or (selected or "").strip() or "default"


def _is_plain(outer: Invocation) -> bool:
    return (
        outer.plain
        and outer.words[0] not in _ELSEWHERE
        and outer.cwd is not None
        and outer.stdin is None
        and not any(HOLE in word for word in outer.words)
        and set(outer.assignments) <= _HARMLESS_VARIABLES
    )


def _may_stand_beside(other: Invocation) -> bool:
    if not other.plain or other.assignments:
        return False
    name = other.words[0]
    if name in _BESIDE:
        return True
    if name not in _TERRAFORMS or len(other.words) < 2:  # noqa: PLR2004 - program and command
        return False
    command, flags = other.words[1], set(other.words[2:])
    return command in _TERRAFORM_BESIDE or (command == "init" and flags <= _INIT_FLAGS)
