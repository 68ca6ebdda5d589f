"""The few messages of Terraform's plugin protocol, version 5, that importing and reading take.

Written as a table instead of generated: fields that are not listed are skipped when they arrive, as protobuf wants it.
Source: docs/plugin-protocol/tfplugin5.proto in hashicorp/terraform (field names and numbers).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "sandtable.tfplugin5"
_TABLE = """
DynamicValue      msgpack=1:bytes json=2:bytes
Diagnostic        severity=1:int32 summary=2:string detail=3:string
Attribute         name=1:string type=2:bytes optional=5:bool computed=6:bool sensitive=7:bool
NestedBlock       type_name=1:string block=2:Block nesting=3:int32
Block             attributes=2:*Attribute block_types=3:*NestedBlock
Schema            version=1:int64 block=2:Block
NamedSchema       key=1:string value=2:Schema
SchemaRequest
SchemaResponse    provider=1:Schema resource_schemas=2:*NamedSchema diagnostics=4:*Diagnostic
ConfigureRequest  terraform_version=1:string config=2:DynamicValue
ConfigureResponse diagnostics=1:*Diagnostic
ImportRequest     type_name=1:string id=2:string
ImportedResource  type_name=1:string state=2:DynamicValue private=3:bytes
ImportResponse    imported_resources=1:*ImportedResource diagnostics=2:*Diagnostic
ReadRequest       type_name=1:string current_state=2:DynamicValue private=3:bytes
ReadResponse      new_state=1:DynamicValue diagnostics=2:*Diagnostic private=3:bytes
"""
"""Message, and its fields as NAME=NUMBER:TYPE; a star marks a repeated one (a map is a repeated pair)."""

ERROR = 1
"""``Diagnostic.Severity``."""
NESTED_IN_LIST, NESTED_IN_SET, NESTED_IN_MAP = 2, 3, 4
"""``Schema.NestedBlock.NestingMode``."""


def _messages() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="sandtable/tfplugin5.proto", package=_PACKAGE, syntax="proto3")
    for line in _TABLE.strip().splitlines():
        name, *fields = line.split()
        message = file.message_type.add(name=name)
        for field in fields:
            _add_field(message, field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # type: ignore[no-untyped-call,unused-ignore]
    return SimpleNamespace(
        **{
            message.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{message.name}"))
            for message in file.message_type
        }
    )


def _add_field(message: descriptor_pb2.DescriptorProto, text: str) -> None:
    name, _, rest = text.partition("=")
    number, _, kind = rest.partition(":")
    repeated, kind = kind.startswith("*"), kind.removeprefix("*")
    field = message.field.add(name=name, number=int(number))
    field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
    scalar = getattr(field, f"TYPE_{kind.upper()}", None)
    if scalar is None:
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind}"
    else:
        field.type = scalar


MESSAGES = _messages()
"""One attribute per message."""
