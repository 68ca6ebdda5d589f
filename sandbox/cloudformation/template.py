"""A template, parsed: declarations as they are written, nothing resolved yet.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NoReturn

from diffing.values import Value, freeze
from sandbox.cloudformation.text import parse_document
from sandbox.errors import ConfigurationError

_NOTHING: Mapping[str, Value] = MappingProxyType({})
_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Globals",
        "Hooks",
        "Resources",
        "Outputs",
    }
)
_LOOKED_UP = "AWS::SSM::Parameter::Value<"
_HINT = "Check it with `aws cloudformation validate-template` or cfn-lint."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A declared parameter."""

    type: str
    default: str | None
    """None where a value must be given."""
    no_echo: bool

    @property
    def is_list(self) -> bool:
        """Whether the text is a list, with commas between its items."""
        return self.type.removeprefix(_LOOKED_UP).startswith(("CommaDelimitedList", "List<"))

    @property
    def is_looked_up(self) -> bool:
        """Whether the value names an entry of the parameter store, which is read at deployment."""
        return self.type.startswith(_LOOKED_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One entry of ``Resources``."""

    type: str
    properties: Value
    condition: str
    deletion_policy: Value
    update_replace_policy: Value
    update_policy: Value
    metadata: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A parsed template."""

    name: str
    """The file, for messages."""
    parameters: Mapping[str, Parameter]
    mappings: Mapping[str, Value]
    conditions: Mapping[str, Value]
    resources: Mapping[str, Declaration]
    outputs: Mapping[str, Value]
    transforms: tuple[str, ...]
    document: Mapping[str, Value] = field(default_factory=lambda: _NOTHING)
    """The whole, as it was written."""


def template_of(content: bytes, *, name: str) -> Template:
    """Parse the text of a template.

    Raises:
        ConfigurationError: it cannot be read, or is no template.
    """
    return parse_template(parse_document(content, name=name), name=name)


def parse_template(document: Any, *, name: str) -> Template:
    """Parse a template that was read from JSON or YAML.

    Raises:
        ConfigurationError: it is no template.
    """
    if not isinstance(document, dict) or "Resources" not in document:
        _invalid(name, "it is no CloudFormation template: it has no Resources")
    unknown = sorted(set(document) - _SECTIONS)
    if unknown:
        _invalid(name, f"CloudFormation knows no section {unknown[0][:80]!r}")
    sections = {key: _section(document, key, name) for key in ("Parameters", "Mappings", "Conditions", "Outputs")}
    resources = _section(document, "Resources", name)
    return Template(
        name=name,
        parameters={key: _parameter(key, value, name) for key, value in sections["Parameters"].items()},
        mappings={key: freeze(value) for key, value in sections["Mappings"].items()},
        conditions={key: freeze(value) for key, value in sections["Conditions"].items()},
        resources={key: _declaration(key, value, name) for key, value in resources.items() if not _is_loop(key)},
        outputs={key: freeze(value) for key, value in sections["Outputs"].items()},
        transforms=(
            *_transforms(document.get("Transform"), name),
            *(["Fn::ForEach"] if any(map(_is_loop, resources)) else []),
        ),
        document={key: freeze(value) for key, value in document.items()},
    )


def _is_loop(key: str) -> bool:
    return key.startswith("Fn::ForEach")


def _section(document: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    section = document.get(key)
    if section is None:
        return {}
    if not isinstance(section, dict):
        _invalid(name, f"{key} is no object")
    return section


def _parameter(key: str, value: Any, name: str) -> Parameter:
    if not isinstance(value, dict):
        _invalid(name, f"the parameter {key} is no object")
    default = value.get("Default")
    return Parameter(
        type=str(value.get("Type", "String")),
        default=None if default is None else scalar_text(default),
        no_echo=str(value.get("NoEcho", "")).lower() == "true",
    )


def scalar_text(value: Any) -> str:
    """Write a parameter's value as CloudFormation does: everything is text."""
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ",".join(scalar_text(item) for item in value)
        case _:
            return str(value)


def _declaration(key: str, value: Any, name: str) -> Declaration:
    if not isinstance(value, dict) or not isinstance(value.get("Type"), str) or not value["Type"]:
        _invalid(name, f"the resource {key} has no Type")
    if not key.isascii() or not key.isalnum():
        _invalid(name, f"{key[:80]!r} is no logical id: letters and digits only")
    condition = value.get("Condition", "")
    properties = value.get("Properties")
    if not isinstance(condition, str) or not isinstance(properties, dict | None):
        _invalid(name, f"the Condition or the Properties of {key} are malformed")
    return Declaration(
        type=value["Type"],
        properties=freeze(properties or {}),
        condition=condition,
        deletion_policy=freeze(value.get("DeletionPolicy")),
        update_replace_policy=freeze(value.get("UpdateReplacePolicy")),
        update_policy=freeze(value.get("UpdatePolicy")),
        metadata=freeze(value.get("Metadata")),
    )


def _transforms(value: Any, name: str) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    found = tuple(
        item if isinstance(item, str) else str(item.get("Name")) if isinstance(item, dict) else "" for item in items
    )
    if not all(found):
        _invalid(name, "Transform is malformed")
    return found


def _invalid(name: str, problem: str) -> NoReturn:
    raise ConfigurationError(f"The template {name} is not valid: {problem}.", hint=_HINT)
