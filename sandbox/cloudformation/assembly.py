"""A CDK cloud assembly (``cdk.out``): which stacks it holds, and which files are the templates of nested ones.

Source: https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sandbox.cloudformation.text import read_document
from sandbox.errors import ConfigurationError
from sandbox.place import Place

MANIFEST = "manifest.json"
DEEPEST = 8
"""Assemblies inside assemblies: one for each CDK stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyStack:
    """One stack of an assembly."""

    name: str
    template: Path
    root: Path
    """The folder that its files are in."""
    values: Mapping[str, str]
    place: Place
    termination_protection: bool
    assets: Mapping[str, Path]
    """File name in S3 → the local file."""


def is_assembly(path: Path) -> bool:
    """Whether a path is a cloud assembly's folder."""
    return (path / MANIFEST).is_file()


def stacks_of(folder: Path, *, place: Place) -> tuple[AssemblyStack, ...]:
    """Read an assembly and those inside it.

    Args:
        folder: ``cdk.out``.
        place: For stacks that were synthesised for no certain account or region.

    Raises:
        ConfigurationError: it is not one, or a file of it is missing.
    """
    found = tuple(_stacks(folder, place, 0))
    names = [stack.name for stack in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _invalid(folder, f"it has two stacks of the name {twice} (in two accounts or regions?)")
    return found


def _stacks(folder: Path, place: Place, depth: int) -> Iterator[AssemblyStack]:
    manifest = read_document(folder / MANIFEST, "manifest")
    artifacts = manifest.get("artifacts") if isinstance(manifest, dict) else None
    if not isinstance(artifacts, dict) or depth > DEEPEST:
        raise _invalid(folder, "its manifest.json is no manifest")
    assets = _assets(folder, artifacts)
    for key, artifact in artifacts.items():
        properties = artifact.get("properties") if isinstance(artifact, dict) else None
        if not isinstance(properties, dict):
            continue
        match artifact.get("type"):
            case "aws:cloudformation:stack":
                yield _stack(folder, key, artifact, properties, assets=assets, place=place)
            case "cdk:cloud-assembly":
                yield from _stacks(_inside(folder, properties.get("directoryName")), place, depth + 1)


def _stack(
    folder: Path,
    key: str,
    artifact: Mapping[str, Any],
    properties: Mapping[str, Any],
    *,
    assets: Mapping[str, Path],
    place: Place,
) -> AssemblyStack:
    values = properties.get("parameters")
    return AssemblyStack(
        name=str(properties.get("stackName") or key),
        template=_inside(folder, properties.get("templateFile")),
        root=folder,
        values={str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {},
        place=_place(str(artifact.get("environment", "")), place),
        termination_protection=properties.get("terminationProtection") is True,
        assets=assets,
    )


def _place(environment: str, default: Place) -> Place:
    """Read ``aws://ACCOUNT/REGION``."""
    account, _, region = environment.removeprefix("aws://").partition("/")
    return Place(
        account=account if account.isdigit() else default.account,
        region=region if region and not region.startswith("unknown") else default.region,
    )


def _assets(folder: Path, artifacts: Mapping[str, Any]) -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for artifact in artifacts.values():
        if not isinstance(artifact, dict) or artifact.get("type") != "cdk:asset-manifest":
            continue
        properties = artifact.get("properties")
        listing = read_document(
            _inside(folder, properties.get("file") if isinstance(properties, dict) else None), "asset manifest"
        )
        files = listing.get("files") if isinstance(listing, dict) else None
        for key, entry in files.items() if isinstance(files, dict) else ():
            source = entry.get("source") if isinstance(entry, dict) else None
            if isinstance(source, dict) and isinstance(source.get("path"), str):
                found[PurePosixPath(str(key)).stem] = _inside(folder, source["path"])
    return found


def _inside(folder: Path, name: object) -> Path:
    if not isinstance(name, str) or not name:
        raise _invalid(folder, "an artifact names no file")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _invalid(folder, f"{name[:80]} lies outside it")
    return path


def _invalid(folder: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"{folder} is no cloud assembly that can be used: {problem}.", hint="Make it anew with `cdk synth`."
    )
