"""The rows: each is well formed, each applies where it must and nowhere else, by a lookup made of plain answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from refusal_samples import ACCOUNT, SAMPLES, Answers

from sandbox.inventory.operations import load_service
from sandbox.refusals.catalogue import KNOWN_REFUSALS
from sandbox.refusals.evaluate import LookupFailedError, refusal_message
from sandbox.refusals.row import KnownRefusal

ROWS = {row.name: row for row in KNOWN_REFUSALS}


@dataclass(slots=True)
class Engine:
    """Answers by operation; asked for anything else, it does not know the operation."""

    answers: Answers
    asked: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

    def __call__(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append((service, operation, parameters))
        if operation not in self.answers:
            raise LookupFailedError("InvalidAction")
        answer: Mapping[str, Any] = self.answers[operation]
        return answer


def message(row: KnownRefusal, request: Mapping[str, Any], answers: Answers) -> str | None:
    caller = {"account": ACCOUNT, "region": "us-east-1"}
    return refusal_message(row, {**request, "caller": caller}, Engine(answers))


def test_every_row_has_a_sample() -> None:
    assert SAMPLES.keys() == ROWS.keys()
    assert len(ROWS) == len(KNOWN_REFUSALS)
    assert len(ROWS) >= 30


@pytest.mark.parametrize("name", ROWS)
def test_a_row_refuses_with_awss_words(name: str) -> None:
    sample = SAMPLES[name]
    assert message(ROWS[name], sample.request, sample.refused) == sample.message


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_nothing_where_nothing_is_in_the_way(name: str) -> None:
    sample = SAMPLES[name]
    assert message(ROWS[name], sample.request, sample.allowed) is None


@pytest.mark.parametrize("name", ROWS)
def test_a_row_claims_nothing_where_the_engine_cannot_be_asked(name: str) -> None:
    assert message(ROWS[name], SAMPLES[name].request, {}) is None


@pytest.mark.parametrize("name", ROWS)
def test_a_row_claims_nothing_of_a_request_that_lacks_what_it_needs(name: str) -> None:
    assert message(ROWS[name], {}, SAMPLES[name].refused) is None


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("ecs-service-scaled-up", "force"),
        ("ecr-repository-with-images", "force"),
        ("auto-scaling-group-with-instances", "ForceDelete"),
    ],
)
def test_what_is_forced_is_not_refused(name: str, parameter: str) -> None:
    sample = SAMPLES[name]
    assert message(ROWS[name], {**sample.request, parameter: True}, sample.refused) is None
    assert message(ROWS[name], {**sample.request, parameter: False}, sample.refused) == sample.message


def test_each_of_several_is_looked_at() -> None:
    row = ROWS["instance-protected"]
    engine = Engine({"DescribeInstanceAttribute": {"DisableApiTermination": {"Value": False}}})
    assert refusal_message(row, {"InstanceIds": ["i-1", "i-2"]}, engine) is None
    assert [parameters["InstanceId"] for _, _, parameters in engine.asked] == ["i-1", "i-2"]


@pytest.mark.parametrize("name", ROWS)
def test_a_row_names_operations_and_errors_that_there_are(name: str) -> None:
    row = ROWS[name]
    model = botocore.session.Session().get_service_model(row.service)
    for operation in row.operations:
        errors = model.operation_model(operation).error_shapes
        told = {shape.error_code: shape.metadata.get("error", {}).get("httpStatusCode") for shape in errors}
        assert row.status == (told.get(row.code) or row.status)
    for look in row.looks:
        service = load_service(look.service)
        assert service is not None
        assert look.operation in service.operations
        assert look.parameters.keys() <= service.operations[look.operation].members.keys()
    assert row.when
    assert row.when[0].islower()
    assert urlsplit(row.documentation).netloc == "docs.aws.amazon.com"
