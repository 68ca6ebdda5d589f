"""What an engine is given as a template: the user's, with what it cannot have there taken out or replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from diffing.values import thaw
from sandbox.cloudformation.application import Deployment
from sandbox.cloudformation.tokens import is_untold

CDK_METADATA = "AWS::CDK::Metadata"
BOOTSTRAP = "BootstrapVersion"
"""A parameter that the CDK gives every template, for a check of its own command line."""
_CONSTRAINTS = ("AllowedPattern", "AllowedValues", "MaxLength", "MinLength", "MaxValue", "MinValue")
_CODE = frozenset({"AWS::Lambda::Function"})
_SUB_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}")


def document_of(deployment: Deployment, *, urls: Mapping[str, str], left_out: Collection[str]) -> dict[str, Any]:
    """Write the template that an engine is given.

    Args:
        deployment: The stack.
        urls: Logical ids of nested stacks → where their templates are.
        left_out: Types that the engine lacks; what refers to resources of these types is left out too.
    """
    document: dict[str, Any] = {key: thaw(value) for key, value in deployment.template.document.items()}
    for key in ("Metadata", "Rules", "Hooks"):
        document.pop(key, None)
    if not document.get("Transform", True):
        document.pop("Transform")
    (document.get("Parameters") or {}).pop(BOOTSTRAP, None)
    _settle(document.get("Parameters") or {}, deployment)
    if not document.get("Parameters", True):
        document.pop("Parameters")
    resources = document["Resources"]
    gone = without(resources, {*left_out, CDK_METADATA})
    document["Resources"] = {key: item for key, item in resources.items() if key not in gone}
    outputs = document.get("Outputs") or {}
    document["Outputs"] = {key: item for key, item in outputs.items() if gone.isdisjoint(_named(item))}
    for key, resource in document["Resources"].items():
        _adapt(key, resource, urls, gone)
    return document


def _settle(declared: dict[str, Any], deployment: Deployment) -> None:
    """Let the engine take values that are given: what was looked up already, and what stands for a secret."""
    for name, parameter in declared.items():
        if name in deployment.resolved:
            is_list = deployment.template.parameters[name].is_list
            parameter["Type"] = "CommaDelimitedList" if is_list else "String"
        if is_untold(deployment.values.get(name, "")):
            for constraint in _CONSTRAINTS:
                parameter.pop(constraint, None)


def without(resources: Mapping[str, Any], types: Collection[str]) -> frozenset[str]:
    """Return the logical ids of resources of some types, and of what refers to them."""
    gone = {key for key, item in resources.items() if isinstance(item, dict) and item.get("Type") in types}
    while True:
        more = {
            key
            for key, item in resources.items()
            if key not in gone and not gone.isdisjoint(_named(item.get("Properties")))
        }
        if not more:
            return frozenset(gone)
        gone |= more


def _adapt(key: str, resource: dict[str, Any], urls: Mapping[str, str], gone: frozenset[str]) -> None:
    needed = resource.get("DependsOn")
    if needed is not None:
        kept = [name for name in ([needed] if isinstance(needed, str) else needed) if name not in gone]
        resource["DependsOn"] = kept
        if not kept:
            resource.pop("DependsOn")
    properties = resource.get("Properties")
    if not isinstance(properties, dict):
        return
    if key in urls:
        properties["TemplateURL"] = urls[key]
    code = properties.get("Code")
    if resource.get("Type") in _CODE and isinstance(code, dict) and "S3Key" in code:
        # The code lies in no bucket of the clone, and is never run there: a text that changes with it stands for it.
        properties["Code"] = {"ZipFile": f"# {json.dumps(code, sort_keys=True)[:2000]}"}


def _named(value: Any) -> set[str]:
    """Every resource that a value refers to."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        match waiting.pop():
            case {"Ref": str() as name} as inner if len(inner) == 1:
                found.add(name)
            case {"Fn::GetAtt": [str() as name, *_]} as inner if len(inner) == 1:
                found.add(name)
            case {"Fn::GetAtt": str() as text} as inner if len(inner) == 1:
                found.add(text.partition(".")[0])
            case {"Fn::Sub": text} as inner if len(inner) == 1:
                body = text[0] if isinstance(text, list) and text else text
                found.update(_SUB_REFERENCE.findall(body) if isinstance(body, str) else [])
                waiting += text[1:] if isinstance(text, list) else []
            case dict() as inner:
                waiting += inner.values()
            case list() as items:
                waiting += items
            case _:
                pass
    return found
