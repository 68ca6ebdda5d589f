"""Intrinsic functions, worked out as far as a template and its parameters tell.

Conditions have three values: true, false, and None for what is decided at deployment.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import islice
from types import MappingProxyType

from diffing.values import Marker, Value, thaw
from sandbox.cloudformation.template import Template, scalar_text
from sandbox.cloudformation.tokens import has_token, is_secret, is_untold, opaque, reference, secret
from sandbox.errors import ConfigurationError

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_PAIR = 2
_BRANCHES = 3
_ADDRESS_BITS = {4: 32, 6: 128}
_SILENT = frozenset({"Fn::GetAZs", "Fn::Length", "Fn::ToJsonString"})
"""Decided at deployment, and not by the change."""


class Evaluator:
    """Works values out for one template and one set of parameters."""

    def __init__(
        self, *, stack: str, template: Template, constants: Mapping[str, Value], gap: Callable[[str, str], None]
    ) -> None:
        self.subject = ""
        """What the values being worked out belong to."""
        self.imports: defaultdict[str, set[str]] = defaultdict(set)
        """Name of an export → what uses it."""
        self._stack = stack
        self._template = template
        self._constants = constants
        self._gap = gap
        self._conditions: dict[str, bool | None] = {}
        self._asking: list[str] = []
        self._functions: Mapping[str, Callable[[Value], Value]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Base64": lambda argument: self._opaque("Fn::Base64", self.value(argument)),
            "Fn::ImportValue": self._import_value,
            "Fn::Cidr": self._cidr,
        }

    def value(self, written: Value) -> Value:
        """Work one value out; ``AWS::NoValue`` is Marker.ABSENT, and members with it are left out."""
        match written:
            case tuple():
                items = (self.value(item) for item in written)
                return tuple(item for item in items if item is not Marker.ABSENT)
            case Mapping():
                if len(written) == 1:
                    name, argument = next(iter(written.items()))
                    if name == "Ref" or name.startswith("Fn::"):
                        return self._call(name, argument)
                members = {name: self.value(inner) for name, inner in written.items()}
                return MappingProxyType({name: inner for name, inner in members.items() if inner is not Marker.ABSENT})
            case _:
                return written

    def condition(self, name: str) -> bool | None:
        """Work a named condition out.

        Raises:
            ConfigurationError: it is not declared, or refers to itself.
        """
        if name not in self._conditions:
            if name not in self._template.conditions:
                raise self._error(f"refers to the condition {name[:80]!r}, which is not there")
            if name in self._asking:
                raise self._error(f"the condition {name} refers to itself")
            self._asking.append(name)
            self._conditions[name] = self._holds(self._template.conditions[name])
            self._asking.pop()
        return self._conditions[name]

    def _call(self, name: str, argument: Value) -> Value:
        if name in self._functions:
            return self._functions[name](argument)
        if name not in _SILENT:
            self._gap(self.subject, f"{name} is worked out at deployment only")
        return self._opaque(name, self.value(argument))

    def _opaque(self, name: str, argument: Value) -> str:
        return opaque(f"{name}:{argument if isinstance(argument, str) else json.dumps(thaw(argument), sort_keys=True)}")

    def _error(self, problem: str) -> ConfigurationError:
        about = f"{self.subject}: " if self.subject else ""
        return ConfigurationError(
            f"The template {self._template.name} is not valid: {about}{problem}.",
            hint="Check it with `aws cloudformation validate-template` or cfn-lint.",
        )

    def _ref(self, argument: Value) -> Value:
        if not isinstance(argument, str):
            return self._opaque("Ref", self.value(argument))
        if argument in self._constants:
            return self._constants[argument]
        return self._named(argument)

    def _named(self, name: str, attribute: str = "") -> str:
        if name in self._template.resources:
            return reference(f"{self._stack}/{name}", attribute)
        if self._template.transforms:
            # A macro may make what is referred to.
            return opaque(f"{name}.{attribute}")
        raise self._error(f"refers to {name[:80]!r}, which is neither a resource nor a parameter")

    def _get_att(self, argument: Value) -> Value:
        parts = argument.split(".", 1) if isinstance(argument, str) else self.value(argument)
        match parts:
            case (str() as name, str() as attribute) | [str() as name, str() as attribute]:
                return self._named(name, attribute)
            case _:
                raise self._error("Fn::GetAtt needs a resource and an attribute")

    def _sub(self, argument: Value) -> Value:
        match argument:
            case str():
                text, variables = argument, {}
            case (str() as text, Mapping() as given):
                variables = {name: self.value(value) for name, value in given.items()}
            case _:
                raise self._error("Fn::Sub needs a text, and perhaps an object of variables")
        return _VARIABLE.sub(lambda found: self._variable(found[1].strip(), variables), text)

    def _variable(self, name: str, variables: Mapping[str, Value]) -> str:
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in variables:
            return self._text(variables[name])
        if name in self._constants:
            return self._text(self._constants[name])
        resource, _, attribute = name.partition(".")
        return self._named(resource, attribute)

    def _text(self, value: Value) -> str:
        match value:
            case Marker() | None:
                return ""
            case tuple() | Mapping():
                return self._opaque("", value)
            case _:
                return scalar_text(value)

    def _join(self, argument: Value) -> Value:
        match self.value(argument):
            case (str() as separator, tuple() as items):
                return separator.join(self._text(item) for item in items)
            case other:
                return self._opaque("Fn::Join", other)

    def _select(self, argument: Value) -> Value:
        match self.value(argument):
            case (bool() | int() | str() as index, tuple() as items) if str(index).isdigit():
                if int(index) >= len(items):
                    raise self._error(f"Fn::Select asks for item {index} of {len(items)}")
                item: Value = items[int(index)]
                return item
            case other:
                return self._opaque("Fn::Select", other)

    def _split(self, argument: Value) -> Value:
        match self.value(argument):
            case (str() as separator, str() as text) if separator and not has_token(text):
                return tuple(text.split(separator))
            case other:
                return self._opaque("Fn::Split", other)

    def _find_in_map(self, argument: Value) -> Value:
        match self.value(argument):
            case (str() as name, first, second, *rest):
                keys = self._text(first), self._text(second)
            case other:
                return self._opaque("Fn::FindInMap", other)
        if has_token((name, *keys)):
            return self._opaque("Fn::FindInMap", (name, *keys))
        found: Value = self._template.mappings
        for key in (name, *keys):
            found = found.get(key, Marker.ABSENT) if isinstance(found, Mapping) else Marker.ABSENT
        if found is not Marker.ABSENT:
            return self.value(found)
        default: Value = rest[0].get("DefaultValue") if rest and isinstance(rest[0], Mapping) else None
        if default is not None:
            return default
        raise self._error(f"the mapping {name} has no entry {keys[0][:80]}, {keys[1][:80]}")

    def _if(self, argument: Value) -> Value:
        if not isinstance(argument, tuple) or len(argument) != _BRANCHES or not isinstance(argument[0], str):
            raise self._error("Fn::If needs a condition and two values")
        holds = self.condition(argument[0])
        if holds is not None:
            return self.value(argument[1] if holds else argument[2])
        branches = (self.value(branch) for branch in argument[1:])
        shown = tuple(opaque("AWS::NoValue") if branch is Marker.ABSENT else branch for branch in branches)
        return MappingProxyType({"Fn::If": (argument[0], *shown)})

    def _import_value(self, argument: Value) -> Value:
        name = self._text(self.value(argument))
        self.imports[name].add(self.subject)
        return opaque(f"Fn::ImportValue:{name}")

    def _cidr(self, argument: Value) -> Value:
        arguments = self.value(argument)
        if not isinstance(arguments, tuple) or has_token(arguments) or len(arguments) < _PAIR:
            return self._opaque("Fn::Cidr", arguments)
        try:
            network = ipaddress.ip_network(str(arguments[0]), strict=False)
            bits = int(str(arguments[2])) if len(arguments) > _PAIR else 8
            prefix = _ADDRESS_BITS[network.version] - bits
            return tuple(str(part) for part in islice(network.subnets(new_prefix=prefix), int(str(arguments[1]))))
        except ValueError:
            return self._opaque("Fn::Cidr", arguments)

    def _holds(self, written: Value) -> bool | None:
        if not isinstance(written, Mapping) or len(written) != 1:
            raise self._error("a condition must be one of Fn::Equals, Fn::And, Fn::Or, Fn::Not, Condition")
        name, argument = next(iter(written.items()))
        items = argument if isinstance(argument, tuple) else (argument,)
        match name:
            case "Condition" if isinstance(argument, str):
                return self.condition(argument)
            case "Fn::Equals" if len(items) == _PAIR:
                return self._equals(*(self.value(item) for item in items))
            case "Fn::Not":
                holds = self._holds(items[0]) if items else None
                return None if holds is None else not holds
            case "Fn::And" | "Fn::Or":
                return _combined([self._holds(item) for item in items], decisive=name == "Fn::Or")
            case _:
                self._gap(
                    self._asking[-1] if self._asking else "Conditions", f"{name[:80]} is worked out at deployment"
                )
                return None

    def _equals(self, left: Value, right: Value) -> bool | None:
        if any(isinstance(side, str) and is_untold(side) for side in (left, right)):
            return None
        if left == right or (not isinstance(left, tuple | Mapping) and self._text(left) == self._text(right)):
            return True
        if is_secret(left) or is_secret(right):
            # ``!Equals [!Ref Password, ""]`` asks whether one was given.
            plain, hidden = (right, left) if is_secret(left) else (left, right)
            return None if has_token(plain) else secret(self._text(plain)) == hidden
        return None if has_token((left, right)) else False


def _combined(found: list[bool | None], *, decisive: bool) -> bool | None:
    if decisive in found:
        return decisive
    return None if None in found else not decisive
