"""A provider's schemas, and resources imported and read through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import grpc
import msgspec

from sandbox.cloning.tfstate import Json
from sandbox.errors import SandtableError
from sandbox.executors.terraform.pluginprocess import Start, provider_process
from sandbox.live.plugin.messages import ERROR, MESSAGES, NESTED_IN_LIST, NESTED_IN_MAP, NESTED_IN_SET

_LARGEST = 256 * 1024 * 1024
"""Bytes. The AWS provider's schemas are 30 MB."""
_SERVICE = "/tfplugin5.Provider/"
_CALL_TIMEOUT = 600.0
_TERRAFORM = "1.11.0"
"""What the provider is told; it decides nothing by it that matters for reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSchema:
    """What a state has to say of a type's schema."""

    version: int
    sensitive: tuple[str, ...]
    """Attributes at the top that the provider calls sensitive."""
    attributes: frozenset[str]
    """Everything at the top: attributes and blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadObject:
    """One resource as the provider reads it."""

    attributes: Mapping[str, Json] = field(repr=False)
    private: bytes = field(repr=False)


class ImportRefusedError(Exception):
    """The provider did not import or read an object.

    Args:
        summary: The first error of its diagnostics.
    """

    def __init__(self, summary: str) -> None:
        super().__init__(summary)
        self.summary = summary


class Provider:
    """A configured provider. Its calls may be made from several threads.

    Args:
        channel: Leads to the provider's process.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        answer = self._call("GetSchema", MESSAGES.SchemaRequest(), MESSAGES.SchemaResponse)
        self._provider_block = answer.provider.block
        self.schemas: Mapping[str, ResourceSchema] = MappingProxyType(
            {named.key: _schema(named.value) for named in answer.resource_schemas}
        )

    def configure(self, settings: Mapping[str, Json]) -> None:
        """Configure it; everything that is not set is null.

        Raises:
            SandtableError: it refuses.
        """
        config = {**_nothing(self._provider_block), **settings}
        request = MESSAGES.ConfigureRequest(
            terraform_version=_TERRAFORM, config=MESSAGES.DynamicValue(msgpack=msgspec.msgpack.encode(config))
        )
        answer = self._call("Configure", request, MESSAGES.ConfigureResponse)
        errors = [each for each in answer.diagnostics if each.severity == ERROR]
        if errors:
            raise SandtableError(f"The AWS provider could not be configured to read the account: {_text(errors[0])}")

    def read(self, type_name: str, import_id: str) -> ReadObject | None:
        """Import an object by the id that the type's documentation names, and read it; None where it does not exist.

        Raises:
            ImportRefusedError: the provider says why not.
            SandtableError: the provider gave no answer.
        """
        request = MESSAGES.ImportRequest(type_name=type_name, id=import_id)
        answer = self._call("ImportResourceState", request, MESSAGES.ImportResponse)
        _raise_first(answer.diagnostics)
        imported = next((each for each in answer.imported_resources if each.type_name == type_name), None)
        if imported is None:
            return None
        read = self._call(
            "ReadResource",
            MESSAGES.ReadRequest(type_name=type_name, current_state=imported.state, private=imported.private),
            MESSAGES.ReadResponse,
        )
        _raise_first(read.diagnostics)
        state = msgspec.msgpack.decode(read.new_state.msgpack, ext_hook=_unknown)
        return None if state is None else ReadObject(attributes=MappingProxyType(state), private=read.private)

    def _call(self, method: str, request: Any, response: Any) -> Any:
        call = self._channel.unary_unary(
            _SERVICE + method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return call(request, timeout=_CALL_TIMEOUT)
        except grpc.RpcError as error:
            code = error.code().name if isinstance(error, grpc.Call) else type(error).__name__
            raise SandtableError(
                f"The AWS provider gave no answer to {method} ({code}).",
                hint="It may have crashed: leave the type out of what is read, and report it.",
            ) from error


@contextmanager
def running_provider(start: Start) -> Iterator[Provider]:
    """Run a provider, not yet configured, until the context is left.

    Raises:
        SandtableError: it did not start, does not answer, or could not be enclosed.
    """
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.enable_http_proxy", 0)]
    with provider_process(start) as address, grpc.insecure_channel(address, options=options) as channel:
        yield Provider(channel)


def _schema(schema: Any) -> ResourceSchema:
    attributes = schema.block.attributes
    return ResourceSchema(
        version=int(schema.version),
        sensitive=tuple(sorted(each.name for each in attributes if each.sensitive)),
        attributes=frozenset(
            [each.name for each in attributes] + [each.type_name for each in schema.block.block_types]
        ),
    )


def _nothing(block: Any) -> dict[str, Json]:
    """A block in which nothing is set."""
    empty: dict[int, Json] = {NESTED_IN_LIST: [], NESTED_IN_SET: [], NESTED_IN_MAP: {}}
    values: dict[str, Json] = dict.fromkeys((each.name for each in block.attributes), None)
    return values | {each.type_name: empty.get(each.nesting) for each in block.block_types}


def _raise_first(diagnostics: Any) -> None:
    error = next((each for each in diagnostics if each.severity == ERROR), None)
    if error is not None:
        raise ImportRefusedError(_text(error))


def _text(diagnostic: Any) -> str:
    detail = " ".join(str(diagnostic.detail).split())
    return f"{diagnostic.summary}: {detail}" if detail else str(diagnostic.summary)


def _unknown(_code: int, _data: memoryview) -> None:
    """An extension type is a value that is not known; nothing that was read has one."""
