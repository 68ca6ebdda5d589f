"""A template and its parameters, resolved as far as that can be done without deploying it.

Parameters, mappings, conditions and pseudo parameters are worked out. What is decided only at deployment becomes a
token in text (`sandbox.cloudformation.tokens`); what nobody can say becomes a gap, never a guess.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from diffing.values import Marker, Value
from sandbox.cloudformation.intrinsics import Evaluator
from sandbox.cloudformation.template import Declaration, Template
from sandbox.cloudformation.tokens import has_token, is_untold, opaque, secret
from sandbox.errors import ConfigurationError
from sandbox.place import Place
from sandbox.rehearsal import Gap, GapKind

KNOWN_TRANSFORMS = frozenset({"AWS::Serverless-2016-10-31"})
"""Expanded before resolving (`sandbox.cloudformation.transforms`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource that a stack has, or may have."""

    logical_id: str
    type: str
    properties: Mapping[str, Value]
    deletion_policy: str
    """Empty where none is written."""
    update_replace_policy: str
    update_policy: Value = None
    metadata: Value = None
    certain: bool = True
    """False where nobody can say whether its condition holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack as a template and its parameters describe it."""

    name: str
    resources: Mapping[str, Resource]
    exports: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    """Name of an export → its value."""
    outputs: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Name of an export → logical ids that use it."""
    gaps: tuple[Gap, ...] = ()
    termination_protection: bool = False
    importers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Name of an export of it → stacks elsewhere that import it."""


def resolve(
    template: Template,
    *,
    name: str,
    values: Mapping[str, str],
    place: Place,
    resolved: Mapping[str, str] = MappingProxyType({}),
) -> Stack:
    """Work a template out.

    Args:
        template: The template, transforms already expanded.
        name: The stack's name.
        values: Values of parameters; those that the template does not declare are left alone.
        place: Account and region.
        resolved: Parameters that name an entry of the parameter store → what it holds, where that is known.

    Raises:
        ConfigurationError: a parameter has no value, or something refers to what is not there.
    """
    constants = _pseudo(name, place) | _parameters(template, values, resolved)
    return _Resolution(template, name, constants).run()


class _Resolution:
    def __init__(self, template: Template, name: str, constants: Mapping[str, Value]) -> None:
        self._template = template
        self._name = name
        self._gaps: list[Gap] = []
        self._evaluator = Evaluator(
            stack=name,
            template=template,
            constants=constants,
            gap=self._gap,
        )

    def run(self) -> Stack:
        for transform in self._template.transforms:
            if transform not in KNOWN_TRANSFORMS:
                self._gap(transform, "this macro rewrites the template at deployment: what it makes of it is not known")
        resources = {key: self._resource(key, item) for key, item in self._template.resources.items()}
        outputs, exports = self._outputs()
        return Stack(
            name=self._name,
            resources={key: item for key, item in resources.items() if item is not None},
            exports=exports,
            outputs=outputs,
            imports={name: tuple(sorted(users)) for name, users in self._evaluator.imports.items()},
            gaps=tuple(dict.fromkeys(self._gaps)),
        )

    def _gap(self, subject: str, reason: str) -> None:
        self._gaps.append(Gap(kind=GapKind.NOT_REHEARSED, subject=f"{self._name}/{subject}", reason=reason))

    def _resource(self, key: str, item: Declaration) -> Resource | None:
        holds = self._evaluator.condition(item.condition) if item.condition else True
        if holds is False:
            return None
        if holds is None:
            self._gap(key, f"whether its condition {item.condition} holds is decided at deployment")
        self._evaluator.subject = key
        properties = self._evaluator.value(item.properties)
        return Resource(
            logical_id=key,
            type=item.type,
            properties=properties if isinstance(properties, Mapping) else {},
            deletion_policy=self._policy(key, item.deletion_policy),
            update_replace_policy=self._policy(key, item.update_replace_policy),
            update_policy=self._evaluator.value(item.update_policy),
            metadata=self._evaluator.value(item.metadata),
            certain=holds is not None,
        )

    def _policy(self, key: str, written: Value) -> str:
        value = self._evaluator.value(written)
        if value is None:
            return ""
        if isinstance(value, str) and not has_token(value):
            return value
        self._gap(key, "its DeletionPolicy or UpdateReplacePolicy is decided at deployment")
        return ""

    def _outputs(self) -> tuple[dict[str, Value], dict[str, Value]]:
        outputs: dict[str, Value] = {}
        exports: dict[str, Value] = {}
        for key, output in self._template.outputs.items():
            if not isinstance(output, Mapping) or "Value" not in output:
                continue
            condition = output.get("Condition")
            if isinstance(condition, str) and self._evaluator.condition(condition) is False:
                continue
            self._evaluator.subject = f"Outputs.{key}"
            outputs[key] = self._evaluator.value(output["Value"])
            export = output.get("Export")
            name = self._evaluator.value(export.get("Name")) if isinstance(export, Mapping) else None
            if isinstance(name, str):
                exports[name] = outputs[key]
        return outputs, exports


def _pseudo(stack: str, place: Place) -> dict[str, Value]:
    partition = _partition(place.region)
    return {
        "AWS::AccountId": place.account,
        "AWS::Region": place.region,
        "AWS::Partition": partition,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        "AWS::StackName": stack,
        "AWS::StackId": opaque("AWS::StackId"),
        "AWS::NotificationARNs": (),
        "AWS::NoValue": Marker.ABSENT,
    }


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _parameters(template: Template, values: Mapping[str, str], resolved: Mapping[str, str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    missing = sorted(key for key, item in template.parameters.items() if item.default is None and key not in values)
    if missing:
        raise ConfigurationError(
            f"The template {template.name} needs values for {', '.join(missing[:10])}.",
            hint="Give them with --parameters FILE (--target-parameters FILE for those of the target).",
        )
    for key, item in template.parameters.items():
        text = values.get(key, item.default) or ""
        if item.no_echo or is_untold(text):
            found[key] = secret(text)
        elif item.is_looked_up and key not in resolved:
            found[key] = opaque(f"resolve:ssm:{text}")
        else:
            text = resolved.get(key, text)
            found[key] = _items(text) if item.is_list else text
    return found


def _items(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()
