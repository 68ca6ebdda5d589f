"""Connections of an enclosed command, passed on byte by byte."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.isolation.relay import Relay

LARGE = 8 << 20
TIMEOUT = 20.0
ELSEWHERE = "127.0.0.2"
"""Not where this machine's own engines listen, and needs no network."""


@contextmanager
def echoing(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that sends back what it gets, in the other case; yields its port."""
    with socket.create_server((ELSEWHERE, 0)) as listener:
        listener.settimeout(TIMEOUT)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                # A client that does not trust the certificate goes away.
                with suppress(OSError), connection:
                    echo(connection if tls is None else tls.wrap_socket(connection, server_side=True))

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def echo(client: socket.socket) -> None:
    with client:
        while content := client.recv(1 << 16):
            client.sendall(content.swapcase())


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=TIMEOUT)


def asked(url: str, content: bytes) -> bytes:
    with connected(url) as client, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(client.sendall, content)
        got = bytearray()
        while len(got) < len(content) and (more := client.recv(1 << 16)):
            got += more
        sending.result()
        return bytes(got)


def refused(url: str) -> bool:
    try:
        return asked(url, b"hello") == b""
    except ConnectionError:
        return True


@pytest.fixture
def relay() -> Iterator[Relay]:
    with closing(Relay()) as made:
        yield made


def test_a_server_on_the_loopback_interface_keeps_its_url(relay: Relay) -> None:
    assert relay.leading_to("http://127.0.0.1:4566") == "http://127.0.0.1:4566"


def test_another_server_is_reached_on_the_loopback_interface(relay: Relay) -> None:
    with echoing() as port:
        url = relay.leading_to(f"http://{ELSEWHERE}:{port}")
        assert url.startswith("http://127.0.0.1:")
        assert relay.leading_to(f"http://{ELSEWHERE}:{port}") == url
        assert asked(url, b"hello") == b"HELLO"


def test_bytes_go_both_ways_however_many(relay: Relay) -> None:
    with echoing() as port:
        assert asked(relay.leading_to(f"http://{ELSEWHERE}:{port}"), b"a" * LARGE) == b"A" * LARGE


def test_a_server_that_has_gone_ends_the_connection(relay: Relay) -> None:
    with echoing() as port:
        url = relay.leading_to(f"http://{ELSEWHERE}:{port}")
    assert refused(url)


def test_a_client_that_leaves_is_told_to_the_server(relay: Relay) -> None:
    with socket.create_server((ELSEWHERE, 0)) as listener:
        listener.settimeout(TIMEOUT)
        url = relay.leading_to(f"http://{ELSEWHERE}:{listener.getsockname()[1]}")
        with connected(url) as client:
            client.sendall(b"x")
            connection, _ = listener.accept()
        with connection:
            connection.settimeout(TIMEOUT)
            assert connection.recv(10) == b"x"
            assert connection.recv(10) == b""


def test_tls_is_spoken_for_the_command_and_certificates_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = certified(tmp_path, ELSEWHERE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with echoing(context) as port:
        with closing(Relay()) as distrusting:
            assert refused(distrusting.leading_to(f"https://{ELSEWHERE}:{port}"))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with closing(Relay()) as trusting:
            assert asked(trusting.leading_to(f"https://{ELSEWHERE}:{port}"), b"hello") == b"HELLO"


def test_it_can_be_closed_twice() -> None:
    relay = Relay()
    relay.close()
    relay.close()


def certified(folder: Path, address: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
