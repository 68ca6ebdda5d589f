"""What a configuration reads of other configurations' states (`terraform_remote_state`), as its own state recorded it.

The other state lies in a backend that a rehearsal must not reach. The outputs that were read of it are in the state of
whoever read them, so each data source is turned to a small local state that holds just these.

Source: https://developer.hashicorp.com/terraform/language/state/remote-state-data
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.executors.terraform.configuration import configuration_files
from sandbox.executors.terraform.overrides import write_override

TYPE = "terraform_remote_state"
FOLDER = ".sandtable-remote-states"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteState:
    """One data source, as a state recorded it."""

    module: str
    """Its module's address without keys, in the words of Terraform's own list: ``network.vpc``; empty for the root."""
    name: str
    key: int | str | None
    outputs: Mapping[str, Any] = field(repr=False)


def remote_states(document: bytes) -> tuple[RemoteState, ...]:
    """Find the data sources in a state; nothing where there is none, or the document is none."""
    try:
        resources = json.loads(document).get("resources") or ()
        return tuple(found for resource in resources for found in _of(resource))
    except (ValueError, AttributeError, TypeError, KeyError):
        return ()


def turn_to_recorded(root: Path, states: Sequence[RemoteState], suffixes: Sequence[str]) -> tuple[str, ...]:
    """Turn the data sources of a copied and initialised configuration to what was recorded; return their names.

    Args:
        root: The copy of the root module.
        states: What was recorded.
        suffixes: How the names of configuration files end.
    """
    turned: list[str] = []
    for module, folder in _folders(root).items():
        known = {state.name: state for state in states if state.module == module}
        here = {name: state for name, state in known.items() if _declares(folder, name, suffixes)}
        if not here:
            continue
        for state in states:
            if state.module == module and state.name in here:
                _write(root / FOLDER / _file(state), state.outputs)
        blocks = {name: _block(root, state) for name, state in here.items()}
        write_override(folder, {"data": {TYPE: blocks}}, suffixes)
        turned += [".".join(filter(None, (module and f"module.{module}", "data", TYPE, name))) for name in here]
    return tuple(turned)


def _of(resource: Mapping[str, Any]) -> Iterator[RemoteState]:
    if resource.get("mode") != "data" or resource.get("type") != TYPE:
        return
    module = re.sub(r"\[[^\]]*\]", "", str(resource.get("module") or ""))
    for instance in resource.get("instances") or ():
        outputs = (instance.get("attributes") or {}).get("outputs")
        if isinstance(outputs, dict) and isinstance(outputs.get("value"), dict):
            yield RemoteState(
                module=module.removeprefix("module.").replace(".module.", "."),
                name=str(resource["name"]),
                key=instance.get("index_key"),
                outputs=outputs,
            )


def _folders(root: Path) -> Mapping[str, Path]:
    """Where each module's files are: the root module's, and what `init` wrote down of the others."""
    try:
        listed = json.loads((root / ".terraform" / "modules" / "modules.json").read_text(encoding="utf-8"))["Modules"]
        found = {str(each["Key"]): root / str(each["Dir"]) for each in listed}
    except (OSError, ValueError, KeyError, TypeError):
        found = {}
    return {**found, "": root}


def _declares(folder: Path, name: str, suffixes: Sequence[str]) -> bool:
    pattern = re.compile(
        rf'data\s+"?{TYPE}"?\s+"?{re.escape(name)}"?\s*\{{|"{TYPE}"\s*:\s*\{{[^}}]*"{re.escape(name)}"'
    )
    texts: Iterable[str] = (
        path.read_text(encoding="utf-8", errors="replace") for path in configuration_files(folder, suffixes)
    )
    return any(pattern.search(text) for text in texts)


def _file(state: RemoteState) -> str:
    place = f"{state.module}.{state.name}".replace(".", "_")
    return f"{place}.tfstate" if state.key is None else f"{place}_{state.key}.tfstate"


def _block(root: Path, state: RemoteState) -> Mapping[str, Any]:
    path = root / FOLDER / _file(state)
    text = str(path)
    if isinstance(state.key, str):
        text = text.removesuffix(f"{state.key}.tfstate") + "${each.key}.tfstate"
    elif isinstance(state.key, int):
        text = text.removesuffix(f"{state.key}.tfstate") + "${count.index}.tfstate"
    return {"backend": "local", "config": {"path": text}, "workspace": "default"}


def _write(path: Path, outputs: Mapping[str, Any]) -> None:
    """A state with nothing but outputs; their types stand beside the values (cty's JSON form of a dynamic value)."""
    types = _types(outputs.get("type"))
    content = {
        "version": 4,
        "terraform_version": "1.0.0",
        "serial": 1,
        "lineage": "recorded",
        "outputs": {
            name: {"value": value, "type": types.get(name, "dynamic")} for name, value in outputs["value"].items()
        },
        "resources": [],
    }
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    path.chmod(0o600)


def _types(kind: Any) -> Mapping[str, Any]:
    match kind:
        case ["object", dict() as attributes]:
            return attributes
        case _:
            return {}
