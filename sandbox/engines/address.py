"""Which addresses an engine may be at (``--engine endpoint:URL``): never one of AWS's.

A rehearsal writes and deletes. What it is pointed at must be certain to be no real account: the loopback interface, or
a host that the user has named a second time, in so many words. Names of AWS's own, the addresses where machines in AWS
find their credentials, and certificates made out to AWS are refused whatever the user names. What a name does not
tell, `sandbox.engines.endpoint` finds out by asking.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import urllib.parse
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.errors import EngineError, UsageError

_AWS_DOMAINS = (
    # Of every partition (botocore's partitions.json: dnsSuffix and dualStackDnsSuffix), and what AWS serves by.
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "csp.hci.ic.gov",
    "cloud.adc-e.uk",
    "api.aws.ic.gov",
    "api.aws.scloud",
    "api.aws.hci.ic.gov",
    "api.cloud-aws.adc-e.uk",
    "on.aws",
    "aws.dev",
    "aws",
    "amazon.com",
    "amazonaws-us-gov.com",
    "cloudfront.net",
    "awsapps.com",
    "elasticbeanstalk.com",
)
_AWS_WORDS = (b"amazonaws.", b"api.aws", b"Amazon Web Services", b"Amazon RSA", b"Amazon ECDSA", b"Amazon Root CA")
"""In the certificates of AWS's services: names are written in ASCII (X.509 in DER)."""
_METADATA = tuple(
    ipaddress.ip_network(network)
    # EC2's and ECS's metadata and credentials (AWS, "Instance metadata", "IAM roles for tasks"); EKS pod identity.
    for network in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")
)
_TIMEOUT = 5.0
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAddress:
    """Where somebody's engine is, vetted."""

    url: str
    """Scheme, host and port; the host is a number where the connection is not encrypted, so that it stays this one."""
    shown: str
    """As the user wrote it."""


def vet(text: str, *, named_hosts: Collection[str]) -> EndpointAddress:
    """Parse a URL and refuse what may not be an engine.

    Args:
        text: ``http://127.0.0.1:4566``.
        named_hosts: Hosts that the user allows beside the loopback interface.

    Raises:
        UsageError: it is not a URL of an engine that may be used.
        EngineError: the name leads nowhere, or nothing answers there.
    """
    parts, port = parse_url(text)
    host = _host(parts)
    addresses = _resolve(text, host, port)
    for address in addresses:
        if is_metadata(address):
            raise _is_aws(text, f"{host} is an address of the metadata service")
        if address.is_multicast or address.is_unspecified:
            raise _malformed(text, f"{address} is nobody's address")
    if not all(address.is_loopback for address in addresses) and host not in {name.lower() for name in named_hosts}:
        raise UsageError(
            f"The engine at {text} is not on this machine.",
            hint=f"If it is an emulator that may be written to, name its host too: --engine-host {host}.",
        )
    if parts.scheme == "https":
        _check_certificate(text, host, port)
        return EndpointAddress(url=f"https://{_bracketed(host)}:{port}", shown=text)
    return EndpointAddress(url=f"http://{_bracketed(str(addresses[0]))}:{port}", shown=text)


def is_aws(host: str) -> bool:
    """Whether a host name is one of AWS's own."""
    name = host.rstrip(".").lower()
    return any(name == domain or name.endswith(f".{domain}") for domain in _AWS_DOMAINS)


def is_metadata(address: _Address) -> bool:
    """Whether a machine in AWS finds its credentials at this address."""
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in _METADATA)


def parse_url(text: str) -> tuple[urllib.parse.SplitResult, int]:
    """Take a URL apart; the port is the scheme's where none is named.

    Raises:
        UsageError: it is more, or less, than scheme, host and port; or the host is AWS's.
    """
    try:
        parts = urllib.parse.urlsplit(text)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise _malformed(text, str(error)) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _malformed(text, "http:// or https:// and a host are needed")
    if parts.username is not None or parts.password is not None:
        raise _malformed("(with credentials)", "no credentials belong in it")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _malformed(text, "nothing may follow the port")
    if any(not letter.isprintable() or letter.isspace() for letter in text):
        raise _malformed(repr(text), "it has blanks or control characters")
    if is_aws(_host(parts)):
        raise _is_aws(text, f"{_host(parts)} is AWS's")
    return parts, port


def _host(parts: urllib.parse.SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _resolve(text: str, host: str, port: int) -> tuple[_Address, ...]:
    """Every address of a host; names that stand for other names of AWS's are refused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError) as error:
        raise EngineError(
            f"The engine's host {host} cannot be found: {error}.", hint="Check the URL after endpoint:."
        ) from error
    if alias := next((item[3] for item in found if item[3] and is_aws(item[3])), ""):
        raise _is_aws(text, f"{host} stands for {alias}")
    addresses = (ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in found)
    return tuple(dict.fromkeys(addresses))


def _check_certificate(text: str, host: str, port: int) -> None:
    """Refuse AWS's certificates, and those that clients would not trust: every call would fail."""
    context = ssl.create_default_context()
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT) as raw, _unverified(raw, host) as line:
            certificate = line.getpeercert(binary_form=True) or b""
        if any(word in certificate for word in _AWS_WORDS):
            raise _is_aws(text, "its certificate is AWS's")
        with (
            socket.create_connection((host, port), timeout=_TIMEOUT) as raw,
            context.wrap_socket(raw, server_hostname=host),
        ):
            pass
    except ssl.SSLCertVerificationError as error:
        raise EngineError(
            f"The certificate of the engine at {text} is not trusted: {error.verify_message}.",
            hint="Use http:// on the loopback interface, or have the certificate's issuer trusted (SSL_CERT_FILE).",
        ) from error
    except OSError as error:
        raise EngineError(f"Nothing answers at {text}: {error}.", hint="Start the engine, or check the URL.") from error


def _unverified(raw: socket.socket, host: str) -> ssl.SSLSocket:
    """A connection that only looks at the certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(raw, server_hostname=host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _malformed(text: str, problem: str) -> UsageError:
    return UsageError(
        f"The engine's URL {text} is not valid: {problem}.", hint="An example: --engine endpoint:http://127.0.0.1:4566"
    )


def _is_aws(text: str, reason: str) -> UsageError:
    return UsageError(
        f"The engine at {text} looks like real AWS ({reason}): nothing was sent to it.",
        hint="A rehearsal writes and deletes. Name an emulator, on this machine or one of your own.",
    )
