"""Keeping variables' secrets out of what Terraform says.

Terraform hides what it knows to be sensitive. A provisioner does not: it inherits the environment, `TF_VAR_…` included,
and what it prints before it fails becomes part of Terraform's diagnostics. So the values of variables that are declared
sensitive, or named like secrets, are replaced in every line before anything else reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from sandbox.executors.terraform.configuration import TERRAFORM_SUFFIXES, configuration_files
from sandbox.executors.terraform.masking import SECRET_NAME
from sandbox.executors.terraform.workspace import Workspace

HIDDEN = "(sensitive)"
SHORTEST = 4
"""Characters; shorter values occur everywhere by chance."""
_FROM_ENVIRONMENT = "TF_VAR_"
_DECLARATION = re.compile(r'variable\s+"?([\w-]+)"?\s*\{(.*?)\n\}', re.DOTALL)
_SENSITIVE = re.compile(r"\bsensitive\s*=\s*true\b")


def secret_values(
    environment: Mapping[str, str], variables: Iterable[str], workspace: Workspace | None = None
) -> tuple[str, ...]:
    """Return the values to hide, longest first.

    Args:
        environment: The environment of the commands.
        variables: ``NAME=VALUE``, as given to ``-var``.
        workspace: Its root module declares which variables are sensitive; without one, their names have to tell.
    """
    given = {
        name.removeprefix(_FROM_ENVIRONMENT): value
        for name, value in environment.items()
        if name.startswith(_FROM_ENVIRONMENT)
    }
    given |= dict(pair.split("=", 1) for pair in variables if "=" in pair)
    declared = frozenset() if workspace is None else _declared_sensitive(workspace)
    secret = (value for name, value in given.items() if name in declared or SECRET_NAME.fullmatch(name))
    values = {part for value in secret for part in (value, *_texts_in(value))}
    return tuple(sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True))


def _texts_in(value: str) -> Iterator[str]:
    """The texts in a value that is a JSON object or list: a map of secrets is given as one variable."""
    if value[:1] in {"{", "["}:
        try:
            yield from _leaves(json.loads(value))
        except (ValueError, RecursionError):
            return


def _leaves(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _leaves(item)
        case list():
            for item in value:
                yield from _leaves(item)


def hide(line: str, secrets: Iterable[str]) -> str:
    """Replace every secret in a line, also where it stands in JSON text."""
    for secret in secrets:
        line = line.replace(json.dumps(secret)[1:-1], HIDDEN).replace(secret, HIDDEN)
    return line


def _declared_sensitive(workspace: Workspace) -> frozenset[str]:
    texts = (
        path.read_text(encoding="utf-8", errors="replace")
        for path in configuration_files(workspace.root, TERRAFORM_SUFFIXES)
    )
    return frozenset(name for text in texts for name, body in _DECLARATION.findall(text) if _SENSITIVE.search(body))
