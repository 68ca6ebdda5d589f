"""What an answer says: AWS's error code and message, and whether the engine lacks the operation.

Every protocol has its own place for the code: the header ``x-amzn-errortype``, JSON's ``__type``, XML's ``Code``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import OperationModel

from sandbox.recorder import cbor
from sandbox.recorder.documents import local, parse_json, parse_xml
from sandbox.recorder.exchange import Exchange, decompressed
from sandbox.recorder.identify import UNIDENTIFIED, Identification, Protocol

_LACKING = frozenset(
    """
    InvalidAction UnknownOperation UnknownOperationException UnknownAction UnrecognizedOperation
    UnrecognizedOperationException NotImplemented NotImplementedException NotImplementedError NotYetImplemented
    APINotImplemented MethodNotSupported
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_VERB = r"(?:GET|HEAD|POST|PUT|PATCH|DELETE)\b"
_LACKING_MESSAGE = re.compile(
    r"not (?:yet )?(?:been )?implemented"
    r"|(?:unknown|unsupported|unrecogni[sz]ed) (?:[\w-]+ ){0,3}"
    rf"(?:action|operation|path|endpoint|route|method|target|service|request)(?: for \S+)?(?::| {_VERB})"
    rf"|no route for {_VERB}|operation not supported: {_VERB}"
    r"|not (?:yet )?(?:available|included|supported) (?:in|by|with) (?:this|your|the) (?:current )?"
    r"(?:emulator|licen[cs]e)",
    re.IGNORECASE,
)
"""Collected from the engines. AWS itself says "not supported by this engine version" (RDS) and "no route with" (EC2):
these are answers, not gaps."""
_S3_CODES = frozenset({"NoSuchBucket", "NoSuchKey", "InvalidBucketName", "InvalidURI", "NoSuchUpload"})
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html)", re.IGNORECASE)
_TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_MESSAGE_LENGTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended, apart from its status."""

    code: str = ""
    message: str = ""
    unsupported: bool = False


SUCCESS = Outcome()


def outcome_of(exchange: Exchange, identification: Identification = UNIDENTIFIED) -> Outcome:
    """Read an answer's error, if it is one.

    Args:
        exchange: The finished exchange.
        identification: What the request was; an answer in another protocol shows that the engine did not know it.
    """
    if exchange.error_code:
        return Outcome(code=exchange.error_code, message=exchange.error_message)
    headers = {name.lower(): value for name, value in exchange.response_headers}
    body = decompressed(exchange.response_body.data, headers.get("content-encoding", ""))
    told = _told(exchange, headers, body)
    mistaken = _mistaken(identification, exchange.status, told.code) or _foreign(identification, headers, body)
    return replace(told, unsupported=True) if mistaken else told


def _told(exchange: Exchange, headers: Mapping[str, str], body: bytes) -> Outcome:
    status = exchange.status
    if status < HTTPStatus.BAD_REQUEST:
        return _hidden_error(body, headers, exchange.method)
    if _HTML.match(body):
        return Outcome(code=_status_name(status), message=_title(body), unsupported=True)
    code, message = _error(body, headers)
    return Outcome(
        code=code or _status_name(status),
        message=message[:_MESSAGE_LENGTH],
        unsupported=status == HTTPStatus.NOT_IMPLEMENTED or code in _LACKING or bool(_LACKING_MESSAGE.search(message)),
    )


def _mistaken(identification: Identification, status: int, code: str) -> bool:
    """Whether the engine took the call for another service's: some hand whatever they do not know to S3.

    No other service speaks of buckets as S3 does, and the protocols with one path know one status of success.
    """
    if code in _S3_CODES and identification.service not in {"", "s3"}:
        return True
    return identification.protocol in {Protocol.JSON, Protocol.CBOR} and HTTPStatus.OK < status < HTTPStatus.BAD_REQUEST


def _foreign(identification: Identification, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the answer is in XML, in which no service of the JSON family answers."""
    if identification.protocol not in {Protocol.JSON, Protocol.CBOR, Protocol.REST_JSON}:
        return False
    is_xml = body.lstrip()[:1] == b"<" or "xml" in headers.get("content-type", "")
    return is_xml and not _hands_out_documents(identification.model)


def _hands_out_documents(model: OperationModel | None) -> bool:
    """Whether the answer's body is somebody's own document, of any format."""
    shape = model.output_shape if model else None
    payload = shape.serialization.get("payload") if shape else None
    return bool(shape and payload and shape.members[payload].type_name in {"blob", "string"})


def _hidden_error(body: bytes, headers: Mapping[str, str], method: str) -> Outcome:
    """S3 reports a failure of a long copy in the body of a 200."""
    if method not in {"PUT", "POST"} or b"<Error>" not in body[:1024] or "json" in headers.get("content-type", ""):
        return SUCCESS
    code, message = _xml_error(body)
    return Outcome(code=code, message=message[:_MESSAGE_LENGTH])


def _error(body: bytes, headers: Mapping[str, str]) -> tuple[str, str]:
    code = _bare(headers.get("x-amzn-errortype", ""))
    content_type = headers.get("content-type", "")
    if "cbor" in content_type:
        in_body = _cbor_error(body)
    elif body.lstrip()[:1] == b"<":
        in_body = _xml_error(body)
    else:
        in_body = _json_error(body)
    return code or in_body[0], in_body[1]


def _bare(code: str) -> str:
    """``com.amazonaws.sqs#QueueDoesNotExist:http://...`` → ``QueueDoesNotExist``."""
    return code.partition(":")[0].rpartition("#")[2].strip()


def _json_error(body: bytes) -> tuple[str, str]:
    try:
        document = parse_json(body.decode("utf-8", "replace"))
    except ValueError:
        return "", body[:_MESSAGE_LENGTH].decode("utf-8", "replace").strip()
    return _from_mapping(document)


def _cbor_error(body: bytes) -> tuple[str, str]:
    try:
        return _from_mapping(cbor.loads(body))
    except ValueError:
        return "", ""


def _from_mapping(document: Any) -> tuple[str, str]:
    if not isinstance(document, Mapping):
        return "", ""
    inner = document.get("Error", document.get("error"))
    if isinstance(inner, str) and len(document) == 1:
        return "", inner
    if isinstance(inner, Mapping):
        document = inner
    code = next((document[key] for key in ("__type", "code", "Code", "errorType") if document.get(key)), "")
    message = next((document[key] for key in ("message", "Message", "errorMessage") if document.get(key)), "")
    return _bare(str(code)), str(message)


def _xml_error(body: bytes) -> tuple[str, str]:
    try:
        root = parse_xml(body)
    except ValueError:
        return "", ""
    if local(root.tag).endswith("Exception") and not len(root):
        return local(root.tag), ""
    return _text(root, "Code"), _text(root, "Message")


def _text(root: ET.Element, name: str) -> str:
    return next((element.text or "" for element in root.iter() if local(element.tag) == name), "").strip()


def _title(body: bytes) -> str:
    match = _TITLE.search(body.decode("utf-8", "replace"))
    return match[1].strip()[:_MESSAGE_LENGTH] if match else "an HTML page instead of an answer"


def _status_name(status: int) -> str:
    """What botocore calls an error without a code: the status."""
    return str(status)
