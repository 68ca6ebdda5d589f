"""The bundled scenarios: folders under `fixtures/`, shipped with the package, read as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import ConfigurationError, UsageError

MANIFEST = "scenario.yaml"


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

    @property
    def before(self) -> Path:
        """The root module of the environment before."""
        return self.folder / "before"

    @property
    def change(self) -> Path:
        """The root module as changed."""
        return self.folder / "change"

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
    known = {item.name: item for item in scenarios()}
    if name not in known:
        raise UsageError(f"There is no scenario {name!r}.", hint=f"Scenarios: {', '.join(known) or 'none found'}.")
    return known[name]


def _scenario(folder: Path) -> Scenario:
    try:
        document = yaml.safe_load((folder / MANIFEST).read_text(encoding="utf-8"))
        expect = document["expect"]
        return Scenario(
            name=folder.name,
            folder=folder,
            title=str(document["title"]),
            summary=str(document["summary"]),
            catalogue=str(document["catalogue"]),
            near_miss=str(document.get("near_miss") or ""),
            incident=str(document.get("incident") or ""),
            engines=tuple(document["engines"]),
            expect=_expectation(expect),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"The scenario {folder.name} is not valid: {error}.", hint=f"Compare its {MANIFEST} with another's."
        ) from error


def _expectation(expect: dict[str, Any]) -> Expectation:
    return Expectation(
        decision=str(expect["decision"]),
        changes={str(address): str(action) for address, action in (expect.get("changes") or {}).items()},
        replace_paths={str(key): tuple(paths) for key, paths in (expect.get("replace_paths") or {}).items()},
        findings=tuple(expect.get("findings") or ()),
        mentions=tuple(expect.get("mentions") or ()),
    )
