"""Parameters as they may be shown: secrets become markers, data become sizes, what is long is cut.

Secrets are found by the model's ``sensitive`` trait, by name (`sandbox.recorder.secrets`) and by place (environment
variables, ``SecureString`` parameters). Data (items, messages, objects) are no secrets, and nobody's business either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from diffing.values import Marker, Value
from sandbox.recorder.secrets import is_secret_name, letters, scrubbed, without_literals
from sandbox.recorder.tree import Shape, Tree, Undecoded

_DATA = MappingProxyType(
    {
        "cloudformation": frozenset({"templatebody", "stackpolicybody"}),
        "events": frozenset({"detail"}),
        "logs": frozenset({"logevents", "logeventmessages"}),
        "rds-data": frozenset({"parameters", "parametersets"}),
        "redshift-data": frozenset({"parameters"}),
        "sdb": frozenset({"attributes", "items"}),
        "ses": frozenset({"message", "rawmessage", "templatedata", "replacementtemplatedata", "defaulttemplatedata"}),
        "sesv2": frozenset({"content", "templatedata", "replacementtemplatedata"}),
        "sns": frozenset({"message", "subject", "messageattributes", "publishbatchrequestentries"}),
        "sqs": frozenset({"messagebody", "messageattributes", "messagesystemattributes"}),
        "stepfunctions": frozenset({"input", "output"}),
        "timestream-write": frozenset({"records", "commonattributes"}),
    }
)
"""Members that carry the customer's data or whole documents: by service, in letters only."""
_SECRET_PLACES = frozenset(
    {
        ("apigateway", "CreateApiKey", "value"),
        # The template says which of them are secret (``NoEcho``), and is not in the call.
        ("cloudformation", "CreateChangeSet", "Parameters"),
        ("cloudformation", "CreateStack", "Parameters"),
        ("cloudformation", "CreateStackSet", "Parameters"),
        ("cloudformation", "UpdateStack", "Parameters"),
        ("cloudformation", "UpdateStackSet", "Parameters"),
        ("elasticbeanstalk", "CreateEnvironment", "OptionSettings"),
        ("elasticbeanstalk", "UpdateEnvironment", "OptionSettings"),
        ("ssm", "SendCommand", "Parameters"),
    }
)
"""Secrets that only their place tells: service, operation, member."""
_SECRET_VALUES = MappingProxyType(
    {
        ("ec2", "ModifyInstanceAttribute"): (("Attribute", "userData"),),
        ("ssm", "PutParameter"): (("Type", "SecureString"), ("Type", None)),
    }
)
"""Where ``Value`` is a secret because another member says so; without a type, a parameter keeps the one it has."""
_VARIABLES = frozenset({"variables", "environmentvariables"})
"""Their names are shown even where the model calls the whole of them sensitive."""
_STATEMENTS = frozenset({"statement", "sql", "sqls", "querystring"})
_ITEM_SERVICES = frozenset({"dynamodb", "dynamodbstreams"})
_NAME_MEMBERS = frozenset(
    {"name", "key", "parameterkey", "parametername", "optionname", "attributename", "settingname", "path"}
)
_VALUE_MEMBERS = frozenset(
    {"value", "values", "parametervalue", "attributevalue", "stringvalue", "defaultvalue", "valuestring"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a value is shown."""

    text: int = 2048
    items: int = 50
    depth: int = 8


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Parameters fit to be shown."""

    parameters: Mapping[str, Value]
    hidden: frozenset[str]
    """The texts that were taken out; to be blanked in error messages, and then forgotten."""


def shown(
    tree: Mapping[str, Tree], shape: Shape | None, *, service: str, operation: str, limits: Limits = DEFAULT_LIMITS
) -> Shown:
    """Redact and cut a call's parameters.

    Args:
        tree: The parsed parameters.
        shape: The operation's input shape; without one only numbers, names and ids are shown, since nothing tells
            data from parameters then.
        service: botocore's name of the service.
        operation: The operation's name.
        limits: How much of each value to keep.
    """
    redactor = _Redactor(service, operation, limits)
    members = shape.members if shape is not None else {}
    parameters = {
        name: redactor.member(name, value, members.get(name), 0)
        if shape is not None or _is_reference(name, value)
        else _size(value)
        for name, value in tree.items()
    }
    if "Value" in tree and any(tree.get(name) == value for name, value in _SECRET_VALUES.get((service, operation), ())):
        parameters["Value"] = redactor.hide(tree["Value"])
    return Shown(parameters=MappingProxyType(parameters), hidden=frozenset(redactor.hidden))


class _Redactor:
    def __init__(self, service: str, operation: str, limits: Limits) -> None:
        self._service = service
        self._operation = operation
        self._limits = limits
        self._data = _DATA.get(service, frozenset())
        self.hidden: set[str] = set()

    def member(self, name: str, value: Tree, shape: Shape | None, depth: int) -> Value:
        """One member of a structure, or one entry of a map, by its name."""
        plain = letters(name)
        if plain in _VARIABLES and not isinstance(value, str):
            return self._environment(value, shape, depth)
        if self._is_secret(name, value, shape):
            return self.hide(value)
        if plain in self._data:
            self.hidden.update(_texts(value))
            return _size(value)
        if isinstance(value, str) and plain in _STATEMENTS:
            return self._text(without_literals(value))
        if not isinstance(value, str) and "environment" in plain:
            return self._environment(value, shape, depth)
        return self._walk(value, shape, depth)

    def hide(self, value: Tree) -> Value:
        """The marker in the place of a secret, which is remembered."""
        self.hidden.update(_texts(value))
        return Marker.SENSITIVE

    def _is_secret(self, name: str, value: Tree, shape: Shape | None) -> bool:
        if value is None or value == "":
            return False
        if (self._service, self._operation, name) in _SECRET_PLACES:
            return True
        if shape is not None and shape.metadata.get("sensitive"):
            return True
        if isinstance(value, bool | int | float) or _is_arn(value) or (shape is not None and _is_enum(shape)):
            return False
        # A structure of such a name holds settings (PasswordPolicy), except that of user data.
        return is_secret_name(name) and (not _has_structures(value) or letters(name).endswith("userdata"))

    def _walk(self, value: Tree, shape: Shape | None, depth: int) -> Value:
        if depth >= self._limits.depth and not isinstance(value, str | int | float | None):
            return _size(value)
        match value:
            case str():
                return self._text(value)
            case Undecoded():
                return str(value)
            case Mapping():
                return self._mapping(value, shape, depth)
            case Sequence():
                return self._list(value, shape, depth)
            case _:
                return value

    def _text(self, text: str) -> str:
        clean = scrubbed(text)
        excess = len(clean) - self._limits.text
        return f"{clean[: self._limits.text]}… (+{excess} characters)" if excess > 0 else clean

    def _list(self, items: Sequence[Tree], shape: Shape | None, depth: int) -> Value:
        inner = shape.member if shape is not None and shape.type_name == "list" else None
        if inner is not None and self._is_item(inner):
            return f"({len(items)} values)"
        if inner is not None and inner.metadata.get("sensitive"):
            return self.hide(items)
        kept = tuple(self._walk(item, inner, depth + 1) for item in items[: self._limits.items])
        excess = len(items) - len(kept)
        return (*kept, f"(+{excess} items)") if excess > 0 else kept

    def _mapping(self, entries: Mapping[str, Tree], shape: Shape | None, depth: int) -> Value:
        kind = shape.type_name if shape is not None else ""
        if shape is not None and (self._is_item(shape) or (kind == "map" and self._is_item(shape.value))):
            return f"({len(entries)} attributes)"
        secret_value = _names_a_secret(entries)
        out: dict[str, Value] = {}
        for name, value in list(entries.items())[: self._limits.items]:
            inner = shape.value if shape is not None and kind == "map" else _member_shape(shape, name)
            is_secret = secret_value and letters(name) in _VALUE_MEMBERS and not _is_arn(value)
            out[name] = self.hide(value) if is_secret else self.member(name, value, inner, depth + 1)
        if len(entries) > self._limits.items:
            out["…"] = f"(+{len(entries) - self._limits.items} entries)"
        return MappingProxyType(out)

    def _environment(self, value: Tree, shape: Shape | None, depth: int) -> Value:
        """Environment variables: a map, a list of names and values, or a structure around one of them."""
        is_structure = shape is not None and shape.type_name == "structure"
        match value:
            case Mapping() if not is_structure and all(isinstance(item, str) for item in value.values()):
                return MappingProxyType({name: self.hide(item) for name, item in value.items()})
            case list():
                inner = shape.member if shape is not None and shape.type_name == "list" else None
                kept = [self._variable(item, inner, depth + 1) for item in value[: self._limits.items]]
                return tuple(kept) if len(kept) == len(value) else (*kept, f"(+{len(value) - len(kept)} items)")
            case _:
                return self._walk(value, shape, depth)

    def _variable(self, item: Tree, shape: Shape | None, depth: int) -> Value:
        if not isinstance(item, Mapping):
            return self._walk(item, shape, depth)
        return MappingProxyType(
            {
                name: self.hide(value)
                if letters(name) == "value"
                else self.member(name, value, _member_shape(shape, name), depth + 1)
                for name, value in item.items()
            }
        )

    def _is_item(self, shape: Shape) -> bool:
        """Whether a shape is a value in a DynamoDB item."""
        return self._service in _ITEM_SERVICES and shape.name == "AttributeValue"


def _size(value: Tree) -> Value:
    match value:
        case str():
            return f"({len(value)} characters)"
        case Undecoded():
            return str(value)
        case Mapping():
            return f"({len(value)} entries)"
        case Sequence():
            return f"({len(value)} items)"
        case _:
            return value


def _texts(value: Tree) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case Sequence():
            for item in value:
                yield from _texts(item)
        case _:
            return


def _is_arn(value: Tree) -> bool:
    """A reference to a secret is none."""
    return isinstance(value, str) and value.startswith("arn:")


def _is_enum(shape: Shape) -> bool:
    return bool(getattr(shape, "enum", ()))


def _has_structures(value: Tree) -> bool:
    match value:
        case str() | Undecoded():
            return False
        case Mapping():
            return True
        case Sequence():
            return any(isinstance(item, Mapping) for item in value)
        case _:
            return False


def _is_reference(name: str, value: Tree) -> bool:
    if isinstance(value, str):
        return letters(name).endswith(("name", "arn", "id", "identifier", "url", "bucket"))
    return value is None or isinstance(value, bool | int | float)


def _names_a_secret(entries: Mapping[str, Tree]) -> bool:
    """Whether a pair such as ``{"ParameterKey": "DbPassword", "ParameterValue": ...}`` carries a secret."""
    return any(
        isinstance(value, str) and letters(name) in _NAME_MEMBERS and is_secret_name(value)
        for name, value in entries.items()
    )


def _member_shape(shape: Shape | None, name: str) -> Shape | None:
    return shape.members.get(name) if shape is not None and shape.type_name == "structure" else None
