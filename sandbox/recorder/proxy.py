"""The reverse proxy: passes every request to the engine and every answer back, and keeps a bounded head of each body.

Bodies stream in both directions. Nothing is decoded, re-encoded or rewritten: ``Host``, signatures, chunk signatures
and compression reach the engine as they were sent (a host name below the recorder's own address loses its first label:
see `host_behind`). Only hop-by-hop headers (RFC 9110, 7.6.1) end here. Every request is sent once: a proxy that repeats
a DELETE on its own would record one call where the engine saw two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable
from typing import Any

from aiohttp import (
    ClientError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.http import HttpVersion11
from aiohttp.web import BaseRequest, RequestPayloadError, StreamResponse
from multidict import CIMultiDict
from yarl import URL

from sandbox.recorder.exchange import Exchange, Head, request_of
from sandbox.recorder.journal import Journal
from sandbox.recorder.objections import Answer, Objector, answer_to, may_concern
from sandbox.recorder.refusals import Refusal, error_document, host_behind, origin_form, refusal_of

_HOP_BY_HOP = frozenset(
    """
    connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_ANSWERED_HERE = frozenset({"expect"})
"""The recorder itself says 100 Continue."""
_SMALL = 65_536
"""Bodies up to here are passed on in one piece, which saves system calls."""
_IDLE_CONNECTION = 2.0
"""Shorter than any engine's keep-alive (5 s): a connection must not be used just as the engine closes it."""
_CONNECT_TIMEOUT = 10.0
HEADER_SIZE = 65_536
"""Presigned URLs with session tokens are long."""
_ADDED_BY_AIOHTTP = ("User-Agent", "Content-Type", "Accept", "Accept-Encoding")
_QUIET = 0.02
"""Seconds without a call after which waiting exchanges are described."""
_SLICE = 0.005
"""Seconds of describing before the loop looks for new calls again."""
_NO_ENGINE = Refusal(status=503, code="EngineNotReady", message="The clone is not ready yet.")
_ENGINE_GONE = "EngineUnavailable"
_CLIENT_GONE = "ClientDisconnected"


class _EngineGone(Exception):  # noqa: N818 - an event, which ends as an answer
    """The engine gave no answer, or only a part of one."""


class _ClientGone(Exception):  # noqa: N818 - an event, which ends as a record
    """The client closed its connection in the middle."""


class Proxy:
    """Passes calls on; lives on one event loop."""

    def __init__(self, journal: Journal, *, capture_limit: int) -> None:
        self._journal = journal
        self._capture_limit = capture_limit
        self._born = time.perf_counter()
        self._session: ClientSession | None = None
        self._sequence = 0
        self._in_flight: dict[int, Exchange] = {}
        self._describing: asyncio.TimerHandle | None = None
        self.engine = ""
        """The engine's endpoint; empty until there is one."""
        self.authorities: frozenset[str] = frozenset()
        """``host:port`` of every listener."""
        self.phase = "baseline"
        """The phase of calls to a listener without a phase of its own."""
        self.objector: Objector | None = None
        """Who may answer in AWS's name."""

    def start(self) -> None:
        """Open the client side; called on the loop."""
        self._session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=_IDLE_CONNECTION),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            timeout=ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT),
            max_line_size=HEADER_SIZE,
            max_field_size=HEADER_SIZE,
        )

    async def close(self) -> None:
        """Close the client side."""
        if self._describing is not None:
            self._describing.cancel()
        if self._session is not None:
            await self._session.close()

    async def settle(self) -> None:
        """Wait until every call that the client has its answer to is in the journal."""
        end = time.perf_counter() + 1.0
        while (  # noqa: ASYNC110 - an event per call would cost every call for what happens once in thousands
            any(exchange.answered for exchange in self._in_flight.values()) and time.perf_counter() < end
        ):
            await asyncio.sleep(0.0005)  # the handler is between its last write and its end: a round or two

    async def handle(self, request: BaseRequest, phase: str | None) -> StreamResponse:
        """Pass one request on, and record it."""
        arrived = time.perf_counter()
        exchange = self._begin(request, phase, arrived)
        try:
            return await self._answer(request, exchange)
        finally:
            exchange.latency = time.perf_counter() - arrived
            self._end(exchange)

    def _begin(self, request: BaseRequest, phase: str | None, arrived: float) -> Exchange:
        exchange = Exchange(
            sequence=self._sequence,
            phase=self.phase if phase is None else phase,
            at=arrived - self._born,
            method=request.method,
            target=request.raw_path,
            headers=_spelt(request.raw_headers),
            request_body=Head(self._capture_limit),
            response_body=Head(self._capture_limit),
        )
        self._sequence += 1
        self._in_flight[exchange.sequence] = exchange
        return exchange

    def _end(self, exchange: Exchange) -> None:
        del self._in_flight[exchange.sequence]
        if not exchange.status and not exchange.error_code:
            exchange.error_code = _CLIENT_GONE
        self._journal.append(exchange)
        if self._describing is None:
            self._describing = asyncio.get_running_loop().call_later(_QUIET, self._describe)

    def _describe(self) -> None:
        """Use a quiet moment to describe what waits."""
        self._describing = None
        if not self._in_flight:
            self._journal.describe_some(seconds=_SLICE)
        if self._journal.has_waiting:
            self._describing = asyncio.get_running_loop().call_later(_QUIET, self._describe)

    async def _answer(self, request: BaseRequest, exchange: Exchange) -> StreamResponse:
        refusal = refusal_of(request.method, exchange.target, self.authorities)
        if refusal is None and not self.engine:
            refusal = _NO_ENGINE
        if refusal is not None:
            exchange.status = refusal.status
            exchange.refused_host = refusal.host
            return await self._refuse(request, exchange, refusal)
        try:
            body = await self._body(request, exchange)
            answer = await self._objection(exchange, body)
            if answer is not None:
                return await self._object(request, exchange, answer)
            upstream = await self._send(request, exchange, body)
            try:
                return await self._relay(request, upstream, exchange)
            finally:
                upstream.release()
        except _EngineGone as error:
            exchange.status = 0
            failure = Refusal(status=502, code=_ENGINE_GONE, message=f"The engine gave no answer: {error}.")
            return await self._refuse(request, exchange, failure)
        except _ClientGone:
            exchange.error_code = _CLIENT_GONE
            return StreamResponse(status=499)

    async def _objection(self, exchange: Exchange, body: bytes | AsyncIterator[bytes] | None) -> Answer | None:
        """What is to be answered in AWS's name; a body that streams is not waited for, so nobody objects to it."""
        objector = self.objector
        if objector is None or not isinstance(body, bytes | None):
            return None
        request = request_of(exchange)
        if not may_concern(request, exchange.phase, objector):
            return None
        started = time.perf_counter()
        try:
            return await asyncio.to_thread(answer_to, request, exchange.phase, objector)
        finally:
            exchange.waited += time.perf_counter() - started

    async def _send(
        self, request: BaseRequest, exchange: Exchange, body: bytes | AsyncIterator[bytes] | None
    ) -> ClientResponse:
        if self._session is None:
            raise RuntimeError("the proxy was not started")

        async def once(sent: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
            started = time.perf_counter()
            try:
                return await handler(sent)
            except (ClientError, OSError, TimeoutError) as error:
                # Not an error that aiohttp would repeat the request for.
                raise _EngineGone(type(error).__name__) from error
            finally:
                exchange.waited += time.perf_counter() - started

        try:
            return await self._session.request(
                request.method,
                URL(self.engine + origin_form(exchange.target), encoded=True),
                headers=self._request_headers(exchange),
                data=body,
                allow_redirects=False,
                middlewares=(once,),
            )
        except _EngineGone:
            if exchange.error_code == _CLIENT_GONE:
                raise _ClientGone from None
            raise
        except (ClientError, ValueError) as error:
            raise _EngineGone(type(error).__name__) from error

    def _request_headers(self, exchange: Exchange) -> CIMultiDict[str]:
        headers = _passed_on(exchange.headers)
        host = headers.get("Host", "")
        behind = host_behind(host, self.authorities)
        if behind != host:
            headers["Host"] = behind
        return headers

    async def _body(self, request: BaseRequest, exchange: Exchange) -> bytes | AsyncIterator[bytes] | None:
        if request.version >= HttpVersion11 and request.headers.get("Expect", "").lower() == "100-continue":
            _transport(request).write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not request.can_read_body:
            return None
        length = request.content_length
        if length is None or length > _SMALL or "Transfer-Encoding" in request.headers:
            return self._chunks(request, exchange)
        started = time.perf_counter()
        try:
            body = await request.content.read()
        except (ClientError, OSError, RequestPayloadError) as error:
            raise _ClientGone from error
        exchange.waited += time.perf_counter() - started
        exchange.request_body.add(body)
        return body

    async def _chunks(self, request: BaseRequest, exchange: Exchange) -> AsyncIterator[bytes]:
        try:
            async for chunk in request.content.iter_any():
                exchange.request_body.add(chunk)
                yield chunk
        except (ClientError, OSError, RequestPayloadError):
            exchange.error_code = _CLIENT_GONE
            raise

    async def _relay(self, request: BaseRequest, upstream: ClientResponse, exchange: Exchange) -> StreamResponse:
        exchange.status = upstream.status
        exchange.response_headers = _spelt(upstream.raw_headers)
        response = StreamResponse(
            status=upstream.status, reason=upstream.reason, headers=_passed_on(exchange.response_headers)
        )
        length = upstream.content_length
        if request.method == "HEAD" or (length is not None and length <= _SMALL):
            body = await _waiting(upstream.read(), exchange)
            exchange.response_body.add(body)
            await self._write_last(request, response, exchange, body)
            return response
        try:
            await self._stream(request, response, upstream, exchange)
        except _EngineGone as error:
            # The answer has begun: all that is left is to break it off, so that nobody takes it for a whole one.
            exchange.status = 0
            exchange.error_code, exchange.error_message = _ENGINE_GONE, f"The engine broke off its answer: {error}."
            _transport(request).abort()
        return response

    async def _stream(
        self, request: BaseRequest, response: StreamResponse, upstream: ClientResponse, exchange: Exchange
    ) -> None:
        await _writing(response.prepare(request))
        while chunk := await _waiting(upstream.content.readany(), exchange):
            exchange.response_body.add(chunk)
            exchange.answered = exchange.response_body.size == upstream.content_length
            await _writing(response.write(chunk))
        await self._write_last(request, response, exchange, b"")

    async def _refuse(self, request: BaseRequest, exchange: Exchange, refusal: Refusal) -> StreamResponse:
        """Answer in the engine's place."""
        exchange.error_code, exchange.error_message = refusal.code, refusal.message
        headers = {name.lower(): value for name, value in request.headers.items()}
        content_type, body = error_document(refusal.code, refusal.message, headers)
        return await self._answer_error(request, exchange, refusal.status, content_type, body)

    async def _object(self, request: BaseRequest, exchange: Exchange, answer: Answer) -> StreamResponse:
        """Answer in AWS's name."""
        objection = answer.objection
        exchange.status, exchange.refused_by = objection.status, objection.by
        exchange.error_code, exchange.error_message = objection.code, objection.message
        return await self._answer_error(request, exchange, objection.status, answer.content_type, answer.body)

    async def _answer_error(
        self, request: BaseRequest, exchange: Exchange, status: int, content_type: str, body: bytes
    ) -> StreamResponse:
        response = StreamResponse(
            status=status,
            headers={
                "Content-Type": content_type,
                "Content-Length": str(len(body)),
                "x-amzn-ErrorType": exchange.error_code,
            },
        )
        if request.method == "CONNECT" or request.can_read_body:
            response.force_close()
        await self._write_last(request, response, exchange, b"" if request.method == "HEAD" else body)
        return response

    async def _write_last(
        self, request: BaseRequest, response: StreamResponse, exchange: Exchange, body: bytes
    ) -> None:
        exchange.answered = True
        try:
            await _writing(response.prepare(request))
            await _writing(response.write_eof(body))
        except _ClientGone:
            exchange.error_code = exchange.error_code or _CLIENT_GONE


def _spelt(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Headers in the spelling that they came in; aiohttp's own mapping rewrites the names that it knows."""
    return tuple((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")) for name, value in raw)


def _passed_on(headers: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
    """End-to-end headers, in their order and spelling."""
    named = {
        token.strip().lower() for name, value in headers if name.lower() == "connection" for token in value.split(",")
    }
    ending = _HOP_BY_HOP | _ANSWERED_HERE | named
    return CIMultiDict([(name, value) for name, value in headers if name.lower() not in ending])


async def _waiting(read: Coroutine[Any, Any, bytes], exchange: Exchange) -> bytes:
    """Read from the engine; the time counts as the engine's."""
    started = time.perf_counter()
    try:
        return await read
    except (ClientError, OSError, TimeoutError) as error:
        raise _EngineGone(type(error).__name__) from error
    finally:
        exchange.waited += time.perf_counter() - started


async def _writing(write: Awaitable[object]) -> None:
    """Write to the client."""
    try:
        await write
    except (ClientError, OSError) as error:
        raise _ClientGone from error


def _transport(request: BaseRequest) -> asyncio.Transport:
    if request.transport is None:
        raise _ClientGone
    return request.transport
