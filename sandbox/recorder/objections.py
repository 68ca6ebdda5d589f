"""A call that would reach the engine, as somebody may object to it, and the objection as AWS would write it.

Whoever objects answers in AWS's name: the engine never sees the call. The recorder knows nothing of the grounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Protocol as Interface
from xml.sax.saxutils import escape

from botocore.model import OperationModel

from sandbox.recorder import cbor
from sandbox.recorder.catalogue import catalogue
from sandbox.recorder.exchange import Request
from sandbox.recorder.identify import Identification, Protocol, identify
from sandbox.recorder.parameters import parameters_of
from sandbox.recorder.signature import caller_of
from sandbox.recorder.tree import Tree

_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)
_READS_BY_METHOD = frozenset({"GET", "HEAD", "OPTIONS", "CONNECT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An identified call, before it is passed on."""

    phase: str
    service: str
    operation: str
    parameters: Mapping[str, Tree]
    """As sent: secrets included, so this goes nowhere but to who decides."""
    account: str
    """Twelve digits, or empty where the access key id does not tell."""
    region: str
    access_key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What AWS would answer instead of the engine."""

    status: int
    code: str
    message: str
    by: str
    """The name of the ground."""


class Objector(Interface):
    """Decides whether a call is answered in AWS's name."""

    def concerns(self, phase: str, operation: str) -> bool:
        """Whether a call in this phase may be objected to; quick. ``operation`` is empty where the path tells it."""

    def objection(self, asked: Asked) -> Objection | None:
        """The objection to a call. May take its time; called in a thread of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An objection, written in the protocol of the request."""

    objection: Objection
    content_type: str
    body: bytes


def may_concern(request: Request, phase: str, objector: Objector) -> bool:
    """Whether it is worth while to look at a request more closely."""
    if request.method in _READS_BY_METHOD and "Action" not in request.query:
        return False
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if "smithy-protocol" in request.headers:
        target = request.path.rpartition("/")[2]
    return objector.concerns(phase, target or request.form.get("Action", ""))


def answer_to(request: Request, phase: str, objector: Objector) -> Answer | None:
    """The answer in AWS's name, where the objector has one."""
    try:
        caller = caller_of(request)
        identification = identify(request, caller, catalogue())
        if identification.model is None or not objector.concerns(phase, identification.operation):
            return None
        asked = Asked(
            phase=phase,
            service=identification.service,
            operation=identification.operation,
            parameters=parameters_of(identification, request),
            account=caller.account,
            region=caller.region,
            access_key_id=caller.access_key_id,
        )
    except _BROKEN:
        # Somebody else's bytes defeated a parser: the engine may make of them what it can.
        return None
    objection = objector.objection(asked)
    return None if objection is None else _written(objection, identification, identification.model, request)


def _written(objection: Objection, identification: Identification, model: OperationModel, request: Request) -> Answer:
    content_type, body = _document(objection, identification, model, request)
    return Answer(objection=objection, content_type=content_type, body=body)


def _document(
    objection: Objection, identification: Identification, model: OperationModel, request: Request
) -> tuple[str, bytes]:
    code, message = escape(objection.code), escape(objection.message)
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    match identification.protocol:
        case Protocol.EC2:
            return "text/xml", f"<Response><Errors><Error>{error}</Error></Errors></Response>".encode()
        case Protocol.REST_XML if identification.service == "s3":
            return "application/xml", f"<Error>{error}</Error>".encode()
        case Protocol.QUERY | Protocol.REST_XML:
            inner = f"<Error><Type>Sender</Type>{error}</Error>"
            return "text/xml", f"<ErrorResponse>{inner}</ErrorResponse>".encode()
        case Protocol.CBOR:
            return "application/cbor", cbor.dumps_texts({"__type": objection.code, "message": objection.message})
        case Protocol.JSON:
            version = "1.0" if "json-1.0" in request.headers.get("content-type", "") else "1.1"
            fields = {"__type": objection.code, **_fields(objection, model)}
            return f"application/x-amz-json-{version}", json.dumps(fields).encode()
        case _:
            return "application/json", json.dumps(_fields(objection, model)).encode()


def _fields(objection: Objection, model: OperationModel) -> dict[str, str]:
    """The members that this error has in the service's own model, or those that every error has."""
    errors: list[Any] = list(model.error_shapes)
    shapes = [shape for shape in errors if shape.error_code == objection.code]
    if not shapes:
        return {"message": objection.message}
    fields = {name: objection.message for name in shapes[0].members if name.lower() == "message"}
    return fields | {name: objection.code for name in shapes[0].members if name == "ErrorCode"}
