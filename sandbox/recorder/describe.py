"""A finished exchange to an `ApiCall`: identify it, read its parameters, redact them, name what it is about.

What a client or an engine sends may be broken in any way. Nothing of it may raise here: a call that cannot be read is
recorded as not identified, which everybody treats as a write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from diffing.values import Value
from sandbox.recorder.catalogue import Catalogue
from sandbox.recorder.documents import from_xml, local, parse_xml, plain_xml, scalar
from sandbox.recorder.exchange import Exchange, Request, decompressed, request_of
from sandbox.recorder.identify import UNIDENTIFIED, Identification, Protocol, identify
from sandbox.recorder.kinds import kind_of
from sandbox.recorder.outcome import outcome_of
from sandbox.recorder.parameters import parameters_of, read_document
from sandbox.recorder.redact import shown
from sandbox.recorder.refusals import origin_form
from sandbox.recorder.resources import named_in_request, named_in_response
from sandbox.recorder.secrets import without
from sandbox.recorder.signature import Caller, caller_of, program_of
from sandbox.recorder.tree import Tree
from sandbox.rehearsal import ApiCall, CallKind

_PATH_LENGTH = 1024
_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)
_NO_PARAMETERS: Mapping[str, Value] = MappingProxyType({})


def describe(exchange: Exchange, catalogue: Catalogue) -> ApiCall:
    """Say what a finished exchange was."""
    if exchange.refused_host:
        return replace(_bare_call(exchange, Caller()), resources=(exchange.refused_host,))
    request = replace(request_of(exchange), target=origin_form(exchange.target))
    caller = Caller()
    try:
        caller = caller_of(request)
        return _call(exchange, request, caller, identify(request, caller, catalogue))
    except _BROKEN:
        # Somebody else's bytes defeated a parser. The call happened all the same.
        return _bare_call(exchange, caller)


def _bare_call(exchange: Exchange, caller: Caller) -> ApiCall:
    """What is known without reading any body."""
    return ApiCall(
        sequence=exchange.sequence,
        phase=exchange.phase,
        service="",
        operation="",
        kind=CallKind.UNKNOWN,
        account=caller.account,
        region=caller.region,
        access_key_id=caller.access_key_id,
        status=exchange.status,
        error_code=exchange.error_code,
        error_message=exchange.error_message,
        refused_by=exchange.refused_by,
        at=exchange.at,
        latency=exchange.latency,
        overhead=max(0.0, exchange.latency - exchange.waited),
        method=exchange.method,
        path=origin_form(exchange.target).partition("?")[0][:_PATH_LENGTH],
        agent=program_of(request_of(exchange)),
    )


def _call(exchange: Exchange, request: Request, caller: Caller, identification: Identification) -> ApiCall:
    model = identification.model
    shape = model.input_shape if model else None
    kind = kind_of(
        identification.service,
        identification.operation,
        method=request.method if identification.protocol in {Protocol.REST_JSON, Protocol.REST_XML} else "",
        read_only=identification.read_only,
    )
    tree = parameters_of(identification, request)
    safe = shown(tree, shape, service=identification.service, operation=identification.operation)
    outcome = outcome_of(exchange, identification)
    names = named_in_request(identification.service, identification.operation, tree, shape)
    if kind is not CallKind.READ and model and not outcome.code:
        names = tuple(dict.fromkeys((*names, *_made(exchange, identification))))
    return replace(
        _bare_call(exchange, caller),
        service=identification.service,
        operation=identification.operation,
        kind=kind,
        parameters=safe.parameters if identification != UNIDENTIFIED or tree else _NO_PARAMETERS,
        resources=names,
        error_code=outcome.code,
        error_message=without(outcome.message, safe.hidden),
        unsupported=outcome.unsupported,
    )


def _made(exchange: Exchange, identification: Identification) -> tuple[str, ...]:
    """The names in the answer to a write."""
    model = identification.model
    if model is None or model.output_shape is None or not exchange.response_body.complete:
        return ()
    try:
        tree = _answer(exchange, identification)
    except ValueError:
        return ()
    return named_in_response(identification.operation, tree)


def _answer(exchange: Exchange, identification: Identification) -> Tree:
    model = identification.model
    shape = model.output_shape if model else None
    headers = {name.lower(): value for name, value in exchange.response_headers}
    body = decompressed(exchange.response_body.data, headers.get("content-encoding", ""))
    if shape is None or shape.type_name != "structure":
        return None
    tree: dict[str, Tree] = {
        name: scalar(headers[wire.lower()], member)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "header"
        and (wire := member.serialization.get("name", name)).lower() in headers
    }
    payload: str | None = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name != "structure":
        return tree
    inner = shape.members[payload] if payload else shape
    document = _document(body, inner, identification) if body else None
    if payload:
        tree[payload] = document
    elif isinstance(document, Mapping):
        tree.update(document)
    return tree


def _document(body: bytes, shape: object, identification: Identification) -> Tree:
    if body.lstrip()[:1] != b"<":
        protocol = Protocol.CBOR if identification.protocol is Protocol.CBOR else Protocol.JSON
        return read_document(body, shape, protocol)
    root = parse_xml(body)
    if identification.protocol is Protocol.QUERY:
        # <CreateQueueResponse><CreateQueueResult>...: the result's name is the operation's.
        root = next((child for child in root if local(child.tag).endswith("Result")), root)
    return from_xml(root, shape) if shape else plain_xml(root)
