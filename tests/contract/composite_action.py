"""Runs a composite action's own steps in order, as GitHub's runner would, on an event.

What is evaluated are the expressions that `action.yml` uses: contexts, literals, `==`, `!=`, `!`, `&&`, `||`, brackets
and `always()`; anything else is an error. Steps that use another action are noted, not run.

Sources: GitHub, "Metadata syntax for GitHub Actions", "Evaluate expressions in workflows and actions", "Workflow
syntax" (`shell: bash` is `bash --noprofile --norc -eo pipefail {0}`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|!|\(|\)|[A-Za-z_][\w.-]*(?:\(\))?|\d+)")


@dataclass(kw_only=True)
class Run:
    """One run of the action."""

    action: Path
    workspace: Path
    temp: Path
    event_name: str
    event: Mapping[str, Any]
    inputs: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    skipped: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""
    failed: bool = False
    exit_codes: dict[str, int] = field(default_factory=dict)
    contexts: dict[str, Any] = field(default_factory=dict)

    def carry_out(self) -> dict[str, str]:
        """Run every step; returns the action's outputs."""
        document = yaml.safe_load(self.action.read_text(encoding="utf-8"))
        self.temp.mkdir(parents=True, exist_ok=True)
        self.contexts = self._contexts(document)
        for number, step in enumerate(document["runs"]["steps"]):
            if not self._wanted(step):
                self.skipped.append(step["name"])
            elif "uses" in step:
                self.used.append(step["uses"].partition("@")[0])
                for value in step["with"].values():
                    self.filled(str(value))
            else:
                self._run(step, number)
        return {name: self.filled(output["value"]) for name, output in document["outputs"].items()}

    @property
    def summary(self) -> str:
        """What is on the run's page."""
        path = self.temp / "summary.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: _text(self._value(match[1])), text)

    def _contexts(self, document: Mapping[str, Any]) -> dict[str, Any]:
        github = {
            "event_name": self.event_name,
            "event": self.event,
            "repository": self.environment.get("GITHUB_REPOSITORY", ""),
            "token": self.token,
            "run_id": "1",
        }
        self.contexts = {"github": github, "steps": {}, "runner": {"os": "Linux", "temp": str(self.temp)}}
        given = {name: self.filled(str(item["default"])) for name, item in document["inputs"].items()}
        assert set(self.inputs) <= set(given)
        return {**self.contexts, "inputs": {**given, **self.inputs}}

    def _wanted(self, step: Mapping[str, Any]) -> bool:
        condition = str(step.get("if", "success()"))
        if "always()" not in condition and self.failed:
            return False
        return bool(self._value(condition.replace("success()", "true")))

    def _run(self, step: Mapping[str, Any], number: int) -> None:
        assert step["shell"] == "bash"
        outputs = self.temp / f"output-{number}"
        outputs.touch()
        (self.temp / "path").touch()
        path = (self.temp / "path").read_text().split()
        told = {name: self.filled(str(value)) for name, value in step.get("env", {}).items()}
        event = self.temp / "event.json"
        event.write_text(json.dumps(self.event))
        environment = {
            **os.environ,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action.parent),
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_PATH": str(self.temp / "path"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            **self.environment,
            **told,
        }
        environment["PATH"] = os.pathsep.join([*reversed(path), environment["PATH"]])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        self.ran.append(step["name"])
        self.environments[step["name"]] = environment
        self.log += done.stdout + done.stderr
        self.exit_codes[step["name"]] = done.returncode
        self.failed = self.failed or done.returncode != 0
        if "id" in step:
            lines = outputs.read_text().splitlines()
            self.contexts["steps"][step["id"]] = {"outputs": dict(line.split("=", 1) for line in lines)}

    def _value(self, expression: str) -> Any:
        tokens = _TOKEN.findall(expression)
        assert "".join(tokens) == re.sub(r"\s", "", expression), expression
        value = self._either(tokens)
        assert tokens == [], expression
        return value

    def _either(self, tokens: list[str]) -> Any:
        value = self._both(tokens)
        while tokens and tokens[0] == "||":
            tokens.pop(0)
            other = self._both(tokens)
            value = value or other
        return value

    def _both(self, tokens: list[str]) -> Any:
        value = self._compared(tokens)
        while tokens and tokens[0] == "&&":
            tokens.pop(0)
            other = self._compared(tokens)
            value = value and other
        return value

    def _compared(self, tokens: list[str]) -> Any:
        value = self._single(tokens)
        if tokens and tokens[0] in {"==", "!="}:
            equal = tokens.pop(0) == "=="
            return (_text(value) == _text(self._single(tokens))) is equal
        return value

    def _single(self, tokens: list[str]) -> Any:
        token = tokens.pop(0)
        if token == "!":
            return not self._single(tokens)
        if token == "(":
            value = self._either(tokens)
            assert tokens.pop(0) == ")"
            return value
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in {"always()", "true"}:
            return True
        assert "(" not in token, token
        value: Any = self.contexts
        for name in token.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
