"""Objections on the wire, and which calls anybody may object to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.parsers import create_parser
from recorder_requests import protocols_of, request_for, service_model

from sandbox.recorder.exchange import Request
from sandbox.recorder.objections import Asked, Objection, answer_to, may_concern
from sandbox.refusals.evaluate import LookupFailedError, fill, refusal_message, values_at
from sandbox.refusals.known import KnownRefusals
from sandbox.refusals.row import KnownRefusal, Look, lacking, none_of, one_of, outside, overlaps, present

MESSAGE = 'it <is> "in use" & refused'


@dataclass(slots=True)
class Refuses:
    """Objects to everything."""

    code: str
    status: int = 400
    asked: list[Asked] = field(default_factory=list)

    def concerns(self, phase: str, operation: str) -> bool:
        return phase == "apply" and operation != "Passes"

    def objection(self, asked: Asked) -> Objection | None:
        self.asked.append(asked)
        return Objection(status=self.status, code=self.code, message=MESSAGE, by="row")


CALLS: list[tuple[str, str, dict[str, Any], str]] = [
    ("ec2", "DeleteSecurityGroup", {"GroupId": "sg-1"}, "DependencyViolation"),
    ("iam", "DeleteRole", {"RoleName": "r"}, "DeleteConflict"),
    ("rds", "DeleteDBSubnetGroup", {"DBSubnetGroupName": "s"}, "InvalidDBSubnetGroupStateFault"),
    ("dynamodb", "DeleteTable", {"TableName": "t"}, "ValidationException"),
    ("ecs", "DeleteCluster", {"cluster": "c"}, "ClusterContainsServicesException"),
    ("acm", "DeleteCertificate", {"CertificateArn": "arn:aws:acm:::c"}, "ResourceInUseException"),
    ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f"}, "InvalidParameterValueException"),
    ("efs", "DeleteFileSystem", {"FileSystemId": "fs-1"}, "FileSystemInUse"),
    ("eks", "DeleteCluster", {"name": "c"}, "ResourceInUseException"),
    ("s3", "DeleteBucket", {"Bucket": "b"}, "BucketNotEmpty"),
    ("route53", "DeleteHostedZone", {"Id": "Z1"}, "HostedZoneNotEmpty"),
    ("cloudfront", "DeleteDistribution", {"Id": "E1"}, "DistributionNotDisabled"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "code"), CALLS)
def test_an_sdk_reads_code_and_message(service: str, operation: str, parameters: dict[str, Any], code: str) -> None:
    model = service_model(service).operation_model(operation)
    for protocol in protocols_of(service):
        request = request_for(service, model, parameters, protocol=protocol)
        objector = Refuses(code, status=409)
        answer = answer_to(request, "apply", objector)
        assert answer is not None
        headers = {"content-type": answer.content_type, "x-amzn-errortype": code}
        parsed = create_parser(protocol).parse(
            {"status_code": 409, "headers": headers, "body": answer.body}, model.output_shape
        )
        assert parsed["Error"]["Code"] == code
        assert parsed["Error"]["Message"] == MESSAGE
        (asked,) = objector.asked
        assert (asked.service, asked.operation, asked.account, asked.region) == (
            service, operation, "123456789012", "eu-west-1",
        )  # fmt: skip
        assert asked.parameters.items() >= parameters.items()


def body_of(service: str, operation: str, parameters: dict[str, Any], code: str) -> bytes:
    request = request_for(service, service_model(service).operation_model(operation), parameters)
    answer = answer_to(request, "apply", Refuses(code))
    assert answer is not None
    return answer.body


def test_errors_have_the_members_of_the_services_own_model() -> None:
    # SDKs with types read these members; EFS repeats the code, ECS writes the message in lower case.
    efs = json.loads(body_of("efs", "DeleteFileSystem", {"FileSystemId": "fs-1"}, "FileSystemInUse"))
    assert efs == {"ErrorCode": "FileSystemInUse", "Message": MESSAGE}
    ecs = json.loads(body_of("ecs", "DeleteCluster", {"cluster": "c"}, "ClusterContainsTasksException"))
    assert ecs == {"__type": "ClusterContainsTasksException", "message": MESSAGE}


def test_only_s3_writes_its_error_without_an_envelope() -> None:
    s3 = ET.fromstring(body_of("s3", "DeleteBucket", {"Bucket": "b"}, "BucketNotEmpty"))  # noqa: S314 - our own text
    zone = ET.fromstring(  # noqa: S314 - our own text
        body_of("route53", "DeleteHostedZone", {"Id": "Z"}, "HostedZoneNotEmpty")
    )
    assert s3.tag == "Error"
    assert zone.tag == "ErrorResponse"
    assert zone.findtext("Error/Type") == "Sender"


def call(operation: str, **parameters: Any) -> Request:
    return request_for("ec2", service_model("ec2").operation_model(operation), parameters)


def test_reads_by_method_and_other_phases_are_of_no_concern() -> None:
    objector = Refuses("X")
    delete = call("DeleteSecurityGroup", GroupId="sg-1")
    assert may_concern(delete, "apply", objector)
    assert not may_concern(delete, "baseline", objector)
    listing = request_for("s3", service_model("s3").operation_model("ListBuckets"), {})
    assert not may_concern(listing, "apply", objector)
    assert answer_to(delete, "baseline", objector) is None
    assert objector.asked == []


def test_known_refusals_concern_their_own_operations_while_the_change_runs() -> None:
    known = KnownRefusals("http://127.0.0.1:1", account="123456789012")
    assert may_concern(call("DeleteSecurityGroup", GroupId="sg-1"), "apply", known)
    assert may_concern(call("DeleteSecurityGroup", GroupId="sg-1"), "plan", known)
    for phase in ("baseline", "seed", "noise"):
        assert not may_concern(call("DeleteSecurityGroup", GroupId="sg-1"), phase, known)
    assert not may_concern(call("DescribeVpcs"), "apply", known)


def test_an_engine_that_does_not_answer_makes_nobody_object() -> None:
    known = KnownRefusals("http://127.0.0.1:1", account="123456789012")
    assert answer_to(call("DeleteSecurityGroup", GroupId="sg-1"), "apply", known) is None


@pytest.mark.parametrize("body", [b"\xff\xfe", b"Action=%ff%fe&GroupId=\x00", b"Action=DeleteSecurityGroup&&&==&"])
def test_broken_requests_go_their_way(body: bytes) -> None:
    made = call("DeleteSecurityGroup", GroupId="sg-1")
    broken = Request(method="POST", target="/", headers=made.headers, body=body, body_size=len(body))
    known = KnownRefusals("http://127.0.0.1:1", account="123456789012")
    assert answer_to(broken, "apply", known) is None


ROW = KnownRefusal(
    name="row",
    service="ec2",
    operations=("DeleteVpc",),
    when="it is so",
    looks=(Look(service="ec2", operation="Look", items="Items", where=(one_of("Id", "{VpcId}"),)),),
    code="C",
    message="m {VpcId}",
    documentation="https://docs.aws.amazon.com/",
)


def test_paths_walk_through_lists_and_alternatives() -> None:
    answer = {"A": [{"B": [{"C": 1}, {"C": 2}]}, {"B": []}, {"D": None}], "E": "x"}
    assert values_at(answer, "A.B.C | E") == [1, 2, "x"]
    assert values_at(answer, "A.D") == []
    assert values_at(answer, "E.F") == []


def test_holes_have_values_or_defaults() -> None:
    assert fill("{a.b} of {cluster:default}", {"a": {"b": True}}) == "true of default"


@pytest.mark.parametrize(
    ("test", "item", "holds"),
    [
        (one_of("a", "1"), {"a": [1, 2]}, True),
        (one_of("a", "1"), {}, False),
        (none_of("a", "1"), {}, True),
        (none_of("a", "1"), {"a": [2, 1]}, False),
        (present("a"), {"a": False}, False),
        (present("a"), {"a": "0"}, False),
        (present("a"), {"a": "x"}, True),
        (lacking("a"), {"a": ""}, True),
        (overlaps("a", "10.0.0.0/8"), {"a": "10.1.0.0/16"}, True),
        (overlaps("a", "10.0.0.0/8"), {"a": "not a block"}, False),
        (overlaps("a", "10.0.0.0/8"), {"a": "2001:db8::/32"}, False),
        (outside("a", "10.1.0.0/24"), {"a": ["10.0.0.0/16", "10.1.0.0/16"]}, False),
        (outside("a", "10.1.0.0/24"), {"a": ["10.1.0.0/25"]}, True),
        (outside("a", "10.1.0.0/24"), {"a": ["unknown"]}, False),
        (outside("a", "10.1.0.0/24"), {"a": []}, False),
    ],
)
def test_relations(test: Any, item: Mapping[str, Any], holds: bool) -> None:  # noqa: FBT001 - a column of a table
    row = KnownRefusal(
        name="row", service="ec2", operations=("X",), when="it is so", code="C", message="m", documentation="d",
        looks=(Look(service="ec2", operation="Look", items="Items", where=(test,)),),
    )  # fmt: skip
    assert (refusal_message(row, {}, lambda *_: {"Items": [item]}) is not None) is holds


def test_a_row_does_not_ask_without_end() -> None:
    asked: list[str] = []

    def lookup(service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(f"{service}:{operation}:{len(parameters)}")
        return {"Items": [{"Id": "vpc-1"}] * 400}

    row = KnownRefusal(
        name="row", service="ec2", operations=("X",), when="it is so", code="C", message="m", documentation="d",
        looks=(
            Look(service="ec2", operation="Look", items="Items"),
            Look(service="ec2", operation="Look", items="Items"),
            Look(service="ec2", operation="Look", items="Items", where=(one_of("Id", "vpc-2"),)),
        ),
    )  # fmt: skip
    assert refusal_message(row, {}, lookup) is None
    assert len(asked) == 500


def test_a_failed_read_claims_nothing() -> None:
    def lookup(service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        raise LookupFailedError(f"{service}:{operation}:{len(parameters)}")

    assert refusal_message(ROW, {"VpcId": "vpc-1"}, lookup) is None
    assert refusal_message(ROW, {"VpcId": "vpc-1"}, lambda *_: {"Items": [{"Id": "vpc-1"}]}) == "m vpc-1"
