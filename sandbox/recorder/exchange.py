"""One HTTP exchange as the proxy saw it: the request line, the headers, and a bounded head of either body.

Bodies pass through the proxy as streams; only their first bytes are kept, enough to say which call it was.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, unquote

_GZIP = 31
"""zlib's window setting for a gzip container."""


class Head:
    """The first bytes of a body, and how long the whole of it was."""

    __slots__ = ("_kept", "limit", "size")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        """Count a chunk, and keep what of it lies within the limit."""
        room = self.limit - self.size
        if room > 0:
            self._kept.append(chunk if len(chunk) <= room else bytes(chunk[:room]))
        self.size += len(chunk)

    @property
    def data(self) -> bytes:
        """What was kept."""
        return b"".join(self._kept)

    @property
    def kept_size(self) -> int:
        """How many bytes are kept."""
        return min(self.size, self.limit)

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return self.size <= self.limit


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A call in flight or finished; the proxy fills it in as the bytes pass."""

    sequence: int
    phase: str
    at: float
    """Seconds since the recorder started."""
    method: str
    target: str
    """The request target as sent: path and query, percent-encoding untouched."""
    headers: tuple[tuple[str, str], ...]
    request_body: Head
    response_body: Head
    status: int = 0
    response_headers: tuple[tuple[str, str], ...] = ()
    error_code: str = ""
    """Set where the recorder itself, not the engine, refused or failed the call."""
    error_message: str = ""
    refused_host: str = ""
    """The host that the call wanted to reach outside the clone."""
    refused_by: str = ""
    """The ground on which the call was answered in AWS's name."""
    latency: float = 0.0
    waited: float = 0.0
    """Seconds of the latency that were spent waiting for the engine or the client."""
    answered: bool = False
    """The last byte of the answer was handed to the socket."""

    @property
    def kept_size(self) -> int:
        """Roughly the memory that this exchange holds."""
        return self.request_body.kept_size + self.response_body.kept_size


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the client sent, in the form that identification reads."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case; of a repeated header the last."""
    body: bytes = field(default=b"", repr=False)
    body_size: int = 0
    complete: bool = True
    """Whether ``body`` is the whole body."""

    @cached_property
    def path(self) -> str:
        """The path alone, percent-encoding untouched."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query string; of a repeated key the last value."""
        return dict(self.query_items)

    @cached_property
    def query_items(self) -> tuple[tuple[str, str], ...]:
        """The query string's pairs in order, decoded."""
        text = self.target.partition("?")[2]
        return tuple(parse_qsl(text, keep_blank_values=True)) if text else ()

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The parameters of a form: of the body, or of the query string where there is no form body."""
        if "x-www-form-urlencoded" not in self.headers.get("content-type", ""):
            return self.query
        pairs = parse_qsl(self.text, keep_blank_values=True)
        return {**self.query, **dict(pairs)} if pairs else self.query

    @cached_property
    def content(self) -> bytes:
        """The body's kept part, decompressed where it was compressed."""
        return decompressed(self.body, self.headers.get("content-encoding", ""))

    @cached_property
    def text(self) -> str:
        """The body's kept part as text."""
        return self.content.decode("utf-8", "replace")


def request_of(exchange: Exchange) -> Request:
    """View an exchange's request."""
    return Request(
        method=exchange.method,
        target=exchange.target,
        headers={name.lower(): value for name, value in exchange.headers},
        body=exchange.request_body.data,
        body_size=exchange.request_body.size,
        complete=exchange.request_body.complete,
    )


def decompressed(data: bytes, encoding: str, *, limit: int = 4_194_304) -> bytes:
    """Undo gzip, up to ``limit`` bytes; anything else, and anything broken, is given back as it is."""
    if "gzip" not in encoding:
        return data
    try:
        return zlib.decompressobj(_GZIP).decompress(data, limit)
    except zlib.error:
        return data


def decoded(text: str) -> str:
    """Undo percent-encoding."""
    return unquote(text) if "%" in text else text
