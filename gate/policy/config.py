"""The policy file, `sandtable.yaml`: parsed at the edge, every unknown key an error. `docs/policy.md` describes it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gate.policy.builtin import FILE_NAME, STRICT
from gate.policy.document import Node, invalid
from gate.policy.rule import Policy, Unrehearsed
from gate.policy.sections import KEYS as SECTION_KEYS
from gate.policy.sections import Section, joined, read_scope, read_section
from gate.policy.settings import LARGE_FROM, NOWHERE, Preset, Scope, Settings, Whereabouts, matches
from sandbox.errors import ConfigurationError, UsageError

__all__ = ["FILE_NAME", "STRICT", "PolicyFile", "parse_policy", "read_policy"]

VERSION = "1"
KEYS = ("version", "rules", "bookkeeping", *(key for key in SECTION_KEYS if key not in {"rules", "bookkeeping"}))
KEYS_OF_FILE = (*KEYS, "environments")
MATCH = ("accounts", "regions", "workspaces")
ENVIRONMENT = r"[A-Za-z0-9][A-Za-z0-9._-]*"
MOST_CHARACTERS = 100_000

_ENVIRONMENT = re.compile(ENVIRONMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A section for one environment, and how the environment is known."""

    match: Scope | None
    """None where it is only known by its name."""
    section: Section


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy file as it is written; `policy_for` says what of it holds in one place."""

    name: str
    digest: str
    """SHA-256 over its text."""
    base: Section
    environments: Mapping[str, Environment]
    """In the order of the file."""

    def policy_for(self, place: Whereabouts, *, environment: str = "") -> Policy:
        """The policy for one place.

        Args:
            place: Where the change would be applied.
            environment: The section to take; where none is named, the first that the place matches.

        Raises:
            UsageError: there is no section of that name.
            ConfigurationError: there are sections, none was named, and the place matches none.
        """
        chosen = environment or self._matching(place)
        if not chosen:
            return _policy(self, self.base)
        if chosen not in self.environments:
            known = ", ".join(self.environments) or "none"
            raise UsageError(
                f"The policy {self.name} has no environment {chosen!r}.", hint=f"Environments that it has: {known}."
            )
        found = self.environments[chosen]
        section = joined(self.base, found.section)
        return _policy(self, replace(section, scope=_limited(section.scope, found.match)), environment=chosen)

    def _matching(self, place: Whereabouts) -> str:
        if not self.environments:
            return ""
        for name, environment in self.environments.items():
            if environment.match is not None and _is_there(environment.match, place):
                return name
        told = ", ".join(f"{key} {getattr(place, key) or 'unknown'}" for key in ("account", "region", "workspace"))
        raise ConfigurationError(
            f"The policy {self.name} has environments, and none of them is known by this place: {told}.",
            hint=f"Name one with --environment: {', '.join(self.environments)}.",
        )


def read_policy(text: str, *, name: str) -> PolicyFile:
    """Read a policy file's text.

    Args:
        text: YAML.
        name: The file's name, for messages and the report.

    Raises:
        ConfigurationError: it is not valid; says which key and what is allowed.
    """
    value = _load(text, name)
    if not isinstance(value, dict):
        raise invalid(name, "it is not a mapping")
    document = Node(value, name).record(KEYS_OF_FILE)
    if value.get("version") != VERSION:
        raise invalid(name, f"`version: {VERSION}` is missing")
    return PolicyFile(
        name=name,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        base=read_section(document),
        environments=dict(_environments(document.get("environments"))),
    )


def parse_policy(text: str, *, name: str, place: Whereabouts = NOWHERE, environment: str = "") -> Policy:
    """Read a policy file's text, and take what holds in one place: see `read_policy` and `PolicyFile.policy_for`."""
    return read_policy(text, name=name).policy_for(place, environment=environment)


def _environments(node: Node | None) -> Iterator[tuple[str, Environment]]:
    for name, each in node.items() if node else ():
        if not _ENVIRONMENT.fullmatch(name):
            raise each.wrong("is not a name of letters, digits, dots, dashes and underscores")
        section = each.record((*SECTION_KEYS, "match"))
        match = section.get("match")
        if match is not None and not match.mapping().value:
            raise match.wrong(f"is empty; it may have {', '.join(MATCH)}")
        yield name, Environment(match=read_scope(match, MATCH) if match else None, section=read_section(section))


def _policy(file: PolicyFile, section: Section, *, environment: str = "") -> Policy:
    return Policy(
        name=f"{file.name} ({environment})" if environment else file.name,
        digest=file.digest,
        levels=section.levels,
        bookkeeping=section.rows,
        unrehearsed=section.unrehearsed or Unrehearsed.APPROVE_HARMLESS,
        settings=Settings(
            preset=section.preset or Preset.STRICT,
            large_from=LARGE_FROM if section.large_from is None else section.large_from,
            protected=section.protected,
            caps=section.caps,
            scope=section.scope,
            budgets=section.budgets,
            waivers=section.waivers,
            environment=environment,
        ),
    )


def _is_there(match: Scope, place: Whereabouts) -> bool:
    """Whether a place is what an environment is known by; what is not known of the place is something else."""
    pairs = ((match.accounts, place.account), (match.regions, place.region), (match.workspaces, place.workspace))
    return all(matches(globs, found) for globs, found in pairs if globs)


def _limited(scope: Scope, match: Scope | None) -> Scope:
    """What an environment is known by limits where its changes may act, where no scope says otherwise."""
    if match is None:
        return scope
    return replace(
        scope,
        accounts=scope.accounts or match.accounts,
        regions=scope.regions or match.regions,
        workspaces=scope.workspaces or match.workspaces,
    )


def _load(text: str, name: str) -> Any:
    if len(text) > MOST_CHARACTERS:
        raise invalid(name, f"it is longer than {MOST_CHARACTERS} characters")
    from gate.policy.yamltext import YamlTextError, load_text  # noqa: PLC0415 - without a policy file, no YAML is needed

    try:
        return load_text(text)
    except YamlTextError as error:
        raise invalid(name, str(error)) from error
