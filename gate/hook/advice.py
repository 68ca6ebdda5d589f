"""What an agent is told instead of its command being run: what was seen, and what earns a pass."""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping

from diffing.record import replace
from gate.hook.judge import Finding, Judgement
from gate.hook.permit import Apply, apply_of, sole, workspace_of
from gate.hook.programs import Effect
from gate.hook.words import HOLE

_SAFE = r"[\w@%+=:,./-]+"
_LONGEST = 300
_PLACEHOLDER = "TARGET"
_FORMS = (
    "TARGET is the environment as it is: tfstate:FILE, git:REF, config:DIR or another form that "
    "`sandtable rehearse terraform --help` lists."
)


def advice(judgement: Judgement, cwd: str | None, environment: Mapping[str, str], *, target: str = "") -> str:
    """The text for the agent.

    Args:
        judgement: What was found; at least one finding.
        cwd: Where the agent is.
        environment: Its variables.
        target: What the team rehearses against, as ``--target`` takes it; empty to look for a state.
    """
    finding = next((each for each in judgement.findings if each.effect is Effect.CHANGE), judgement.findings[0])
    shown = _shown(finding.words)
    if finding.effect is Effect.UNCLEAR or any(HOLE in word for word in finding.words):
        why = finding.why if finding.effect is Effect.UNCLEAR else f"{finding.why}, and not all of it can be told"
        return (
            f"sandtable: held back, because {why}: `{shown}`. Write the command out, without variables, "
            "substitutions or text that is made while it runs; what only reads then goes through at once."
        )
    command = rehearsal(judgement, finding, cwd, environment, target=target)
    hint = "" if sole(judgement) is not None else f" Run `{shown}` on a line of its own, with nothing around it."
    forms = f"\n{_FORMS}" if f"--target {_PLACEHOLDER}" in command else ""
    return (
        f"sandtable: held back, because {finding.why} and there is no pass for it as it stands now: `{shown}`.\n"
        f"Rehearse it first:\n\n    {command}\n\n"
        f"If that ends in approve (exit code 0), the same command goes through once, within the hour, as long as "
        f"nothing is edited.{hint} If it ends in reject or review, change the proposal as the report says.{forms}"
    )


def rehearsal(
    judgement: Judgement, finding: Finding, cwd: str | None, environment: Mapping[str, str], *, target: str = ""
) -> str:
    """The command that earns a pass."""
    outer = sole(judgement)
    alone = finding.invocation if outer is not None else replace(finding.invocation, words=finding.words)
    apply = apply_of(alone)
    if apply is not None:
        return _terraform(apply, cwd, environment, target)
    folder = finding.invocation.cwd or cwd or "."
    pull, found = _target(folder, cwd, environment, target)
    place = _near(folder, cwd)
    where = "" if place == "." else f" --dir {quoted(place)}"
    words = " ".join(quoted(word) for word in alone.words)
    return f"{pull}sandtable rehearse command{where} --target {found} -- {words}"


def _terraform(apply: Apply, cwd: str | None, environment: Mapping[str, str], target: str) -> str:
    pull, found = _target(apply.directory, cwd, environment, target)
    options = [f"--var {quoted(each)}" for each in apply.variables]
    options += [f"--var-file {quoted(each)}" for each in apply.var_files]
    workspace = workspace_of(apply.directory, environment)
    if workspace != "default":
        options.append(f"--workspace {quoted(workspace)}")
    place = quoted(_near(apply.directory, cwd))
    return " ".join([f"{pull}sandtable rehearse terraform {place} --target {found}", *options])


def _target(directory: str, cwd: str | None, environment: Mapping[str, str], target: str) -> tuple[str, str]:
    """What to write before the command, and the target: production's state, where it can be found."""
    chosen = target or environment.get("SANDTABLE_TARGET", "")
    if chosen:
        return "", quoted(chosen)
    place = _near(directory, cwd)
    if os.path.isfile(os.path.join(directory, "terraform.tfstate")):
        return "", quoted(f"tfstate:{os.path.normpath(os.path.join(place, 'terraform.tfstate'))}")
    if _is_module(directory):
        return f"terraform -chdir={quoted(place)} state pull | ", "tfstate:-"
    return "", _PLACEHOLDER


def _is_module(directory: str) -> bool:
    try:
        return any(name.endswith((".tf", ".tofu", ".tf.json")) for name in os.listdir(directory))
    except OSError:
        return False


def _near(path: str, cwd: str | None) -> str:
    """A path as somebody in the folder would write it."""
    if cwd is None:
        return path
    relative = os.path.relpath(path, os.path.realpath(cwd))
    return path if relative.startswith("../..") else relative


def _shown(words: tuple[str, ...]) -> str:
    text = " ".join("…" if word == HOLE else quoted(word.replace(HOLE, "…")) for word in words)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def quoted(word: str) -> str:
    """A word as a shell takes it."""
    return word if re.fullmatch(_SAFE, word) else "'" + word.replace("'", "'\"'\"'") + "'"
