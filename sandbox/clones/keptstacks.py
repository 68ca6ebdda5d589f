"""Stacks that are put into a snapshot: as they are deployed, without their secrets.

The secrets are taken out before a clone is made of them, so that no engine ever has them. Three nets, as everywhere:
parameters with ``NoEcho``; members with a secret's name, and all of an environment; what looks like a secret in a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from diffing.values import thaw
from sandbox.clones.deployed import DeployedStacks
from sandbox.cloudformation.application import Application, Deployment, application_of
from sandbox.cloudformation.deployed import DeployedStack, Outside
from sandbox.cloudformation.resolve import Stack
from sandbox.cloudformation.text import parse_document
from sandbox.cloudformation.tokens import UNTOLD, untold
from sandbox.recorder.secrets import is_secret_name, letters, scrubbed

_ENVIRONMENTS = frozenset({"environment", "environmentvariables", "variables"})
"""Members below which every text counts as a secret (`sandbox.recorder.secrets.letters`)."""
_NOT_SECRET = frozenset({"type", "name", "id", "arn", "valuefrom"})
_REFERENCES = frozenset({"Ref", "Fn::GetAtt", "Fn::ImportValue"})
"""Functions that name something and hold no text of their own."""
_CONTENTS = frozenset({"Properties", "Metadata"})
_LEFT_OUT = frozenset({"Metadata", "Rules"})
"""Sections that decide nothing here, and may hold anything."""


def keepable(source: DeployedStacks) -> DeployedStacks:
    """Stacks without their secrets: placeholders stand for them, which a change is taken to leave as they are."""
    return replace(source, application=masked(source.application))


def masked(application: Application) -> Application:
    """Stacks without their secrets; the same secret in two templates is the same placeholder."""
    stacks = tuple(_masked(each) for each in deployed_of(application))
    outside = Outside(exports=_by_name(application.outside.exports), current=_by_name(application.outside.current))
    return application_of(stacks, outside)


def deployed_of(application: Application) -> tuple[DeployedStack, ...]:
    """Stacks as they are deployed, whether they were read from an account or from files."""
    if application.deployed:
        return application.deployed
    return tuple(_deployed(each, application.stacks) for each in application.deployments)


def _deployed(deployment: Deployment, stacks: Mapping[str, Stack]) -> DeployedStack:
    document = {key: thaw(value) for key, value in deployment.template.document.items()}
    return DeployedStack(
        name=deployment.name,
        place=deployment.place,
        template=json.dumps(document),
        values=dict(deployment.values),
        resolved=dict(deployment.resolved),
        nested={key: _deployed(inner, stacks) for key, inner in deployment.nested.items()},
        tags=dict(deployment.tags),
        termination_protection=stacks[deployment.name].termination_protection,
    )


def _masked(stack: DeployedStack) -> DeployedStack:
    document: dict[str, Any] = parse_document(stack.template.encode(), name=f"of {stack.name}")
    declared = document.get("Parameters") or {}
    hidden = {name for name, each in declared.items() if is_secret_name(name) or _is_no_echo(each)}
    for name in hidden & {name for name, each in declared.items() if "Default" in each}:
        declared[name]["Default"] = untold(name)
    masked = {
        "Resources": {key: _resource(each) for key, each in document["Resources"].items()},
        "Outputs": {key: _value(each, secret=is_secret_name(key)) for key, each in _section(document, "Outputs")},
        "Mappings": _value(dict(_section(document, "Mappings"))),
        "Globals": _value(dict(_section(document, "Globals"))),
    }
    kept = {key: value for key, value in document.items() if key not in _LEFT_OUT}
    document = kept | {key: value for key, value in masked.items() if value}
    return replace(
        stack,
        template=json.dumps(document),
        values={**stack.values, **{name: untold(name) for name in hidden}},
        resolved=_by_name(stack.resolved),
        nested={key: _masked(inner) for key, inner in stack.nested.items()},
    )


def _section(document: Mapping[str, Any], name: str) -> Iterable[tuple[str, Any]]:
    return (document.get(name) or {}).items()


def _resource(resource: Any) -> Any:
    """A resource of any logical id: only what it holds may be secret."""
    return {key: _value(inner) if key in _CONTENTS else inner for key, inner in resource.items()}


def _is_no_echo(parameter: Mapping[str, Any]) -> bool:
    return str(parameter.get("NoEcho", "")).lower() == "true"


def _by_name(values: Mapping[str, str]) -> dict[str, str]:
    return {name: untold(name) if is_secret_name(name) else text for name, text in values.items()}


def _value(value: Any, *, secret: bool = False) -> Any:
    match value:
        case str():
            return UNTOLD if value and (secret or scrubbed(value) != value) else value
        case bool() | int() | float():
            return UNTOLD if secret and not isinstance(value, bool) else value
        case list():
            return [_value(item, secret=secret) for item in value]
        case dict() if len(value) == 1 and _is_function(value):
            return _function(value, secret=secret)
        case dict():
            return {name: _value(inner, secret=_is_secret(name, secret=secret)) for name, inner in value.items()}
        case _:
            return value


def _function(value: dict[str, Any], *, secret: bool) -> Any:
    """A function that only names something stays; one that may put a secret together does not."""
    if not value.keys() <= _REFERENCES and secret:
        return UNTOLD
    return value if value.keys() <= _REFERENCES else {name: _value(inner) for name, inner in value.items()}


def _is_function(names: Iterable[str]) -> bool:
    return all(name == "Ref" or name.startswith("Fn::") for name in names)


def _is_secret(name: str, *, secret: bool) -> bool:
    plain = letters(name)
    return (secret or is_secret_name(name) or plain in _ENVIRONMENTS) and plain not in _NOT_SECRET
