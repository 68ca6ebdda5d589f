"""Raw HTTP to an AWS endpoint with botocore's serializers and parsers, and no clients.

Building a boto3 client costs more than reading a service with it: 36 services take 9.6 s with clients and 0.8 s
without. Engines verify no signatures, but take the account and the region from the signature's scope, so each request
carries a dummy one. A live account, which needs real signatures and patience, is read through `sandbox.live.forwarder`.
"""

from __future__ import annotations

import http.client
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.exceptions import BotoCoreError, PaginationError
from botocore.paginate import Paginator
from botocore.parsers import ResponseParserError

from sandbox.inventory.operations import ReadOperation, Service
from sandbox.inventory.scope import Scope

_SIGNED_AT = "20260101T000000Z"
READ_TIMEOUT = 20.0
_FIRST_ERROR_STATUS = 300
_METADATA = ("ResponseMetadata", "RequestId", "IsTruncated", "Truncated")


class RefusedError(Exception):
    """A read that gave no answer.

    Args:
        code: AWS's error code, or what kept the answer from coming.
        status: HTTP status; 0 where there was no answer at all.
    """

    def __init__(self, code: str, status: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(slots=True)
class Connection:
    """One keep-alive connection for one scope. Not for use by two threads at once."""

    endpoint: str
    scope: Scope
    service: Service
    expires: float
    """On the monotonic clock; later calls are refused as ``Timeout``."""
    patience: float = READ_TIMEOUT
    """Seconds to wait for one answer."""
    calls: int = 0
    answered: int = 0
    """How many calls got any HTTP answer."""
    _connection: http.client.HTTPConnection | None = field(default=None)

    def read(self, operation: ReadOperation, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The operation's answer, all pages merged.

        Raises:
            RefusedError: the engine answered with an error, not at all, or with pages that do not end.
        """
        if operation.paginator is None or any(t in parameters for t in _tokens(operation.paginator)):
            answer = self.read_page(operation, parameters)
        else:
            # A paginator takes any callable; its stubs name the one that clients pass.
            pages: Any = cast("Any", Paginator)(
                lambda **page: self.read_page(operation, page), operation.paginator, operation.model
            )
            try:
                answer = pages.paginate(**parameters).build_full_result()
            except PaginationError as error:
                raise RefusedError("PaginationError") from error
        return {name: value for name, value in answer.items() if name not in _METADATA}

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read_page(self, operation: ReadOperation, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """One answer as it comes.

        Raises:
            RefusedError: the engine answered with an error, or not at all.
        """
        try:
            method, path, body, headers = self._serialize(operation, parameters)
        except (BotoCoreError, ValueError, TypeError) as error:
            raise RefusedError("SerializationError") from error
        status, answer_headers, answer_body = self._exchange(method, path, body, headers)
        if not _speaks(self.service.protocol, answer_headers.get("content-type", "")):
            raise RefusedError("UnreadableAnswer", status)
        answer = {"status_code": status, "headers": answer_headers, "body": answer_body}
        try:
            parsed: dict[str, Any] = self.service.parser.parse(answer, operation.model.output_shape)
        except (ResponseParserError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RefusedError("UnreadableAnswer", status) from error
        if status >= _FIRST_ERROR_STATUS:
            raise RefusedError(str(parsed.get("Error", {}).get("Code") or status), status)
        return parsed

    def _serialize(
        self, operation: ReadOperation, parameters: Mapping[str, Any]
    ) -> tuple[str, str, bytes, dict[str, str]]:
        request = self.service.serializer.serialize_to_request(dict(parameters), operation.model)
        path = str(request["url_path"])
        if query := request.get("query_string"):
            path += ("&" if "?" in path else "?") + urllib.parse.urlencode(query, doseq=True)
        body = request.get("body") or b""
        if isinstance(body, Mapping):
            body = urllib.parse.urlencode(body, doseq=True)
        headers = {name: str(value) for name, value in request["headers"].items()}
        scope = f"{self.scope.access_key_id}/{_SIGNED_AT[:8]}/{self.scope.signing_region}/{self.service.signing_name}"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host, Signature=0"
        headers["X-Amz-Date"] = _SIGNED_AT
        return str(request["method"]), path, body.encode() if isinstance(body, str) else body, headers

    def _exchange(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Send and receive; once more on a fresh connection, since a kept one may have been closed meanwhile."""
        self.calls += 1
        for attempt in (1, 2):
            remaining = self.expires - time.monotonic()
            if remaining <= 0:
                raise RefusedError("Timeout")
            try:
                connection = self._connected(min(remaining, self.patience))
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                content = response.read()
            except TimeoutError as error:
                self.close()
                raise RefusedError("Timeout") from error
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if attempt == 2:  # noqa: PLR2004 - the second of two
                    raise RefusedError("ConnectionError") from error
            else:
                self.answered += 1
                return response.status, {name.lower(): value for name, value in response.getheaders()}, content
        raise RefusedError("ConnectionError")

    def _connected(self, timeout: float) -> http.client.HTTPConnection:
        if self._connection is None:
            address = urllib.parse.urlsplit(self.endpoint)
            kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(address.hostname or "127.0.0.1", address.port, timeout=timeout)
        self._connection.timeout = timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        return self._connection


def _speaks(protocol: str, content_type: str) -> bool:
    """Whether an answer is in the protocol at all.

    A page of HTML taken for CBOR claims to be gigabytes long; the other protocols' parsers refuse it by themselves.
    """
    return "cbor" in content_type or "cbor" not in protocol


def _tokens(paginator: Mapping[str, Any]) -> list[str]:
    token = paginator["input_token"]
    return [token] if isinstance(token, str) else list(token)
