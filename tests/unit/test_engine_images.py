"""What images are told, without a Docker Engine."""

from __future__ import annotations

import pytest

from sandbox.engines.images import KNOWN_IMAGES, is_reference, listening_port, plan_image

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("image", "known", "reference"),
    [
        ("ministack", True, "ministackorg/ministack:1.5.33"),
        ("localstack", True, "localstack/localstack:4.14.0"),
        ("localstack/localstack-pro:2026.6.0", True, "localstack/localstack-pro:2026.6.0"),
        ("localhost:5000/team/moto", True, "localhost:5000/team/moto:latest"),
        (f"registry.example/faiscadev/fakecloud@{DIGEST}", True, f"registry.example/faiscadev/fakecloud@{DIGEST}"),
        ("team/our-emulator:3", False, "team/our-emulator:3"),
    ],
)
def test_an_image_is_known_by_its_repository(image: str, *, known: bool, reference: str) -> None:
    plan = plan_image(image, port=40_000, environment={})

    assert is_reference(image)
    assert (plan.known, plan.reference) == (known, reference)
    assert (plan.port == 40_000) is known


def test_every_known_image_listens_where_the_recorder_does() -> None:
    for row in KNOWN_IMAGES:
        plan = plan_image(row.name, port=40_123, environment={"LOCALSTACK_AUTH_TOKEN": ""})
        assert "40123" in " ".join(plan.environment.values()), row.name
        assert "{" not in " ".join(plan.environment.values()), row.name
        assert is_reference(row.reference), row.name


def test_a_licence_goes_to_the_one_image_that_takes_it() -> None:
    environment = {"LOCALSTACK_AUTH_TOKEN": "planted-secret", "AWS_SECRET_ACCESS_KEY": "planted-secret"}

    licensed = plan_image("localstack/localstack:2026.6.0", port=1, environment=environment)
    others = [plan_image(row.name, port=1, environment=environment) for row in KNOWN_IMAGES if row.name != "localstack"]

    assert licensed.licensed
    assert [name for name, value in licensed.environment.items() if value == "planted-secret"] == [
        "LOCALSTACK_AUTH_TOKEN"
    ]
    assert not any(plan.licensed or "planted-secret" in plan.environment.values() for plan in others)
    assert not plan_image("localstack", port=1, environment={}).licensed


@pytest.mark.parametrize(
    ("exposed", "port"),
    [({}, 4566), ({"8000/tcp": {}}, 8000), ({"4566/tcp": {}, "4510/tcp": {}}, 4566), ({"53/udp": {}}, 4566)],
)
def test_an_unknown_image_listens_on_the_one_port_it_exposes(exposed: dict[str, object], port: int) -> None:
    assert listening_port(exposed) == port
