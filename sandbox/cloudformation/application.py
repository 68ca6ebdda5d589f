"""Everything that is deployed together: a template with its nested stacks, or the stacks of a CDK cloud assembly."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from diffing.values import Value, thaw
from sandbox.cloudformation.assembly import is_assembly, stacks_of
from sandbox.cloudformation.compare import NESTED
from sandbox.cloudformation.resolve import Resource, Stack, resolve
from sandbox.cloudformation.template import Template, parse_template, scalar_text
from sandbox.cloudformation.text import read_document
from sandbox.cloudformation.tokens import has_token, opaque, reference, substitute
from sandbox.cloudformation.transforms import expand
from sandbox.errors import UsageError
from sandbox.place import Place
from sandbox.rehearsal import Gap, GapKind

DEFAULT_NAME = "stack"
DEEPEST = 8
"""Nested stacks inside nested stacks."""
MOST_ROUNDS = 20
_REMOTE = ("http://", "https://", "s3://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One stack as an engine is told to make it."""

    name: str
    template: Template
    """Transforms expanded, nothing else resolved."""
    values: Mapping[str, str]
    """Values of the parameters that it declares and that differ from their defaults, secrets in plain text."""
    place: Place
    nested: Mapping[str, Deployment]
    """Logical id → the stack inside, where its template is a local file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Stacks that belong together, in the order in which they are deployed."""

    stacks: Mapping[str, Stack]
    """By name, nested ones (``PARENT/LogicalId``) included."""
    deployments: tuple[Deployment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    name: str
    template: Path
    root: Path
    values: Mapping[str, str]
    place: Place
    termination_protection: bool = False
    assets: Mapping[str, Path]


def read_application(
    path: Path, *, place: Place, stack: str = "", values: Mapping[str, str] | None = None
) -> Application:
    """Read what is deployed from a path.

    Args:
        path: A template, or the folder of a CDK cloud assembly.
        stack: What to call the template's stack; of an assembly, the one stack that is wanted.
        values: Values of parameters; a stack takes those that it declares.
        place: Account and region.

    Raises:
        UsageError: the path or the stack is not there.
        ConfigurationError: a template cannot be read or worked out.
    """
    given = values or {}
    reader = _Reader()
    deployments = tuple(
        reader.read(source, dict(source.values) | dict(given)) for source in _sources(path, stack, place)
    )
    return Application(stacks=_linked(reader.stacks), deployments=deployments)


def _sources(path: Path, stack: str, place: Place) -> Iterator[_Source]:
    folder = path.parent if path.name == "manifest.json" and path.is_file() else path
    if is_assembly(folder):
        found = [item for item in stacks_of(folder, place=place) if not stack or stack == item.name]
        if not found:
            raise UsageError(f"The cloud assembly {path} has no stack {stack}.", hint="`cdk list` names its stacks.")
        for item in found:
            yield _Source(
                name=item.name,
                template=item.template,
                root=item.root,
                values=item.values,
                place=item.place,
                termination_protection=item.termination_protection,
                assets=item.assets,
            )
        return
    if not path.is_file():
        raise UsageError(
            f"There is no template {path}.",
            hint="Name a CloudFormation template, or the folder that `cdk synth` wrote.",
        )
    yield _Source(name=stack or DEFAULT_NAME, template=path, root=path.parent, values={}, place=place, assets={})


class _Reader:
    """Reads stacks and those inside them."""

    def __init__(self) -> None:
        self.stacks: dict[str, Stack] = {}

    def read(self, source: _Source, given: Mapping[str, str], depth: int = 0) -> Deployment:
        document = read_document(source.template)
        written = parse_template(document, name=str(source.template))
        values = {name: text for name, text in given.items() if name in written.parameters}
        template = expand(written, copy.deepcopy(document), values=values, region=source.place.region)
        stack = resolve(template, name=source.name, values=values, place=source.place)
        stack = replace(stack, termination_protection=source.termination_protection)
        self.stacks[source.name] = stack
        nested: dict[str, Deployment] = {}
        gaps: list[Gap] = []
        for key, resource in stack.resources.items():
            if resource.type == NESTED:
                found = self._nested(source, key, resource, depth)
                if isinstance(found, Gap):
                    gaps.append(found)
                else:
                    nested[key] = found
        self.stacks[source.name] = replace(stack, gaps=(*stack.gaps, *gaps))
        return Deployment(name=source.name, template=template, values=values, place=source.place, nested=nested)

    def _nested(self, source: _Source, key: str, resource: Resource, depth: int) -> Deployment | Gap:
        name = f"{source.name}/{key}"
        path = _template_of(source, resource)
        if path is None or depth >= DEEPEST:
            return Gap(
                kind=GapKind.NOT_REHEARSED,
                subject=name,
                reason="its template is no local file beside the parent's: what this nested stack does is not known",
            )
        inner = resource.properties.get("Parameters")
        values = {str(k): _parameter(v) for k, v in inner.items()} if isinstance(inner, Mapping) else {}
        child = _Source(
            name=name, template=path, root=source.root, values=values, place=source.place, assets=source.assets
        )
        return self.read(child, values, depth + 1)


def _parameter(value: Value) -> str:
    return ",".join(scalar_text(item) for item in value) if isinstance(value, tuple) else scalar_text(thaw(value))


def _template_of(source: _Source, resource: Resource) -> Path | None:
    """Find the local file of a nested stack's template: an asset of the CDK, or a path beside the parent's template."""
    url = resource.properties.get("TemplateURL")
    if not isinstance(url, str) or has_token(url):
        return None
    asset = source.assets.get(PurePosixPath(url).stem)
    if asset is not None:
        return asset
    if url.startswith(_REMOTE):
        return None
    path = source.template.parent / url
    return path if path.is_file() and path.resolve().is_relative_to(source.root.resolve()) else None


def _linked(stacks: Mapping[str, Stack]) -> Mapping[str, Stack]:
    """Put outputs of nested stacks, and exports, where they are used: references then lead to resources."""
    for _ in range(MOST_ROUNDS):
        known = dict(_known(stacks))
        linked = {name: _substituted(stack, known) for name, stack in stacks.items()}
        if linked == stacks:
            break
        stacks = linked
    return stacks


def _known(stacks: Mapping[str, Stack]) -> Iterator[tuple[str, str]]:
    for name, stack in stacks.items():
        for key, value in stack.outputs.items() if "/" in name else ():
            if isinstance(value, str | bool | int | float):
                yield reference(name, f"Outputs.{key}"), scalar_text(value)
        for export, value in stack.exports.items():
            if isinstance(value, str | bool | int | float):
                yield opaque(f"Fn::ImportValue:{export}"), scalar_text(value)


def _substituted(stack: Stack, known: Mapping[str, str]) -> Stack:
    def put(value: Value) -> Any:
        return substitute(value, known)

    return replace(
        stack,
        resources={key: replace(item, properties=put(item.properties)) for key, item in stack.resources.items()},
        outputs=put(stack.outputs),
        exports=put(stack.exports),
    )
