"""What the recorder does not pass on: other hosts, and the engine's own administration.

The replayed change must reach the AWS API of its clone and nothing else. An engine's admin routes can wipe the clone,
rewrite it, or read what other accounts hold.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from sandbox.recorder import cbor

_ADMIN = frozenset(
    {"_ministack", "moto-api", "_localstack", "_sandtable", "_floci", "_fakecloud", "_kumo", "_robotocore", "_admin"}
)
"""First path segments of admin routes."""
_UNESCAPE_ROUNDS = 3
"""A path may be percent-encoded more than once; an engine may decode more than once."""
_XML_SIGNERS = ("/s3/aws4_request", "/route53/aws4_request", "/cloudfront/aws4_request", "/s3express/aws4_request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call that is not passed on."""

    status: int
    code: str
    message: str
    host: str = ""


def refusal_of(method: str, target: str, own: Collection[str]) -> Refusal | None:
    """Say whether a request must not be passed on.

    Args:
        method: The HTTP method.
        target: The request target: a path, an absolute URI (a client that takes us for a forward proxy), or
            ``host:port`` of CONNECT.
        own: Every ``127.0.0.1:PORT`` under which clients may reach the clone.
    """
    host = outside_host(method, target, own)
    if host is not None:
        return Refusal(
            status=403,
            code="OutsideClone",
            message=f"{host} is outside the clone; nothing is passed on to it.",
            host=host,
        )
    if is_admin_path(origin_form(target)):
        return Refusal(status=403, code="AdminRouteRefused", message="The engine's admin routes are out of reach.")
    return None


def outside_host(method: str, target: str, own: Collection[str]) -> str | None:
    """The other host that the request wants, or None.

    A name below an own one (``123456789012.127.0.0.1:PORT``) is the clone: S3 Control puts the account there.
    """
    if method == "CONNECT":
        return target
    if target.startswith("/"):
        return None
    # Anything but a path and an absolute URI (``*``, ``@host/``) must not be glued to the engine's address.
    authority = _authority(target) if "://" in target else target
    inside = any(authority == mine or authority.endswith("." + mine) for mine in own)
    return None if inside else authority


def host_behind(host: str, own: Collection[str]) -> str:
    """The own authority below which a host name lies, or the name as it is.

    Engines take a label before the address for a bucket; the account that S3 Control puts there stands in a header too.
    """
    return next((mine for mine in own if host.lower().endswith("." + mine)), host)


def origin_form(target: str) -> str:
    """The path and query of an absolute URI; any other target as it is."""
    if target.startswith("/") or "://" not in target:
        return target
    rest = target.partition("://")[2]
    slash = min((index for index in (rest.find("/"), rest.find("?")) if index >= 0), default=len(rest))
    path = rest[slash:]
    return path if path.startswith("/") else "/" + path


def is_admin_path(target: str) -> bool:
    """Whether a path leads to an admin route, however it is spelt."""
    # What HTTP clients drop on the way (fragments, white space) must not hide an admin route from this check.
    path = "".join(target.partition("?")[0].partition("#")[0].split())
    for _ in range(_UNESCAPE_ROUNDS):
        if _first_segment(path) in _ADMIN or _first_segment(posixpath.normpath("/" + path)) in _ADMIN:
            return True
        path = unquote(path)
    return False


def error_document(code: str, message: str, headers: Mapping[str, str]) -> tuple[str, bytes]:
    """An error as AWS would write it for this request.

    Args:
        code: AWS-like error code.
        message: One line.
        headers: The request's, in lower case.

    Returns:
        Content type and body.
    """
    content_type = headers.get("content-type", "")
    if "smithy-protocol" in headers:
        return "application/cbor", cbor.dumps_texts({"__type": code, "message": message})
    if "x-www-form-urlencoded" in content_type:
        inner = f"<Error><Type>Receiver</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        is_ec2 = "/ec2/aws4_request" in headers.get("authorization", "")
        body = f"<Response><Errors>{inner}</Errors></Response>" if is_ec2 else f"<ErrorResponse>{inner}</ErrorResponse>"
        return "text/xml", body.encode()
    if any(signer in headers.get("authorization", "") for signer in _XML_SIGNERS):
        inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        return "application/xml", f"<Error>{inner}</Error>".encode()
    quoted = message.replace("\\", "\\\\").replace('"', '\\"')
    return "application/x-amz-json-1.1", f'{{"__type": "{code}", "message": "{quoted}"}}'.encode()


def _authority(target: str) -> str:
    try:
        return urlsplit(target).netloc.rpartition("@")[2].lower()
    except ValueError:
        return target


def _first_segment(path: str) -> str:
    parts = [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]
    return parts[0].partition(";")[0].lower() if parts else ""
