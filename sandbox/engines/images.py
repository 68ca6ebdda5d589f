"""Which AWS emulators come as container images, and what each must be told. A row per emulator; others get defaults.

Every one here can be told where to listen. In a network of its own it listens on the recorder's port, so that the URLs
it hands out name an address that the replayed change can reach.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sandbox.engines.probe import DEFAULT_ACCOUNT

LICENCE = "LOCALSTACK_AUTH_TOKEN"
_ANYWHERE = "0.0.0.0"  # noqa: S104 - of the container's own network, which holds nothing else
_HOST = "127.0.0.1"
_USUAL_PORT = 4566
"""LocalStack's, which most emulators took over."""
_REFERENCE = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?/)?"  # registry
    r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"  # repository
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownImage:
    """One emulator."""

    name: str
    """The last part of its repository's name, and what ``container:NAME`` may call it."""
    reference: str
    """What the short name stands for."""
    health: str
    """A path that answers 200 once the emulator is up."""
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """``{port}``: where to listen, and what URLs must name."""


KNOWN_IMAGES = (
    KnownImage(
        name="ministack",
        reference="ministackorg/ministack:1.5.33",
        health="/_ministack/health",
        # As embedded (`sandbox.engines.ministack`): no code of functions, no ports of brokers, nothing kept.
        environment={
            "GATEWAY_PORT": "{port}",
            "BIND_HOST": _ANYWHERE,
            "MINISTACK_HOST": _HOST,
            "MINISTACK_ACCOUNT_ID": DEFAULT_ACCOUNT,
            "LAMBDA_STRICT": "1",
            "ATHENA_ENGINE": "mock",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "STATE_DIR": "/tmp/state",  # noqa: S108 - of the container's own
            "S3_DATA_DIR": "/tmp/s3",  # noqa: S108 - as above
            "LOG_LEVEL": "WARNING",
        },
    ),
    KnownImage(
        name="moto",
        reference="motoserver/moto:5.2.5",
        health="/moto-api/",
        # Without its managed policies, attaching any policy of AWS's own fails.
        environment={"MOTO_PORT": "{port}", "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
    ),
    KnownImage(
        name="localstack",
        # The last one that starts without a token; 2026.3.0 and later ask for one (LocalStack, "The road ahead").
        reference="localstack/localstack:4.14.0",
        health="/_localstack/health",
        environment={
            "GATEWAY_LISTEN": _ANYWHERE + ":{port}",
            "LOCALSTACK_HOST": _HOST + ":{port}",
            "DNS_ADDRESS": "0",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DISABLE_EVENTS": "1",
        },
    ),
    KnownImage(
        name="floci",
        reference="floci/floci:1.5.33",
        health="/health",
        environment={
            "QUARKUS_HTTP_PORT": "{port}",
            "FLOCI_BASE_URL": f"http://{_HOST}:{{port}}",
            "FLOCI_DEFAULT_ACCOUNT_ID": DEFAULT_ACCOUNT,
            "FLOCI_STORAGE_MODE": "memory",
        },
    ),
    KnownImage(
        name="fakecloud",
        reference="faiscadev/fakecloud:0.46.0",
        health="/_fakecloud/health",
        environment={"FAKECLOUD_ADDR": _ANYWHERE + ":{port}", "FAKECLOUD_ACCOUNT_ID": DEFAULT_ACCOUNT},
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """How one image is run."""

    reference: str
    port: int | None
    """Where it listens, where that can be said before the image is there."""
    health: str
    environment: Mapping[str, str]
    known: bool
    licensed: bool = False
    """It is given a licence's token, and asks its maker on the internet whether it is good."""


def is_reference(text: str) -> bool:
    """Whether a text can name an image (the grammar of the distribution project's references)."""
    return bool(_REFERENCE.fullmatch(text))


def plan_image(image: str, *, port: int, environment: Mapping[str, str]) -> ImagePlan:
    """Say how an image is run.

    Args:
        image: A reference, or a known emulator's name.
        port: The recorder's, which URLs must name.
        environment: The user's; a licence's token is passed on to the one image that takes it, and nothing else.
    """
    for row in KNOWN_IMAGES:
        if image == row.name:
            return _planned(row, row.reference, port, environment)
        if _repository(image) in {row.name, f"{row.name}-pro"}:
            return _planned(row, image, port, environment)
    return ImagePlan(reference=_tagged(image), port=None, health="", environment={}, known=False)


def listening_port(exposed: Mapping[str, object]) -> int:
    """Where an unknown image probably listens: the usual port, or the only one that it says it exposes."""
    ports = [int(port.partition("/")[0]) for port in exposed if port.endswith("/tcp")]
    return ports[0] if len(ports) == 1 else _USUAL_PORT


def _planned(row: KnownImage, reference: str, port: int, environment: Mapping[str, str]) -> ImagePlan:
    settings = {name: value.format(port=port) for name, value in row.environment.items()}
    token = environment.get(LICENCE, "") if row.name == "localstack" else ""
    if token:
        settings[LICENCE] = token
    return ImagePlan(
        reference=_tagged(reference),
        port=port,
        health=row.health,
        environment=settings,
        known=True,
        licensed=bool(token),
    )


def _repository(image: str) -> str:
    """The last part of the repository's name: ``registry.example/team/ministack:1`` → ``ministack``."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _tagged(image: str) -> str:
    """With a tag: a client that pulls a bare name pulls every tag of it."""
    last = image.rpartition("/")[2]
    return image if ":" in last or "@" in last else f"{image}:latest"
