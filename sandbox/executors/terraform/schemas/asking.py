"""Asking a provider for its schemas, as Terraform does.

Source: docs/plugin-protocol/tfplugin5.proto in hashicorp/terraform.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from sandbox.executors.terraform.pluginprocess import Start, provider_process
from sandbox.isolation.enclosure import Access, Enclosure, Isolation

_PATIENCE: Final = 60.0
"""Seconds; it takes one."""
_OPTIONS: Final = (("grpc.max_receive_message_length", 256 << 20), ("grpc.enable_http_proxy", 0))


def asked(binary: Path, isolation: Isolation) -> bytes:
    """What a provider answers to GetSchema: a message of the plugin protocol, version 5; empty where it does not.

    Args:
        binary: Its executable.
        isolation: What encloses it.

    Raises:
        SandtableError: it could not be started, or speaks another protocol.
    """
    import grpc  # noqa: PLC0415 - once for a version of the provider

    within = Enclosure(isolation=isolation, access=Access(readable=(binary.parent,)))
    with (
        provider_process(Start(binary=binary, environment={}, within=within)) as address,
        grpc.insecure_channel(address, options=_OPTIONS) as channel,
        suppress(grpc.RpcError),
    ):
        schemas: bytes = channel.unary_unary("/tfplugin5.Provider/GetSchema")(b"", timeout=_PATIENCE)
        return schemas
    return b""
