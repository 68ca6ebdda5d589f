"""The bundled scenarios: folders under `fixtures/`, shipped with the package, read as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from diffing.change import Action
from gate.verdict import Decision
from sandbox.errors import ConfigurationError, UsageError

MANIFEST = "scenario.yaml"
TEMPLATE = "template.yaml"
KINDS = frozenset({"terraform", "cloudformation", "command"})
STATE = "terraform.tfstate"
NO_STATE = "none"
_KEYS = frozenset(
    {"kind", "command", "delete_first", "title", "summary", "catalogue", "near_miss", "incident", "engines", "expect"}
    | {"state", "place", "environment"}
)
_PLACE = frozenset({"account", "region", "workspace"})
_EXPECTED = frozenset({"decision", "changes", "replace_paths", "findings", "findings_at", "mentions", "hidden"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a rehearsal of the scenario must show."""

    decision: str
    changes: Mapping[str, str]
    """Terraform address → action, for everything that is not a no-op."""
    replace_paths: Mapping[str, tuple[str, ...]]
    findings: tuple[str, ...]
    """Names of rules that must speak."""
    mentions: tuple[str, ...]
    findings_at: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Address → the rules that object there, and no others; of notes nothing is said. Empty: nobody may object."""
    hidden: tuple[str, ...] = ()
    """Texts that may be on no page as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An environment before, a change as an agent would submit it, and what must come of it."""

    name: str
    folder: Path
    title: str
    summary: str
    catalogue: str
    near_miss: str
    incident: str
    engines: tuple[str, ...]
    expect: Expectation
    kind: str = "terraform"
    """``terraform``: both are root modules. ``cloudformation``: both hold one ``template.yaml``. ``command``: a root
    module before, and the folder that a program is run in."""
    command: tuple[str, ...] = ()
    """The program and its arguments, of a scenario of that kind."""
    delete_first: bool = False
    """The stack is deleted, and deployed again from the changed template."""
    state: str = ""
    """The state that the change is applied with, where it is not the target's: a file of the folder, or ``none``."""
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Where it would be applied, as far as that is told: ``account``, ``region``, ``workspace``."""
    environment: str = ""
    """The section of the policy that judges, where one is asked for by name."""

    @property
    def before(self) -> Path:
        """The root module of the environment before."""
        return self.folder / "before"

    @property
    def change(self) -> Path:
        """The root module as changed."""
        return self.folder / "change"

    @property
    def target(self) -> str:
        """The environment before, as ``--target`` takes it."""
        if self.kind == "cloudformation":
            return f"cloudformation:{self.before / TEMPLATE}"
        recorded = self.before / STATE
        return f"tfstate:{recorded}" if recorded.is_file() else f"config:{self.before}"

    @property
    def template(self) -> Path:
        """The template as changed, of a scenario of stacks."""
        return self.change / TEMPLATE

    @property
    def seed(self) -> Path | None:
        """API calls that put data in, where there are any."""
        path = self.folder / "seed.yaml"
        return path if path.is_file() else None


def catalogue_folder() -> Path:
    """Where the scenarios are: inside the installed package, or `fixtures/` of a checkout."""
    installed = Path(__file__).parent / "scenario_catalogue"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "fixtures"


def scenarios(folder: Path | None = None) -> tuple[Scenario, ...]:
    """Read all scenarios, by name.

    Raises:
        ConfigurationError: a manifest is not valid.
    """
    root = folder or catalogue_folder()
    return tuple(_scenario(path.parent) for path in sorted(root.glob(f"*/{MANIFEST}")))


def scenario_named(name: str) -> Scenario:
    """Return one scenario.

    Raises:
        UsageError: there is none of that name.
    """
    known = sorted(path.parent.name for path in catalogue_folder().glob(f"*/{MANIFEST}"))
    if name not in known:
        raise UsageError(f"There is no scenario {name!r}.", hint=f"Scenarios: {', '.join(known) or 'none found'}.")
    return _scenario(catalogue_folder() / name)


def _scenario(folder: Path) -> Scenario:
    try:
        document = _mapping(yaml.safe_load((folder / MANIFEST).read_text(encoding="utf-8")), _KEYS)
        return Scenario(
            name=folder.name,
            folder=folder,
            title=_text(document, "title"),
            summary=_text(document, "summary"),
            catalogue=_text(document, "catalogue"),
            near_miss=str(document.get("near_miss") or ""),
            incident=str(document.get("incident") or ""),
            engines=_texts(document["engines"]),
            expect=_expectation(_mapping(document["expect"], _EXPECTED)),
            kind=_kind(document.get("kind", "terraform")),
            delete_first=document.get("delete_first") is True,
            command=_texts(document["command"]) if document.get("kind") == "command" else (),
            state=_state(folder, str(document.get("state") or "")),
            place={
                key: _text({key: value}, key) for key, value in _mapping(document.get("place") or {}, _PLACE).items()
            },
            environment=str(document.get("environment") or ""),
        )
    except KeyError as error:
        raise _invalid(folder, f"{error.args[0]} is missing") from error
    except (OSError, yaml.YAMLError, ValueError, AttributeError, RecursionError) as error:
        raise _invalid(folder, str(error)) from error


def _state(folder: Path, name: str) -> str:
    if name not in {"", NO_STATE} and not (folder / name).is_file():
        raise ValueError(f"there is no state {name}")
    return name


def _kind(value: Any) -> str:
    if value not in KINDS:
        raise ValueError(f"kind is one of {', '.join(sorted(KINDS))}")
    return str(value)


def _expectation(expect: dict[str, Any]) -> Expectation:
    changes = _mapping(expect.get("changes") or {})
    paths = _mapping(expect.get("replace_paths") or {})
    return Expectation(
        decision=Decision(_text(expect, "decision")).value,
        changes={address: Action(action).value for address, action in changes.items()},
        replace_paths={address: _texts(found) for address, found in paths.items()},
        findings=_texts(expect.get("findings") or []),
        mentions=_texts(expect.get("mentions") or []),
        findings_at={address: _texts(rules) for address, rules in _mapping(expect.get("findings_at") or {}).items()},
        hidden=_texts(expect.get("hidden") or []),
    )


def _mapping(value: Any, known: frozenset[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError("a mapping of names is expected")
    unknown = sorted(value.keys() - known) if known is not None else []
    if unknown:
        raise ValueError(f"unknown key {', '.join(unknown)}")
    return value


def _text(document: dict[str, Any], key: str) -> str:
    text = document[key]
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{key} is no text")
    return text


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts is expected")
    return tuple(value)


def _invalid(folder: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"The scenario {folder.name} is not valid: {problem}.", hint=f"Compare its {MANIFEST} with another's."
    )
