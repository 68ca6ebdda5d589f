"""Everything that is deployed together: a template with its nested stacks, or the stacks of a CDK cloud assembly."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from diffing.values import Value, thaw
from sandbox.cloudformation.assembly import is_assembly, stacks_of
from sandbox.cloudformation.compare import NESTED
from sandbox.cloudformation.deployed import NOTHING, DeployedStack, Outside
from sandbox.cloudformation.resolve import Resource, Stack, resolve
from sandbox.cloudformation.template import Template, parse_template, scalar_text
from sandbox.cloudformation.text import parse_document, read_document
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
    """Logical id → the stack inside, where its template is at hand."""
    resolved: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Parameters that name an entry of the parameter store → what it holds, where that is known."""
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Stacks that belong together, in the order in which they are deployed."""

    stacks: Mapping[str, Stack]
    """By name, nested ones (``PARENT/LogicalId``) included."""
    deployments: tuple[Deployment, ...]
    outside: Outside = NOTHING
    """What they take from outside of themselves, as far as it is known."""
    deployed: tuple[DeployedStack, ...] = ()
    """What was read of them where they are deployed; nothing of those that were read from files."""

    def deployment(self, name: str) -> Deployment | None:
        """The stack of a name, if it is one of these (nested ones are not asked for)."""
        return next((each for each in self.deployments if each.name == name), None)

    def inside(self, name: str) -> DeployedStack | None:
        """A nested stack as it is deployed, where that was read."""
        root, *path = name.split("/")
        found = next((each for each in self.deployed if each.name == root), None)
        for key in path:
            found = None if found is None else found.nested.get(key)
        return found

    def followed_by(self, later: Application) -> Application:
        """The stacks that there are when others have been deployed beside these, or in the places of these."""
        names = {each.name for each in later.deployments}
        return Application(
            stacks={name: each for name, each in self.stacks.items() if name.partition("/")[0] not in names}
            | dict(later.stacks),
            deployments=(*(each for each in self.deployments if each.name not in names), *later.deployments),
            outside=self.outside,
            # What was read of a stack inside another is as it was before; its policy stays.
            deployed=tuple(replace(each, nested={}) if each.name in names else each for each in self.deployed),
        )


NO_STACKS = Application(stacks={}, deployments=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    name: str
    template: Path | DeployedStack
    root: Path = Path()
    values: Mapping[str, str]
    place: Place
    termination_protection: bool = False
    assets: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    resolved: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    importers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


def read_application(
    path: Path,
    *,
    place: Place,
    stack: str = "",
    values: Mapping[str, str] | None = None,
    before: Application = NO_STACKS,
) -> Application:
    """Read what is deployed from a path.

    Args:
        path: A template, or the folder of a CDK cloud assembly.
        stack: What to call the template's stack; of an assembly, the one stack that is wanted.
        values: Values of parameters; a stack takes those that it declares.
        place: Account and region.
        before: What is deployed, which this would change. A stack of the same name keeps its tags, and the values of
            parameters that are not given (as with `aws cloudformation deploy`); what parameters name in the parameter
            store is looked up anew.

    Raises:
        UsageError: the path or the stack is not there.
        ConfigurationError: a template cannot be read or worked out.
    """
    given = dict(values or {})
    reader = _Reader(before)
    deployments = []
    for source in _sources(path, stack, place):
        deployed = before.deployment(source.name)
        known = {} if deployed is None else deployed.values
        tags = {} if deployed is None else deployed.tags
        deployments.append(reader.read(replace(source, tags=tags), {**known, **source.values, **given}))
    return Application(
        stacks=_linked(reader.stacks, before.outside), deployments=tuple(deployments), outside=before.outside
    )


def application_of(stacks: Iterable[DeployedStack], outside: Outside = NOTHING) -> Application:
    """Work out what is deployed.

    Raises:
        ConfigurationError: a template cannot be read or worked out.
    """
    reader, deployed = _Reader(), tuple(stacks)
    deployments = tuple(reader.read(_deployed(stack, stack.values), stack.values) for stack in deployed)
    return Application(
        stacks=_linked(reader.stacks, outside), deployments=deployments, outside=outside, deployed=deployed
    )


def _deployed(stack: DeployedStack, values: Mapping[str, str]) -> _Source:
    return _Source(
        name=stack.name,
        template=stack,
        values=values,
        place=stack.place,
        termination_protection=stack.termination_protection,
        resolved=stack.resolved,
        tags=stack.tags,
        importers=stack.importers,
    )


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

    def __init__(self, before: Application = NO_STACKS) -> None:
        self.stacks: dict[str, Stack] = {}
        self._before = before

    def read(self, source: _Source, given: Mapping[str, str], depth: int = 0) -> Deployment:
        document = _document(source)
        written = parse_template(document, name=_called(source))
        values = {name: text for name, text in given.items() if name in written.parameters}
        template = expand(written, copy.deepcopy(document), values=values, region=source.place.region)
        resolved = {**self._looked_up(written, values), **source.resolved}
        stack = resolve(template, name=source.name, values=values, place=source.place, resolved=resolved)
        stack = replace(
            stack, termination_protection=source.termination_protection, importers=MappingProxyType(source.importers)
        )
        self.stacks[source.name] = stack
        nested: dict[str, Deployment] = {}
        gaps: list[Gap] = []
        for key, resource in stack.resources.items():
            if resource.type == NESTED:
                inside = self._nested(source, key, resource, depth)
                if inside is not None:
                    nested[key] = inside
                if inside is None or _template_of(source, resource) is None:
                    gaps.append(_not_read(source, key))
        self.stacks[source.name] = replace(stack, gaps=(*stack.gaps, *gaps))
        return Deployment(
            name=source.name,
            template=template,
            values=values,
            place=source.place,
            nested=nested,
            resolved=resolved,
            tags=source.tags,
        )

    def _looked_up(self, template: Template, values: Mapping[str, str]) -> dict[str, str]:
        names = {
            key: values.get(key) or item.default or "" for key, item in template.parameters.items() if item.is_looked_up
        }
        current = self._before.outside.current
        return {key: current[name] for key, name in names.items() if name in current}

    def _nested(self, source: _Source, key: str, resource: Resource, depth: int) -> Deployment | None:
        template = _template_of(source, resource) or self._before.inside(f"{source.name}/{key}")
        if template is None or depth >= DEEPEST:
            return None
        inner = resource.properties.get("Parameters")
        values = {str(k): _parameter(v) for k, v in inner.items()} if isinstance(inner, Mapping) else {}
        name = f"{source.name}/{key}"
        if isinstance(template, DeployedStack):
            child = replace(_deployed(template, values), name=name)
        else:
            child = replace(source, name=name, template=template, values=values, termination_protection=False)
        return self.read(child, values, depth + 1)


def _not_read(source: _Source, key: str) -> Gap:
    deployed = isinstance(source.template, DeployedStack)
    there = "could not be read" if deployed else "is no local file beside the parent's"
    reason = f"its template {there}: what this nested stack does is not known"
    return Gap(kind=GapKind.NOT_REHEARSED, subject=f"{source.name}/{key}", reason=reason)


def _called(source: _Source) -> str:
    """What a template is called in messages."""
    return f"of {source.name}" if isinstance(source.template, DeployedStack) else str(source.template)


def _document(source: _Source) -> Any:
    if isinstance(source.template, DeployedStack):
        return parse_document(source.template.template.encode(), name=_called(source))
    return read_document(source.template)


def _parameter(value: Value) -> str:
    return ",".join(scalar_text(item) for item in value) if isinstance(value, tuple) else scalar_text(thaw(value))


def _template_of(source: _Source, resource: Resource) -> Path | DeployedStack | None:
    """Find a nested stack's template: as deployed, an asset of the CDK, or a path beside the parent's template."""
    if isinstance(source.template, DeployedStack):
        return source.template.nested.get(resource.logical_id)
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


def _linked(stacks: Mapping[str, Stack], outside: Outside) -> Mapping[str, Stack]:
    """Put outputs of nested stacks, and exports, where they are used: references then lead to resources."""
    exported = {_imported(name): value for name, value in outside.exports.items()}
    for _ in range(MOST_ROUNDS):
        known = exported | dict(_known(stacks))
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
                yield _imported(export), scalar_text(value)


def _imported(export: str) -> str:
    return opaque(f"Fn::ImportValue:{export}")


def _substituted(stack: Stack, known: Mapping[str, str]) -> Stack:
    def put(value: Value) -> Any:
        return substitute(value, known)

    return replace(
        stack,
        resources={key: replace(item, properties=put(item.properties)) for key, item in stack.resources.items()},
        outputs=put(stack.outputs),
        exports=put(stack.exports),
    )
